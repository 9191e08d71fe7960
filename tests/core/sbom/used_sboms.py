"""Bills of materials with everything that `strategies.sboms` leaves out: programs without a package, and usage."""

from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.strategies import NAMES, PATHS, WORDS, components, sboms, several
from stellaops_core.component import Step, Use
from stellaops_core.sbom.sbom import Gap, Program, Usage

PACKAGE = "pkg:npm/a@1"
LEVELS = ("used", "maybe", "undetermined", "not-reached")
STEPS = st.builds(Step, place=st.one_of(PATHS, st.just("ENTRYPOINT")), line=st.integers(0, 99), text=WORDS)
USES = st.builds(
    Use, level=st.sampled_from(LEVELS), path=st.one_of(st.just(""), PATHS), chain=several(STEPS, 2)
)  # fmt: skip
PROGRAMS = st.builds(
    Program,
    path=PATHS,
    arguments=several(st.one_of(st.none(), WORDS)),
    level=st.sampled_from(["used", "maybe"]),
    terminal=st.booleans(),
    conditions=several(WORDS, 2),
    steps=several(STEPS, 2),
)
GAPS = st.builds(Gap, place=PATHS, line=st.integers(0, 99), reason=NAMES, scope=st.sampled_from(["", "python"]))
USAGES = st.builds(
    Usage,
    programs=several(PROGRAMS, 2),
    gaps=st.sets(GAPS, max_size=2).map(lambda gaps: tuple(sorted(gaps))),
    counts=st.integers(0, 9).map(lambda number: tuple((level, number) for level in LEVELS)),
)


@st.composite
def used_sboms(draw):
    """Draw a bill of materials; some have programs without a package, some are usage views."""
    sbom = draw(sboms())
    found = list(sbom.components)
    for digest in draw(st.sets(st.binary(min_size=32, max_size=32), max_size=2)):
        ref = "bin:" + digest.hex()
        others = [component.ref for component in sbom.components] or [PACKAGE]
        program = draw(components(ref, others, len(sbom.subject.layers)))
        found.append(replace(program, type="bin"))
    usage = draw(st.one_of(st.none(), USAGES))
    if usage:
        found = [replace(component, use=draw(USES)) for component in found]
    found.sort(key=lambda component: component.ref)
    return replace(sbom, components=tuple(found), usage=usage)

"""Hypothesis strategies for bills of materials of the usage view, and for programs that no package explains."""

from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.strategies import NAMES, PATHS, WORDS, sboms, several
from stellaops_core.component import Step, Use
from stellaops_core.sbom.sbom import Gap, Program, Usage

PLACES = st.one_of(PATHS, st.sampled_from(["ENTRYPOINT", "a:12", "a  b", "a ", "", "a:05", "a:0"]))
STEPS = st.builds(Step, PLACES, st.integers(0, 2**31), st.one_of(WORDS, st.sampled_from(["  x", 'exec "$@"'])))
LEVELS = st.sampled_from(["used", "maybe", "undetermined", "not-reached"])
ARGUMENTS = st.lists(st.one_of(st.none(), WORDS, st.sampled_from(["?", "'", "", "a b", "'\\''"])), max_size=4)
PROGRAMS = st.builds(
    Program,
    path=PATHS,
    arguments=ARGUMENTS.map(tuple),
    level=st.sampled_from(["used", "maybe"]),
    terminal=st.booleans(),
    conditions=several(WORDS),
    steps=several(STEPS),
)
GAPS = st.builds(Gap, place=PLACES, line=st.integers(0, 2**31), reason=WORDS, scope=WORDS)
USES = st.builds(Use, LEVELS, st.one_of(st.just(""), PATHS), several(STEPS))
USAGES = st.builds(
    Usage,
    programs=several(PROGRAMS),
    gaps=st.sets(GAPS, max_size=3).map(lambda gaps: tuple(sorted(gaps))),
    counts=st.dictionaries(LEVELS, st.integers(0, 9999), min_size=1).map(lambda counts: tuple(counts.items())),
)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)


@st.composite
def traced_sboms(draw):
    """Draw a bill of materials whose first component may be a program, and which may say what runs."""
    sbom = draw(sboms())
    components = list(sbom.components)
    if components and draw(st.booleans()):
        ref = "bin:" + draw(HEX)
        components[0] = replace(components[0], ref=ref, type="bin", name=draw(NAMES), owners=(), depends=())
    if draw(st.booleans()):
        components = [replace(component, use=draw(USES)) for component in components]
        sbom = replace(sbom, usage=draw(USAGES))
    return replace(sbom, components=tuple(components), removed=())

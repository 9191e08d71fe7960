"""Pairs of bills of materials that have much in common: few products, few versions, few layers."""

from hypothesis import strategies as st

from core.sbom.samples import digest
from stellaops_core.component import Component, Distribution, Evidence, Unknown, Use
from stellaops_core.purl import make_purl
from stellaops_core.sbom.sbom import Gap, LayerOrigin, Removed, Sbom, Subject, Usage

VERSIONS = st.sampled_from(["1.0", "1.1", "1.10", "2.0-1", "~odd", ""])
LAYERS = st.tuples(st.sampled_from("abcd"), st.sampled_from(["", "RUN a", "RUN b", "COPY c"]))
PLATFORMS = st.sampled_from(["linux/amd64", "linux/amd64", "linux/arm64"])


def refs():
    """Packages of four kinds, and programs."""
    qualifiers = st.sampled_from(
        [{}, {"arch": "amd64"}, {"arch": "i386", "distro": "debian-12"}, {"distro": "debian-13"}]
    )
    debs = st.builds(
        lambda name, version, more: str(make_purl("deb", name, version, namespace="debian", qualifiers=more)),
        st.sampled_from(["libc6", "zlib1g"]),
        VERSIONS,
        qualifiers,
    )
    others = st.builds(
        lambda type_, name, version: str(make_purl(type_, name, version)),
        st.sampled_from(["npm", "pypi", "generic"]),
        st.sampled_from(["lodash", "x"]),
        VERSIONS,
    )
    programs = st.sampled_from("123").map(lambda letter: "bin:" + letter * 64)
    return st.one_of(debs, others, programs)


@st.composite
def component(draw, ref, layers, *, used):
    """Draw a component of that ref."""
    type_, _, rest = ref.removeprefix("pkg:").partition("/")
    name, _, version = rest.partition("?")[0].rpartition("/")[2].partition("@")
    where = draw(st.integers(0, layers - 1)) if layers else -1
    return Component(
        ref=ref,
        type="bin" if ref.startswith("bin:") else type_,
        name=name or "tool",
        version=version,
        evidence=(Evidence(draw(st.sampled_from(["a", "b", "usr/bin/tool"])), "test", where),),
        layer=where,
        licenses=draw(st.sampled_from([(), ("MIT",), ("MIT", "BSD")])),
        hashes=draw(st.sampled_from([(), (("SHA-256", "a" * 64),), (("SHA-256", "b" * 64),)])),
        owners=draw(
            st.sampled_from([(), ("pkg:deb/debian/own@1",), ("pkg:deb/debian/own@2",), ("pkg:deb/debian/own2",)])
        ),
        use=draw(st.sampled_from([Use("used"), Use("maybe"), Use("not-reached")])) if used else None,
    )


@st.composite
def twin(draw, *, used=False):
    """Draw one of the two."""
    layers = [
        LayerOrigin(at, "", digest(letter), 1, command)
        for at, (letter, command) in enumerate(draw(st.lists(LAYERS, max_size=4)))
    ]
    index = st.integers(0, max(len(layers) - 1, 0))
    removed = st.builds(Removed, st.sampled_from(["pkg:npm/lodash@1.0", "pkg:pypi/x@1.1"]), st.just("a"), index, index)
    return Sbom(
        subject=Subject(
            "container", draw(st.sampled_from(["", "app:1"])), digest("d"), draw(st.sampled_from("ce").map(digest)),
            draw(PLATFORMS), "", (), draw(st.sampled_from([(), (("a", "1"),), (("a", "2"), ("b", ""))])), tuple(layers),
        ),
        distribution=draw(st.sampled_from([None, Distribution("debian", "12"), Distribution("debian", "13")])),
        components=tuple(
            draw(component(ref, len(layers), used=used)) for ref in sorted(draw(st.sets(refs(), max_size=8)))
        ),
        unknowns=draw(st.sampled_from([(), (Unknown("x", "test", "odd"),)])),
        removed=tuple(sorted(draw(st.sets(removed, max_size=2)))) if layers else (),
        tool_version="1",
        timestamp="2025-01-02T03:04:05Z",
        usage=Usage((), (Gap("CMD", 0, "odd", ""),), (("used", 0),)) if used else None,
    )  # fmt: skip

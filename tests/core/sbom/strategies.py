"""Hypothesis strategies for whole bills of materials, hostile text included."""

from hypothesis import strategies as st

from stellaops_core.component import Component, Distribution, Evidence, Unknown
from stellaops_core.purl import make_purl
from stellaops_core.sbom.sbom import LayerOrigin, Removed, Sbom, Subject

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
PATHS = st.one_of(
    st.sampled_from(["var/lib/dpkg/status", "app/node_modules/a/package.json", "100%/x", "a\nb", "caf\u00e9"]),
    st.binary(min_size=1, max_size=12).map(lambda data: data.decode("utf-8", "surrogateescape")),
)
TECHNIQUES = st.sampled_from(
    ["manifest-analysis", "source-code-analysis", "binary-analysis", "instrumentation", "hash-comparison", "filename"]
)
LICENSES = st.one_of(
    st.sampled_from(
        [
            "MIT",
            "GPL-2.0-or-later",
            "MIT OR Apache-2.0",
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "LicenseRef-x",
            "BSD",
            "public-domain",
            "389-exception",
            "NONE",
            "MPL-1.1+",
        ]
    ),
    WORDS,
)
URLS = st.one_of(
    st.sampled_from(
        [
            "https://example.com/a?b#c",
            "git+ssh://git@example.com/a.git",
            "git@example.com:a/b.git",
            "example.com",
            "http://[::1]/",
            "http://a b",
            "https://example.com:99999999/",
            "mailto:a@example.com",
            "//x",
            "http://%",
        ]
    ),
    WORDS,
)
HASHES = st.tuples(
    st.sampled_from(["MD5", "SHA-1", "SHA-256", "SHA-512", "CRC32", "sha256"]),
    st.sampled_from(["0" * 32, "a" * 40, "B" * 64, "c" * 128, "", "xyz", "d" * 41]),
)
DIGESTS = st.binary(min_size=32, max_size=32).map(lambda data: "sha256:" + data.hex())
NAMESPACES = {
    "apk": ["alpine"],
    "composer": ["acme"],
    "deb": ["debian"],
    "generic": ["", "acme/tools"],
    "golang": ["github.com/acme"],
    "maven": ["org.example"],
    "npm": ["", "@scope"],
    "pypi": [""],
}
PURLS = st.sampled_from([(kind, one) for kind, names in NAMESPACES.items() for one in names]).flatmap(
    lambda typed: st.builds(
        lambda name, version: str(make_purl(typed[0], name, version, namespace=typed[1])), NAMES, WORDS
    )
)


def layer_origins(count):
    """Draw that many layers, numbered from 0."""
    return st.tuples(
        *(
            st.builds(
                LayerOrigin,
                index=st.just(index),
                digest=st.one_of(st.just(""), DIGESTS),
                diff_id=DIGESTS,
                size=st.integers(-1, 2**40),
                created_by=WORDS,
            )
            for index in range(count)
        )
    )


def pairs(first, second=WORDS):
    return st.lists(st.tuples(first, second), max_size=3).map(tuple)


def several(items, size=3):
    return st.lists(items, max_size=size).map(tuple)


@st.composite
def components(draw, purl, others, layers):
    """Draw a component of that purl; it may depend on the others."""
    index = st.integers(-1, layers - 1)
    evidence = st.builds(
        Evidence,
        path=PATHS,
        analyzer=st.sampled_from(["dpkg", "node", "java"]),
        layer=index,
        technique=TECHNIQUES,
        confidence=st.integers(0, 100),
        owners=several(st.sampled_from(others), 2),
    )
    return Component(
        ref=purl,
        type=purl[4:].partition("/")[0],
        name=draw(NAMES),
        version=draw(st.one_of(WORDS, st.just("1" * 1025))),
        evidence=tuple(sorted(draw(st.sets(evidence, min_size=1, max_size=3)))),
        layer=draw(index),
        licenses=draw(several(LICENSES)),
        hashes=draw(several(HASHES)),
        depends=draw(several(st.sampled_from(others))),
        owners=draw(several(st.sampled_from(others), 2)),
        supplier=draw(WORDS),
        urls=draw(pairs(st.sampled_from(["website", "vcs", "distribution", "odd"]), URLS)),
        properties=draw(pairs(NAMES)),
    )


@st.composite
def sboms(draw):
    """Draw a bill of materials that keeps the promises of `Sbom`."""
    layers = draw(st.integers(0, 3))
    purls = sorted(draw(st.sets(PURLS, max_size=4)))
    index, maybe = st.integers(-1, layers - 1), st.one_of(st.none(), DISTRIBUTIONS)
    unknown = st.builds(Unknown, path=PATHS, analyzer=NAMES, reason=WORDS, layer=index)
    removed = st.builds(
        Removed,
        purl=PURLS,
        path=PATHS,
        introduced=st.integers(0, max(layers - 1, 0)),
        removed=st.integers(0, max(layers - 1, 0)),
    )
    return Sbom(
        subject=draw(subjects(layers)),
        distribution=draw(maybe),
        components=tuple(draw(components(purl, purls, layers)) for purl in purls),
        unknowns=tuple(sorted(draw(st.sets(unknown, max_size=7)))),
        removed=tuple(sorted(draw(st.sets(removed, max_size=2)))) if layers else (),
        tool_version=draw(WORDS),
        timestamp="2025-01-02T03:04:05Z",
    )


def subjects(layers):
    return st.builds(
        Subject,
        kind=st.sampled_from(["container", "directory"]),
        name=st.one_of(WORDS, st.sampled_from(["registry.example.com/shop/api:2.4", "api:1", "localhost:5000/x"])),
        digest=st.one_of(st.just(""), DIGESTS),
        config_digest=DIGESTS,
        platform=st.sampled_from(["linux/amd64", "linux/arm64/v8", ""]),
        created=st.sampled_from(["", "2025-01-02T03:04:05Z"]),
        tags=several(WORDS),
        labels=pairs(NAMES),
        layers=layer_origins(layers),
    )


DISTRIBUTIONS = st.builds(
    Distribution,
    id=NAMES,
    version=WORDS,
    name=WORDS,
    like=several(WORDS),
    codename=WORDS,
    pretty_name=WORDS,
    cpe=st.sampled_from(["", "cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:2.3:o:a:b:1:*:*:*:*:*:*:*", "cpe:x"]),
    home_url=URLS,
    variant=WORDS,
)

"""Embedded documents: where they are read, whom they speak of, and that no document does harm."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import Files, find, installed, is_wanted
from case_texts import cases_of, check, survives
from stellaops_core.analyzers.analyzer import Analyzer, Joins, Malformed
from stellaops_core.analyzers.sbom_documents import ANALYZER

RECORD = "lib/python3.11/site-packages/a-1.0.dist-info"
METADATA = "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n"


@pytest.mark.parametrize("case", cases_of("sbom_documents"))
def test_case(case, request):
    """The files of a case give exactly what is expected."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (f"{RECORD}/sboms/any.json", True),
        (f"{RECORD}/sboms/any.spdx", True),
        (f"{RECORD}/METADATA", True),
        (f"{RECORD}/sboms/deeper/any.json", False),
        (f"{RECORD}/any.json", False),
        ("sboms/any.json", False),
        ("var/lib/db/sbom/a.spdx.json", True),
        ("srv/var/lib/db/sbom/a.spdx.json", False),
        ("opt/bitnami/.bitnami_components.json", True),
        ("opt/bitnami/redis/.spdx-redis.spdx", True),
        ("opt/bitnami/redis/package.json", False),
        ("opt/docker/sbom/python/.spdx.python.json", True),
        ("lib/apk/db/installed", True),
        ("app/sbom.cdx.json", False),
        ("app/bom.xml", False),
        ("usr/share/sbom/a.json", False),
    ],
)
def test_wants(path, wanted):
    """Places where those who install put them; never a document that merely lies somewhere."""
    assert is_wanted(ANALYZER, path) is wanted


def document(*components, **more):
    return json.dumps({"bomFormat": "CycloneDX", "components": list(components), **more})


def component(name, version, purl, **more):
    return {"type": "library", "bom-ref": name, "name": name, "version": version, "purl": purl, **more}


def test_flaws_do_not_hide_the_others():
    """What can't be a package is counted, after the rest was yielded."""
    text = document(component("good", "1", "pkg:cargo/good@1"), component("bad", "1", "pkg:nothing"))
    near = Files({f"{RECORD}/METADATA": METADATA, f"{RECORD}/sboms/x.json": text})
    items = iter(ANALYZER.analyze(near.get(f"{RECORD}/sboms/x.json"), near))
    assert [next(items).key, next(items).key] == ["pkg:cargo/good@1", "pkg:pypi/a@1.0"]
    with pytest.raises(Malformed, match="1 of 2 components"):
        next(items)


def test_a_document_without_its_wheel_still_counts():
    """Without METADATA there is no parent, but the components are there."""
    items, _ = installed(ANALYZER, {f"{RECORD}/sboms/x.json": document(component("c", "1", "pkg:cargo/c@1"))})
    assert [(str(item.purl), item.properties) for item in items] == [("pkg:cargo/c@1", ())]


def test_passwords_stay_behind():
    """An address in a qualifier loses its user."""
    purl = "pkg:generic/c@1?download_url=https%3A%2F%2Fann%3Asecret%40files.example.org%2Fc.tgz"
    [item], _ = installed(ANALYZER, {f"{RECORD}/sboms/x.json": document(component("c", "1", purl))})
    assert dict(item.purl.qualifiers) == {"download_url": "https://files.example.org/c.tgz"}


def test_confidence():
    """A purl is certain, a name alone is less so, an optional component least."""
    text = document(
        component("a", "1", "pkg:cargo/a@1"),
        component("b", "1", ""),
        component("c", "1", "pkg:cargo/c@1", scope="optional"),
    )
    found, _ = find(ANALYZER, {f"{RECORD}/sboms/x.json": text})
    [packages] = found.values()
    assert [(item.name, item.type, item.confidence) for item in packages] == [
        ("a", "cargo", 100),
        ("b", "generic", 80),
        ("c", "cargo", 50),
    ]


WORDS = ["bom-ref", "name", "version", "purl", "type", "scope", "licenses", "hashes", "components", "group", "supplier"]
SPDX_WORDS = [
    "SPDXID",
    "name",
    "versionInfo",
    "externalRefs",
    "referenceType",
    "referenceLocator",
    "checksums",
    "supplier",
]
TEXTS = ["a", "1.0", "pkg:cargo/a@1", "pkg:apk/alpine/a@1", "pkg:pypi/a@1.0", "pkg:deb/debian/a@1#x", "library", "purl"]


def json_of(words):
    return st.recursive(
        st.none() | st.integers(-9, 9) | st.text(max_size=8) | st.sampled_from(TEXTS),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(words), inner, max_size=6),
        max_leaves=14,
    )


@given(st.lists(json_of(WORDS), max_size=4), json_of(WORDS), st.lists(json_of(["ref", "dependsOn"]), max_size=3))
def test_any_cyclonedx(components, subject, dependencies):
    """Whatever a CycloneDX document holds."""
    text = document(*components, metadata={"component": subject}, dependencies=dependencies)
    survives(ANALYZER, {f"{RECORD}/METADATA": METADATA, f"{RECORD}/sboms/x.json": text, "var/lib/db/sbom/x.json": text})


@given(st.lists(json_of(SPDX_WORDS), max_size=4), json_of(["relationshipType", "spdxElementId"]), json_of(["a"]))
def test_any_spdx(packages, relationships, described):
    """Whatever an SPDX document holds."""
    fields = {"packages": packages, "relationships": [relationships], "documentDescribes": described}
    survives(ANALYZER, {"opt/docker/sbom/x.json": json.dumps({"spdxVersion": "SPDX-2.3", **fields})})


@given(st.binary(max_size=80), json_of(["gosu", "version", "arch"]))
def test_any_bytes(data, components):
    """Any bytes at all places."""
    survives(
        ANALYZER,
        {
            f"{RECORD}/METADATA": data,
            f"{RECORD}/sboms/x.json": document(component("c", "1", "pkg:cargo/c@1")),
            "lib/apk/db/installed": data,
            "opt/bitnami/.bitnami_components.json": json.dumps(components),
            "var/lib/db/sbom/x.json": data,
        },
    )

"""CycloneDX and SPDX documents: what counts as there, and what needs what."""

import json

import pytest

from stellaops_core.readers import sbom_document
from stellaops_core.readers.sbom_document import read_sbom


def read(**document):
    return read_sbom(json.dumps(document).encode())


def spdx(*relationships):
    """A document of packages a, b, c with (from, kind, to) relationships."""
    return read(
        spdxVersion="SPDX-2.3",
        packages=[{"SPDXID": name, "name": name, "versionInfo": "1"} for name in "abc"],
        relationships=[
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relationships
        ],
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<bom/>", "not JSON"),
        (b"SPDXVersion: SPDX-2.3", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "neither CycloneDX nor SPDX 2"),
        (b'{"spdxVersion": 3}', "neither CycloneDX nor SPDX 2"),
    ],
)
def test_other_files(data, reason):
    """What is no such document has a reason."""
    with pytest.raises(ValueError, match=reason):
        read_sbom(data)


@pytest.mark.parametrize(
    ("relationship", "left", "needs"),
    [
        (("a", "CONTAINS", "b"), "abc", {"a": ["b"]}),
        (("a", "DEPENDS_ON", "b"), "abc", {"a": ["b"]}),
        (("a", "DEPENDENCY_OF", "b"), "abc", {"b": ["a"]}),
        (("a", "CONTAINED_BY", "b"), "abc", {"b": ["a"]}),
        (("a", "GENERATED_FROM", "b"), "ac", {}),
        (("a", "DESCRIBED_BY", "b"), "ac", {}),
        (("a", "BUILD_TOOL_OF", "b"), "bc", {}),
        (("a", "TEST_DEPENDENCY_OF", "b"), "bc", {}),
        (("a", "OTHER", "b"), "abc", {}),
    ],
)
def test_relationships(relationship, left, needs):
    """Sources, tools and tests are not there; containers and dependents need what they hold."""
    document = spdx(relationship)
    assert "".join(entry.ref for entry in document.entries) == left
    assert document.needs == needs


def test_what_is_contained_is_there():
    """Even where it is also named as a source."""
    document = spdx(("a", "GENERATED_FROM", "b"), ("c", "CONTAINS", "b"), ("SPDXRef-DOCUMENT", "DESCRIBES", "c"))
    assert [entry.ref for entry in document.entries] == ["a", "b", "c"]
    assert document.subject == "c"


def test_components_within_components():
    """A component needs those inside it; what is excluded goes with all it holds."""
    inner = {"type": "library", "bom-ref": "i", "name": "i", "version": "1"}
    document = read(
        bomFormat="CycloneDX",
        metadata={"component": {"type": "container", "name": "image", "components": [inner]}},
        components=[
            {"type": "library", "bom-ref": "o", "group": "g", "name": "o", "version": "1", "components": [inner]},
            {"type": "library", "bom-ref": "x", "name": "x", "scope": "excluded", "components": [inner]},
            {"type": "file", "name": "f"},
            {"name": "bare"},
        ],
    )
    assert [(entry.ref, entry.name) for entry in document.entries] == [("o", "g/o"), ("i", "i"), ("#2", "bare")]
    assert document.needs == {"o": ["i"]}
    assert document.subject == ""


def test_facts():
    """Hashes that are ones, links that are URLs, names of people without their addresses."""
    [entry] = read(
        bomFormat="CycloneDX",
        components=[
            {
                "name": "a",
                "hashes": [{"alg": "MD5", "content": "AB" * 16}, {"alg": "MD5", "content": "zz" * 16}, {"alg": "X"}],
                "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "Own"}}, {"expression": "A OR B"}, {}],
                "externalReferences": [
                    {"type": "vcs", "url": "https://u:p@h.example/x"},
                    {"type": "bom", "url": "https://h/"},
                ],
                "author": "Ann <a@example.org>",
            }
        ],
    ).entries
    assert entry.hashes == (("MD5", "ab" * 16),)
    assert entry.licenses == ("MIT", "Own", "A OR B")
    assert entry.urls == (("vcs", "https://h.example/x"),)
    assert entry.supplier == "Ann"


def test_bounds(monkeypatch):
    """Too many components, too many dependencies, too deep: a reason each."""
    monkeypatch.setattr(sbom_document, "ENTRIES_LIMIT", 3)
    monkeypatch.setattr(sbom_document, "EDGES_LIMIT", 3)
    with pytest.raises(ValueError, match="components"):
        read(bomFormat="CycloneDX", components=[{"name": "a"}] * 4)
    with pytest.raises(ValueError, match="components"):
        read(spdxVersion="SPDX-2.2", packages=[{}] * 4)
    with pytest.raises(ValueError, match="dependencies"):
        read(bomFormat="CycloneDX", dependencies=[{"ref": "a", "dependsOn": ["b"] * 4}])
    with pytest.raises(ValueError, match="dependencies"):
        spdx(*[("a", "CONTAINS", "b")] * 4)
    monkeypatch.setattr(sbom_document, "ENTRIES_LIMIT", 1000)
    deep = {"name": "a"}
    for _ in range(sbom_document.DEPTH_LIMIT + 1):
        deep = {"name": "a", "components": [deep]}
    with pytest.raises(ValueError, match="nested deeper"):
        read(bomFormat="CycloneDX", components=[deep])

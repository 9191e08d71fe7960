"""Components in CycloneDX: licences and references give back what was stated, evidence is written once."""

import pytest
from msgspec.structs import replace

from core.sbom.samples import OPENSSL, SAMPLE
from stellaops_core.component import Evidence
from stellaops_core.sbom.cyclonedx_components import (
    Writer,
    analyzer_ref,
    evidence_item,
    find_twins,
    read_licenses,
    read_references,
    stated_licenses,
    version_of,
)
from stellaops_core.sbom.cyclonedx_fields import licenses_of, references_of
from stellaops_core.sbom.graph import edges

LICENSES = [("MIT",), ("MIT OR Apache-2.0",), ("MIT", "see NOTICE"), ("GPL-2.0-only", "MIT OR Apache-2.0")]


def writer(version="1.6"):
    return Writer(SAMPLE.subject.layers, edges(SAMPLE.components), version)


@pytest.mark.parametrize("licenses", LICENSES)
def test_licences_read_back(licenses):
    """In both versions of the specification."""
    assert read_licenses(licenses_of(licenses)) == licenses
    assert read_licenses(stated_licenses(licenses)) == licenses


def test_expressions_stand_beside_others_in_1_7():
    """Which 1.6 forbids, so that there it is a name."""
    expression, other = stated_licenses(("MIT OR Apache-2.0", "see NOTICE"))
    assert expression == {"expression": "MIT OR Apache-2.0", "acknowledgement": "declared"}
    assert other == {"license": {"name": "see NOTICE", "acknowledgement": "declared"}}
    assert licenses_of(("MIT OR Apache-2.0", "see NOTICE"))[0] == {"license": {"name": "MIT OR Apache-2.0"}}


def test_odd_licences_are_passed_over():
    """What another tool writes may be of any type."""
    items = [{"license": {"id": 5}}, {"license": "MIT"}, {"expression": ""}, {"license": {"name": "x"}}]
    assert read_licenses(items) == ("x",)


def test_links_are_no_urls():
    """References to other documents say nothing of the component; all other references do."""
    urls = (("bom", "https://example.com/sbom"), ("vcs", "https://example.com/a"))
    items = [*references_of(urls), {"type": "bom", "url": "urn:cdx:x"}, {"type": "vcs"}, {"url": 5}]
    assert read_references(items) == [*urls]


def test_identity_is_a_list_in_1_7():
    """The object of 1.6 is what readers made for 1.5 understand."""
    component = SAMPLE.components[0]
    assert isinstance(writer().write(component)["evidence"]["identity"], dict)
    assert isinstance(writer("1.7").write(component)["evidence"]["identity"], list)


def test_identity_of_several_analyzers_is_one_object_in_1_6():
    """A list stops Syft; which analyzer said what is then a property."""
    evidence = (Evidence("a", "x", 0), Evidence("b", "y", 0))
    component = replace(SAMPLE.components[0], evidence=evidence)
    old, new = writer().write(component), writer("1.7").write(component)
    assert old["evidence"]["identity"]["tools"] == ["stella:analyzer:x", "stella:analyzer:y"]
    assert [one["tools"] for one in new["evidence"]["identity"]] == [["stella:analyzer:x"], ["stella:analyzer:y"]]
    assert "stella:exact:evidence" in {fact["name"] for fact in old["properties"]}
    assert "stella:exact:evidence" not in {fact["name"] for fact in new["properties"]}


def test_shared_evidence_is_one_object():
    """Packages of one database have one evidence, which is worked out once."""
    one = writer()
    first, second = (one.write(component)["evidence"] for component in SAMPLE.components[:2])
    assert first is second


def test_small_members():
    """A version that is too long has no member; evidence has the names of Stella's own document."""
    assert version_of("1") == {"version": "1"}
    assert version_of("") == version_of("1" * 1025) == {}
    assert analyzer_ref("dpkg") == "stella:analyzer:dpkg"
    item = evidence_item(Evidence("a%", "dpkg", 1, "filename", 5, (OPENSSL,)))
    assert item == {
        "path": "a%25", "analyzer": "dpkg", "layer": 1, "technique": "filename", "confidence": 5, "owners": (OPENSSL,)
    }  # fmt: skip


def test_what_syft_would_take_for_one_says_where_it_is():
    """Scoped and unscoped packages of one name and version, and classifiers; nothing else says so."""
    refs = (
        "pkg:maven/a/x@1?classifier=y",
        "pkg:maven/a/x@1",
        "pkg:npm/%40types/send@1",
        "pkg:npm/send@1",
        "pkg:npm/z@1",
    )
    components = [
        replace(SAMPLE.components[0], ref=ref, name=name, type=ref[4:].partition("/")[0], version="1")
        for ref, name in zip(refs, ("x", "x", "@types/send", "send", "z"), strict=True)
    ]
    twins = find_twins(components)
    assert twins == {("x", "1"), ("send", "1")}
    one = Writer(SAMPLE.subject.layers, edges(components), "1.6", twins)
    told = [dict(map(dict.values, one.write(part)["properties"])) for part in components]
    place = "/" + SAMPLE.components[0].evidence[0].path
    assert [facts.get("syft:location:0:path") for facts in told] == [place] * 4 + [None]

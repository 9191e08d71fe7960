"""SPDX 2.3 documents: equal bytes for equal facts, no identifier that leads nowhere."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.samples import BABEL, LIBC, OPENSSL, REQUESTS, SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.sbom.spdx_fields import NAMESPACE, UUIDS, identity
from stellaops_core.sbom.spdx_json import SYSTEM, document, encode, full_name, source_text

EXPECTED = Path(__file__).with_name("sample.spdx.json")


def by_ref(content):
    """Packages by the package URL that they refer to."""
    return {one["externalRefs"][0]["referenceLocator"]: one for one in content["packages"] if "externalRefs" in one}


def component(**facts):
    return replace(SAMPLE.components[0], **facts)


def test_sample_document(request):
    """The whole mapping at a glance. When it changes on purpose, raise the format's revision with it."""
    if request.config.getoption("--accept"):
        EXPECTED.write_bytes(encode(SAMPLE))
    assert encode(SAMPLE) == EXPECTED.read_bytes()


@settings(max_examples=25)
@given(used_sboms())
def test_every_identifier_exists(sbom):
    """Identifiers are unique, and relationships are between elements of the document."""
    content = json.loads(encode(sbom))
    ids = ["SPDXRef-DOCUMENT", *(package["SPDXID"] for package in content["packages"])]
    assert len(ids) == len(set(ids))
    for one in content["relationships"]:
        assert {one["spdxElementId"], one["relatedSpdxElement"]} <= set(ids)
    held = [one["relatedSpdxElement"] for one in content["relationships"] if one["relationshipType"] == "CONTAINS"]
    assert sorted(held) == sorted(ids[2:])


@settings(max_examples=25)
@given(used_sboms())
def test_package_urls_are_all_there(sbom):
    """Verbatim, and of nothing else than the components and the image."""
    listed = {ref for ref in by_ref(json.loads(encode(sbom))) if not ref.startswith(("pkg:oci/", "cpe:"))}
    assert listed == {one.purl for one in sbom.components if one.purl}


def test_relationships_of_the_sample():
    """Needs, and the owner in Syft's words."""
    content = document(SAMPLE)
    ids = {ref: package["SPDXID"] for ref, package in by_ref(content).items()}
    edges = [
        (one["spdxElementId"], one["relationshipType"], one["relatedSpdxElement"], one.get("comment", "")[:25])
        for one in content["relationships"]
    ]
    assert (ids[OPENSSL], "DEPENDS_ON", ids[LIBC], "") in edges
    assert (ids[OPENSSL], "OTHER", ids[REQUESTS], "ownership-by-file-overlap") in edges
    assert ("SPDXRef-ContainerImage", "CONTAINS", ids[LIBC], "") in edges
    assert edges[0] == ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-ContainerImage", "")


def test_a_second_systems_packages_stand_apart():
    """The distribution contains its own packages, the image all others."""
    wheel = component(ref="pkg:rpm/centos/libcom_err@1", type="rpm", name="libcom_err")
    content = document(replace(SAMPLE, components=(*SAMPLE.components, wheel)))
    ids = {ref: package["SPDXID"] for ref, package in by_ref(content).items()}
    held = [one["relatedSpdxElement"] for one in content["relationships"] if one["spdxElementId"] == SYSTEM]
    assert held == [ids[LIBC], ids[OPENSSL]]


def test_namespace_is_the_content():
    """A document of the same facts has the same namespace; packages that were removed are no fact of it."""
    namespace = document(SAMPLE)["documentNamespace"]
    assert namespace == NAMESPACE + identity(SAMPLE, "2.3")
    assert namespace == document(replace(SAMPLE, removed=()))["documentNamespace"]
    assert namespace != document(replace(SAMPLE, tool_version="1.2.4"))["documentNamespace"]
    assert identity(SAMPLE, "2.3") != identity(SAMPLE, "3.0.1") != UUIDS


def test_a_program_without_a_package():
    """It is a file with its digest, and has no package URL."""
    program = component(ref="bin:" + "a" * 64, type="bin", name="tool", hashes=())
    package = document(replace(SAMPLE, components=(program,)))["packages"][-1]
    assert (package["primaryPackagePurpose"], package["name"]) == ("FILE", "tool")
    assert package["checksums"] == [{"algorithm": "SHA256", "checksumValue": "a" * 64}]
    assert "externalRefs" not in package


def test_a_directory():
    """It is described like an image."""
    content = document(
        replace(SAMPLE, subject=replace(SAMPLE.subject, kind="directory", name="", digest="", layers=()))
    )
    assert content["name"] == "directory"
    assert content["packages"][0]["SPDXID"] == content["relationships"][0]["relatedSpdxElement"] == "SPDXRef-Directory"


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"properties": (("stella:deb:source", "glibc"),)}, "built package from: glibc 2.36-9"),
        (
            {"properties": (("stella:deb:source", "glibc"), ("stella:deb:sourceVersion", "2.36"))},
            "built package from: glibc 2.36",
        ),
        ({"properties": (("stella:rpm:sourceRpm", "a-b-1.2-3.el9.src.rpm"),)}, "built package from: a-b 1.2-3.el9"),
        ({"properties": (("stella:rpm:sourceRpm", "odd"),)}, "built package from: odd"),
        ({"properties": (("stella:apk:origin", "musl"),)}, "built package from: musl 2.36-9"),
        ({}, "found in var/lib/dpkg/status"),
    ],
)
def test_origin(facts, text):
    """The source package as Trivy writes it, else the place."""
    assert source_text(component(**facts)) == text


def test_many_places_are_counted():
    """Three are named."""
    evidence = tuple(replace(SAMPLE.components[0].evidence[0], path=f"a{number}\n") for number in range(5))
    assert source_text(component(evidence=evidence)) == "found in a0%0A, a1%0A, a2%0A and 2 more"


def test_full_names():
    """npm's scope and Maven's group are part of the name; never empty."""
    assert full_name(SAMPLE.components[2]) == "@babel/core"
    assert full_name(component(ref="pkg:maven/org.example/tool@1", type="maven", name="tool")) == "org.example:tool"
    assert full_name(component(name="")) == LIBC
    assert by_ref(document(SAMPLE))[BABEL]["name"] == "@babel/core"

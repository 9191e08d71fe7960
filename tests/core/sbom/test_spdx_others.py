"""Documents of other tools: packages by their canonical package URLs, and nothing that is not there."""

import json

import pytest

from core.sbom.samples import SAMPLE
from stellaops_core.component import Distribution
from stellaops_core.errors import TargetError
from stellaops_core.sbom.spdx_json import encode
from stellaops_core.sbom.spdx_json_reader import decode
from stellaops_core.sbom.stella_json import decode as read_own
from stellaops_core.sbom.stella_json import encode as write_own


def package(spdx_id, name, version="", purl="", **members):
    out = {"SPDXID": f"SPDXRef-{spdx_id}", "name": name, "versionInfo": version, **members}
    reference = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
    return out | {"externalRefs": [reference]} if purl else out


def related(one, kind, other):
    return {"spdxElementId": f"SPDXRef-{one}", "relationshipType": kind, "relatedSpdxElement": f"SPDXRef-{other}"}


def read(*packages, relationships=(), **members):
    content = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "document",
        "creationInfo": {"created": "2024-05-06T07:08:09.123Z", "creators": ["Tool: other-1"]},
        "packages": packages,
        "relationships": relationships,
        **members,
    }
    sbom = decode(json.dumps(content).encode())
    assert read_own(write_own(sbom)) == sbom
    return sbom


def refs(sbom):
    return [component.ref for component in sbom.components]


def test_packages():
    """Canonical, sorted, each once; without a package URL by name and version; without a version not at all."""
    sbom = read(
        package("1", "b", "2", "pkg:npm/@a/b@2"),
        package("2", "b", "2", "pkg:npm/%40a/b@2"),
        package("3", "tool", "1.0"),
        package("4", "jar"),
        relationships=[
            related("1", "DEPENDS_ON", "3"),
            related("3", "DEPENDENCY_OF", "2"),
            related("1", "CONTAINS", "1"),
        ],
    )
    assert refs(sbom) == ["pkg:generic/tool@1.0", "pkg:npm/%40a/b@2"]
    assert sbom.components[1].depends == ("pkg:generic/tool@1.0",)
    assert sbom.components[0].evidence[0].path == ""
    assert sbom.timestamp == "2024-05-06T07:08:09Z"


def test_facts():
    """Licences, checksums, supplier, homepage, and where Syft found it."""
    sbom = read(
        package(
            "1",
            "a",
            "1",
            "pkg:deb/debian/a@1?distro=debian-12",
            licenseDeclared="NOASSERTION",
            licenseConcluded="Apache License, Version 2.0",
            checksums=[
                {"algorithm": "SHA1", "checksumValue": "A" * 40},
                {"algorithm": "MD4", "checksumValue": "0" * 32},
            ],
            supplier="Organization: Somebody (a@b.example)",
            homepage="https://a.example/",
            sourceInfo="acquired package info from DPKG DB: /usr/share/doc/a/copyright, /var/lib/dpkg/status",
        )
    )
    (component,) = sbom.components
    assert component.licenses == ("Apache-2.0",)
    assert component.hashes == (("SHA-1", "a" * 40),)
    assert component.supplier == "Somebody"
    assert component.urls == (("website", "https://a.example/"),)
    assert [one.path for one in component.evidence] == ["usr/share/doc/a/copyright", "var/lib/dpkg/status"]
    assert sbom.distribution == Distribution("debian", "12")


def test_image_and_system():
    """What the document describes is the subject, and neither that nor the system is a component."""
    sbom = read(
        package("image", "shop/api", "sha256:" + "a" * 64, "pkg:oci/api@sha256:0", primaryPackagePurpose="CONTAINER"),
        package("OperatingSystem-1", "alpine", "3.16.0"),
        package("1", "a", "1", "pkg:apk/alpine/a@1"),
        relationships=[related("DOCUMENT", "DESCRIBES", "image"), related("image", "CONTAINS", "OperatingSystem-1")],
    )
    assert (sbom.subject.kind, sbom.subject.name, sbom.subject.digest) == (
        "container",
        "shop/api",
        "sha256:" + "a" * 64,
    )
    assert sbom.distribution == Distribution("alpine", "3.16.0")
    assert refs(sbom) == ["pkg:apk/alpine/a@1"]


def test_two_distributions_are_none():
    """Where package URLs name several, none is guessed."""
    sbom = read(
        package("1", "a", "1", "pkg:deb/debian/a@1?distro=debian-12"),
        package("2", "b", "1", "pkg:rpm/rhel/b@1?distro=rhel-9"),
    )
    assert sbom.distribution is None


def test_what_is_no_package_url_is_told():
    """It is an unknown, and the rest is read."""
    sbom = read(package("1", "a", "1", "pkg:invalid"), package("2", "b", "1", "pkg:npm/b@1"))
    assert refs(sbom) == ["pkg:npm/b@1"]
    assert [one.reason for one in sbom.unknowns] == ["has a package URL that can't be one: a 1"]


def test_what_is_not_in_the_image():
    """Sources and build tools that a document lists are left out."""
    sbom = read(
        package("1", "a", "1", "pkg:npm/a@1"),
        package("2", "a-src", "1", "pkg:generic/a-src@1"),
        package("3", "gcc", "1", "pkg:generic/gcc@1"),
        relationships=[related("1", "GENERATED_FROM", "2"), related("3", "BUILD_TOOL_OF", "1")],
    )
    assert refs(sbom) == ["pkg:npm/a@1"]


def test_ours_without_annotations():
    """Loses what annotations hold, and no package."""
    content = json.loads(encode(SAMPLE))
    for element in (content, *content["packages"]):
        element.pop("annotations", None)
    sbom = decode(json.dumps(content).encode())
    assert refs(sbom) == [component.ref for component in SAMPLE.components]
    assert sbom.distribution == Distribution("debian", "12")
    assert sbom.subject.digest == SAMPLE.subject.digest


def test_odd_times():
    """A time that isn't one is the epoch's."""
    assert read(creationInfo={"created": "yesterday"}).timestamp == "1970-01-01T00:00:00Z"
    assert read(creationInfo=7).timestamp == "1970-01-01T00:00:00Z"


def test_too_many(monkeypatch):
    """The bound of the reader beneath holds."""
    monkeypatch.setattr("stellaops_core.readers.sbom_document.ENTRIES_LIMIT", 1)
    with pytest.raises(TargetError, match="more than 1 components"):
        read(package("1", "a", "1"), package("2", "b", "1"))

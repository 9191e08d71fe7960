"""SPDX 3.0 read back: our own without loss, of others' what they say of packages."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from core.sbom.test_spdx_json_reader import VALUES, member, places
from core.sbom.used_sboms import used_sboms
from stellaops_core.component import Distribution
from stellaops_core.errors import TargetError
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx3_json import CONTEXT, encode
from stellaops_core.sbom.spdx3_json_reader import decode

PLACES = list(places(json.loads(encode(SAMPLE))))


@settings(max_examples=40)
@given(used_sboms())
def test_nothing_is_lost(sbom):
    """But packages that an upper layer removed; and what was read is written as the same bytes."""
    data = encode(sbom)
    again = decode(data)
    assert again == replace(sbom, removed=())
    assert encode(again) == data


def element(name, kind="software_Package", **members):
    return {"type": kind, "spdxId": f"urn:x:{name}", "name": name, **members}


def relation(one, kind, *others):
    return {
        "type": "Relationship",
        "from": f"urn:x:{one}",
        "relationshipType": kind,
        "to": [f"urn:x:{to}" for to in others],
    }


def test_others_documents():
    """Package URLs in either place, needs, licences, the image, the distribution; files are no packages."""
    identifier = {"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": "pkg:npm/a@1"}
    graph = [
        {"type": "CreationInfo", "created": "2024-05-06T07:08:09Z", "createdBy": []},
        element("bom", "software_Sbom", rootElement=["urn:x:image"]),
        element("image", software_primaryPurpose="container"),
        element("alpine", software_primaryPurpose="operatingSystem", software_packageVersion="3.20"),
        element("a", externalIdentifier=[identifier], suppliedBy="urn:x:Somebody"),
        element("b", software_packageUrl="pkg:npm/b@2", verifiedUsing=[{"algorithm": "sha1", "hashValue": "0" * 40}]),
        element("Somebody", "Organization"),
        element("licence", "simplelicensing_LicenseExpression", simplelicensing_licenseExpression="MIT"),
        element("a.txt", "software_File", software_packageVersion="1"),
        relation("a", "dependsOn", "b"),
        relation("a", "hasDeclaredLicense", "licence"),
    ]
    sbom = decode(json.dumps({"@context": CONTEXT, "@graph": graph}).encode())
    one, other = sbom.components
    assert (one.ref, one.licenses, one.depends, one.supplier) == ("pkg:npm/a@1", ("MIT",), ("pkg:npm/b@2",), "Somebody")
    assert (other.ref, other.hashes) == ("pkg:npm/b@2", (("SHA-1", "0" * 40),))
    assert (sbom.subject.kind, sbom.subject.name) == ("container", "image")
    assert sbom.distribution == Distribution("alpine", "3.20")
    assert sbom.timestamp == "2024-05-06T07:08:09Z"


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"@context": [], "@graph": []}', b'{"@context": "x", "@graph": []}']
)
def test_other_things_are_refused(data):
    """With one error."""
    with pytest.raises(TargetError):
        decode(data)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_hostile_documents(changes):
    """Any member may hold anything: an `Sbom` or a `TargetError` comes of it."""
    content = json.loads(encode(SAMPLE))
    for path, value in changes:
        inner = content
        for key in path[:-1]:
            inner = member(inner, key)
        if member(inner, path[-1]) is not None:
            inner[path[-1]] = value
    try:
        assert isinstance(decode(json.dumps(content).encode()), Sbom)
    except TargetError as error:
        assert "\n" not in error.message  # noqa: PT017  # either is fine

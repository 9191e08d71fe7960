"""Composition by reference in SPDX: what is resolved is what would have been written inline."""

import json

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.cuts import cut
from core.sbom.samples import SAMPLE
from core.sbom.usages import traced_sboms
from stellaops_core.digest import sha256
from stellaops_core.errors import TargetError
from stellaops_core.sbom.spdx_json_reader import decode
from stellaops_core.sbom.spdx_linked import edition_of, encode_layer, encode_linked, named, resolve

PLAIN = replace(SAMPLE, removed=())


def documents_of(sbom):
    return {index: encode_layer(cut(sbom, index), "e") for index in range(len(sbom.subject.layers))}


@settings(max_examples=30, deadline=None)
@given(traced_sboms())
def test_resolved_is_inline(sbom):
    """Whatever an image holds."""
    layers = documents_of(sbom)
    assert resolve(encode_linked(sbom, layers), layers.values()) == sbom


def test_documents_are_named_with_their_digests():
    """And packages are copies of packages in them."""
    layers = documents_of(PLAIN)
    content = json.loads(encode_linked(PLAIN, layers))
    names = [json.loads(data)["documentNamespace"] for data in layers.values()]
    assert [one["spdxDocument"] for one in content["externalDocumentRefs"]] == names
    copies = [one for one in content["relationships"] if one["relationshipType"] == "COPY_OF"]
    assert len(copies) == len(PLAIN.components)
    assert {one["relatedSpdxElement"].partition(":")[0] for one in copies} == {
        one["externalDocumentId"] for one in content["externalDocumentRefs"]
    }


def test_wrong_documents_are_refused():
    """A missing document, and one that was changed, by its digest."""
    layers = documents_of(PLAIN)
    linked = encode_linked(PLAIN, layers)
    for documents in ([layers[0]], [layers[0], layers[1].replace(b"MIT", b"ISC")]):
        with pytest.raises(TargetError, match="is missing, or does not hold"):
            resolve(linked, documents)
    with pytest.raises(TargetError, match="refers to the documents of its layers"):
        decode(linked)


def test_editions():
    """A layer's document says what it is a function of; other editions have other namespaces."""
    one, other = (encode_layer(cut(PLAIN, 0), edition) for edition in ("1", "2"))
    assert (edition_of(one), edition_of(other)) == ("1", "2")
    assert json.loads(one)["documentNamespace"] != json.loads(other)["documentNamespace"]
    assert decode(one) == decode(other) == cut(PLAIN, 0)
    for data in (b"", b"[]", b'{"creationInfo": 1}', b'{"creationInfo": {"comment": "x y"}}', b"\xff"):
        assert edition_of(data) == ""


def test_stubs_are_small():
    """Evidence, licences, suppliers and the like are the layer's; name, version and purl are there for every tool."""
    packages = json.loads(encode_linked(PLAIN, documents_of(PLAIN)))["packages"]
    stub = next(one for one in packages if one["name"] == "openssl")
    assert stub["versionInfo"]
    assert stub["externalRefs"]
    assert not stub.keys() & {"supplier", "sourceInfo", "checksums", "homepage"}
    assert [one["comment"] for one in stub["annotations"]] == ['{"layer":0}']


def test_named():
    """What a reader has to look for; nothing where no package is a copy."""
    layers = documents_of(PLAIN)
    assert named(encode_linked(PLAIN, layers)) == [sha256(data) for data in layers.values()]
    assert named(layers[0]) == []


def test_a_layer_that_is_there_twice():
    """Its document is named once."""
    layers = documents_of(PLAIN)
    twice = replace(
        PLAIN, subject=replace(PLAIN.subject, layers=(*PLAIN.subject.layers, replace(PLAIN.subject.layers[0], index=2)))
    )
    linked = encode_linked(twice, layers | {2: layers[0]})
    assert len(json.loads(linked)["externalDocumentRefs"]) == 2
    assert resolve(linked, layers.values()) == twice


def test_what_the_image_lacks_is_stated():
    """That its package has no licence, or nothing else, although the layer's document states it."""
    layers = documents_of(PLAIN)
    nothing = {"licenses": (), "hashes": (), "urls": (), "properties": ()}
    bare = replace(PLAIN, components=tuple(replace(one, **nothing) for one in PLAIN.components))
    assert resolve(encode_linked(bare, layers), layers.values()) == bare

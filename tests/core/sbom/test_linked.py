"""Composition by reference: what is resolved is what would have been written inline."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.cuts import cut
from core.sbom.samples import LIBC, OPENSSL, SAMPLE
from core.sbom.usages import traced_sboms
from stellaops_core.component import Evidence
from stellaops_core.errors import TargetError
from stellaops_core.sbom.cyclonedx_reader import decode
from stellaops_core.sbom.linked import (
    SHARED,
    edition_of,
    encode_layer,
    encode_linked,
    named,
    read_layer_document,
    resolve,
    strip,
)

PLAIN = replace(SAMPLE, removed=())


def documents_of(sbom):
    return {index: encode_layer(cut(sbom, index), "e") for index in range(len(sbom.subject.layers))}


@settings(max_examples=40, deadline=None)
@given(traced_sboms(), st.randoms(use_true_random=False))
def test_resolved_is_inline(sbom, random):
    """Whatever an image holds, and in whatever order the documents come."""
    layers = documents_of(sbom)
    linked, documents = encode_linked(sbom, layers), list(layers.values())
    random.shuffle(documents)
    assert resolve(linked, documents) == sbom


@settings(max_examples=25, deadline=None)
@given(traced_sboms(), traced_sboms())
def test_others_layers_do_no_harm(sbom, other):
    """Documents that say something else of the same components are linked only as far as they say the same."""
    layers = dict(enumerate(documents_of(other).values()))
    layers = {index: data for index, data in layers.items() if index < len(sbom.subject.layers)}
    assert resolve(encode_linked(sbom, layers), layers.values()) == sbom


def test_editions():
    """A layer's document says what it is a function of; other editions have other serial numbers."""
    one, other = (encode_layer(cut(PLAIN, 0), edition) for edition in ("1", "2"))
    assert (edition_of(one), edition_of(other)) == ("1", "2")
    assert read_layer_document(one).serial != read_layer_document(other).serial
    assert decode(one) == decode(other) == cut(PLAIN, 0)
    for data in (b"", b"[]", b'{"metadata": 1}', b'{"metadata": {"properties": [{"name": "x"}]}}', b"\xff"):
        assert edition_of(data) == ""


def test_a_layer_that_is_there_twice():
    """Its document is named once."""
    layers = documents_of(PLAIN)
    twice = replace(
        PLAIN, subject=replace(PLAIN.subject, layers=(*PLAIN.subject.layers, replace(PLAIN.subject.layers[0], index=2)))
    )
    linked = encode_linked(twice, layers | {2: layers[0]})
    assert [one["comment"][:7] for one in json.loads(linked)["externalReferences"]] == ["layer 0", "layer 1"]
    assert resolve(linked, layers.values()) == twice


def test_named():
    """What a reader has to look for, and nothing in documents that link to nothing, or are not ours."""
    layers = documents_of(PLAIN)
    linked = encode_linked(PLAIN, layers)
    assert named(linked) == [read_layer_document(data).digest for data in layers.values()]
    assert named(layers[0]) == []
    assert named(linked.replace(b'"name": "stella"', b'"name": "other"')) == []


def test_an_element_is_taken_once():
    """A small document can't become a large one by linking many times to one element."""
    layers = documents_of(PLAIN)
    content = json.loads(encode_linked(PLAIN, layers))
    stubs = [one for one in content["components"] if one["bom-ref"] in {OPENSSL, LIBC}]
    stubs[0]["externalReferences"] = stubs[1]["externalReferences"]
    with pytest.raises(TargetError, match="does not hold what was linked"):
        resolve(json.dumps(content).encode(), layers.values())


def test_stubs_are_small_and_say_where_the_rest_is():
    """A stub has name, version and purl, so that tools that follow no links still match it."""
    layers = documents_of(PLAIN)
    content = json.loads(encode_linked(PLAIN, layers))
    serials = [json.loads(data)["serialNumber"].removeprefix("urn:uuid:") for data in layers.values()]
    assert [one["url"] for one in content["externalReferences"]] == [f"urn:cdx:{serial}/1" for serial in serials]
    stub = next(one for one in content["components"] if one["bom-ref"] == OPENSSL)
    assert stub["properties"] == [{"name": "stella:layer:index", "value": "0"}]
    assert stub.keys() == {"type", "bom-ref", "name", "version", "purl", "properties", "externalReferences"}
    (link,) = stub["externalReferences"]
    assert link == {"type": "bom", "url": f"urn:cdx:{serials[0]}/1#{OPENSSL.replace('%', '%25')}"}


def test_what_the_image_lacks_is_stated():
    """That its component has no licence although the layer's document states one; one without supplier is whole."""
    layers = documents_of(PLAIN)
    read = {index: read_layer_document(data) for index, data in layers.items()}
    bare = replace(PLAIN, components=tuple(replace(one, licenses=()) for one in PLAIN.components))
    stripped = strip(bare, read)
    assert stripped.lacking[OPENSSL] == ["licenses"]
    assert b"stella:exact:licenses" in encode_linked(bare, layers)
    assert resolve(encode_linked(bare, layers), layers.values()) == bare
    nobody = replace(PLAIN, components=tuple(replace(one, supplier="") for one in PLAIN.components))
    assert LIBC not in strip(nobody, read).lacking
    assert resolve(encode_linked(nobody, layers), layers.values()) == nobody


def test_what_differs_is_stated():
    """Evidence of another layer stays in the image's document."""
    layers = documents_of(PLAIN)
    more = tuple(sorted((*PLAIN.components[0].evidence, Evidence("a", "dpkg", 1))))
    image = replace(PLAIN, components=(replace(PLAIN.components[0], evidence=more), *PLAIN.components[1:]))
    stripped = strip(image, {index: read_layer_document(data) for index, data in layers.items()})
    assert stripped.lacking.keys() == {component.ref for component in PLAIN.components}
    assert [bool(component.evidence) for component in stripped.sbom.components] == [True, False, False, False]
    assert not any(getattr(stripped.sbom.components[1], name) for name in SHARED)


def test_wrong_documents_are_refused():
    """A missing document, and one that was changed, by its digest."""
    layers = documents_of(PLAIN)
    linked = encode_linked(PLAIN, layers)
    with pytest.raises(TargetError, match="is missing, or is not the one"):
        resolve(linked, [layers[0]])
    with pytest.raises(TargetError, match="is missing, or is not the one"):
        resolve(linked, [layers[0], layers[1].replace(b"MIT", b"ISC")])
    with pytest.raises(TargetError, match="refers to the documents of its layers"):
        decode(linked)


def test_a_link_to_nothing_is_refused():
    """The document is the right one and does not hold the component."""
    layers = documents_of(PLAIN)
    linked = encode_linked(PLAIN, layers).replace(b"/1#pkg:deb/debian/libc6", b"/1#pkg:deb/debian/libc7")
    with pytest.raises(TargetError, match="does not hold"):
        resolve(linked, layers.values())

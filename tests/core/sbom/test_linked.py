"""Composition by reference: what is resolved is what would have been written inline."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from zstandard import ZstdDecompressor

from core.sbom.samples import BABEL, LIBC, OPENSSL, REQUESTS, SAMPLE
from core.sbom.usages import traced_sboms
from stellaops_core.component import Evidence, Use
from stellaops_core.errors import TargetError
from stellaops_core.sbom import cyclonedx_json, cyclonedx_protobuf_reader
from stellaops_core.sbom.cyclonedx_reader import decode
from stellaops_core.sbom.linked import (
    SHARED,
    encode_linked,
    layer_sbom,
    read_layer_document,
    resolve,
    stored_image,
    stored_layer,
    strip,
)
from stellaops_core.sbom.sbom import Usage

PLAIN = replace(SAMPLE, removed=())


def documents_of(sbom):
    return {index: cyclonedx_json.encode(layer_sbom(sbom, index)) for index in range(len(sbom.subject.layers))}


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


def test_a_layer_holds_nothing_of_the_image():
    """Two images that share a layer have one document of it: no name, time, index or use gets in."""
    other = replace(
        SAMPLE,
        subject=replace(SAMPLE.subject, name="other", digest="", labels=(), tags=()),
        timestamp="2030-01-01T00:00:00Z",
        components=tuple(replace(one, use=Use("used", "x")) for one in SAMPLE.components),
        usage=Usage((), (), (("used", 4),)),
    )
    assert documents_of(other) == documents_of(SAMPLE)
    base = layer_sbom(SAMPLE, 0)
    assert [one.ref for one in base.components] == [LIBC, OPENSSL, REQUESTS]
    assert [one.depends for one in base.components] == [(), (LIBC,), ()]
    upper = layer_sbom(SAMPLE, 1)
    assert [(one.ref, one.layer, one.evidence[0].layer) for one in upper.components] == [(BABEL, 0, 0)]
    assert [(one.path, one.layer) for one in upper.unknowns] == [("app/broken.jar", 0)]
    with pytest.raises(IndexError):
        layer_sbom(SAMPLE, 2)


def test_stubs_are_small_and_say_where_the_rest_is():
    """A stub has name, version and purl, so that tools that follow no links still match it."""
    layers = documents_of(PLAIN)
    content = json.loads(encode_linked(PLAIN, layers))
    serials = [json.loads(data)["serialNumber"].removeprefix("urn:uuid:") for data in layers.values()]
    assert [one["url"] for one in content["externalReferences"]] == [f"urn:cdx:{serial}/1" for serial in serials]
    stub = next(one for one in content["components"] if one["bom-ref"] == OPENSSL)
    assert stub.keys() == {"type", "bom-ref", "name", "version", "purl", "properties", "externalReferences"}
    (link,) = stub["externalReferences"]
    assert link == {"type": "bom", "url": f"urn:cdx:{serials[0]}/1#{OPENSSL.replace('%', '%25')}"}


def test_what_a_stub_cannot_say_is_written_whole():
    """That the image's component has no licence although the layer's document states one."""
    layers = documents_of(PLAIN)
    bare = replace(PLAIN, components=tuple(replace(one, licenses=()) for one in PLAIN.components))
    stripped, linked = strip(bare, {index: read_layer_document(data) for index, data in layers.items()})
    assert linked == set()
    assert stripped == bare
    assert resolve(encode_linked(bare, layers), layers.values()) == bare


def test_what_differs_is_stated():
    """Evidence of another layer stays in the image's document."""
    layers = documents_of(PLAIN)
    more = tuple(sorted((*PLAIN.components[0].evidence, Evidence("a", "dpkg", 1))))
    image = replace(PLAIN, components=(replace(PLAIN.components[0], evidence=more), *PLAIN.components[1:]))
    stripped, linked = strip(image, {index: read_layer_document(data) for index, data in layers.items()})
    assert linked == {component.ref for component in PLAIN.components}
    assert [bool(component.evidence) for component in stripped.components] == [True, False, False, False]
    assert not any(getattr(stripped.components[1], name) for name in SHARED)


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


def test_stored_documents():
    """Keys name content; the bytes are the documents."""
    key, data = stored_layer(PLAIN, 1)
    assert key == f"layers/{'1' * 64}/sbom.cdx.json.zst"
    assert decode(ZstdDecompressor().decompress(data)) == layer_sbom(PLAIN, 1)
    key, data = stored_image(PLAIN)
    assert (key, cyclonedx_protobuf_reader.decode(data)) == (f"images/{PLAIN.subject.digest}/inventory.cdx.pb", PLAIN)
    used = replace(
        PLAIN,
        components=tuple(replace(one, use=Use("not-reached")) for one in PLAIN.components),
        usage=Usage((), (), (("used", 0), ("not-reached", 4))),
    )
    key, data = stored_image(used)
    assert key.endswith("/usage.cdx.pb")
    assert cyclonedx_protobuf_reader.decode(data).components == ()

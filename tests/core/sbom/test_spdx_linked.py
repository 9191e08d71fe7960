"""Composition by reference in SPDX: what is resolved is what would have been written inline."""

import json

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from core.sbom.usages import traced_sboms
from stellaops_core.errors import TargetError
from stellaops_core.sbom import spdx_json
from stellaops_core.sbom.linked import layer_sbom
from stellaops_core.sbom.spdx_linked import encode_linked, resolve

PLAIN = replace(SAMPLE, removed=())


def documents_of(sbom):
    return {index: spdx_json.encode(layer_sbom(sbom, index)) for index in range(len(sbom.subject.layers))}


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

"""The JSON document of a diff."""

import json

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.changes import NEW, OLD, TOOL
from core.sbom.strategies import sboms
from core.sbom.test_stella_document import closed
from core.sbom.twins import twin
from stellaops_core.sbom.diff import diff
from stellaops_core.sbom.diff_document import SCHEMA, json_schema
from stellaops_core.sbom.diff_json import encode

VALIDATOR = jsonschema_rs.Draft202012Validator(closed(json_schema()))


def test_document():
    """What is said of a change, its sides and its cause."""
    document = json.loads(encode(diff(OLD, NEW)))
    assert document["schema"] == SCHEMA
    assert document["counts"] == {"added": 1, "removed": 1, "upgraded": 1, "changed": 1, "moved": 1, "licence": 1}
    assert document["sharedLayers"] == 1
    assert [pair["state"] for pair in document["layers"]] == ["same", "added", "removed"]
    layer = NEW.subject.layers[1]
    assert document["changes"][0] == {
        "kinds": ["changed"],
        "type": "bin",
        "name": "tool",
        "old": {"ref": TOOL, "version": "", "path": "opt/100%25/tool", "layer": 1},
        "new": {"ref": "bin:" + "b" * 64, "version": "", "path": "opt/100%25/tool", "layer": 1},
        "cause": {
            "image": "new", "layer": 1, "diffId": layer.diff_id, "createdBy": layer.created_by, "base": False,
        },
    }  # fmt: skip


@settings(max_examples=40)
@given(st.one_of(sboms(), twin(), twin(used=True)), st.one_of(sboms(), twin(), twin(used=True)))
def test_documents_hold_against_the_closed_schema(old, new):
    """Whatever is written is valid, has no member that the schema doesn't know, and is the same every time."""
    whole = diff(old, new)
    data = encode(whole)
    VALIDATOR.validate(json.loads(data))
    assert data == encode(diff(old, new))
    assert len(json.loads(data)["changes"]) == len(whole.changes)


def test_text_that_is_no_unicode():
    """A lone surrogate, as a command in an image's history may hold it, becomes U+FFFD."""
    layers = (*NEW.subject.layers[:1], replace(NEW.subject.layers[1], created_by="RUN \ud800"))
    document = json.loads(encode(diff(OLD, replace(NEW, subject=replace(NEW.subject, layers=layers)))))
    assert document["changes"][0]["cause"]["createdBy"] == "RUN \ufffd"

"""Protocol Buffers read: unknown fields are passed over, lies are refused, bounds hold."""

import pytest

from core.sbom.samples import SAMPLE
from stellaops_core.errors import TargetError
from stellaops_core.sbom import cyclonedx_protobuf_reader
from stellaops_core.sbom.cyclonedx_protobuf import encode
from stellaops_core.sbom.cyclonedx_protobuf_reader import MAX_NESTING, decode, read_protobuf
from stellaops_core.sbom.protobuf_wire import LENGTH, VARINT, tag, varint

GOOD = encode(SAMPLE)


def field(number, data):
    return tag(number, LENGTH) + varint(len(data)) + data


def test_unknown_fields_are_passed_over():
    """A newer version's fields, and known ones with another wire type, change nothing."""
    more = field(99, b"x") + tag(98, VARINT) + varint(5) + tag(3, VARINT) + varint(1)
    assert decode(GOOD + more) == decode(GOOD)


def test_a_message_that_comes_twice_is_merged():
    """As Protocol Buffers say; a text that comes twice counts as last written."""
    data = (
        field(1, b"1.5") + field(4, field(2, field(6, field(8, b"a")))) + field(4, field(2, field(6, field(8, b"b"))))
    )
    content = read_protobuf(data + field(1, b"1.6"))
    assert content["specVersion"] == "1.6"
    assert [tool["name"] for tool in content["metadata"]["tools"]["components"]] == ["a", "b"]


def test_defaults_are_read():
    """What is not written because it is the default: the technique 0, a confidence of 0, the reference type `other`."""
    evidence = field(3, field(3, field(3, b"path")))
    component = field(8, b"a") + field(20, field(2, b"https://a.example")) + field(23, evidence)
    (read,) = read_protobuf(field(1, b"1.6") + field(5, component))["components"]
    method = {"value": "path", "technique": "source-code-analysis", "confidence": 0}
    assert read["evidence"]["identity"][0]["methods"] == [method]
    assert read["externalReferences"] == [{"url": "https://a.example", "type": "other"}]


def nested(depth):
    data = field(8, b"x")
    for _ in range(depth):
        data = field(21, data)
    return field(1, b"1.6") + field(5, data)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x0a", GOOD[:-1], field(1, b"\xff"), field(1, b"1.6") + b"\x0b", nested(MAX_NESTING)],
    ids=["empty", "cut", "one byte less", "not UTF-8", "group", "nested"],
)
def test_what_is_no_document_is_refused(data):
    """With one error."""
    with pytest.raises(TargetError, match="not a CycloneDX document"):
        read_protobuf(data)


def test_bounds(monkeypatch):
    """Of size and of the number of messages."""
    monkeypatch.setattr(cyclonedx_protobuf_reader, "MAX_MESSAGES", 10)
    with pytest.raises(TargetError, match="too many messages"):
        read_protobuf(GOOD)
    monkeypatch.setattr(cyclonedx_protobuf_reader, "MAX_DOCUMENT", 10)
    with pytest.raises(TargetError, match="larger than"):
        read_protobuf(GOOD)

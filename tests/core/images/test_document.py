"""JSON from strangers."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import (
    image_config,
)
from image_documents import MANIFEST, encoded, outcome
from stellaops_core import errors
from stellaops_core.images import configuration, document
from stellaops_core.images import manifest as m


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"mediaType": NaN}',
        b'{"x": "\xff"}',
        b"[" * 100_000,
        b'{"x":' * 100_000,
        b'{"x": 1e999}',
        b'{"x":' + b"9" * 5000 + b"}",
        b" " * (m.MANIFEST_LIMIT + 1),
    ],
)
def test_broken_json(data):
    """No JSON, too deep or too long: a corrupt image, whoever sent it."""
    with pytest.raises(errors.CorruptImage):
        m.read_manifest(data)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 1}',
        '{"a": {"b": 1}, "a": {"c": 1}}',
        '[{"x": {"b": 1,\n"b" : [2]}}]',
        '{"a": 1, "\\u0061": 2}',
        '{"": 1, "": 2}',
    ],
)
def test_repeated_members(text):
    """A member that comes twice is refused, wherever: Go's readers merge the two, others believe the last."""
    with pytest.raises(errors.CorruptImage, match="comes twice"):
        document.decode_json(text.encode(), {}, "x")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=10,
)


@given(VALUES)
@settings(max_examples=150)
def test_any_document(value):
    """Documents without repeated members decode to what they say, whatever their texts look like."""
    assert document.decode_json(json.dumps(value, ensure_ascii=False).encode(), {}, "x") == value


@pytest.mark.parametrize("text", ['"a\\": 1', '{\\"a": 1, "a": 2}', '\\\\":', "::\n\t", "\u2028"])
def test_texts_that_look_like_members(text):
    """Quotes, colons and backslashes inside of texts count for nothing."""
    for value in ({text: [text, {text: text}]}, [text, text], {"a": text, "b": text}):
        assert document.decode_json(json.dumps(value).encode(), {}, "x") == value


@pytest.mark.parametrize("piece", [b"{}", b"[]", b"1", b'""', b'{"":{}}'])
def test_many_values(piece):
    """Values are counted before they are decoded: 16 MiB of empty objects would take a gigabyte."""
    with pytest.raises(errors.CorruptImage, match="values"):
        document.decode_json(b"[" + b",".join([piece] * (document.VALUE_LIMIT + 1)) + b"]", {}, "x")


def test_depth():
    """Nesting is bounded, so that whoever reads a document may recurse."""
    for depth in (1, document.JSON_DEPTH, document.JSON_DEPTH + 1, 300):
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            data = opening * depth + (b"1" if opening != b"[" else b"") + closing * depth
            if depth <= document.JSON_DEPTH:
                document.decode_json(data, {}, "x")
            else:
                with pytest.raises(errors.CorruptImage, match="deep"):
                    document.decode_json(data, {}, "x")


@given(st.integers(0, 10_000), st.integers(0, 255))
@settings(max_examples=150)
def test_damaged_bytes(place, byte):
    """One changed byte anywhere gives a reading or an error of ours."""
    for sound, read in ((MANIFEST, m.read_manifest), (image_config([b"1"]), configuration.read_config)):
        data = bytearray(encoded(sound))
        data[place % len(data)] = byte
        outcome(lambda read=read, data=data: read(bytes(data)))

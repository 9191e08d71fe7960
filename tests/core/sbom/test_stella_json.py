"""Stella's own document is read back as it was, and anything else is refused with one error."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from core.sbom.strategies import sboms
from stellaops_core.errors import TargetError
from stellaops_core.sbom.stella_json import decode, encode

EXPECTED = Path(__file__).with_name("sample.stella.json")


def test_sample_document():
    """The whole document at a glance. When it changes on purpose, raise the format's revision with it."""
    assert encode(SAMPLE) == EXPECTED.read_bytes()


@settings(max_examples=60)
@given(sboms())
def test_round_trip(sbom):
    """Nothing is lost, paths of any bytes included; and what was read is written as it was."""
    data = encode(sbom)
    assert decode(data) == sbom
    assert encode(decode(data)) == data


def changed(*steps, to):
    """The sample document with one value replaced."""
    document = json.loads(encode(SAMPLE))
    place = document
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = to
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"x":' * 100_000,
        b"\xff\xfe",
        b'{"schema": "\xff"}',
        encode(SAMPLE)[:-5],
        encode(SAMPLE) + b"{}",
        changed("schema", to="https://stella-ops.org/schema/sbom/2"),
        changed("timestamp", to="yesterday"),
        changed("subject", "kind", to="vm"),
        changed("subject", "layers", 0, "index", to=1),
        changed("components", 0, "layer", to=2),
        changed("components", 0, "layer", to=-2),
        changed("components", 0, "layer", to=10**30),
        changed("components", 0, "purl", to="npm/x"),
        changed("components", 0, "purl", to="pkg:zzz/z"),
        changed("components", 0, "evidence", to=[]),
        changed("components", 0, "evidence", 0, "path", to="50%"),
        changed("components", 0, "evidence", 0, "confidence", to=101),
        changed("components", 0, "evidence", 0, "technique", to="guess\x1b[31m"),
        changed("components", 0, "evidence", 0, "layer", to=9),
        changed("removed", 0, "removed", to=9),
        changed("unknowns", 0, "layer", to=9),
        changed("unknowns", 0, "layer", to="1"),
    ],
)
def test_what_is_no_document_is_refused(data):
    """One error of our own, one short printable line, whatever the bytes were."""
    with pytest.raises(TargetError, match="not a Stella SBOM") as caught:
        decode(data)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_unsorted_lists_are_refused():
    """`Sbom` promises an order, so a document in another one is none of ours."""
    document = json.loads(encode(SAMPLE))
    unknown = document["unknowns"][0]
    for change in (
        {"components": document["components"][::-1]},
        {"components": document["components"][:1] * 2},
        {"unknowns": [unknown, unknown | {"path": "a"}]},
    ):
        with pytest.raises(TargetError, match="sorted"):
            decode(json.dumps(document | change).encode())


def test_members_of_later_minor_versions_are_ignored():
    """A member that this version does not know changes nothing."""
    document = json.loads(encode(SAMPLE)) | {"later": {"x": [1]}}
    assert decode(json.dumps(document).encode()) == SAMPLE


@settings(max_examples=80)
@given(st.data())
def test_damaged_documents_never_crash(data):
    """Bytes changed anywhere: the same kind of record, or the one error."""
    good = encode(SAMPLE)
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 20)))
    with suppress(TargetError):
        assert decode(good[:start] + data.draw(st.binary(max_size=20)) + good[end:]).timestamp


def test_lone_surrogates_do_not_stop_a_document():
    """Outside paths, text that is not Unicode becomes U+FFFD."""
    sbom = replace(SAMPLE, unknowns=(replace(SAMPLE.unknowns[0], path="\udcff", reason="bad \udc80 byte"),))
    read = decode(encode(sbom)).unknowns[0]
    assert (read.path, read.reason) == ("\udcff", "bad \ufffd byte")


def test_size_is_bounded(monkeypatch):
    """A document over the limit is not even parsed."""
    monkeypatch.setattr("stellaops_core.sbom.stella_json.MAX_DOCUMENT", 100)
    with pytest.raises(TargetError, match="larger than"):
        decode(encode(SAMPLE))

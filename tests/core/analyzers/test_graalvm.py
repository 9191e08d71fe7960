"""Native images of GraalVM and their embedded bills of materials."""

import json
import struct
import zlib

import pytest

from analyses import File, Files, installed, is_wanted
from programs import elf
from stellaops_core.analyzers import graalvm
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.graalvm import ANALYZER

DOCUMENT = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "components": [
        {"bom-ref": "pkg:maven/g/a@1", "type": "library", "group": "g", "name": "a", "version": "1",
         "licenses": [{"license": {"id": "MIT"}}]},
        {"bom-ref": "b", "type": "library", "name": "b", "version": "2", "purl": "pkg:maven/g/b@2"},
        {"bom-ref": "c", "type": "library", "name": "c", "version": "3"},
        {"bom-ref": "d", "type": "library", "name": "no version"},
    ],
    "dependencies": [{"ref": "pkg:maven/g/a@1", "dependsOn": ["b", "lost"]}],
}  # fmt: skip


def packed(document):
    gzip = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return gzip.compress(json.dumps(document).encode()) + gzip.flush()


def image(data, *, size=None, names=(b"x", b"sbom", b"sbom_length"), heap=".svm_heap", **more):
    """A program with symbols that lead to `data`."""
    texts, offsets = b"\0", []
    for name in names:
        offsets.append(len(texts))
        texts += name + b"\0"

    def symbols(at):
        values = {b"sbom": at[".data"], b"sbom_length": at[".length"]}
        rows = [
            struct.pack("<IBBHQQ", start, 0, 0, 1, values.get(name, 5), 0)
            for start, name in zip(offsets, names, strict=True)
        ]
        return bytes(24) + b"".join(rows)

    sections = {heap: b"heap", ".data": data, ".length": struct.pack("<Q", len(data) if size is None else size)}
    return elf(sections | {".dynstr": texts, ".dynsym": symbols}, **more)


def test_components():
    """Components with purl, with a purl for reference, or with a name; edges to those that are there."""
    items, unread = installed(ANALYZER, {"app": image(packed(DOCUMENT))})
    assert not unread
    rows = [(str(item.purl), item.depends, item.licenses, item.package.confidence) for item in items]
    assert rows == [
        ("pkg:maven/g/a@1", ("pkg:maven/g/b@2",), ("MIT",), 100),
        ("pkg:maven/g/b@2", (), (), 100),
        ("pkg:generic/c@3", (), (), 80),
    ]
    assert {item.package.technique for item in items} == {"binary-analysis"}


@pytest.mark.parametrize(
    "data",
    [
        image(packed(DOCUMENT), heap=".heap"),
        image(packed(DOCUMENT), names=(b"x",)),
        image(packed(DOCUMENT), names=(b"sbom_length",)),
        image(packed(DOCUMENT), bits=32),
        elf({".svm_heap": b"heap"}),
        b"\x7fELF" + bytes(100),
    ],
)
def test_nothing(data):
    """Other programs, and images without a document."""
    assert installed(ANALYZER, {"app": data}) == ([], {})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (image(b"no gzip"), "does not inflate"),
        (image(packed(DOCUMENT)[:-20]), "cut off"),
        (image(packed(DOCUMENT), size=10), "cut off"),
        (image(packed(DOCUMENT), size=1 << 40), "more than"),
        (image(packed([])), "not a JSON object"),
        (image(packed({"components": []})), "neither CycloneDX"),
    ],
)
def test_damage(data, reason):
    """A document that can't be read is told of."""
    with pytest.raises(Malformed, match=reason):
        list(ANALYZER.analyze(File("app", data), Files({})))


def test_bad_purls_and_bombs(monkeypatch):
    """Components with impossible purls are counted, after the others; what inflates too far is cut off."""
    bad = {**DOCUMENT, "components": [*DOCUMENT["components"], {"bom-ref": "e", "name": "e", "purl": "pkg:maven/x@1"}]}
    found = iter(ANALYZER.analyze(File("app", image(packed(bad))), Files({})))
    assert [next(found).name for _ in range(3)] == ["a", "b", "c"]
    with pytest.raises(Malformed, match="1 of 5 components"):
        next(found)
    monkeypatch.setattr(graalvm, "DOCUMENT_LIMIT", 100)
    with pytest.raises(Malformed, match="too large"):
        list(ANALYZER.analyze(File("app", image(packed(DOCUMENT))), Files({})))


def test_wants():
    """Every ELF program is looked at, nothing else."""
    assert is_wanted(ANALYZER, "bin/app", 100, b"\x7fELF\2\1\1\0")
    assert not is_wanted(ANALYZER, "bin/app", 100, b"#!/bin/s")

"""Tag-value text read back: what the JSON of the same document gives."""

import random

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.errors import TargetError
from stellaops_core.sbom import spdx_tag_value_reader
from stellaops_core.sbom.spdx_tag_value import encode
from stellaops_core.sbom.spdx_tag_value_reader import decode

THEIRS = """\
# a comment
SPDXVersion: SPDX-2.2
SPDXID: SPDXRef-DOCUMENT
DocumentName: theirs
Creator: Tool: other-1
Created: 2024-05-06T07:08:09Z

PackageName: a
  SPDXID: SPDXRef-a
PackageVersion: 1
ExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1
PackageLicenseDeclared: MIT
PackageChecksum: SHA1: 0000000000000000000000000000000000000000
PackageComment: <text>
PackageName: not one
</text>

FileName: ./x
SPDXID: SPDXRef-x
Relationship: SPDXRef-a DEPENDS_ON SPDXRef-b

PackageName: b
SPDXID: SPDXRef-b
PackageVersion: 2
"""


@settings(max_examples=40)
@given(used_sboms())
def test_nothing_is_lost(sbom):
    """But packages that an upper layer removed."""
    assert decode(encode(sbom)) == replace(sbom, removed=())


def test_names_that_no_line_holds():
    """Are told by the annotation."""
    evil = " a\nPackageName: b</text>"
    sbom = replace(SAMPLE, components=(replace(SAMPLE.components[0], name=evil, version=evil),), removed=())
    assert decode(encode(sbom)) == sbom


def test_others_documents():
    """Comments, indentation and texts of several lines are what the specification says they are."""
    sbom = decode(b"\xef\xbb\xbf" + THEIRS.replace("\n", "\r\n").encode())
    assert [component.ref for component in sbom.components] == ["pkg:generic/b@2", "pkg:npm/a@1"]
    component = sbom.components[1]
    assert (component.licenses, component.depends) == (("MIT",), ("pkg:generic/b@2",))
    assert component.hashes == (("SHA-1", "0" * 40),)
    assert (sbom.subject.name, sbom.timestamp) == ("theirs", "2024-05-06T07:08:09Z")


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"a: b", b"SPDXVersion: SPDX-2.3\nA: <text>b", b"SPDXVersion: SPDX-3.0"]
)
def test_other_things_are_refused(data):
    """With one error."""
    with pytest.raises(TargetError):
        decode(data)


def test_too_large(monkeypatch):
    """Size is looked at first."""
    monkeypatch.setattr(spdx_tag_value_reader, "MAX_DOCUMENT", 10)
    with pytest.raises(TargetError, match="larger than"):
        decode(encode(SAMPLE))


def test_damaged_documents():
    """Give an `Sbom` or the error, never anything else."""
    chance, data = random.Random(1), encode(SAMPLE)
    lines = data.split(b"\n")
    for _ in range(300):
        some = [line for line in lines if chance.random() > 0.1]
        chance.shuffle(some)
        cut = b"\n".join(some)
        at = chance.randrange(len(cut))
        try:
            decode(cut[:at] + bytes([chance.randrange(128)]) + cut[at + chance.randrange(9) :])
        except TargetError:
            continue


def test_many_open_texts_take_no_time():
    """Linear: what is not closed ends the reading."""
    with pytest.raises(TargetError, match="doesn't end"):
        decode(b"A: <text>\n" * 200_000)

"""Documents from the cache alone, and bills of materials as targets."""

import json

import pytest

from stellaops_core.sbom.cyclonedx_reader import decode
from stellaops_core.sbom.formats import FORMATS
from stellaops_core.sbom.linked import resolve

LOSSLESS = ["cdx-json", "cdx-json-1.7", "cdx-xml", "cdx-pb", "spdx-json", "spdx-tv", "spdx3-json"]


@pytest.mark.parametrize("format_", LOSSLESS)
def test_documents_read_back(stella, image, tmp_path, format_):
    """Whatever the format, the document tells the same: but for removed packages, all there is to tell."""
    assert stella("scan", f"oci:{image}", "-o", f"{format_}=a", "-o", "json=b")[0] == 0
    code, out, err = stella("scan", "sbom:a", "-o", "json")
    assert (code, err) == (0, "")
    told = json.loads((stella.home / "b").read_bytes())
    assert json.loads(out) == {**told, "removed": []}


def test_export(stella, image):
    """What was scanned is written in any format, by name or by digest, without reading a layer."""
    first = stella("scan", f"oci:{image}", "-o", "cdx-json")[1]
    digest = json.loads(stella("scan", f"oci:{image}", "-o", "json")[1])["subject"]["digest"]
    for blob in (image / "blobs/sha256").iterdir():
        if blob.read_bytes()[:2] in {b"\x1f\x8b", b"et", b"va", b"us"}:
            blob.unlink()
    assert stella("export", f"oci:{image}", "-o", "cdx-json") == (0, first, "")
    assert stella("export", digest, "-o", "cdx-json") == (0, first, "")
    for format_ in FORMATS:
        assert stella("export", digest, "-o", format_)[0] == 0


def test_linked(stella, image):
    """One document a layer, and the image's that refers to them; they resolve to what a single one says."""
    whole = stella("scan", f"oci:{image}", "-o", "cdx-json")[1]
    assert stella("export", f"oci:{image}", "--linked", "out")[:2] == (0, b"")
    documents = {path.name: path.read_bytes() for path in (stella.home / "out").iterdir()}
    linked = documents.pop("image.cdx.json")
    assert b"urn:cdx:" in linked
    assert resolve(linked, documents.values()) == decode(whole)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["sha256:" + "0" * 64], 4, "the cache has no inventory of sha256:000"),
        (["sha256:1"], 4, "not a digest"),
        (["dir:."], 4, "is no image"),
        (["oci:IMAGE", "--view", "usage"], 4, "the cache has no usage of"),
    ],
)
def test_mistakes(stella, image, arguments, code, message):
    """What was not scanned can't be exported, and the error says so."""
    stella("scan", f"oci:{image}")
    got, out, err = stella("export", *(one.replace("IMAGE", str(image)) for one in arguments))
    assert (got, out) == (code, b"")
    assert message in err
    assert "hint: " in err


def test_documents_have_no_usage_of_their_own(stella, image):
    """The usage view of a document that does not say what runs is refused."""
    stella("scan", f"oci:{image}", "-o", "cdx-json=a")
    code, _, err = stella("scan", "a", "--view", "usage")
    assert code == 3
    assert "does not say what runs" in err

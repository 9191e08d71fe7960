"""Documents from the cache alone, and bills of materials as targets."""

import json

import pytest

from stellaops_core.sbom.formats import FORMATS

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


@pytest.mark.parametrize("view", ["inventory", "usage"])
@pytest.mark.parametrize(("format_", "ending"), [("", "cdx.json"), ("spdx-json", "spdx.json")])
def test_linked(stella, image, format_, ending, view):
    """One document a layer, and the image's that refers to them: together they say what a single one says."""
    whole = stella("scan", f"oci:{image}", "-o", "cdx-json", "--view", view)[1]
    chosen = ["-o", format_] if format_ else []
    got = stella("export", f"oci:{image}", "--linked", "out", "--view", view, *chosen)
    assert got == (0, b"", "")
    names = sorted(path.name for path in (stella.home / "out").iterdir())
    assert names[0] == f"image.{ending}"
    assert all(name.startswith("layer-") and name.endswith(f".{ending}") for name in names[1:])
    assert stella("scan", f"sbom:out/image.{ending}", "-o", "cdx-json")[:2] == (0, whole)
    assert stella("diff", f"out/image.{ending}", f"oci:{image}", "--view", view, "--fail-on", "any")[0] == 0
    (stella.home / "out" / names[1]).unlink()
    code, _, err = stella("scan", f"sbom:out/image.{ending}")
    assert (code, names[1] in err) == (4, True)


def test_linked_again(stella, image):
    """What the cache has lost of layers is read again where the image is named, and else an error."""
    digest = json.loads(stella("scan", f"oci:{image}", "-o", "json")[1])["subject"]["digest"]
    assert stella("export", digest, "--linked", "one")[0] == 0
    for pack in stella.cache.glob("layers/*/*"):
        pack.unlink()
    code, _, err = stella("export", digest, "--linked", "two")
    assert code == 4
    assert "no longer has what was found in the layers of sha256:" in err
    assert "hint: name the image instead" in err
    assert not (stella.home / "two").exists()
    assert stella("export", f"oci:{image}", "--linked", "two")[0] == 0
    one, two = ({path.name: path.read_bytes() for path in (stella.home / name).iterdir()} for name in ("one", "two"))
    assert one == two


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "csv"], "csv has no links"),
        (["-o", "cdx-json=x"], "contradict each other"),
    ],
)
def test_linked_mistakes(stella, image, arguments, message):
    """Formats that can't link, and a second place; nothing is written."""
    stella("scan", f"oci:{image}")
    code, out, err = stella("export", f"oci:{image}", "--linked", "out", *arguments)
    assert (code, out) == (3, b"")
    assert message in err
    assert not (stella.home / "out").exists()


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

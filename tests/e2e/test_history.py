"""The history view, as users run it."""

import csv
import json

import pytest

from builders import layer, oci_layout

STATUS = "Package: {}\nStatus: install ok installed\nVersion: {}\nArchitecture: amd64\n\n"


@pytest.fixture
def upgraded(tmp_path):
    """A package that is upgraded, and one that is purged, by the second layer."""
    first = STATUS.format("x", "1") + STATUS.format("y", "1")
    layers = [
        layer({"etc/os-release": "ID=debian\n", "var/lib/dpkg/status": first}),
        layer({"var/lib/dpkg/status": STATUS.format("x", "2")}),
    ]
    return oci_layout(tmp_path / "upgraded", layers)


def test_table(stella, upgraded):
    """Each package with both layers, then their commands; from the cache the same."""
    code, out, err = stella("scan", upgraded, "--view", "history")
    assert (code, err) == (0, "")
    assert out.decode().splitlines()[-6:] == [
        "what      package       version  from  gone  how",
        "upgraded  deb/debian/x  1 -> 2   0     1     rewritten",
        "removed   deb/debian/y  1        0     1     rewritten",
        "",
        "layer 0  step 0",
        "layer 1  step 1",
    ]
    assert stella("scan", upgraded, "--view", "history") == (code, out, err)


def test_export(stella, upgraded):
    """What the scan found comes from the cache alone; without such a scan, or in CycloneDX, a hint says what to do."""
    code, out, err = stella("export", upgraded, "--view", "history", "-o", "csv")
    assert (code, out) == (4, b"")
    assert "hint: stella scan --view history makes it" in err
    stella("scan", upgraded, "--view", "history")
    code, out, _ = stella("export", upgraded, "--view", "history", "-o", "csv")
    assert code == 0
    assert [(row["fate"], row["removed_by"]) for row in csv.DictReader(out.decode().splitlines())] == [
        ("upgraded", "step 1"),
        ("removed", "step 1"),
    ]
    for more in (["-o", "cdx-json"], ["--linked", "documents"]):
        code, out, err = stella("export", upgraded, "--view", "history", *more)
        assert (code, out) == (3, b"")
        assert "hint: --view history takes table, json, csv, markdown" in err


def test_documents(stella, upgraded, tmp_path):
    """A document that holds what was removed tells the history; one that does not is refused, as is a directory."""
    stella("scan", upgraded, "-o", f"json={tmp_path / 'a.json'}", "-o", f"cdx-json={tmp_path / 'a.cdx.json'}")
    assert len(json.loads((tmp_path / "a.json").read_text())["removed"]) == 2
    code, out, _ = stella("scan", f"sbom:{tmp_path / 'a.json'}", "--view", "history")
    assert (code, b"1 removed, 1 upgraded" in out) == (0, True)
    code, _, err = stella("scan", f"sbom:{tmp_path / 'a.cdx.json'}", "--view", "history")
    assert (code, "does not tell of removed packages" in err) == (4, True)
    code, _, err = stella("scan", f"dir:{tmp_path}", "--view", "history")
    assert (code, "a directory has no layers" in err) == (3, True)


def test_diff_refuses(stella, upgraded):
    """Histories are not compared, wherever the view was set."""
    code, _, err = stella("diff", upgraded, upgraded, environ={"STELLA_VIEW": "history"})
    assert (code, "histories are not compared" in err) == (3, True)

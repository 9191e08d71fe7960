"""opkg, pacman and Portage against SCALIBR's tables; damaged databases of all four smaller package managers.

Every difference stands here as data with its reason; nothing else may differ.
"""

import json
import os
import random
from pathlib import Path

import pytest

from case_files import CASES, analyze, join
from stellaops_core.analyzers import alpm, opkg, portage, xbps
from stellaops_core.analyzers.analyzer import Package
from stellaops_core.analyzers.os_release import read_os_release

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures")) / "ospkg"
SCALIBR = FIXTURES / "google+osv-scalibr" / "extractor" / "filesystem" / "os"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures: set STELLA_FIXTURES (ospkg not found)"),
]

PLACES = {
    "pacman": (alpm.ANALYZER, "var/lib/pacman/local/x-1-1/desc"),
    "portage": (portage.ANALYZER, "var/db/pkg/perl-core/x-1/PF"),
}


def table(name, function):
    path = FIXTURES / "expected" / "google+osv-scalibr" / "extractor/filesystem/os" / f"{name}.json"
    return next(entry["cases"] for entry in json.loads(path.read_text()) if entry["func"] == function)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_places(name):
    """The same paths are read; no limit of size is set by users here."""
    analyzer, _ = PLACES[name]
    for case in table(name, "TestFileRequired"):
        if "maxFileSizeBytes" not in case:
            assert analyzer.wants(case["path"], 1) is case["wantRequired"], case["path"]


@pytest.mark.parametrize("name", sorted(PLACES))
def test_packages(name):
    """The same names and versions, or an error where SCALIBR has one."""
    analyzer, place = PLACES[name]
    for case in table(name, "TestExtract"):
        found, gaps = analyze(analyzer, {place: (SCALIBR / name / case["path"]).read_bytes()})
        assert bool(gaps) == ("wantErr" in case), case["name"]
        wanted = {(one["Name"], one["Version"]) for one in case.get("wantPackages") or ()}
        installed = join(analyzer, found, read_os_release(case["osrelease"]))
        assert {(one.package.name, one.package.version) for one in installed} == wanted
        for one, theirs in zip(installed, case.get("wantPackages") or (), strict=True):
            assert dict(one.purl.qualifiers)["distro"].endswith(theirs["Metadata"]["OSVersionID"])


def test_opkg():
    """SCALIBR's status files: three packages, one whose text is no record, and nothing."""
    folder = SCALIBR / "dpkg" / "testdata" / "opkg"
    counts = {}
    for name in ("valid", "invalid", "empty"):
        found, gaps = analyze(opkg.ANALYZER, {"usr/lib/opkg/status": (folder / name).read_bytes()})
        counts[name] = (sorted(one.package.name for one in join(opkg.ANALYZER, found)), len(gaps))
    assert counts == {"valid": (["busybox", "libuci20130104", "ubus"], 0), "invalid": ([], 1), "empty": ([], 0)}


@pytest.mark.parametrize(
    "analyzer", [alpm.ANALYZER, opkg.ANALYZER, portage.ANALYZER, xbps.ANALYZER], ids=lambda one: one.name
)
def test_mutations(analyzer):
    """2,500 damaged databases give packages or `Malformed`, and joins that hold; nothing else is ever raised."""
    (case,) = (CASES / analyzer.name).iterdir()
    root = case / "files"
    whole = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    chance = random.Random(analyzer.name)
    for _ in range(2500):
        files = {}
        for path, content in whole.items():
            data = bytearray(content)
            for _ in range(chance.randrange(4)):
                place = chance.randrange(len(data) + 1)
                piece = chance.choice(
                    [b"", b"\n", b"\n\n", b":", b"\0", b"\xff", b" ", b"(", b"%", b"<", bytes(data[:40])]
                )
                data[place : place + chance.randrange(9)] = piece
            files[path] = bytes(data)
        found, _gaps = analyze(analyzer, files)
        installed = join(analyzer, found)
        named = [one for path, items in found.items() for one in items if isinstance(one, Package)]
        assert len(installed) <= len(named)

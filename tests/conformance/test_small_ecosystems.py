"""Conda, Homebrew and embedded bills of materials against other projects' expectations, and under damage.

Every difference stands here as data with its reason; nothing else may differ.
"""

import json
import os
import random
from pathlib import Path

import pytest

from analyses import File, Files, installed, is_wanted, read_case
from case_texts import CASES
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.available import load_analyzers
from stellaops_core.analyzers.conda import ANALYZER as CONDA
from stellaops_core.analyzers.homebrew import ANALYZER as HOMEBREW
from stellaops_core.analyzers.sbom_documents import ANALYZER as DOCUMENTS
from stellaops_core.readers.sbom_document import read_sbom

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures"))
SCALIBR = "google+osv-scalibr/extractor/filesystem"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures: set STELLA_FIXTURES"),
]


def cases(topic, name, function):
    document = json.loads((FIXTURES / topic / "expected" / SCALIBR / name).read_text())
    [found] = [entry["cases"] for entry in document if entry["func"] == function]
    return found


CONDA_PATHS = {"/path/to/fooenvs/conda-meta/numpy-1.21.2-py39h123abcde.json": "any directory may be a prefix"}


def test_conda_places():
    """Which files are records. Sizes are no matter of `wants` here."""
    differing = {
        case["path"]
        for case in cases("lang-python", "language/python/condameta.json", "TestFileRequired")
        if is_wanted(CONDA, case["path"]) != case["wantRequired"] and "maxFileSizeBytes" not in case
    }
    assert differing == set(CONDA_PATHS)


def test_conda_records_without_facts():
    """Each of them is a reason, as it is an error there."""
    folder = FIXTURES / "lang-python" / SCALIBR / "language/python/condameta"
    reasons = {}
    for case in cases("lang-python", "language/python/condameta.json", "TestExtract"):
        path = case["InputConfig"]["Path"]
        items, unread = installed(CONDA, {"conda-meta/x.json": (folder / path).read_bytes()})
        assert items == []
        reasons[path.rpartition("/")[2]] = unread["conda-meta/x.json"]
    assert reasons == {
        "invalid": "not JSON",
        "empty": "states no name",
        "noname": "states no name",
        "noversion": "states no version",
    }


def test_homebrew_places():
    """Kegs are read; casks, which they tell from the file names of macOS applications, are not."""
    differing = {
        case["path"]
        for case in cases("ospkg", "os/homebrew.json", "TestFileRequired")
        if is_wanted(HOMEBREW, case["path"]) != case["wantIsRequired"]
    }
    assert all("/Caskroom/" in path for path in differing)
    assert is_wanted(HOMEBREW, "somefolder/Cellar/rclone/1.67.0/INSTALL_RECEIPT.json")


ENTRIES = {
    "testdata/dhi/.spdx.dhi-pkg-python.json": ((), "a container image, not a package in it"),
    "testdata/descendant_of.spdx.json": ((("v1_2_15", ""),), "named as it names itself, not by its other document"),
    "testdata/overlapping_refs.spdx.json": ((("v1_2_15", ""),), "named as it names itself, not by its other document"),
    "testdata/minimal.cdx.json": (
        (("com.example.group/fooBar", "1.2.3"),),
        "a document's subject is a component too: a crate that was built into a wheel",
    ),
}


@pytest.mark.parametrize("kind", ["spdx", "cdx"])
def test_scalibr_documents(kind):
    """Names and versions of all entries of their JSON documents."""
    differing = {}
    for case in cases("sbom", f"sbom/{kind}.json", "TestExtract"):
        if not case["path"].endswith(".json"):
            continue
        document = read_sbom((FIXTURES / "sbom" / SCALIBR / "sbom" / kind / case["path"]).read_bytes())
        mine = sorted((entry.name, entry.version) for entry in document.entries)
        if mine != sorted((want["Name"], want.get("Version", "")) for want in case["wantPackages"] or ()):
            differing[case["path"]] = tuple(mine)
    assert differing == {path: entries for path, (entries, _) in ENTRIES.items() if f".{kind}." in path}


def test_all_documents_are_read():
    """Every CycloneDX and SPDX 2 document of the corpora; what is left is SPDX 3, a schema or a damaged file."""
    read, left = 0, []
    for path in sorted((FIXTURES / "sbom").rglob("*.json")):
        if "expected" in path.parts:
            continue
        try:
            read_sbom(path.read_bytes())
            read += 1
        except ValueError as error:
            left.append((str(error), path))
    assert read > 360
    named = [path for _, path in left if b'"bomFormat": "CycloneDX"' in path.read_bytes()]
    assert named == []
    assert {reason for reason, _ in left} == {"neither CycloneDX nor SPDX 2", "not JSON"}


def real_files():
    """(analyzer, path, bytes) of records: documents of the corpora, and the texts of our own cases."""
    for path in sorted((FIXTURES / "sbom" / "aquasecurity+trivy").rglob("*.json")):
        yield DOCUMENTS, "opt/docker/sbom/x.json", path.read_bytes()
    mine = {one.name: one for one in load_analyzers([]) if (CASES / one.name).is_dir()}
    for name in ("conda", "r", "perl", "lua", "erlang", "haskell", "sbom_documents"):
        for case in sorted((CASES / name).glob("*.case")):
            for path, text in read_case(case.read_text())[0].items():
                if is_wanted(mine[name], path):
                    yield mine[name], path, text.encode()


PIECES = [
    b"\0",
    b"\xff",
    b"null",
    b"[]",
    b"{}",
    b'"',
    b"'",
    b"{",
    b"}",
    b"[",
    b"\n",
    b"=",
    b"..",
    b"\\",
    b"1e999",
    b"pkg:",
]


def damaged(data, chance):
    """Cut, repeat, overwrite or insert at a few places."""
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.randint(0, len(data)) for _ in range(2))
        data = chance.choice(
            [
                data[:at] + data[to:],
                data[:at] + data[at:to][:200] * 2 + data[to:],
                data[:at] + chance.choice(PIECES) + data[at:],
                data[:at] + bytes([chance.randint(0, 255)]) + data[at + 1 :],
                data[:to],
            ]
        )
    return data


def test_mutations():
    """Ten thousand damaged records: packages, nothing or `Malformed`, never anything else."""
    chance = random.Random(29)
    files = list(real_files())
    malformed, reasons = 0, set()
    for _ in range(10_000):
        analyzer, path, data = chance.choice(files)
        text = damaged(data, chance)
        near = Files({path: text})
        try:
            list(analyzer.analyze(File(path, text), near))
        except Malformed as error:
            reasons.add(str(error))
            malformed += 1
    assert 1000 < malformed < 9000
    assert max(map(len, reasons)) < 200

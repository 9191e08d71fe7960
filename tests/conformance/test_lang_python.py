"""Python distributions against public corpora: other projects' expectations, and importlib.metadata on real trees.

Every difference stands here as data with its reason; nothing else may differ.
"""

import csv
import importlib.metadata
import json
import os
import random
from pathlib import Path

import pytest

from analyses import File, Files, installed, is_wanted
from stellaops_core.analyzers.analyzer import Malformed, OwnedFiles
from stellaops_core.analyzers.python import ANALYZER

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures")) / "lang-python"
TRIVY = FIXTURES / "aquasecurity+trivy" / "pkg"
SCALIBR = FIXTURES / "google+osv-scalibr" / "extractor" / "filesystem" / "language" / "python"
TREE = FIXTURES / "jasonwsuk+viking_gunicorn"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures: set STELLA_FIXTURES (lang-python not found)"),
]

INSTALLED = "usr/lib/python3.12/site-packages/some-1.dist-info/METADATA"
EGG = "usr/lib/python3.12/site-packages/some-1-py3.8.egg"

LICENSES = {
    # ours where it differs from theirs, and why
    "setuptools-51.3.3-py3.8.egg-info.PKG-INFO": ([], "UNKNOWN is no licence"),
    "unidecode-egg-info.PKG-INFO": ([], "UNKNOWN is no licence"),
    "distlib-0.3.1.METADATA": (["PSF-2.0"], "SPDX identifier of the classifier"),
    "pyphen-0.14.0.METADATA": (["GPL-2.0-or-later", "LGPL-2.0-or-later", "MPL-1.1"], "SPDX identifiers"),
    "zipp-3.12.1.METADATA": (["MIT"], "SPDX identifier of the classifier"),
    "networkx-3.0.METADATA": ([], "License-File names a file; nothing here classifies licence texts"),
    "classifier-license-egg": (["MIT"], "SPDX identifier of the classifier"),
    "classifier-license-dist": (["MIT"], "SPDX identifier of the classifier"),
    "license-file-dist": ([], "theirs classifies the licence file's text; the record states none"),
    "kitchen-1.2.6-py2.7.egg": (["LGPLv2+"], "the classifier names a family, the text says which of it"),
    "sample_package.egg": ([], "theirs classifies the licence file's text; the record states none"),
}


def expected(*parts):
    return json.loads((FIXTURES / "expected").joinpath(*parts).read_text())


def table(document, function):
    [found] = [entry["cases"] for entry in document if entry["func"] == function]
    return found


def read(path, place):
    """Packages and reasons for one file put where installers put it."""
    return installed(ANALYZER, {place: path.read_bytes()})


def facts(items):
    return [(item.package.name, item.package.version, list(item.licenses)) for item in items]


def test_trivy_parser():
    """Name, version and licences of single records."""
    folder = TRIVY / "dependency" / "parser" / "python" / "packaging"
    differing = set()
    for case in table(expected("aquasecurity+trivy", "pkg/dependency/parser/python/packaging.json"), "TestParse"):
        items, unread = read(folder / case["input"], INSTALLED)
        if case.get("wantErr"):
            assert unread, case["name"]
            continue
        for want in case["want"]:
            name = Path(case["input"]).name
            licenses = want["Licenses"] or []
            if facts(items) != [(want["Name"], want["Version"], licenses)]:
                differing.add(name)
                licenses = LICENSES[name][0]
            assert facts(items) == [(want["Name"], want["Version"], licenses)], name
    assert differing == {name for name in LICENSES if (folder / "testdata" / name).exists()}


def test_trivy_directories():
    """The same for directories and zipped eggs."""
    folder = TRIVY / "fanal" / "analyzer" / "language" / "python" / "packaging"
    document = expected("aquasecurity+trivy", "pkg/fanal/analyzer/language/python/packaging.json")
    seen, differing = 0, set()
    for case in table(document, "Test_packagingAnalyzer_Analyze") + table(document, "Test_eggAnalyzer_Analyze"):
        source = folder / (case.get("dir") or case["inputFile"])
        if source.is_dir():
            files = {f"lib/{p.relative_to(source)}": p.read_bytes() for p in source.rglob("*") if p.is_file()}
        elif source.exists():
            files = {EGG: source.read_bytes()}
        else:
            continue  # not among the fixtures
        items, unread = installed(ANALYZER, files)
        assert not unread
        wants = case["want"]["Applications"][0]["Packages"] if case["want"] else []
        rows = [(want["Name"], want["Version"], want["Licenses"]) for want in wants]
        if facts(items) != rows:
            differing.add(source.name)
            rows = [(name, version, LICENSES[source.name][0]) for name, version, _ in rows]
        assert facts(items) == rows, source
        seen += 1
    assert differing == {name for name in LICENSES if list((folder / "testdata").rglob(name))}
    assert seen >= 8


WANTED = {
    # (function, path): why ours differs
    ("Test_eggAnalyzer_Required", "python3.8/site-packages/wrapt-1.12.1.egg-info/PKG-INFO"): "one analyzer for both",
    (
        "Test_packagingAnalyzer_Required",
        "python3.8/site-packages/wrapt-1.12.1.dist-info/LICENSE",
    ): "no text is classified",
}


def test_trivy_required():
    """Which paths are records."""
    document = expected("aquasecurity+trivy", "pkg/fanal/analyzer/language/python/packaging.json")
    differing = set()
    for function in ("Test_eggAnalyzer_Required", "Test_packagingAnalyzer_Required"):
        for case in table(document, function):
            if is_wanted(ANALYZER, case["filePath"]) != case["want"]:
                differing.add((function, case["filePath"]))
    assert differing == set(WANTED)


def test_scalibr_extract():
    """Name, version, author and requirements of single records; wheels are not installed and stay out."""
    document = expected("google+osv-scalibr", "extractor/filesystem/language/python/wheelegg.json")
    for case in table(document, "TestExtract"):
        source = SCALIBR / "wheelegg" / case["path"]
        if case["path"].endswith(".whl"):
            assert not is_wanted(ANALYZER, case["path"])
            continue
        items, unread = read(source, EGG if case["path"].endswith(".egg") else INSTALLED)
        assert not unread
        assert [(item.package.name, item.package.version) for item in items] == [
            (want["Name"], want["Version"]) for want in case["wantPackages"]
        ]
        for item, want in zip(items, case["wantPackages"], strict=True):
            assert item.package.supplier == want["Metadata"].get("Author", "")
            assert list(item.package.requires) == want["Metadata"].get("RequiresDist", [])


SCALIBR_REQUIRED = {"python3.10/site-packages/monotonic-1.6-py3.10.whl": "a wheel is not installed"}


def test_scalibr_required():
    """Which paths are records, apart from size limits: ours are reported, not passed over."""
    document = expected("google+osv-scalibr", "extractor/filesystem/language/python/wheelegg.json")
    differing = {
        case["path"]
        for case in table(document, "TestFileRequired")
        if not case.get("maxFileSizeBytes") and is_wanted(ANALYZER, case["path"]) != case["wantRequired"]
    }
    assert differing == set(SCALIBR_REQUIRED)


def tree():
    return {str(path.relative_to(TREE)): path.read_bytes() for path in sorted(TREE.rglob("*")) if path.is_file()}


def test_tree_is_what_importlib_metadata_sees():
    """On a real tree: the same distributions, installers and file lists as the standard library reports."""
    files = tree()
    items, unread = installed(ANALYZER, files)
    assert not unread
    mine: dict[str, list[dict[str, object]]] = {}
    for item in items:
        directory = item.package.key.rpartition("/")[0]
        mine.setdefault(directory, []).append(
            {
                "name": item.package.name,
                "version": item.package.version,
                "installer": dict(item.properties)["stella:python:installer"],
            }
        )
    wanted = expected("trees", "jasonwsuk+viking_gunicorn.json")
    for rows in wanted.values():
        for row in rows:
            row.pop("files_in_record")
    assert {key: sorted(rows, key=str) for key, rows in mine.items()} == {
        key: sorted(rows, key=str) for key, rows in wanted.items()
    }


def test_owned_files_are_those_of_record():
    """Every file that importlib.metadata lists is listed, at the place it resolves to."""
    captured = Files(tree())
    count = 0
    for distribution in importlib.metadata.distributions(path=[str(TREE / "usr/local/lib/python3.10/site-packages")]):
        [record] = [path for path in distribution.files or [] if path.name == "RECORD"]
        path = os.path.relpath(os.path.normpath(record.locate()), TREE)
        [owned] = ANALYZER.analyze(File(path, (TREE / path).read_bytes()), captured)
        assert isinstance(owned, OwnedFiles)
        rows = csv.reader((TREE / path).read_text().splitlines())
        base = os.path.dirname(os.path.dirname(path))
        wanted = [os.path.normpath(os.path.join(base, row[0])) for row in rows if row]
        assert owned.paths.split("\n") == list(dict.fromkeys(wanted))
        assert len(wanted) == len(distribution.files or [])
        count += len(wanted)
    assert count > 2000


def mutations(data, random_, count):
    """Damaged versions of real bytes."""
    pieces = [b"\0", b"\xff\xfe", b"\n\n", b":", b'"', b"\\ud800", b"[[[[", b"null", b"Name: \n", b"\xef\xbb\xbf"]
    for _ in range(count):
        damaged = bytearray(data)
        for _ in range(random_.choice((1, 2, 8))):
            at = random_.randrange(min(len(damaged), 600) or 1)
            match random_.randrange(4):
                case 0:
                    damaged[at : at + 1] = bytes([random_.randrange(256)])
                case 1:
                    damaged[at : at + random_.randrange(40)] = b""
                case 2:
                    damaged[at:at] = random_.choice(pieces)
                case 3:
                    del damaged[at:]
        yield bytes(damaged)


def test_mutations():
    """Ten thousand damaged records: a package or `Malformed`, never anything else."""
    random_ = random.Random(11)
    sources = [(path, data) for path, data in tree().items() if is_wanted(ANALYZER, path)]
    sources += [(EGG, path.read_bytes()) for path in sorted(TRIVY.rglob("*.egg")) if path.is_file()]
    outcomes = {"read": 0, "refused": 0}
    for path, data in sources:
        for damaged in mutations(data, random_, 10_000 // len(sources) + 1):
            try:
                list(ANALYZER.analyze(File(path, damaged), Files({})))
                outcomes["read"] += 1
            except Malformed:
                outcomes["refused"] += 1
    assert sum(outcomes.values()) >= 10_000
    assert min(outcomes.values()) > 300

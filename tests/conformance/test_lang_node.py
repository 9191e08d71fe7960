"""Node packages against public corpora: other projects' expectations, and the list of a real tree's package roots.

Every difference stands here as data with its reason; nothing else may differ.
"""

import json
import os
import random
from pathlib import Path

import pytest

from analyses import File, Files, installed, is_wanted
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.node import ANALYZER

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures")) / "lang-node"
TRIVY = FIXTURES / "aquasecurity+trivy" / "pkg"
SCALIBR = FIXTURES / "google+osv-scalibr" / "extractor" / "filesystem" / "language" / "javascript"
TREE = FIXTURES / "zerotier+edge"
NODE_MODULES = "fanal/analyzer/language/nodejs"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures: set STELLA_FIXTURES (lang-node not found)"),
]

INSTALLED = "app/node_modules/some/package.json"


def expected(*parts):
    return json.loads((FIXTURES / "expected").joinpath(*parts).read_text())


def table(document, function):
    [found] = [entry["cases"] for entry in document if entry["func"] == function]
    return found


def full_name(item):
    package = item.package
    return f"{package.namespace}/{package.name}" if package.namespace else package.name


def names_of(value):
    return set(value) - {"_call", "args"} if value else set()


UNREAD = {
    "without_version_package.json": "they pass it over; installed without a version is an Unknown here",
    "without_name_and_version_package.json": "they pass it over; installed without a name is an Unknown here",
    "deps/acorn/package.json": "they pass it over; installed without a name is an Unknown here",
    "deps/acorn-globals/package.json": "they pass it over; installed without a version is an Unknown here",
    "noname.json": "they pass it over; installed without a name is an Unknown here",
}
REPORTED = {
    "vscode-extension-only-required.json": "told from npm packages by fields there; here only node_modules counts",
    "unity-package.json": "told from npm packages by fields there; here only node_modules counts",
}


def test_trivy_parser():
    """Name, version, licences and dependencies of single package.json files, as if installed."""
    folder = TRIVY / "dependency" / "parser" / "nodejs" / "packagejson"
    document = expected("aquasecurity+trivy", "pkg/dependency/parser/nodejs/packagejson.json")
    for case in table(document, "TestParse"):
        source = folder / case["inputFile"]
        items, unread = installed(ANALYZER, {INSTALLED: source.read_bytes()})
        if case.get("wantErr") or source.name in UNREAD:
            assert unread, source
            continue
        want = case["want"]
        [item] = items
        assert (full_name(item), item.package.version) == (want["Package"]["Name"], want["Package"]["Version"])
        assert list(item.licenses) == want["Package"].get("Licenses", [])
        wanted = names_of(want.get("Dependencies")) | names_of(want.get("OptionalDependencies"))
        wanted |= set(json.loads(source.read_bytes()).get("peerDependencies", {}))  # which they don't read
        assert {text[: text.index("@", 1)] for text in item.package.requires} == wanted


NAMES = {"": "their empty name is one that a project may lack; a package may not"}


def test_trivy_names():
    """Which names are names."""
    document = expected("aquasecurity+trivy", "pkg/dependency/parser/nodejs/packagejson.json")
    for case in table(document, "TestIsValidName"):
        text = json.dumps({"name": case["name"], "version": "1.0.0"})
        items, _ = installed(ANALYZER, {INSTALLED: text})
        assert bool(items) == (case["want"] and case["name"] not in NAMES), case


ROOTS = {
    "package.json": "a project's own file is source, not something installed",
    "packages/foo/package.json": "a workspace's own file is source, not something installed",
}


def test_trivy_roots():
    """Which paths are package roots."""
    document = expected("aquasecurity+trivy", f"pkg/{NODE_MODULES}/pkg.json")
    differing = {
        case["path"]
        for case in table(document, "TestIsPackageRoot")
        if is_wanted(ANALYZER, case["path"]) != case["want"]
    }
    assert differing == set(ROOTS)


def files_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("folder", "wanted"),
    [
        (
            "npm/testdata/happy",
            {
                ("@babel/parser", "7.23.6", ()),
                ("body-parser", "1.18.3", ("debug@2.6.9",)),
                ("debug", "2.6.9", ("ms@2.0.0",)),
                ("express", "4.16.4", ("body-parser@1.18.3", "debug@2.6.9")),  # the first is missing in the lock file
                ("ms", "2.0.0", ()),
                ("ms", "2.1.1", ()),
            },
        ),
        ("npm/testdata/no-node_modules", set()),
        ("npm/testdata/sad", set()),
        ("pnpm/testdata/no-node_modules", set()),
        ("pnpm/testdata/happy", {("ms", "2.1.3", ())}),
    ],
)
def test_trivy_trees(folder, wanted):
    """Of lock file and tree together only what is in the tree; edges as the lock file resolves them."""
    items, unread = installed(ANALYZER, files_below(TRIVY / NODE_MODULES / folder))
    assert not unread
    found = {
        (full_name(item), item.package.version, tuple(purl.removeprefix("pkg:npm/") for purl in item.depends))
        for item in items
    }
    assert found == wanted


def test_trivy_licenses():
    """Licences that package.json states; texts are not classified."""
    items, _ = installed(ANALYZER, files_below(TRIVY / NODE_MODULES / "license" / "testdata" / "happy"))
    document = expected("aquasecurity+trivy", f"pkg/{NODE_MODULES}/license.json")
    [case] = table(document, "Test_ParseLicenses")
    mine = {f"{full_name(item)}@{item.package.version}": list(item.licenses) for item in items}
    assert mine.pop("package-f@0.0.1") == []  # states none, so that theirs leaves it out
    assert mine.keys() == case["want"].keys()
    differing = {key: mine[key] for key, licenses in case["want"].items() if mine[key] != licenses}
    assert differing == {
        # theirs come from the text of a licence file
        "package-b@0.0.1": ["LicenseRef-LICENSE.txt"],
        "package-c@0.0.1": ["SEE LICENSE IN LICENSE.md"],
        "package-d@0.0.1": [],
    }


def test_scalibr():
    """Name, version, supplier and dependencies of single package.json files, as if installed."""
    document = expected("google+osv-scalibr", "extractor/filesystem/language/javascript/packagejson.json")
    for case in table(document, "TestExtract"):
        source = SCALIBR / "packagejson" / case["path"]
        short = case["path"].removeprefix("testdata/")
        items, unread = installed(ANALYZER, {INSTALLED: source.read_bytes()})
        assert bool(unread) == (short in UNREAD), short
        if short in REPORTED or short in UNREAD:
            assert not case["wantPackages"]
            continue
        [item], [want] = items, case["wantPackages"]
        assert (full_name(item), item.package.version) == (want["Name"], want["Version"])
        people = want["Metadata"].get("Maintainers") or want["Metadata"].get("Contributors") or [{"Name": ""}]
        assert item.package.supplier == want["Metadata"].get("Author", people[0])["Name"]
        assert {text[: text.index("@", 1)] for text in item.package.requires} == names_of(
            want["Metadata"].get("Dependencies")
        )


def test_tree():
    """A real tree: every package root with its name and version, and nothing else."""
    items, unread = installed(ANALYZER, files_below(TREE))
    assert not unread
    rows = expected("trees", "zerotier+edge.json")
    assert {(item.path, full_name(item), item.package.version) for item in items} == {
        (row["path"], row["name"], row["version"]) for row in rows if row["is_install_root"]
    }
    assert [row["path"].split("/")[-3:-1] for row in rows if not row["is_install_root"]] == [["example", "npm-init"]]


def test_mutations():
    """Ten thousand damaged records: a package, nothing or `Malformed`, never anything else."""
    random_ = random.Random(13)
    pieces = [
        b"\0",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b"5",
        b'"\\ud800"',
        b'"x"',
        b",",
        b"[" * 2000,
        b"\xef\xbb\xbf",
        b"1e999",
    ]
    sources = list(files_below(TREE).items())
    outcomes = {"read": 0, "refused": 0}
    for path, data in sources:
        for _ in range(10_000 // len(sources) + 1):
            damaged = bytearray(data)
            for _ in range(random_.choice((1, 1, 3))):
                at, end = sorted(random_.choices(range(len(damaged) + 1), k=2))
                if random_.random() < 0.5:  # exchange a string, so that much of it stays JSON
                    at = damaged.find(b'"', at)
                    end = damaged.find(b'"', at + 1) + 1
                    if at < 0 or not end:
                        continue
                damaged[at : min(end, at + 60)] = random_.choice(pieces)
            try:
                list(ANALYZER.analyze(File(path, bytes(damaged)), Files({})))
                outcomes["read"] += 1
            except Malformed:
                outcomes["refused"] += 1
    assert sum(outcomes.values()) >= 10_000
    assert min(outcomes.values()) > 300

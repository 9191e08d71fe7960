"""Go modules against other projects' tables over the same programs."""

import json
import os
import random
from pathlib import Path

import pytest

from analyses import File, Files, installed
from linked import go_program
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.golang import ANALYZER
from stellaops_core.readers.go_flags import read_version_flag
from stellaops_core.readers.go_pclntab import find_table, read_packages, read_source_modules
from stellaops_core.readers.programs import read_programs

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures"))
GO = FIXTURES / "lang-go"
TRIVY = GO / "aquasecurity+trivy" / "pkg" / "dependency" / "parser" / "golang" / "binary"
SCALIBR = GO / "google+osv-scalibr" / "extractor" / "filesystem" / "language" / "golang" / "gobinary"
INSPECTOR = GO / "aboutcode-org+go-inspector" / "tests" / "data" / "basic"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not GO.is_dir(), reason="no fixtures: set STELLA_FIXTURES (lang-go not found)"),
]


def table(folder, name):
    return json.loads((GO / "expected" / folder.relative_to(GO).parent / f"{folder.name}.json").read_text())


def cases(folder, func, var="tests"):
    return next(one["cases"] for one in table(folder, "") if one["func"] == func and one["var"] == var)


def modules(path):
    """{(module path, version)} and {module path: what it depends on}"""
    items, unread = installed(ANALYZER, {"usr/bin/app": path.read_bytes()})
    assert unread == {}
    names = {str(item.purl): (item.package.name, item.package.version) for item in items}
    return set(names.values()), {item.package.name: {names[purl] for purl in item.depends} for item in items}


@pytest.mark.parametrize("file", ["test.elf", "test.macho"])
def test_trivy(file):
    """Modules and edges are Trivy's; it writes the standard library's version with a v."""
    found, depends = modules(TRIVY / "testdata" / file)
    wanted = {
        (one["Name"], one["Version"].removeprefix("v") if one["Name"] == "stdlib" else one["Version"])
        for one in cases(TRIVY, "TestParse", "wantPkgs")
    }
    assert found == wanted
    (edges,) = cases(TRIVY, "TestParse", "wantDeps")
    assert {f"{name}@{'v' * (name == 'stdlib')}{version}" for name, version in depends.pop(edges["ID"])} == set(
        edges["DependsOn"]
    )
    assert not any(depends.values())


def test_trivy_experiments():
    """The toolchain's experiments are no part of its version. The main module is ours besides: it has no version."""
    found, _ = modules(TRIVY / "testdata" / "goexperiment")
    assert ("stdlib", "1.22.1") in found
    assert {version for name, version in found if name != "stdlib"} <= {""}


def test_trivy_toolchains():
    """Every spelling of a toolchain's version gives the release that Trivy reads."""
    for case in cases(TRIVY, "TestParseStdlibVersion"):
        items, _ = installed(ANALYZER, {"a": go_program(case["goVersion"], "")})
        assert [f"v{item.package.version}" for item in items] == [case["want"]], case["name"]


def test_trivy_flags():
    """The version that linker flags set is the same; here it is a property, since it may be anything."""
    for case in cases(TRIVY, "TestParser_ParseLDFlags"):
        flags = " ".join(f"'{flag}'" if " " in flag else flag for flag in case["args"]["flags"])
        assert read_version_flag(flags, case["args"]["name"]) == case["want"], case["name"]


@pytest.mark.parametrize("system", ["darwin-amd64", "darwin-arm64", "windows-386", "windows-amd64", "windows-arm64"])
def test_scalibr(system):
    """A replaced module is what replaced it. osv-scalibr calls the standard library `go` and drops the v."""
    found, depends = modules(SCALIBR / "testdata" / f"binary_with_module_replacement-{system}")
    case = next(one for one in cases(SCALIBR, "TestExtract") if one["name"].endswith("replacement-" + system))
    listed, release = case["wantPackages"]["args"]["pkgs"]["args"]
    wanted = {(one["Name"], "v" + one["Version"]) for one in listed} | {("stdlib", release["Version"])}
    mains = {name for name, others in depends.items() if others}
    assert {one for one in found if one[0] not in mains} == wanted
    assert [depends[name] for name in mains] == [wanted]


@pytest.mark.parametrize("file", ["app_lin_exe", "app_lin_exe_stripped", "app_win_exe"])
def test_go_inspector(file):
    """Stripped or not, for Linux or Windows: the same modules."""
    assert modules(INSPECTOR / file) == modules(INSPECTOR / "app_lin_exe")
    assert {name for name, _ in modules(INSPECTOR / file)[0]} >= {"stdlib"}


PROGRAMS = {
    TRIVY / "testdata" / "test.elf": ("1.2", 33, 33),
    TRIVY / "testdata" / "test.macho": ("1.2", 34, 34),
    TRIVY / "testdata" / "goexperiment": ("1.20", 13, 11),
    INSPECTOR / "app_lin_exe": ("1.20", 32, 30),
    INSPECTOR / "app_lin_exe_stripped": ("1.20", 32, 30),
    INSPECTOR / "app_win_exe": ("1.20", 33, 32),
    SCALIBR / "testdata" / "binary_with_module_replacement-darwin-amd64": ("1.20", 35, 32),
    SCALIBR / "testdata" / "binary_with_module_replacement-darwin-arm64": ("1.20", 35, 30),
    SCALIBR / "testdata" / "binary_with_module_replacement-windows-386": ("1.20", 36, 33),
    SCALIBR / "testdata" / "binary_with_module_replacement-windows-amd64": ("1.20", 36, 34),
    SCALIBR / "testdata" / "binary_with_module_replacement-windows-arm64": ("1.20", 36, 32),
}
"""The table's form, its packages, and those that `go tool nm` tells: all of them are among the former, which have
besides what is there only inlined into others. The stripped program has no symbols; its numbers are the other's."""


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_packages(path):
    """The number of packages is as it was when all that `go tool nm` tells was found among them."""
    (program,) = read_programs(path.read_bytes())
    table = find_table(program)
    assert table
    packages = read_packages(program, table)
    version, count, least = PROGRAMS[path]
    assert (table.version, len(packages)) == (version, count)
    assert count >= least
    assert {"main", "runtime", "internal/cpu"} <= packages.keys()


def test_stripping_changes_nothing():
    """The table stays when the symbols go."""
    tables = []
    for name in ("app_lin_exe", "app_lin_exe_stripped"):
        (program,) = read_programs((INSPECTOR / name).read_bytes())
        table = find_table(program)
        assert table
        tables.append(read_packages(program, table))
    assert tables[0] == tables[1]


@pytest.mark.parametrize("system", ["darwin-amd64", "darwin-arm64", "windows-386", "windows-amd64", "windows-arm64"])
def test_modules_by_source_files(system):
    """The names of source files tell the module that replaced another, as the record does."""
    path = SCALIBR / "testdata" / f"binary_with_module_replacement-{system}"
    (program,) = read_programs(path.read_bytes())
    table = find_table(program)
    assert table
    told = set(read_source_modules(program, table))
    assert told
    assert told <= modules(path)[0]


def test_damaged_records():
    """Of a thousand programs with a damaged record none raises anything but `Malformed`."""
    chance = random.Random(21)
    for path in (
        TRIVY / "testdata" / "goexperiment",
        INSPECTOR / "app_lin_exe_stripped",
        TRIVY / "testdata" / "test.elf",
    ):
        data = bytearray(path.read_bytes())
        start = data.find(b"\xff Go buildinf:")
        for _ in range(333):
            changed = bytearray(data)
            for _ in range(chance.randint(1, 6)):
                changed[start + chance.randrange(600)] = chance.choice((0, 2, 9, 10, 0x7F, 0xFF))
            try:
                assert len(list(ANALYZER.analyze(File("x", bytes(changed)), Files({})))) < 1000
            except Malformed as error:
                assert str(error)  # noqa: PT017

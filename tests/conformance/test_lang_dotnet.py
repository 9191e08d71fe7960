""".NET against public corpora: other projects' expectations, and what an independent reader says of real assemblies.

Every difference stands here as data with its reason; nothing else may differ.
"""

import contextlib
import json
import os
import random
import time
from pathlib import Path

import pytest

from analyses import File, Files, installed
from stellaops_core.analyzers.analyzer import Malformed, Package
from stellaops_core.analyzers.dotnet import ANALYZER
from stellaops_core.readers.cli_metadata import read_assembly
from stellaops_core.readers.nuspec import read_nuspec
from stellaops_core.readers.pe import read_pe

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures")) / "lang-dotnet"
TRIVY = FIXTURES / "aquasecurity+trivy" / "pkg"
SCALIBR = FIXTURES / "google+osv-scalibr" / "extractor" / "filesystem" / "language" / "dotnet"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures: set STELLA_FIXTURES (lang-dotnet not found)"),
]


def expected(*parts):
    return json.loads((FIXTURES / "expected").joinpath(*parts).read_text())


def table(document, function):
    [found] = [entry["cases"] for entry in document if entry["func"] == function]
    return found


def label(item):
    return f"{item.package.name}/{item.package.version}"


PROJECTS = {
    "ExampleApp1/1.0.0": "a project: the application itself, which is no package",
    "hello2/1.0.0": "a project: the application itself, which is no package",
    "Web/1.0.0": "a project: the application itself, which is no package",
    "Worker/1.0.0": "a project: the application itself, which is no package",
    "Api/1.0.0": "a project of the same solution",
    "Data/1.0.0": "a project of the same solution",
    "TestLibrary/1.0.0": "a project: the application itself, which is no package",
}
UNREAD = {"no-libraries.deps.json": "they pass it over; the host could not start with it, so it is an Unknown here"}
ABSENT = {"System.Collections.Immutable/1.3.0": "the target does not mention it, so that the host would not find it"}
EDGES = {"without-runtime.deps.json": {"JsonDiffPatch/2.0.61": {"Libuv/1.9.1"}}}
"""They have none; JsonDiffPatch needs Libuv by way of Microsoft.NETCore.App, which brings no file."""


def test_trivy_documents():
    """Libraries that are there, and their edges."""
    document = expected("aquasecurity+trivy", "pkg/dependency/parser/dotnet/core_deps.json")
    for case in table(document, "TestParse"):
        source = TRIVY / "dependency" / "parser" / "dotnet" / "core_deps" / case["file"]
        items, unread = installed(ANALYZER, {f"app/{source.name}": source.read_bytes()})
        if case.get("wantErr") or source.name in UNREAD:
            assert unread, source
            continue
        wanted = {one["ID"] for one in case["want"]}
        assert {label(item) for item in items} == wanted - set(PROJECTS) - set(ABSENT), source
        edges = {one["ID"]: set(one["DependsOn"]) for one in case["wantDeps"] or [] if one["ID"] not in PROJECTS}
        purls = {str(item.purl): label(item) for item in items}
        found = {label(item): {purls[purl] for purl in item.depends} for item in items if item.depends}
        assert found == edges | EDGES.get(source.name, {}), source


def test_scalibr_documents():
    """A library without a name costs nothing but itself, and is told of."""
    document = expected("google+osv-scalibr", "extractor/filesystem/language/dotnet/depsjson.json")
    for case in table(document, "TestExtract"):
        data = (SCALIBR / "depsjson" / case["path"]).read_bytes()
        found = []
        with contextlib.suppress(Malformed):
            found.extend(ANALYZER.analyze(File("app/App.deps.json", data), Files({})))
        wanted = {f"{one['Name']}/{one['Version']}" for one in case.get("wantPackages", [])}
        names = {
            f"{package.name}/{package.version}"
            for package in found
            if isinstance(package, Package) and package.type == "nuget"
        }
        assert names == wanted - set(PROJECTS), case


REFERENCES = "what an assembly refers to is a wish; it may be met by another version, or not at all"


def test_scalibr_assemblies():
    """The assembly itself; not what it refers to."""
    document = expected("google+osv-scalibr", "extractor/filesystem/language/dotnet/dotnetpe.json")
    [case] = [case for case in table(document, "TestExtract") if case["Name"] == "valid .dll"]
    path = SCALIBR / "dotnetpe" / case["InputConfig"]["Path"]
    [item], unread = installed(ANALYZER, {"app/HelloWorldApp.dll": path.read_bytes()})
    wanted = {(one["Name"].removesuffix(".dll"), one["Version"]) for one in case["WantPackages"]}
    assert (item.package.name, item.package.version) in wanted
    assert not unread
    assert REFERENCES


def test_assemblies():
    """Versions in the metadata are those that the compiler wrote into the version resource as well."""
    compared = 0
    for path, facts in expected("binary-facts.json").items():
        if facts["format"] != "PE":
            continue
        found = read_assembly(read_pe((FIXTURES / path).read_bytes()))
        assert bool(found) == facts["clr"], path
        stated = facts.get("version_info", {}).get("Assembly Version")
        if found and stated:
            assert found.version == stated, path
            compared += 1
    assert compared >= 5


def test_nuspecs():
    """All real ones are read."""
    folder = TRIVY / "fanal/analyzer/language/dotnet/nuget/testdata/repository/.nuget/packages"
    found = {read_nuspec(path.read_bytes()) for path in sorted(folder.rglob("*.nuspec"))}
    assert {(one.id, one.version, one.license) for one in found} == {
        ("Newtonsoft.Json", "12.0.3", "MIT"),
        ("Newtonsoft.Json", "6.0.4", ""),
        ("NuGet.Frameworks", "5.7.0", ""),
    }


SEEDS = {
    "app/A.dll": SCALIBR / "dotnetpe/testdata/HelloWorldApp.dll",
    "app/B.dll": FIXTURES / "m4b+goblin/assets/dotnet_executable_example.dll",
    "app/A.deps.json": TRIVY / "dependency/parser/dotnet/core_deps/testdata/without-runtime.deps.json",
    "root/.nuget/packages/a/1.0.0/a.nuspec": TRIVY
    / "fanal/analyzer/language/dotnet/nuget/testdata/repository/.nuget/packages/nuget.frameworks/5.7.0"
    / "nuget.frameworks.nuspec",
}


@pytest.mark.parametrize("path", SEEDS)
def test_mutations(path):
    """Thousands of damaged copies of real files: nothing but `Malformed`, and no hang."""
    seed, chance = SEEDS[path].read_bytes(), random.Random(path)
    started = time.process_time()
    for _ in range(2500):
        data = bytearray(seed)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(data))
            data[at] = chance.choice([0, 1, 0x22, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        if not chance.randrange(4):
            del data[chance.randrange(len(data)) :]
        with contextlib.suppress(Malformed):
            list(ANALYZER.analyze(File(path, bytes(data)), Files({})))
    assert time.process_time() - started < 60

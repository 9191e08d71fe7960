"""What of .NET's finds is installed, in a composed image."""

from pathlib import Path

import pytest

from analyses import installed
from dotnet_files import assembly, deps
from jars import jar
from stellaops_core.analyzers.dotnet import ABSENT, ANALYZER

PACKAGE = {"runtime": {"lib/net8.0/Acme.dll": {}}}
NUSPEC = "<package><metadata><id>Acme</id><version>2.0.0</version></metadata></package>"


def rows(*layers):
    items, unread = installed(ANALYZER, *layers)
    assert not unread
    return {(str(item.purl), item.path): item.package for item in items}


def test_a_record_accounts_for_its_assemblies():
    """Beside it, for other platforms and as satellites; further assemblies are themselves, not NuGet packages."""
    document = deps(
        {
            "App/1.0.0": {"type": "project", "runtime": {"App.dll": {}}},
            "Acme/2.0.0": {**PACKAGE, "runtimeTargets": {"runtimes/unix/lib/Acme.dll": {"assetType": "runtime"}}},
        }
    )
    files = {f"app/{path}": assembly(Path(path).stem) for path in ("App.dll", "Acme.dll", "runtimes/unix/lib/Acme.dll")}
    plugin = assembly("Plugin", (3, 1, 0, 0), attributes={"AssemblyInformationalVersionAttribute": "3.1.0-rc+c0ffee"})
    found = rows({"app/App.deps.json": document, "app/Plugin.dll": plugin, "lib/Acme.dll": assembly("Acme"), **files})
    assert {key: package.confidence for key, package in found.items()} == {
        ("pkg:nuget/Acme@2.0.0", "app/App.deps.json"): 100,
        ("pkg:generic/Plugin@3.1.0.0", "app/Plugin.dll"): 80,
        ("pkg:generic/Acme@1.0.0.0", "lib/Acme.dll"): 80,
    }
    package = found["pkg:generic/Plugin@3.1.0.0", "app/Plugin.dll"]
    assert package.technique == "binary-analysis"
    assert package.properties == (("stella:dotnet:informationalVersion", "3.1.0-rc+c0ffee"),)


@pytest.mark.parametrize(
    ("beside", "absent"),
    [
        ({}, True),
        ({"app/Acme.dll": assembly("Acme")}, False),
        ({"app/runtimes/win/lib/Acme.dll": assembly("Acme")}, True),
        (
            {"root/.nuget/packages/acme/2.0.0/acme.nuspec": NUSPEC},
            False,
        ),
    ],
)
def test_libraries_whose_files_are_not_there(beside, absent):
    """They stay, with less confidence: their code may be in another file."""
    found = rows({"app/App.deps.json": deps({"Acme/2.0.0": PACKAGE})}, beside)
    package = found["pkg:nuget/Acme@2.0.0", "app/App.deps.json"]
    assert ((ABSENT in package.properties), package.confidence) == (absent, 50 if absent else 100)


def test_a_removed_assembly_counts_by_layer():
    """What joins is the composed image, not one layer."""
    lower = {"app/App.deps.json": deps({"Acme/2.0.0": PACKAGE}), "app/Acme.dll": assembly("Acme")}
    upper = {"app/App.deps.json": deps({"Acme/3.0.0": PACKAGE})}
    assert [purl for purl, _ in rows(lower, upper)] == ["pkg:nuget/Acme@3.0.0"]


def test_folders_of_packages():
    """A package of a `packages` folder is installed, by its archive or its nuspec, and its assemblies belong to it."""
    nuspec = "<package><metadata><id>Old.Thing</id><version>1.2.3</version></metadata></package>"
    files = {
        "site/packages/Old.Thing.1.2.3/Old.Thing.1.2.3.nupkg": jar({"Old.Thing.nuspec": nuspec}),
        "site/packages/Old.Thing.1.2.3/lib/net45/Thing.dll": assembly("Thing"),
    }
    assert [purl for purl, _ in rows(files)] == ["pkg:nuget/Old.Thing@1.2.3"]


def test_projects_and_their_edges_are_no_components():
    """A library that needs a project of the same solution has no edge to it."""
    document = deps(
        {
            "App/1.0.0": {"type": "project", "dependencies": {"Acme": "2.0.0"}, "runtime": {"App.dll": {}}},
            "Acme/2.0.0": {**PACKAGE, "dependencies": {"App": "1.0.0"}},
        }
    )
    items, _ = installed(ANALYZER, {"app/App.deps.json": document})
    assert [(str(item.purl), item.depends) for item in items] == [("pkg:nuget/Acme@2.0.0", ())]


def test_two_applications_do_not_account_for_each_other():
    """A record speaks of what lies beside it."""
    one, other = deps({"Acme/2.0.0": PACKAGE}), deps({"Other/1.0.0": {"runtime": {"Other.dll": {}}}})
    files = {"a/A.deps.json": one, "b/B.deps.json": other, "b/Acme.dll": assembly("Acme")}
    found = rows(files)
    assert ABSENT in found["pkg:nuget/Acme@2.0.0", "a/A.deps.json"].properties
    assert ("pkg:generic/Acme@1.0.0.0", "b/Acme.dll") in found

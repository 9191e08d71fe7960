""".NET: what is a record, and what is found in it."""

import pytest

from analyses import installed, is_wanted
from case_texts import cases_of, check
from dotnet_files import assembly, bundle, deps, host
from programs import pe
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.dotnet import ANALYZER

PACKAGE = {"runtime": {"lib/net8.0/Acme.dll": {}}}


@pytest.mark.parametrize("case", cases_of("dotnet"))
def test_case(case, request):
    """The files of a case give exactly what stands under `expected`; `--accept` rewrites it."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam, and keeps nothing."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)
    assert ANALYZER.alone


@pytest.mark.parametrize(
    ("path", "head", "wanted"),
    [
        ("app/App.deps.json", b"", True),
        ("app/deps.json", b"", False),
        ("app/obj/project.assets.json", b"", False),
        ("app/packages.lock.json", b"", False),
        ("dotnet/shared/A/1.0.0/.version", b"", True),
        ("dotnet/sdk/8.0.100/.version", b"", True),
        ("app/.version", b"", False),
        ("root/.nuget/packages/a/1.0.0/a.nuspec", b"", True),
        ("root/.nuget/packages/a/1.0.0/a.1.0.0.nupkg", b"", False),
        ("root/.dotnet/tools/.store/a/1.0.0/a/1.0.0/a.nuspec", b"", True),
        ("site/packages/A.1.0.0/A.1.0.0.nupkg", b"", True),
        ("site/packages/A.1.0.0/A.nuspec", b"", True),
        ("site/packages/A.1.0.0/B.2.0.0.nupkg", b"", False),
        ("feed/A.1.0.0.nupkg", b"", False),
        ("src/A.nuspec", b"", False),
        ("app/A.dll", b"MZ\x90\0\3\0\0\0", True),
        ("app/App", b"\x7fELF\2\1\1\0", True),
        ("app/App", b"\xcf\xfa\xed\xfe\7\0\0\1", True),
        ("app/text", b"#!/bin/sh\n", False),
    ],
)
def test_wants(path, head, wanted):
    """Records and programs are wanted; projects, lock files and feeds are not."""
    assert is_wanted(ANALYZER, path, head=head) is wanted


def rows(*layers):
    items, unread = installed(ANALYZER, *layers)
    assert not unread
    return {(str(item.purl), item.path): item.package for item in items}


def test_satellites_references_and_native_libraries_are_no_components():
    """They hold translations, no code, or nothing of .NET's."""
    files = {
        "a/de/A.resources.dll": assembly("A.resources", culture="de"),
        "a/R.dll": assembly("R", attributes={"ReferenceAssemblyAttribute": ""}),
        "dotnet/packs/P.Ref/8.0.0/ref/net8.0/P.dll": assembly("P"),
        "a/native.dll": pe({".text": b"x"}),
        "a/dos.exe": b"MZ" + bytes(100),
        "a/host": host(),
    }
    assert rows(files) == {}


@pytest.mark.parametrize("version", [1, 2, 6])
def test_single_file_applications(version):
    """Libraries by the bundled deps.json; those whose assemblies are not bundled have less confidence."""
    document = deps({"App/1": {"type": "project"}, "Acme/2.0.0": PACKAGE, "Out/1.0.0": {"runtime": {"Out.dll": {}}}})
    files = {"App.deps.json": (3, document.encode()), "Acme.dll": (1, assembly("Acme"))}
    found = rows({"usr/bin/app": bundle(files, version=version)})
    assert {purl: package.confidence for (purl, _), package in found.items()} == {
        "pkg:nuget/Acme@2.0.0": 100,
        "pkg:nuget/Out@1.0.0": 50,
    }


def test_single_file_applications_without_a_record():
    """Their assemblies are what is known."""
    files = {
        "lib/A.dll": (1, assembly("A", (1, 2, 3, 4))),
        "de/A.resources.dll": (1, assembly("A.resources", culture="de")),
    }
    found = rows({"app.exe": bundle(files, compress=True, program=host(windows=True))})
    assert {purl: package.properties for (purl, _), package in found.items()} == {
        "pkg:generic/A@1.2.3.4": (("stella:dotnet:bundled", "lib/A.dll"),)
    }


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("a/A.dll", assembly("A")[:0x220], "without metadata"),
        ("a/A.deps.json", b"{", "not JSON"),
        ("a/B.deps.json", deps({"x": {}}).encode(), "no usable name"),
        ("a/app", bundle({"App.deps.json": (3, b"{")}), "not JSON"),
        ("a/cut", bundle({"a": (1, b"x")})[:-1], "cut off"),
        ("p/packages/A.1/A.1.nupkg", b"no zip, not at all", "archive"),
        ("p/packages/A.1/A.nuspec", b"<", "XML"),
    ],
)
def test_what_cannot_be_read(path, data, reason):
    """Is said of the file it is in."""
    items, unread = installed(ANALYZER, {path: data})
    assert not items
    assert reason in unread[path]

"""Facts of .NET files for tracing."""

import json

import msgspec
import pytest

from analyses import find, is_wanted
from dotnet_files import assembly, bundle, deps, host
from programs import pe
from stellaops_core.analyzers.dotnet_code import (
    ANALYZER,
    DotnetCode,
    DotnetConfig,
    DotnetDeps,
    Framework,
    read_config,
)


def facts(path, data, kind):
    found, unread = find(ANALYZER, {path: data})
    assert unread == {}
    return msgspec.msgpack.decode(found[path][0].data, type=kind) if found else None


def config(**options):
    return json.dumps({"runtimeOptions": options})


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a/App.deps.json", True),
        ("a/App.runtimeconfig.json", True),
        ("a/App.runtimeconfig.dev.json", False),
        ("a/package.json", False),
        ("a/App.DLL", True),
        ("a/App.exe", True),
    ],
)
def test_wants(path, wanted):
    """Assemblies and the two documents."""
    assert is_wanted(ANALYZER, path) is wanted


def test_references():
    """Of assemblies alone."""
    data = assembly("A", references=["B", "System.Runtime", "B"], modules=["libz"])
    assert facts("A.dll", data, DotnetCode) == DotnetCode(("B", "System.Runtime"), ("libz",))
    assert facts("A.dll", pe({".text": b"x"}), DotnetCode) is None
    assert facts("A.dll", b"no", DotnetCode) is None
    assert facts("A.dll", b"", DotnetCode) is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"framework": {"name": "F", "version": "1.0.0"}}, DotnetConfig((Framework("F", "1.0.0"),))),
        (
            {
                "rollForward": "Major",
                "frameworks": [{"name": "F", "version": "1"}, {"name": "G", "rollForward": "Minor"}],
            },
            DotnetConfig((Framework("F", "1", "Major"), Framework("G", "", "Minor"))),
        ),
        ({"includedFrameworks": [{"name": "F", "version": "1"}]}, DotnetConfig(included=True)),
        ({"additionalProbingPaths": ["/p", 1]}, DotnetConfig(probing=("/p",))),
        ({"framework": {"name": "../x"}, "frameworks": [1, {}], "rollForward": 3}, DotnetConfig()),
    ],
)
def test_configurations(options, expected):
    """Frameworks, and what makes the host look elsewhere; what is of another type counts as not stated."""
    assert read_config(config(**options).encode()) == expected


def test_no_configuration():
    """Neither facts nor an error of another kind."""
    for data in (b"no", b"[]", b"{}", b'{"runtimeOptions": 1}'):
        assert facts("a/A.runtimeconfig.json", data, DotnetConfig) in {None, DotnetConfig()}


def test_dependencies():
    """Assemblies, other files, and where folders of packages have them."""
    text = deps({
        "App/1.0.0": {"type": "project", "runtime": {"App.dll": {}}},
        "Lib/2.0.0": {
            "path": "lib/2.0.0",
            "runtime": {"lib/net8.0/Lib.dll": {}},
            "native": {"runtimes/linux/native/libx.so": {}},
            "resources": {"lib/net8.0/de/Lib.resources.dll": {"locale": "de"}},
            "runtimeTargets": {"runtimes/unix/lib/Lib.dll": {"rid": "unix", "assetType": "runtime"}},
        },
    })  # fmt: skip
    found = facts("a/App.deps.json", text, DotnetDeps)
    assert found.assemblies == ("App.dll", "Lib.dll")
    assert found.others == ("de/Lib.resources.dll", "libx.so", "runtimes/unix/lib/Lib.dll")
    assert found.packages == (("lib/2.0.0", ("Lib.dll",)),)
    assert facts("a/App.deps.json", "no", DotnetDeps) is None


def test_single_files():
    """Their configuration lies inside; without one they bring everything along; other programs have no facts."""
    inner = config(framework={"name": "F", "version": "8.0.0"}).encode()
    assert facts("app", bundle({"App.runtimeconfig.json": (4, inner)}), DotnetConfig).frameworks[0].name == "F"
    assert facts("app", bundle({"App.dll": (1, b"x")}), DotnetConfig) == DotnetConfig(included=True)
    assert facts("app", host(), DotnetConfig) is None

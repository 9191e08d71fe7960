"""What .NET processes load."""

import json

from dotnet_files import assembly, bundle, deps
from roots import root_of
from stellaops_core.analyzers.dotnet_code import ANALYZER
from stellaops_core.entrytrace.dotnet import assemblies as dotnet_assemblies
from stellaops_core.entrytrace.dotnet import libraries as dotnet_libraries
from stellaops_core.entrytrace.dotnet.assemblies import follow_dotnet
from stellaops_core.entrytrace.process import Edge, Process, Step, Undetermined


def config(version="8.0.0", **options):
    return json.dumps({"runtimeOptions": {"framework": {"name": "F", "version": version}, **options}})


HOST = {
    "d/dotnet": "x",
    "d/host/fxr/8.0.0/libhostfxr.so": "x",
    "d/host/fxr/8.0.11/libhostfxr.so": "x",
    "d/shared/F/8.0.11/F.deps.json": deps({"F/8.0.11": {"type": "package", "runtime": {"System.Runtime.dll": {}}}}),
    "d/shared/F/8.0.11/libhostpolicy.so": "x",
    "d/shared/F/8.0.11/libcoreclr.so": "x",
    "d/shared/F/8.0.11/System.Private.CoreLib.dll": assembly("System.Private.CoreLib"),
    "d/shared/F/8.0.11/System.Runtime.dll": assembly("System.Runtime", references=["System.Private.CoreLib"]),
    "d/shared/F/8.0.11/System.Rare.dll": assembly("System.Rare"),
}
APP = {
    "app/App.runtimeconfig.json": config(),
    "app/App.deps.json": deps({
        "App/1.0.0": {"type": "project", "runtime": {"App.dll": {}}},
        "One/1.0.0": {"runtime": {"lib/net8.0/One.dll": {}}},
        "Two/1.0.0": {"runtime": {"lib/net8.0/Two.dll": {}}},
        "Rid/1.0.0": {
            "runtime": {"lib/net8.0/Rid.dll": {}},
            "runtimeTargets": {
                "runtimes/unix/lib/Rid.dll": {"rid": "unix", "assetType": "runtime"},
                "runtimes/win/lib/Rid.dll": {"rid": "win", "assetType": "runtime"},
            },
        },
    }),
    "app/App.dll": assembly("App", references=["System.Runtime", "One", "rid", "Nowhere"]),
    "app/One.dll": assembly("One", references=["App"], modules=["native"]),
    "app/Two.dll": assembly("Two"),
    "app/Rid.dll": assembly("Rid"),
    "app/runtimes/unix/lib/Rid.dll": assembly("Rid"),
    "app/runtimes/win/lib/Rid.dll": assembly("Rid"),
    "app/libnative.so": "x",
    "app/plugins/P.dll": assembly("P"),
    "other/O.dll": assembly("O"),
}  # fmt: skip


def run(files, *words, program="d/dotnet", environment=None):
    """(levels by target, edges by target, gaps); each edge's source was seen before."""
    root = root_of(files, analyzers=[ANALYZER])
    step = Step("ENTRYPOINT", 0, "")
    process = Process(program, (program, *words), environment=environment or {}, directory="app", steps=(step,))
    found = list(follow_dotnet(root, process))
    edges, seen = {}, {program}
    for one in found:
        if isinstance(one, Edge):
            assert one.source in seen
            seen.add(one.target)
            edges.setdefault(one.target, one)
    gaps = [one.reason for one in found if isinstance(one, Undetermined)]
    return {target: edge.level for target, edge in edges.items()}, edges, gaps


def test_an_application():
    """Host, runtime and references are used; plugins and what is listed only may be; the rest isn't reached."""
    levels, edges, gaps = run(HOST | APP, "App.dll")
    framework = "d/shared/F/8.0.11"
    assert {target for target, level in levels.items() if level == "used"} == {
        "d/host/fxr/8.0.11/libhostfxr.so",
        *(f"{framework}/{name}" for name in ("F.deps.json", "libhostpolicy.so", "libcoreclr.so")),
        *(f"{framework}/{name}.dll" for name in ("System.Private.CoreLib", "System.Runtime")),
        *(f"app/{name}" for name in ("App.dll", "One.dll", "App.deps.json", "App.runtimeconfig.json")),
        "app/runtimes/unix/lib/Rid.dll",
    }
    assert {target for target, level in levels.items() if level == "maybe"} == {
        f"{framework}/System.Rare.dll",
        *(f"app/{name}" for name in ("Two.dll", "Rid.dll", "plugins/P.dll", "libnative.so")),
    }
    assert edges["app/One.dll"] == Edge("app/App.dll", "app/One.dll", "refers to One")
    assert edges["app/libnative.so"] == Edge("app/One.dll", "app/libnative.so", "imports from native", level="maybe")
    assert gaps == []


def test_without_a_list_everything_beside_is_found():
    """As the host does where there is no deps.json."""
    files = {path: data for path, data in (HOST | APP).items() if path != "app/App.deps.json"}
    levels, _, _ = run(files, "App.dll")
    assert (levels["app/One.dll"], levels["app/Rid.dll"], levels["app/Two.dll"]) == ("used", "used", "maybe")


def test_no_framework_fits():
    """The one that stands in may be, and it is told."""
    files = HOST | APP | {"app/App.runtimeconfig.json": config("9.0.0")}
    levels, _, gaps = run(files, "App.dll")
    assert gaps == ["no framework F 9.0.0 is in the image"]
    assert levels["d/shared/F/8.0.11/libcoreclr.so"] == levels["d/shared/F/8.0.11/System.Runtime.dll"] == "maybe"
    assert levels["app/One.dll"] == "used"


def test_probing_paths():
    """Folders of packages that the configuration names."""
    lists = deps({"App/1.0.0": {"type": "project", "runtime": {"App.dll": {}}},
                  "Far/1.0.0": {"path": "far/1.0.0", "runtime": {"Far.dll": {}}}})  # fmt: skip
    files = HOST | {
        "app/App.runtimeconfig.json": config(additionalProbingPaths=["/packages"]),
        "app/App.deps.json": lists,
        "app/App.dll": assembly("App", references=["Far"]),
        "packages/far/1.0.0/Far.dll": assembly("Far"),
    }
    assert run(files, "App.dll")[0]["packages/far/1.0.0/Far.dll"] == "used"


def test_hooks():
    """What variables have loaded is used, by path or by name; an unknown value is told."""
    files = HOST | APP | {"opt/p.so": "x"}
    environment = {
        "DOTNET_STARTUP_HOOKS": "/other/O.dll:Two",
        "CORECLR_ENABLE_PROFILING": "1",
        "CORECLR_PROFILER_PATH": "/opt/p.so",
    }
    levels, _, _ = run(files, "App.dll", environment=environment)
    assert (levels["other/O.dll"], levels["app/Two.dll"], levels["opt/p.so"]) == ("used", "used", "used")
    assert run(files, "App.dll", environment={"DOTNET_STARTUP_HOOKS": None})[2] == [
        "the value of DOTNET_STARTUP_HOOKS is not known"
    ]


def test_single_files_and_applications_with_their_runtime():
    """What is bundled is the program itself; a runtime beside it is used."""
    single = HOST | {"app/single": bundle({"S.runtimeconfig.json": (4, config().encode())})}
    levels, _, gaps = run(single, program="app/single", environment={"DOTNET_ROOT": "/d"})
    assert levels["d/shared/F/8.0.11/libcoreclr.so"] == "used"
    assert gaps == []
    own = {
        "app/App": "x",
        "app/App.dll": assembly("App"),
        "app/App.runtimeconfig.json": json.dumps({"runtimeOptions": {"includedFrameworks": [{"name": "F"}]}}),
        "app/libhostfxr.so": "x",
        "app/libcoreclr.so": "x",
    }
    levels, _, gaps = run(own, program="app/App")
    assert levels == dict.fromkeys(set(own) - {"app/App"}, "used")
    assert gaps == []


def test_other_programs():
    """Nothing is known of them here."""
    assert run(HOST | APP, program="app/libnative.so") == ({}, {}, [])


def test_what_is_left_out_is_told(monkeypatch):
    """Assemblies, directories and libraries beyond their bounds, and a configuration that can't be read."""
    files = HOST | APP
    assert run(files, "App.dll")[2] == []
    unread = run(files | {"app/App.runtimeconfig.json": "no"}, "App.dll")[2]
    assert unread == ["its content was not kept, or is not readable"]
    monkeypatch.setattr(dotnet_assemblies, "ASSEMBLIES_LIMIT", 1)
    monkeypatch.setattr(dotnet_assemblies, "FOLDERS_LIMIT", 0)
    monkeypatch.setattr(dotnet_libraries, "LIBRARIES_LIMIT", 0)
    told = run(files, "App.dll")[2]
    assert told == ["more than 0 names"] * 2 + ["more than 1 assemblies", "more than 0 directories"]

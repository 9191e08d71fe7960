"""How .NET's host chooses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dotnet_files import bundle
from roots import root_of
from stellaops_core.analyzers.dotnet_code import ANALYZER, Framework
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.dotnet.host import choose, frameworks_of, read_application, version_key
from stellaops_core.entrytrace.process import Process, Step

HAVE = ["3.1.23", "6.0.1", "6.0.36", "8.0.0-rc.1", "8.0.0", "8.0.11", "8.2.1", "9.0.0-preview.2", "10.1.0"]


@pytest.mark.parametrize(
    ("wanted", "how", "chosen"),
    [
        ("8.0.0", "", "8.0.11"),
        ("8.0.12", "", "8.2.1"),
        ("8.1.0", "Minor", "8.2.1"),
        ("8.0.0", "LatestMinor", "8.2.1"),
        ("8.0.0", "LatestPatch", "8.0.11"),
        ("8.1.0", "LatestPatch", ""),
        ("7.0.0", "Minor", ""),
        ("7.0.0", "Major", "8.0.11"),
        ("6.0.0", "Major", "6.0.36"),
        ("6.0.0", "latestmajor", "10.1.0"),
        ("8.0.0", "Disable", "8.0.0"),
        ("8.0.5", "Disable", ""),
        ("9.0.0-preview.1", "", "9.0.0-preview.2"),
        ("9.0.0", "", ""),
        ("11.0.0", "LatestMajor", ""),
        ("", "LatestMajor", "10.1.0"),
    ],
)
def test_roll_forward(wanted, how, chosen):
    """The lowest minor version that is there, of it the latest patch, as far as the policy goes."""
    assert choose(HAVE, Framework("F", wanted, how)) == chosen
    assert choose(HAVE, Framework("F", wanted, "Disable"), how or "Minor") == chosen


def test_versions_are_ordered():
    """As SemVer says, section 11."""
    order = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"]
    assert sorted(sorted(order), key=version_key) == order


@given(st.text(max_size=20), st.lists(st.text(max_size=12), max_size=5))
def test_any_text_is_a_version(wanted, have):
    """Nothing raises, and only what is there is chosen."""
    for how in ("", "Major", "Disable", "LatestPatch", "no"):
        assert choose(have, Framework("F", wanted, how)) in {"", *have}


def config(name="F", version="8.0.0", **options):
    return json.dumps({"runtimeOptions": {"framework": {"name": name, "version": version}, **options}})


FILES = {
    "d/dotnet": "x",
    "d/host/fxr/8.0.0/libhostfxr.so": "x",
    "d/shared/F/8.0.0/F.deps.json": "{}",
    "d/shared/F/8.0.3/F.deps.json": "{}",
    "d/shared/G/8.0.1/G.runtimeconfig.json": config("F", "8.0.1"),
    "d/sdk/8.0.100/dotnet.dll": "x",
    "d/sdk/8.0.100/dotnet.runtimeconfig.json": config(),
    "app/App.dll": "x",
    "app/App.runtimeconfig.json": config("G"),
    "app/App": "x",
    "app/other.runtimeconfig.json": config("F", "8.0.0"),
}


def read(*arguments, program="d/dotnet", files=FILES, environment=None, more=False):
    root = root_of(files, analyzers=[ANALYZER])
    process = Process(
        program,
        (program, *arguments),
        environment=environment or {},
        directory="app",
        steps=(Step("ENTRYPOINT", 0, ""),),
        more_arguments=more,
    )
    found = read_application(root, process, Bounds("p"))
    return found, [one.folder for one in frameworks_of(root, process, found, Bounds("p"))] if found else []


@pytest.mark.parametrize(
    "words", [["App.dll"], ["exec", "/app/App.dll", "x.dll"], ["--roll-forward", "Major", "App.dll"]]
)
def test_an_assembly(words):
    """Its configuration lies beside it; frameworks bring those that they build on."""
    found, frameworks = read(*words)
    assert (found.path, found.name, found.host, found.gaps) == ("app/App.dll", "App", "d", [])
    assert frameworks == ["d/shared/G/8.0.1", "d/shared/F/8.0.3"]


def test_options_of_the_host():
    """Another configuration, another version."""
    assert read("exec", "--runtimeconfig", "other.runtimeconfig.json", "App.dll")[1] == ["d/shared/F/8.0.3"]
    words = ("exec", "--runtimeconfig", "/app/other.runtimeconfig.json", "--fx-version", "8.0.0", "App.dll")
    assert read(*words)[1] == ["d/shared/F/8.0.0"]


def test_what_is_not_there_is_told():
    """An assembly, a framework, an argument, an SDK."""
    assert read("no.dll")[0].gaps == ["no.dll is not in the image"]
    assert read(None, "App.dll")[0].gaps == ["an argument of dotnet is not known"]
    assert read("--runtimeconfig", "no.json", "App.dll")[0].gaps == ["the configuration no.json is not known"]
    assert read(more=True)[0].gaps == ["further arguments of dotnet are not known"]
    files = FILES | {"app/App.runtimeconfig.json": config("F", "9.0.0")}
    found, frameworks = read("App.dll", files=files)
    assert found.gaps == ["no framework F 9.0.0 is in the image"]
    assert frameworks == ["d/shared/F/8.0.3"], "the newest stands in"
    assert read("App.dll", files=files, environment={"DOTNET_ROLL_FORWARD": "LatestMajor"})[0].gaps
    without = {path: data for path, data in FILES.items() if "/sdk/" not in path}
    assert read("build", files=without)[0].gaps == ["dotnet build: there is no SDK in the image"]


def test_commands_of_the_sdk():
    """The SDK is a program as well, and does what it finds."""
    found, frameworks = read("watch", "run")
    assert (found.path, frameworks) == ("d/sdk/8.0.100/dotnet.dll", ["d/shared/F/8.0.3"])
    assert found.gaps == ["what `dotnet watch` builds and runs is not known"]


def test_hosts_of_their_own():
    """A program beside its assembly finds the installation by DOTNET_ROOT, or at the known places."""
    found, frameworks = read(program="app/App", environment={"DOTNET_ROOT": "/d"})
    assert (found.path, found.host, frameworks) == ("app/App.dll", "d", ["d/shared/G/8.0.1", "d/shared/F/8.0.3"])
    moved = {
        path.replace("d/", "usr/share/dotnet/", 1) if path[:2] == "d/" else path: data for path, data in FILES.items()
    }
    assert read(program="app/App", files=moved)[0].host == "usr/share/dotnet"
    assert read(program="app/App", files=FILES | {"app/libhostfxr.so": "x"})[0].host == ""
    single = FILES | {"app/single": bundle({"S.runtimeconfig.json": (4, config().encode())})}
    found, frameworks = read(program="app/single", files=single, environment={"DOTNET_ROOT": "/d"})
    assert (found.bundled, frameworks) == (True, ["d/shared/F/8.0.3"])


def test_other_programs():
    """Are none of .NET's."""
    assert read(program="app/App.dll")[0] is None
    assert read(program="bin/dotnet")[0] is None


def test_frameworks_in_circles_end():
    """Each is chosen once."""
    files = FILES | {"d/shared/F/8.0.3/F.runtimeconfig.json": config("G")}
    assert read("App.dll", files=files)[1] == ["d/shared/G/8.0.1", "d/shared/F/8.0.3"]

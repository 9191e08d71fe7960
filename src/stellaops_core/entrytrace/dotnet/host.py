"""How .NET's host finds an application, its configuration and its frameworks.

Comes in: a process and the root. Goes out: an `Application`. Rules: versions are chosen as the host chooses them; where
no framework fits, that is said, and the newest of its name stands in for one that may be brought along later.

Source: .NET documentation, "dotnet command", "Select which .NET version to use"; the host's design documents
`framework-version-resolution.md` and `multilevel-sharedfx-lookup.md`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.dotnet_code import DotnetConfig, Framework
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Process
from stellaops_core.entrytrace.root import Root

FRAMEWORK_DEPTH: Final = 8
"""Frameworks that build on one another."""

_VALUED: Final = frozenset({
    "--additional-deps", "--additionalprobingpath", "--depsfile", "--fx-version", "--roll-forward",
    "--roll-forward-on-no-candidate-fx", "--runtimeconfig",
})  # fmt: skip
_ASSEMBLY: Final = (".dll", ".exe")
_ROOTS: Final = ("usr/share/dotnet", "usr/lib/dotnet", "usr/lib64/dotnet", "usr/local/share/dotnet")


class Application(Struct):
    """What a host runs."""

    path: str = ""
    """Its assembly, real path; empty where it isn't in the image or isn't known."""
    folder: str = ""
    """Where the application lies."""
    name: str = ""
    """Of its configuration: `App` of `App.runtimeconfig.json`."""
    host: str = ""
    """Where the host's own installation is, such as `usr/share/dotnet`; empty where the application brings its own."""
    config: DotnetConfig | None = None
    options: dict[str, str] = {}
    """Of the host, given before the application."""
    bundled: bool = False
    """Whether it is a single file."""
    gaps: list[str] = []


class Installed(Struct, frozen=True):
    """A shared framework that was chosen."""

    folder: str
    name: str
    fits: bool = True
    """Whether the host would take it."""


def read_application(root: Root, process: Process, bounds: Bounds) -> Application | None:
    """Return what a process runs; None where its program is no host of .NET."""
    program = process.program
    folder, _, name = program.rpartition("/")
    if name in {"dotnet", "dotnet.exe"} and any(root.is_directory(f"{folder}/{part}") for part in ("host", "shared")):
        return _by_command(root, process, folder, bounds)
    config = root.facts(program, DotnetConfig)
    if config is not None:
        return Application(program, folder, name, _host_of(root, process), config, bundled=True)
    if root.is_file(f"{program}.dll") and root.is_file(f"{program}.runtimeconfig.json"):
        found = Application(f"{program}.dll", folder, name)
        found.config = bounds.kept(root, f"{program}.runtimeconfig.json", DotnetConfig)
        if not root.is_file(f"{folder}/libhostfxr.so"):
            found.host = _host_of(root, process)
        return found
    return None


def _by_command(root: Root, process: Process, folder: str, bounds: Bounds) -> Application:
    """Take the arguments of `dotnet` apart."""
    found = Application(host=folder)
    words = iter(process.arguments[1:])
    for word in words:
        if word is None:
            found.gaps.append("an argument of dotnet is not known")
        elif word in _VALUED:
            found.options[word.lstrip("-")] = next(words, "") or ""
        elif word == "exec" or (word.startswith("-") and word not in {"--info", "--version", "-h", "--help"}):
            continue
        elif word.lower().endswith(_ASSEMBLY):
            _enter(root, process, found, word, bounds)
            return found
        else:
            _enter_sdk(root, found, word)
            return found
    if process.more_arguments:
        found.gaps.append("further arguments of dotnet are not known")
    return found


def _enter(root: Root, process: Process, found: Application, word: str, bounds: Bounds) -> None:
    path = word.lstrip("/") if word.startswith("/") else f"{process.directory}/{word}"
    real = root.real(path)
    if real is None:
        found.gaps.append(f"{word} is not in the image")
        return
    found.path = real
    found.folder, _, name = real.rpartition("/")
    found.name = name.rpartition(".")[0]
    stated = found.options.get("runtimeconfig", "")
    place = (stated.lstrip("/") if stated.startswith("/") else f"{process.directory}/{stated}") if stated else ""
    found.config = bounds.kept(root, place or f"{found.folder}/{found.name}.runtimeconfig.json", DotnetConfig)
    if stated and found.config is None:
        found.gaps.append(f"the configuration {stated} is not known")


def _enter_sdk(root: Root, found: Application, word: str) -> None:
    """A command of the SDK: it builds, tests or runs what lies around."""
    sdks = sorted(root.names(f"{found.host}/sdk"), key=version_key)
    if not sdks:
        found.gaps.append(f"dotnet {word}: there is no SDK in the image")
        return
    found.folder, found.name = f"{found.host}/sdk/{sdks[-1]}", "dotnet"
    found.path = f"{found.folder}/dotnet.dll"
    found.config = root.facts(f"{found.folder}/dotnet.runtimeconfig.json", DotnetConfig)
    found.gaps.append(f"what `dotnet {word}` builds and runs is not known")


def _host_of(root: Root, process: Process) -> str:
    """Return the installation that an application's own host takes; empty where there is none."""
    stated = [process.environment.get(name) or "" for name in ("DOTNET_ROOT_X64", "DOTNET_ROOT")]
    for place in (*(one.strip("/") for one in stated if one), *_ROOTS):
        real = root.real(place)
        if real and root.is_directory(f"{real}/shared"):
            return real
    return ""


def frameworks_of(root: Root, process: Process, application: Application, bounds: Bounds) -> Iterator[Installed]:
    """Yield the frameworks that the host chooses, each once, those that others build on after them."""
    left = [(one, 0) for one in (application.config.frameworks if application.config else ())]
    seen = set()
    while left:
        wanted, depth = left.pop(0)
        if wanted.name in seen or bounds.is_full(depth - 1, FRAMEWORK_DEPTH, "frameworks build on one another"):
            continue
        seen.add(wanted.name)
        folder = f"{application.host}/shared/{wanted.name}"
        forced = application.options.get("fx-version") if not depth else ""
        roll = application.options.get("roll-forward") or process.environment.get("DOTNET_ROLL_FORWARD") or ""
        versions = [name for name in root.names(folder) if root.is_directory(f"{folder}/{name}")]
        chosen = forced if forced in versions else choose(versions, wanted, roll)
        if not chosen:
            application.gaps.append(f"no framework {wanted.name} {wanted.version} is in the image")
        stand_in = chosen or max(versions, key=version_key, default="")
        if stand_in:
            yield Installed(f"{folder}/{stand_in}", wanted.name, bool(chosen))
            below = bounds.kept(root, f"{folder}/{stand_in}/{wanted.name}.runtimeconfig.json", DotnetConfig)
            left += [(one, depth + 1) for one in (below.frameworks if below else ())]


def version_key(text: str) -> tuple[tuple[int, ...], bool, tuple[tuple[int, str], ...]]:
    """Order versions as SemVer 2.0.0, section 11, does."""
    release, dash, rest = text.partition("-")
    numbers = tuple(int(part) if part.isdecimal() and len(part) < 10 else 0 for part in release.split("."))
    parts = tuple((int(part), "") if re.fullmatch(r"\d{1,9}", part) else (1 << 30, part) for part in rest.split("."))
    return numbers, not dash, parts


def choose(versions: Sequence[str], wanted: Framework, roll_forward: str = "") -> str:
    """Return the version that the host takes of those that are there; empty where none fits."""
    how = (roll_forward or wanted.roll_forward or "Minor").lower()
    least = version_key(wanted.version)
    fit = sorted((one for one in versions if version_key(one) >= least), key=version_key)
    released = [one for one in fit if "-" not in one]
    fit = released if released and "-" not in wanted.version else fit
    if how == "disable":
        return wanted.version if wanted.version in versions else ""
    if how in {"latestmajor", "latestminor", "latestpatch", "minor"}:
        same = {"latestmajor": 0, "latestpatch": 2}.get(how, 1)
        fit = [one for one in fit if version_key(one)[0][:same] == least[0][:same]]
    if not fit:
        return ""
    if how in {"major", "minor"}:  # the lowest minor version that there is, and of that the latest patch
        fit = [one for one in fit if version_key(one)[0][:2] == version_key(fit[0])[0][:2]]
    return fit[-1]

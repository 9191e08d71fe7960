"""`*.deps.json`: the packages that a .NET application, plugin or shared framework was put together from.

Comes in: bytes. Goes out: `Dependencies`: its libraries, what they bring of the target that runs, and which others
they need. `ValueError` for what is no such document; single entries that name nothing are counted.

A library that brings no file for the target is not there: its work was done when the application was built. What it
needs is needed by those that need it, so that no edge is lost over it.

Source: .NET documentation, "Runtime configuration files" and the host's design document `sdk/runtime-configuration-
file.md`; how the host lays assets out: "Default probing".
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Struct

from stellaops_core.readers.package_json import integrity_of, read_object

LIBRARY_LIMIT: Final = 20_000
"""Libraries of one document."""
ASSET_LIMIT: Final = 200_000
"""Files of all libraries of one document; a shared framework has some 200."""
STEP_LIMIT: Final = 500_000
"""Steps over libraries that are not there, in all; beyond, edges that lead over them are left out."""

RUNTIME_PACK: Final = "runtimepack."
"""What the SDK puts before the name of the package that a self-contained application has its runtime from."""

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,255}")
_GROUPS: Final = ("runtime", "native", "resources", "runtimeTargets")


class Library(Struct, frozen=True):
    """One library that is there."""

    name: str
    version: str
    kind: str
    """`package`, `runtimepack` or `project`."""
    assemblies: tuple[str, ...] = ()
    """Managed code that it brings, by its path from the document's directory; sorted."""
    others: tuple[str, ...] = ()
    """Its satellite assemblies, native files and what is for other platforms, likewise; at least one slash in each."""
    requires: tuple[str, ...] = ()
    """`name/version` of the libraries that are there and that it needs; sorted."""
    hashes: tuple[tuple[str, str], ...] = ()
    """(CycloneDX algorithm, hex) of the package's archive."""
    path: str = ""
    """Where a package folder has it, in lower case: `newtonsoft.json/13.0.1`."""
    direct: bool = False
    """Whether a project asks for it by name."""

    @property
    def key(self) -> str:
        """`name/version`."""
        return f"{self.name}/{self.version}"


class Dependencies(Struct, frozen=True):
    """What a document says."""

    libraries: tuple[Library, ...]
    """In the document's order."""
    certain: bool
    """Whether the target that runs is described: without, it is not known which libraries bring files."""
    flaws: int
    """Entries that could not be read."""


def read_dependencies(data: bytes) -> Dependencies:
    """Read the document."""
    document = read_object(data)
    stated = document.get("libraries")
    if not isinstance(stated, dict):
        raise ValueError("states no libraries")  # noqa: TRY004  # what is wrong is the file
    if len(stated) > LIBRARY_LIMIT:
        raise ValueError(f"states more than {LIBRARY_LIMIT} libraries")
    target = _target(document)
    entries, flaws = _entries(stated, target or {})
    if sum(len(files) for entry in entries.values() for files in entry.assets) > ASSET_LIMIT:
        raise ValueError(f"lists more than {ASSET_LIMIT} files")
    present = {key for key, entry in entries.items() if target is None or entry.is_present}
    graph = _Graph(entries, present)
    direct = {found for entry in entries.values() if entry.kind == "project" for found in graph.named(entry)}
    return Dependencies(
        tuple(_library(key, entries[key], graph, direct=key in direct) for key in entries if key in present),
        target is not None,
        flaws,
    )


class _Entry(Struct):
    """A library with its part of the target."""

    name: str
    version: str
    kind: str
    stated: dict[str, Any]
    requires: tuple[str, ...]
    assets: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    """By `_GROUPS`."""

    @property
    def is_present(self) -> bool:
        return self.kind == "project" or any(self.assets)


def _target(document: dict[str, Any]) -> dict[str, Any] | None:
    """Return the part of `targets` that the host uses."""
    name, targets = document.get("runtimeTarget"), document.get("targets")
    if isinstance(name, dict):
        name = name.get("name")
    if not isinstance(targets, dict) or not isinstance(name, str):
        return None
    target = targets.get(name)
    return target if isinstance(target, dict) else None


def _entries(stated: dict[str, Any], target: dict[str, Any]) -> tuple[dict[str, _Entry], int]:
    """Return libraries by what `requires` calls them, and how many name nothing."""
    entries, flaws = {}, 0
    for label, library in stated.items():
        kind = library.get("type") if isinstance(library, dict) else None
        if kind not in {"package", "runtimepack", "project"}:
            flaws += not isinstance(kind, str)
            continue
        name, _, version = label.partition("/")
        if kind == "runtimepack":
            name = name.removeprefix(RUNTIME_PACK)
        if kind != "project" and not (_ID.fullmatch(name) and _VERSION.fullmatch(version)):
            flaws += 1
            continue
        part = target.get(label)
        part = part if isinstance(part, dict) else {}
        assets = (_names(part, "runtime"), _names(part, "native"), _names(part, "resources"), _names(part, _GROUPS[3]))
        requires = tuple(_members(part, "dependencies"))
        entries[f"{name}/{version}"] = _Entry(name, version, kind, library, requires, assets)
    return entries, flaws


def _members(part: dict[str, Any], name: str) -> dict[str, Any]:
    value = part.get(name)
    return value if isinstance(value, dict) else {}


def _names(part: dict[str, Any], group: str) -> tuple[str, ...]:
    """Where the host looks for files of a group; `_._` stands for a package that has none on purpose."""
    names = []
    for path, facts in _members(part, group).items():
        facts = facts if isinstance(facts, dict) else {}  # noqa: PLW2901
        file = path.replace("\\", "/").rpartition("/")[2]
        if not file or file == "_._":
            continue
        local, locale = facts.get("localPath"), facts.get("locale")
        if isinstance(local, str) and local:
            names.append(local.replace("\\", "/"))
        elif group == "runtimeTargets":
            names.append(path)
        else:
            names.append(f"{locale}/{file}" if group == "resources" and isinstance(locale, str) else file)
    return tuple(sorted(names))


class _Graph:
    """Who needs whom, over libraries that are not there."""

    def __init__(self, entries: dict[str, _Entry], present: set[str]) -> None:
        self._entries, self._present, self._steps = entries, present, STEP_LIMIT
        self._by_name = {entry.name.lower(): key for key, entry in entries.items()}

    def named(self, entry: _Entry) -> Iterator[str]:
        """Yield what an entry asks for by name, there or not."""
        for name in entry.requires:
            key = self._by_name.get(name.removeprefix(RUNTIME_PACK).lower())
            if key:
                yield key

    def needed(self, entry: _Entry) -> Iterable[str]:
        """Return what is there of what an entry needs, projects left out."""
        found, seen, left = set(), set(), list(self.named(entry))
        while left:
            key = left.pop()
            if key in seen:
                continue
            seen.add(key)
            if key in self._present:
                found.add(key)
            elif self._steps > 0:
                further = list(self.named(self._entries[key]))
                self._steps -= len(further) + 1
                left += further
        return sorted(found)


def _library(key: str, entry: _Entry, graph: _Graph, *, direct: bool) -> Library:
    runtime, native, *others = entry.assets
    path = entry.stated.get("path")
    return Library(
        entry.name,
        entry.version,
        entry.kind,
        assemblies=runtime,
        others=tuple(sorted({f"./{file}" for file in native}.union(*others))),
        requires=tuple(other for other in graph.needed(entry) if other != key),
        hashes=tuple(integrity_of(entry.stated.get("sha512"))),
        path=path.lower() if isinstance(path, str) and len(path) < 512 else "",
        direct=direct,
    )

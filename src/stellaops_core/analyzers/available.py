"""Which analyzers there are: ours, and those that other distributions bring.

Comes in: this table and the entry points of group `stellaops.analyzers`. Goes out: analyzers in a stable order, and who
wants to see which file. Names and versions of ours stand here as well as in their files (a test compares), so that the
key of cached results is made without importing any of them.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, cast

from stellaops_core.errors import UsageError
from stellaops_core.images.tree import KEEP, LOOK

if TYPE_CHECKING:
    from stellaops_core.analyzers.analyzer import Analyzer

BUILTIN: tuple[tuple[str, int], ...] = (
    ("os_release", 1),
    ("dpkg", 1),
    ("apk", 1),
    ("rpm", 1),
    ("alpm", 1),
    ("opkg", 1),
    ("portage", 1),
    ("xbps", 1),
    ("python", 2),
    ("zipapp", 1),
    ("node", 2),
    ("conda", 1),
    ("r", 1),
    ("perl", 1),
    ("lua", 1),
    ("erlang", 1),
    ("haskell", 1),
    ("homebrew", 1),
    ("sbom_documents", 1),
    ("java", 1),
    ("dotnet", 1),
    ("ruby", 1),
    ("php", 1),
    ("wordpress", 1),
    ("golang", 1),
    ("rust", 1),
    ("graalvm", 1),
    ("binaries", 1),
)
"""(name, version); the module beside this file has the same name and an `ANALYZER`."""

GROUP = "stellaops.analyzers"


def analyzer_versions(path: Sequence[str] | None = None) -> tuple[tuple[str, int], ...]:
    """Return (name, version) of all analyzers; imports third parties' only. `path`: as `sys.path`, the default."""
    return (*BUILTIN, *((analyzer.name, analyzer.version) for analyzer in _third_party(path)))


def load_analyzers(path: Sequence[str] | None = None) -> "tuple[Analyzer, ...]":
    """Import all analyzers, in the order of `analyzer_versions`. Raises `UsageError` where two have one name."""
    ours = tuple(cast("Analyzer", import_module(f"stellaops_core.analyzers.{name}").ANALYZER) for name, _ in BUILTIN)
    every = (*ours, *_third_party(path))
    names = [analyzer.name for analyzer in every]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two analyzers are called {name!r}", hint=f"uninstall one of the packages with {GROUP}")
    return every


def _third_party(path: Sequence[str] | None) -> "list[Analyzer]":
    if not _is_mentioned(sys.path if path is None else path):
        return []
    from importlib.metadata import entry_points  # noqa: PLC0415  # 40 ms that most installations need not pay

    from stellaops_core.analyzers.analyzer import Analyzer  # noqa: PLC0415

    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        analyzer = point.load()
        if not isinstance(analyzer, Analyzer):
            raise UsageError(f"{point.value} is not an analyzer", hint="docs/how-to/add-an-ecosystem.md says what is")
        found.append(analyzer)
    return found


def _is_mentioned(path: Iterable[str]) -> bool:
    """Whether any installed distribution names our group: a look into entry_points.txt files, 2 ms for a hundred."""
    needle = f"[{GROUP}]"
    for folder in path:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    with open(f"{folder}/{name}/entry_points.txt", encoding="utf-8") as file:
                        if needle in file.read():
                            return True
                except (OSError, UnicodeDecodeError):
                    continue
    return False


class Interests:
    """Tells for a file which analyzers want it: a few dictionary look-ups for those that nobody wants."""

    def __init__(self, analyzers: Iterable["Analyzer"]) -> None:
        self._names: dict[str, list[Analyzer]] = {}
        self._endings: dict[str, list[Analyzer]] = {}
        self._directories: dict[str, list[Analyzer]] = {}
        self._magic: dict[bytes, list[tuple[bytes, Analyzer]]] = {}  # by the first two bytes
        self._everything: list[Analyzer] = []
        for analyzer in analyzers:
            hints = (
                (self._names, analyzer.names),
                (self._endings, analyzer.endings),
                (self._directories, analyzer.directories),
            )
            for table, keys in hints:
                for key in keys:
                    table.setdefault(key, []).append(analyzer)
            for magic in analyzer.magic:
                self._magic.setdefault(magic[:2], []).append((magic, analyzer))
            if not analyzer.magic and not any(keys for _, keys in hints):
                self._everything.append(analyzer)

    def of(self, path: str, parent: str, name: str, size: int, head: bytes) -> "list[Analyzer]":
        """Return the analyzers that want a file. `parent`, `name`: the parts of `path`; `head`: its first bytes."""
        asked: list[Analyzer] = []
        if (some := self._names.get(name)) is not None:
            asked += some
        if (dot := name.rfind(".")) >= 0 and (some := self._endings.get(name[dot:].lower())) is not None:
            asked += some
        if (some := self._directories.get(parent)) is not None:
            asked += some
        if (programs := self._magic.get(head[:2])) is not None:
            asked += [analyzer for magic, analyzer in programs if head.startswith(magic)]
        if self._everything:
            asked += self._everything
        if not asked:
            return asked
        return [one for at, one in enumerate(asked) if one not in asked[:at] and one.wants(path, size)]

    def ask(self, path: str, parent: str, name: str, size: int, head: bytes) -> int:
        """Return what to do with a file; a `Wants` of `images.tree`."""
        how = 0
        for analyzer in self.of(path, parent, name, size, head):
            how |= LOOK if analyzer.alone else KEEP
        return how

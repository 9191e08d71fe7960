"""Which analyzers there are: ours, and those that other distributions bring.

Comes in: this table and the entry points of group `stellaops.analyzers`. Goes out: analyzers in a stable order, and who
wants to see which file. Names and versions of ours stand here as well as in their files (a test compares), so that the
key of cached results is made without importing any of them.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
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
    ("nix", 1),
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
    ("java", 2),
    ("dotnet", 2),
    ("ruby", 1),
    ("php", 1),
    ("wordpress", 1),
    ("golang", 2),
    ("rust", 1),
    ("graalvm", 1),
    ("binaries", 1),
    ("native", 1),
)
"""(name, version); the module beside this file has the same name and an `ANALYZER`."""

TRACING: tuple[tuple[str, int], ...] = (
    ("texts", 2),
    ("native_code", 2),
    ("golang_code", 1),
    ("loader_files", 1),
    ("python_code", 2),
    ("node_code", 2),
    ("script_code", 2),
    ("java_code", 1),
    ("dotnet_code", 1),
)
"""As `BUILTIN`: those that keep facts of files which only the usage view asks for."""

GROUP = "stellaops.analyzers"


def analyzer_versions(path: Sequence[str] | None = None, *, tracing: bool = False) -> tuple[tuple[str, int], ...]:
    """Return (name, version) of all analyzers; imports third parties' only. `path`: as `sys.path`, the default.

    `tracing`: with those that the usage view needs.
    """
    return (*_ours(tracing=tracing), *((analyzer.name, analyzer.version) for analyzer in _third_party(path)))


def _ours(*, tracing: bool) -> tuple[tuple[str, int], ...]:
    return BUILTIN + TRACING if tracing else BUILTIN


def load_analyzers(path: Sequence[str] | None = None, *, tracing: bool = False) -> "tuple[Analyzer, ...]":
    """Import all analyzers, in the order of `analyzer_versions`. Raises `UsageError` where two have one name."""
    modules = (import_module(f"stellaops_core.analyzers.{name}") for name, _ in _ours(tracing=tracing))
    ours = tuple(cast("Analyzer", module.ANALYZER) for module in modules)
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

    def __init__(self, analyzers: Iterable["Analyzer"], *, once: bool = False) -> None:
        """`once`: there is no second look, so that files which only some analyzers look at twice are wanted at once."""
        self._once = once
        self._last: tuple[str, int, bytes] = ("", -1, b"")
        self._wanted: list[Analyzer] = []
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
        if (path, size, head) != self._last:  # most files are looked at right after they were offered
            self._last, self._wanted = (path, size, head), self._of(path, parent, name, size, head)
        return self._wanted

    def _of(self, path: str, parent: str, name: str, size: int, head: bytes) -> "list[Analyzer]":
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
        return [one for at, one in enumerate(asked) if one not in asked[:at] and self._wants(one, path, size)]

    def _wants(self, analyzer: "Analyzer", path: str, size: int) -> bool:
        return analyzer.wants(path, size) or (self._once and self._looks_twice(analyzer, path, size))

    @staticmethod
    def _looks_twice(analyzer: "Analyzer", path: str, size: int) -> bool:
        twice: Callable[[str, int], bool] | None = getattr(analyzer, "wants_unexplained", None)
        return twice is not None and twice(path, size)

    def of_name(self, path: str) -> "list[Analyzer]":
        """Return the analyzers that want files of this name, whatever they begin with."""
        parent, _, name = path.rpartition("/")
        return self._of(path, parent, name, 1, b"")

    def of_unexplained(self, head: bytes, path: str, size: int) -> "list[Analyzer]":
        """Return the analyzers that look twice at such a file, if nothing explains it."""
        if self._once or (programs := self._magic.get(head[:2])) is None:
            return []
        return [one for magic, one in programs if head.startswith(magic) and self._looks_twice(one, path, size)]

    def ask(self, path: str, parent: str, name: str, size: int, head: bytes) -> int:
        """Return what to do with a file; a `Wants` of `images.tree`."""
        how = 0
        for analyzer in self.of(path, parent, name, size, head):
            how |= LOOK if analyzer.alone else KEEP
        return how

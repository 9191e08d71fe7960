"""From the name of a Python module to its file, as CPython's finders do it.

Comes in: the root and a search path. Goes out: `Module`s. Rules: the first entry of the path that has a module wins; in
one directory a package comes before an extension module, that before a source, that before compiled code; a directory
without `__init__` is a part of a namespace package if no entry has anything better.

Source: Python documentation, "The import system"; CPython, Lib/importlib/_bootstrap_external.py (`FileFinder`,
`PathFinder`); PEP 420; PEP 3149 (names of extension modules).
"""

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.root import Root

DEPTH_LIMIT: Final = 50
"""Dots in the name of a module."""

_TAGGED, _STABLE, _PLAIN, _SOURCE, _COMPILED = 1, 2, 3, 4, 5  # in the order in which they are looked for


class Module(Struct, frozen=True):
    """A module that was found."""

    name: str
    """Dotted."""
    file: str
    """Real path; empty for a namespace package."""
    places: tuple[str, ...] = ()
    """Of a package: where its submodules are; real paths."""
    extension: bool = False

    @property
    def package(self) -> str:
        """What its relative imports start from."""
        return self.name if self.places else self.name.rpartition(".")[0]


class Modules:
    """All modules that one interpreter can find."""

    def __init__(self, root: Root, paths: Sequence[str], version: tuple[int, int], bounds: Bounds) -> None:
        self.paths = list(paths)
        self._root, self._bounds = root, bounds
        self._tagged = re.compile(rf"\.(?:cpython-{version[0]}{version[1]}\w?-[\w-]+|pypy[\w-]+)\.so")
        self._indexes: dict[str, dict[str, tuple[int, str]]] = {}
        self._found: dict[str, Module | None] = {}
        self._mapped: dict[str, str] = {}

    def map(self, name: str, place: str) -> None:
        """Let a module be found at a place of its own."""
        self._mapped.setdefault(name, place)

    def add_path(self, directory: str, *, first: bool = False) -> None:
        """Search a further directory."""
        if directory not in self.paths:
            self.paths.insert(0 if first else len(self.paths), directory)
            self._found.clear()

    def find(self, name: str) -> Module | None:
        """Return a module by its dotted name; its packages are not looked at."""
        if name in self._found:
            return self._found[name]
        if self._bounds.is_full(name.count(".") - 1, DEPTH_LIMIT, "dots in the name of a module"):
            return None
        parent, _, last = name.rpartition(".")
        if not parent:
            module = self._at(name, last, self.paths) or self._at_mapped(name)
        else:
            package = self.find(parent)
            module = self._at(name, last, package.places) if package else None
            if module is None and package and package.places:  # packages that were spread before PEP 420
                below = parent.replace(".", "/")
                module = self._at(name, last, [f"{path}/{below}" for path in self.paths])
        self._found[name] = module
        return module

    def chain(self, name: str) -> list[Module]:
        """Return a module with its packages, outermost first, as far as they are found."""
        found: list[Module] = []
        at = name.find(".")
        while True:
            module = self.find(name if at < 0 else name[:at])
            if module is None:
                return found
            found.append(module)
            if at < 0:
                return found
            at = name.find(".", at + 1)

    def starting(self, prefix: str) -> list[str]:
        """Return the names of modules on the search path that begin so, sorted."""
        names = {name for path in self.paths for name in self._index(path) if name.startswith(prefix)}
        return sorted(name for name in names if not name.endswith("/"))

    def below(self, module: Module) -> list[str]:
        """Return the names of a package's direct submodules, sorted."""
        names = {
            name
            for place in module.places
            for name, (rank, _) in self._index(place).items()
            if not name.endswith("/") and (rank or self._index(f"{place}/{name}"))
        }
        return [f"{module.name}.{name}" for name in sorted(names - {"__init__", "__main__", "__pycache__"})]

    def _at_mapped(self, name: str) -> Module | None:
        place = self._mapped.get(name)
        if place is None:
            return None
        directory, _, last = place.rpartition("/")
        return self._at(name, last.partition(".")[0], [directory])

    def _at(self, name: str, last: str, places: Sequence[str]) -> Module | None:
        portions = []
        for place in places:
            index = self._index(place)
            found = index.get(last)
            if found is None:
                continue
            rank, file = found
            if rank != _SOURCE or f"{last}/" in index:
                directory = f"{place}/{last}"
                inner = self._index(directory) if f"{last}/" in index else {}
                if (start := inner.get("__init__")) and start[0]:
                    real = self._root.real(directory) or directory
                    return Module(name, self._real(f"{directory}/{start[1]}"), (real,), start[0] < _SOURCE)
                if not rank:
                    portions.append(self._root.real(directory) or directory)
                    continue
            return Module(name, self._real(f"{place}/{file}"), (), rank < _SOURCE)
        return Module(name, "", tuple(portions)) if portions else None

    def _real(self, path: str) -> str:
        return self._root.real(path) or path

    def _index(self, directory: str) -> dict[str, tuple[int, str]]:
        """Module name to (rank, file name); rank 0: a directory alone. `name/` is there where `name` may be one."""
        index = self._indexes.get(directory)
        if index is None:
            index = {}
            for name in self._root.names(directory):
                stem, dot, _ = name.partition(".")
                rank = self._rank(name[len(stem) :]) if dot else 0
                if rank is None or not stem:
                    continue
                if not rank:
                    if name == "__pycache__" or not self._root.is_directory(f"{directory}/{name}"):
                        continue
                    index[f"{name}/"] = (0, name)
                if stem not in index or (rank and not 0 < index[stem][0] <= rank):
                    index[stem] = (rank, name)
            self._indexes[directory] = index
        return index

    def _rank(self, suffix: str) -> int | None:
        known = _SUFFIXES.get(suffix)
        return _TAGGED if known is None and self._tagged.fullmatch(suffix) else known


_SUFFIXES: Final = {".py": _SOURCE, ".pyc": _COMPILED, ".so": _PLAIN, ".abi3.so": _STABLE}

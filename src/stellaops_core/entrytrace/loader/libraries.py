"""The libraries of one process: found, loaded once each, and what they need.

Comes in: the root, a process, what its program says. Goes out: edges. Rules: a library that is loaded already is taken
again by the name that it was asked for, or its DT_SONAME (musl: by file alone), so the order counts; and since the
order is not known of what was loaded after the program had started, such a name is searched for once more.

Source: glibc, elf/dl-load.c (`_dl_map_object`), elf/dl-deps.c; musl, ldso/dynlink.c (`load_library`); System V ABI,
chapter 5 "Shared Object Dependencies".
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.native import Native
from stellaops_core.entrytrace.loader.paths import DIRECTORY_LIMIT, Candidate, Search
from stellaops_core.entrytrace.process import Edge, Level, Process, Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.readers.elf import NEEDED_LIMIT, NEEDED_TEXT_LIMIT, TEXT_LIMIT
from stellaops_core.readers.program_texts import NAMES_LIMIT

NATIVE: Final = "native"
"""Scope of what only native libraries can come of."""
LIBRARY_LIMIT: Final = 10_000
"""Libraries of one process."""

_BUILT_IN: Final = re.compile(r"lib(?:c|pthread|rt|m|dl|util|xnet)\.")
"""What musl's linker is itself."""


class Loaded(Struct, frozen=True, eq=False):
    """A program or library in the process."""

    path: str
    """Real."""
    origin: str
    """The directory in which the linker found it: what `$ORIGIN` stands for."""
    native: Native
    by: "Loaded | None"
    """What had it loaded first; None of the program."""


class Libraries:
    """What is loaded in one process."""

    def __init__(self, root: Root, process: Process, program: Native) -> None:
        self._root = root
        self.search = search = Search(root, process, program)
        self.loaded: dict[str, Loaded] = {}
        """By real path, in the order in which they were loaded."""
        self._names: dict[str, str] = {}  # to real paths
        self._early: frozenset[str] | None = None
        self._new: deque[Loaded] = deque()
        self._missed: list[tuple[Loaded, str]] = []
        self._inherits: dict[str, tuple[str, ...]] = {}
        self.program = self._enter(Candidate(process.program, process.program), program, None)
        linker = search.native(search.interpreter) if search.interpreter else None
        self.interpreter = search.interpreter if linker else ""
        """Real path of the dynamic linker; empty where the image has none for the program."""
        if linker:
            self._enter(Candidate(search.interpreter, search.interpreter), linker, self.program)
            self._names[program.interpreter] = search.interpreter
        paths = process.environment.get("LD_LIBRARY_PATH") or ""
        self._environment = search.directories(paths, self.program.origin, ":\n" if search.is_musl else ":;")

    def started(self) -> None:
        """Say that all that comes now is loaded by the program itself, in an order that is not known."""
        self._early = frozenset(self.loaded)

    def open(self, path: str) -> bool:
        """Load a library by its real path; False where that is done already, or it is no library for the program."""
        native = None if path in self.loaded else self.search.native(path)
        if native is None or self._is_full():
            return False
        self._enter(Candidate(path, path), native, self.program)
        return True

    def _is_full(self) -> bool:
        return self.search.bounds.is_full(len(self.loaded), LIBRARY_LIMIT, "libraries")

    def needs(self) -> Iterator[Edge | Undetermined]:
        """Load what the libraries need that were loaded last, breadth first."""
        while self._new and self.search.left > 0:
            one = self._new.popleft()
            self._tell_cut(one)
            for name in one.native.needed:
                edges = list(self.take(one, name, f"DT_NEEDED {name}"))
                yield from edges
                if not edges and self._early is None:
                    yield _missing(one, name)
                elif not edges:
                    self._missed.append((one, name))

    def _tell_cut(self, one: Loaded) -> None:
        """Tell where a file may name more libraries than were read of it."""
        native, bounds = one.native, self.search.bounds
        long = sum(map(len, native.needed)) + TEXT_LIMIT >= NEEDED_TEXT_LIMIT
        if long or len(native.needed) >= NEEDED_LIMIT or len(native.dlopens) >= NAMES_LIMIT:
            bounds.note("it may name more libraries than are read of one file", one.path)

    def missed(self) -> Iterator[Edge | Undetermined]:
        """Tell what was not found of what was loaded later: by now something of that name may be there."""
        for one, name in self._missed:
            known = self._names.get(name)
            yield Edge(one.path, known, f"DT_NEEDED {name}") if known else _missing(one, name)
        self.forget()

    def forget(self) -> None:
        """Miss nothing of what was loaded last: it is not loaded where its needs are not found."""
        self._missed.clear()

    def take(self, by: Loaded, name: str, how: str, level: Level = "used") -> Iterator[Edge]:
        """Yield an edge for each file that may be loaded by a name: one, unless that depends on what is not known."""
        if self.search.is_musl and _BUILT_IN.match(name):
            yield Edge(by.path, self.interpreter, how, level=level)
            return
        if known := self._names.get(name):
            yield Edge(by.path, known, how, level=level)
            if self._early is None or known in self._early:
                return
        for found in self._find(by, name):
            native = None if found.real == known else self.search.native(found.real)
            if native is None or (found.real not in self.loaded and self._is_full()):
                continue
            named = not found.condition and not known
            if found.real not in self.loaded:
                self._enter(found, native, by, named=named)
            if named:
                self._names[name] = found.real
            condition = found.condition or ("nothing of that name is loaded" if known else "")
            more = f", if {condition}" if condition else ""
            yield Edge(by.path, found.real, how + more, level="maybe" if condition else level)

    def take_file(self, by: Loaded, real: str, how: str) -> Iterator[Edge]:
        """Yield the edge to a library that may be loaded by its path."""
        self.open(real)
        if real in self.loaded and real != by.path:
            yield Edge(by.path, real, how, level="maybe")

    def _enter(self, found: Candidate, native: Native, by: Loaded | None, *, named: bool = True) -> Loaded:
        origin = self._root.real(found.path.rpartition("/")[0]) or ""
        loaded = self.loaded[found.real] = Loaded(found.real, origin, native, by)
        if native.soname and named and by and not self.search.is_musl:
            self._names.setdefault(native.soname, found.real)
        self._new.append(loaded)
        return loaded

    # -- the search ----------------------------------------------------------------------------------------------------

    def _find(self, by: Loaded, name: str) -> list[Candidate]:
        """Search in the linker's order; variants for some processors count, and the first file for all ends it."""
        name = self.search.expand(name, by.origin)
        if "/" in name:
            return self.search.at(name)
        found: list[Candidate] = []
        for step in self._musl_steps(by, name) if self.search.is_musl else self._glibc_steps(by, name):
            found += step
            if found and not found[-1].condition:
                break
        return found

    def _glibc_steps(self, by: Loaded, name: str) -> Iterator[list[Candidate]]:
        search = self.search
        yield search.inside(self._inherited(by), name)
        yield search.inside(self._environment, name)
        yield search.inside(search.directories(by.native.runpath, by.origin), name)
        yield search.cached(name)
        yield search.inside(search.defaults, name)
        yield search.after_ldconfig(name)

    def _musl_steps(self, by: Loaded, name: str) -> Iterator[list[Candidate]]:
        search = self.search
        yield search.inside(self._environment, name)
        at: Loaded | None = by
        while at and search.left > 0:
            yield search.inside(search.directories(at.native.runpath or at.native.rpath, at.origin), name)
            at = at.by
        yield search.inside(search.defaults, name)

    def _inherited(self, by: Loaded) -> tuple[str, ...]:
        """Directories by DT_RPATH of a library, of those that had it loaded, and of the program."""
        if by.native.runpath:
            return ()
        if by.path not in self._inherits:
            found: dict[str, None] = {}
            at: Loaded | None = by
            while at and len(found) <= DIRECTORY_LIMIT:
                if at.path in self._inherits and not at.native.runpath:
                    found.update(dict.fromkeys(self._inherits[at.path]))
                    break
                if at.native.rpath and not at.native.runpath:
                    found.update(dict.fromkeys(self.search.directories(at.native.rpath, at.origin)))
                at = at.by
            self._inherits[by.path] = tuple(self.search.first(tuple(found)))
        return self._inherits[by.path]


def _missing(one: Loaded, name: str) -> Undetermined:
    return Undetermined(one.path, 0, f"it needs {name}, which was not found", NATIVE)

"""What the dynamic linker loads for a process, as glibc and musl do it.

Comes in: the root and a process; then the files that the process loads, as they become known. Goes out: edges to the
interpreter and the libraries, breadth first. Rules: every need is an edge, even of a library that is there already;
`maybe` is what depends on the processor, and what a loaded library may load by itself (`loader.plugins`). A needed
library that is nowhere is `Undetermined` of scope `NATIVE`: the program doesn't start, or a volume holds the library.

Not known from outside, and left out: programs that run with more rights than their user has (LD_LIBRARY_PATH is
ignored then), filters and auditors that a library itself asks for, what a static program loads.

Source: ld.so(8); glibc, elf/rtld.c; musl, ldso/dynlink.c (`load_preload`).
"""

import re
from collections.abc import Iterator
from typing import Final

from stellaops_core.analyzers.native import Native
from stellaops_core.entrytrace.loader.libraries import NATIVE, Libraries, Loaded
from stellaops_core.entrytrace.loader.paths import LOOK_LIMIT
from stellaops_core.entrytrace.loader.plugins import plugins_of
from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.entrytrace.root import Root

_BETWEEN: Final = re.compile(r"[:\s]+")


class NativeLoader:
    """The dynamic linker of one process; keeps what it has loaded."""

    def __init__(self, root: Root, process: Process) -> None:
        self._root, self._process = root, process
        self._libraries: Libraries | None = None
        self._finished = 0

    @property
    def loaded(self) -> tuple[str, ...]:
        """The real paths of the program and all libraries so far, in the order in which they were loaded."""
        return tuple(self._libraries.loaded) if self._libraries else ()

    def load(self, path: str) -> Iterator[Edge | Undetermined]:
        """Load what a file needs: the program, which comes first, or later a library that something else has loaded.

        `path` is a real one. Yields nothing for files that are no programs of the process's sort.
        """
        if self._libraries:
            if self._libraries.open(path):
                yield from self._libraries.needs()
        elif path == self._process.program:
            native = self._root.facts(path, Native)
            if native and native.format == "elf" and native.interpreter:
                yield from self._start(path, native)

    def finish(self) -> Iterator[Edge | Undetermined]:
        """Load what all that is loaded may load by itself, and say what was not found; may be called again later.

        A library that is loaded this way and whose needs are nowhere is not loaded, and the program goes on.
        """
        if (libraries := self._libraries) is None:
            return
        yield from libraries.missed()
        while self._finished < len(libraries.loaded) and libraries.search.left > 0:
            for one in list(libraries.loaded.values())[self._finished :]:
                self._finished += 1
                for edge in self._by_itself(libraries, one):
                    yield edge
                    yield from libraries.needs()
        libraries.forget()
        if libraries.search.left <= 0:
            reason = f"its libraries are in more than the {LOOK_LIMIT:,} places that are looked at"
            libraries.search.bounds.note(reason)
        yield from libraries.search.bounds.gaps

    def _start(self, path: str, native: Native) -> Iterator[Edge | Undetermined]:
        libraries = Libraries(self._root, self._process, native)
        if not libraries.interpreter:
            yield Undetermined(path, 0, f"its interpreter {native.interpreter} is not in the image", NATIVE)
            return
        self._libraries = libraries
        yield Edge(path, libraries.interpreter, f"PT_INTERP {native.interpreter}")
        yield from self._preload(libraries)
        yield from libraries.needs()
        libraries.started()

    def _preload(self, libraries: Libraries) -> Iterator[Edge | Undetermined]:
        """What can't be preloaded is passed over with a warning."""
        variables, program = self._process.environment, self._process.program
        for variable in ("LD_LIBRARY_PATH", "LD_PRELOAD", "LD_AUDIT"):
            if variables.get(variable, "") is None:
                yield Undetermined(program, 0, f"the value of {variable} is not known", NATIVE)
        for variable in ("LD_AUDIT", "LD_PRELOAD"):
            for name in _BETWEEN.split(variables.get(variable) or ""):
                yield from libraries.take(libraries.program, name, f"{variable} {name}") if name else ()
        for name in libraries.search.preloaded():
            yield from libraries.take(libraries.program, name, f"/etc/ld.so.preload {name}")

    def _by_itself(self, libraries: Libraries, one: Loaded) -> Iterator[Edge]:
        """Look for names among a library's texts, beside the library as well; and for what is known of it."""
        for name in one.native.dlopens:
            edges = list(libraries.take(one, name, f"dlopen {name}", "maybe"))
            if not edges and "/" not in name and (real := self._root.real(f"{one.origin}/{name}")):
                edges = list(libraries.take_file(one, real, f"dlopen {name}"))
            yield from edges
        bounds, soname = libraries.search.bounds, one.native.soname
        for where, how in plugins_of(self._root, one.path, soname, bounds) if soname else ():
            yield from (
                libraries.take_file(one, where, how) if "/" in where else libraries.take(one, where, how, "maybe")
            )


def load_native(root: Root, process: Process) -> Iterator[Edge | Undetermined]:
    """Yield what the dynamic linker loads for a program, and what its libraries may load by themselves."""
    loader = NativeLoader(root, process)
    yield from loader.load(process.program)
    yield from loader.finish()

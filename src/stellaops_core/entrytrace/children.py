"""Programs that running code starts by itself, such as through Python's `subprocess`.

Comes in: a process, and the files that it loads. Goes out: edges to the programs that those files name, to their
interpreters, and to what those load when they start: native libraries, and a language's own files. Rules: a program is
looked for along the process's PATH, and one that is not there is none; all of it is `maybe`, for nobody knows whether
the call is reached; what it loads for its arguments is not followed, for those aren't known.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from stellaops_core.analyzers.starts import Starts, starts_of
from stellaops_core.analyzers.texts import Text
from stellaops_core.entrytrace.bounds import Bounds, more_than
from stellaops_core.entrytrace.calls import DEFAULT_PATH
from stellaops_core.entrytrace.loader.loader import NativeLoader
from stellaops_core.entrytrace.process import Edge, Follow, Process, Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.shell.files import SHEBANG, find_program
from stellaops_core.readers.starts import START_LIMIT, read_node_starts, read_python_starts

CHILD_LIMIT = 500
"""Programs that the code of one process starts."""
SHEBANG_LIMIT = 4
"""Scripts that are each other's interpreters."""


class Children:
    """The programs that one process starts."""

    def __init__(self, root: Root, process: Process, languages: Callable[[str], Iterable[Follow]]) -> None:
        """`languages`: what follows a program, by its path."""
        self._root, self._process, self._languages = root, process, languages
        self._path = process.environment.get("PATH") or DEFAULT_PATH
        self._bounds = Bounds(process.program)
        self._asked: set[str] = set()
        self._found: dict[str, str | None] = {}
        self._loaded: set[str] = set()

    def started_by(self, source: str) -> Iterator[Edge | Undetermined]:
        """Yield what a loaded file starts, with what that needs; nothing when asked once more."""
        if source in self._asked:
            return
        self._asked.add(source)
        starts = self._starts(source)
        if starts is None:
            return
        if starts.cut:
            yield Undetermined(source, 0, more_than(START_LIMIT, "places that start programs"))
        for name, line in starts.programs:
            real = self._find(name)
            if real and real != self._process.program:
                yield Edge(source, real, f"starts {name}", line, "maybe")
                yield from self._loads(real)

    def finish(self) -> Iterator[Undetermined]:
        """Tell which bounds were met."""
        yield from self._bounds.gaps

    def _starts(self, source: str) -> Starts | None:
        starts = self._root.facts(source, Starts)
        text = self._root.facts(source, Text) if starts is None and "." not in source.rpartition("/")[2] else None
        if text and text.content.startswith(b"#!"):
            first = text.content.partition(b"\n")[0]
            python = read_python_starts(text.content, "subprocess") if b"python" in first else []
            return starts_of(python or (read_node_starts(text.content, {"which"}) if b"node" in first else []))
        return starts

    def _find(self, name: str) -> str | None:
        if name not in self._found:
            path = find_program(self._root, name, self._path, "/" + self._process.directory)
            self._found[name] = self._root.real(path) if path else None
        return self._found[name]

    def _loads(self, program: str, depth: int = 0) -> Iterator[Edge | Undetermined]:
        """Yield the interpreters of a script, as many as the kernel follows; and the libraries of a program."""
        if program in self._loaded or depth > SHEBANG_LIMIT:
            return
        if self._bounds.is_full(len(self._loaded), CHILD_LIMIT, "programs that it starts"):
            return
        self._loaded.add(program)
        text = self._root.facts(program, Text)
        shebang = SHEBANG.match(text.content.decode("utf-8", "replace")) if text else None
        if shebang is None:
            yield from self._native(program)
            return
        interpreter, options = shebang[1], shebang[2] or ""
        asked = options.split()[-1:] if interpreter.endswith("/env") else []
        for real in (self._root.real(interpreter), *map(self._find, asked)):
            if real:
                yield Edge(program, real, f"#!{interpreter} {options}".rstrip()[:120], 1)
                yield from self._loads(real, depth + 1)

    def _native(self, program: str) -> Iterator[Edge | Undetermined]:
        """Yield a program's libraries, and what its language loads whatever it is told to run."""
        child = replace(self._process, program=program, script="", arguments=("/" + program,), more_arguments=False)
        loader = NativeLoader(self._root, child)
        yield from _told(loader.load(program))
        for follow in self._languages(program):
            for item in follow(self._root, child):
                if isinstance(item, Edge):  # what it does with its arguments is not asked
                    yield item
                    yield from _told(loader.load(item.target))
        yield from _told(loader.finish())


def _told(items: Iterator[Edge | Undetermined]) -> Iterator[Edge | Undetermined]:
    """Pass over what a program lacks, for it may never run; keep what was not looked at."""
    return (one for one in items if isinstance(one, Edge) or not one.scope)

"""From the programs that run to all files that they load, and how each was reached.

Comes in: `Process` records and the root. Goes out: a `Closure`. Rules: a file is as much in use as the surest way to
it; of equally sure ways the first and shortest is kept; each language knows its own files, and native libraries are
loaded in the process that asks for them.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import cast

from msgspec import Struct

from stellaops_core.component import Step
from stellaops_core.entrytrace.process import Edge, Follow, Level, Process, Undetermined
from stellaops_core.entrytrace.root import Root

EDGE_LIMIT = 2_000_000
"""Loads that are followed for one image; what lies beyond is undetermined."""

LANGUAGES: tuple[tuple[str, str, str], ...] = (
    (r"(python|pypy)[0-9.]*t?d?", "python.imports", "follow_python"),
    (r"node(js)?", "node.modules", "follow_node"),
    (r"ruby[0-9.]*", "scripts.ruby", "follow_ruby"),
    (r"perl[0-9.]*", "scripts.perl", "follow_perl"),
    (r"php[0-9.]*|php-fpm[0-9.]*|php-cgi[0-9.]*", "scripts.php", "follow_php"),
    (r"java|jsvc|jshell|jwebserver", "java.classes", "follow_java"),
    (r"nginx|openresty|apache2|httpd|php-fpm[0-9.]*|php[0-9.]*", "servers", "follow_server"),
    (r".*", "dotnet.assemblies", "follow_dotnet"),  # any program may be the host of an application
)
"""(the program's name, as a pattern; module in `entrytrace`; its function)."""

UNFOLLOWED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"R|Rscript|Rterm", ("cran",)),
    (r"lua(jit)?[0-9.-]*|resty", ("luarocks",)),
    (r"erl|erlexec|beam(\.smp)?|escript|elixir|iex", ("otp", "hex")),
    (r"bun|deno", ("npm",)),
    (r"mono(-sgen)?", ("nuget",)),
    (r"dart|dartaotruntime", ("pub",)),
    (r"jruby|truffleruby", ("gem",)),
    (r"hhvm|frankenphp", ("composer",)),
)
"""(the program's name, as a pattern; types of packages that it may load, of which nobody here knows which)."""


class Reached(Struct, frozen=True):
    """A file that is loaded, and how."""

    level: Level
    process: int
    """Index of the process that loads it."""
    edge: Edge | None
    """The load; None for a process's program and its script."""
    before: "Reached | None" = None
    """How the edge's source was reached."""


class Closure(Struct, frozen=True):
    """Everything that is reached."""

    reached: dict[str, Reached]
    """By real path."""
    undetermined: tuple[Undetermined, ...]
    """Sorted, each once."""


def close(root: Root, processes: Iterable[Process], sourced: Iterable[Edge] = ()) -> Closure:
    """Follow everything that the processes load. `sourced`: files that scripts read into themselves."""
    reached: dict[str, Reached] = {}
    gaps: set[Undetermined] = set()
    left = EDGE_LIMIT
    for number, process in enumerate(processes):
        edges = [*sourced]
        for item in _loads(root, process):
            left -= 1
            if left < 0:
                gaps.add(Undetermined(process.program, 0, f"it loads more than {EDGE_LIMIT:,} files"))
                break
            if isinstance(item, Edge):
                edges.append(item)
            else:
                gaps.add(item)
        _reach(reached, number, process, edges)
    return Closure(reached, tuple(sorted(gaps)))


def _reach(reached: dict[str, Reached], number: int, process: Process, edges: Iterable[Edge]) -> None:
    """Walk a process's edges from its program: over sure ones first, then over all."""
    after: dict[str, list[Edge]] = {}
    for edge in edges:
        after.setdefault(edge.source, []).append(edge)
    starts = list(dict.fromkeys(path for path in (process.program, process.script) if path))
    levels: tuple[Level, ...] = ("used", "maybe") if process.level == "used" else ("maybe",)
    mine: dict[str, Reached] = {}
    for level in levels:
        todo = deque(starts if level == levels[0] else list(mine))
        for path in starts:
            mine.setdefault(path, Reached(level, number, None))
        while todo:
            source = todo.popleft()
            for edge in after.get(source, ()):
                if edge.target not in mine and (level == "maybe" or edge.level == "used"):
                    mine[edge.target] = Reached(level, number, edge, mine[source])
                    todo.append(edge.target)
    for path, how in mine.items():
        if path not in reached or (reached[path].level == "maybe" and how.level == "used"):
            reached[path] = how


def _loads(root: Root, process: Process) -> Iterator[Edge | Undetermined]:
    """Yield what one process loads: native libraries of its program, its language's files, and their libraries."""
    if not process.program:
        return
    from stellaops_core.entrytrace.children import Children  # noqa: PLC0415  # a known image needs none
    from stellaops_core.entrytrace.loader.loader import NativeLoader  # noqa: PLC0415

    loader, children = NativeLoader(root, process), Children(root, process, _languages)
    yield from loader.load(process.program)
    yield from children.started_by(process.script) if process.script else ()
    for follow in _languages(process.program):
        for item in follow(root, process):
            yield item
            if isinstance(item, Edge):
                yield from loader.load(item.target)
                yield from children.started_by(item.target)
    yield from loader.finish()
    yield from children.finish()
    name = process.program.rpartition("/")[2]
    for pattern, scopes in UNFOLLOWED:
        if re.fullmatch(pattern, name):
            yield from (Undetermined(process.program, 0, f"what {name} loads is not followed", one) for one in scopes)


def _languages(program: str) -> Iterator[Follow]:
    """Yield what follows a program."""
    name = program.rpartition("/")[2]
    for pattern, module, function in LANGUAGES:
        if re.fullmatch(pattern, name):
            yield cast("Follow", getattr(import_module(f"stellaops_core.entrytrace.{module}"), function))


def chain_of(processes: tuple[Process, ...], how: Reached) -> tuple[Step, ...]:
    """Tell, step by step, how a file is reached: from the image's configuration to the load."""
    steps: list[Step] = []
    at: Reached | None = how
    while at and at.edge:
        steps.append(Step(at.edge.source, at.edge.line, at.edge.how))
        at = at.before
    return (*processes[how.process].steps, *reversed(steps))

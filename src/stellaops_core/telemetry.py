"""Where the time goes: spans of work, named as a trace names them.

Comes in: clocks, and stretches of work between `with` and its end. Goes out: a tree of `Span`s, those of forked workers
included. Rules: nothing here reads a clock of its own, and nothing that is measured changes by it; stretches of the
same work at the same place are one span with a count, so that a tree stays small however many files a layer has.

Whoever takes a `Spans | None` measures with `measured`, which does nothing for None.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import ParamSpec, TypeVar

import msgspec
from msgspec import Struct

_P = ParamSpec("_P")
_R = TypeVar("_R")
_NOTHING = nullcontext()


class Span(Struct, omit_defaults=True):
    """Some work, however often it was done; times in seconds."""

    name: str = ""
    of: str = ""
    """What it was about: the number of a layer, the name of an analyzer or of a format."""
    start: float = 0.0
    """When it first began, by the clock."""
    wall: float = 0.0
    cpu: float = 0.0
    """Processor time of the thread that did it."""
    count: int = 0
    bytes: int = 0
    """How much passed through, where bytes did."""
    beside: bool = False
    """Another thread or process did it while the one above went on."""
    spans: dict[str, "Span"] = {}
    """The parts, by name and `of`."""

    def alone(self) -> tuple[float, float]:
        """Return wall and processor time without the parts."""
        parts = [part for part in self.spans.values() if not part.beside]
        return self.wall - sum(part.wall for part in parts), self.cpu - sum(part.cpu for part in parts)


class Process(Struct):
    """What one process took from its start to its end."""

    cpu: float
    """Seconds of all its threads."""
    memory: int
    """Most bytes resident at once, pages shared with other processes included."""
    spans: dict[str, Span] = {}


class Spans:
    """Records spans of one thread, and of threads and processes that it starts.

    `wall` and `cpu` are clocks in seconds, the second one of the calling thread; `usage` gives the whole process's
    processor time and its largest resident size in bytes.
    """

    def __init__(
        self, wall: Callable[[], float], cpu: Callable[[], float], usage: Callable[[], tuple[float, int]]
    ) -> None:
        self.wall, self.cpu, self._usage = wall, cpu, usage
        self.root = Span(start=wall())
        self.workers: list[Process] = []
        """Forked processes that have ended."""
        self.at = [self.root]
        """From the root to the span that is open."""

    def span(self, name: str, of: str = "") -> "Stretch":
        """Measure what is done inside a `with`."""
        return Stretch(self, name, of)

    def around(self, name: str, function: Callable[_P, _R]) -> Callable[_P, _R]:
        """Return the function, measured."""

        def measuring(*given: _P.args, **named: _P.kwargs) -> _R:
            with Stretch(self, name, ""):
                return function(*given, **named)

        return measuring

    def over(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces; measure what it takes to come by each, and their bytes."""
        source = iter(pieces)
        while True:
            with Stretch(self, name, "") as span:
                if (piece := next(source, None)) is None:
                    return
                span.bytes += len(piece)
            yield piece

    def beside(self, name: str, use: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces in another thread: measure as `name` what it takes to come by them, as `use` what the
        thread does between them. Both belong to the span that is open now.
        """  # noqa: D205
        parent = self.at[-1]
        return self._beside(self._part(parent, name, ""), self._part(parent, use, ""), pieces)

    def _beside(self, coming: Span, using: Span, pieces: Iterable[bytes]) -> Iterator[bytes]:
        coming.beside = using.beside = True
        source, wall, cpu = iter(pieces), self.wall(), self.cpu()

        def add(span: Span) -> None:
            nonlocal wall, cpu
            was, used = wall, cpu
            wall, cpu = self.wall(), self.cpu()
            span.wall += wall - was
            span.cpu += cpu - used
            span.count += 1

        while (piece := next(source, None)) is not None:
            add(coming)
            coming.bytes += len(piece)
            yield piece
            add(using)
        add(coming)

    def fork(self) -> None:
        """Start anew in a forked process; what the parent has measured is the parent's."""
        self.root, self.workers = Span(start=self.wall()), []
        self.at = [self.root]

    def message(self) -> bytes:
        """Say for `adopt` what this process measured since `fork`."""
        cpu, memory = self._usage()
        return msgspec.msgpack.encode(Process(cpu, memory, self.root.spans))

    def adopt(self, message: bytes) -> None:
        """Take over what a forked process measured, below the span that is open."""
        worker = msgspec.msgpack.decode(message, type=Process)
        for key, span in worker.spans.items():
            span.beside = True
            self.at[-1].spans[key] = span
        self.workers.append(Process(worker.cpu, worker.memory))

    def finish(self) -> Process:
        """Close the root; return what this process took."""
        self.root.wall = self.wall() - self.root.start
        self.root.count = 1
        cpu, memory = self._usage()
        return Process(cpu, memory, self.root.spans)

    def _part(self, parent: Span, name: str, of: str) -> Span:
        key = f"{name} {of}" if of else name
        span = parent.spans.get(key)
        if span is None:
            span = parent.spans[key] = Span(name, of, self.wall())
        return span

    def open(self, name: str, of: str) -> Span:
        """Enter a part of the open span."""
        span = self._part(self.at[-1], name, of)
        self.at.append(span)
        return span


class Stretch:
    """One stretch of work, for `with`."""

    __slots__ = ("_cpu", "_depth", "_name", "_of", "_span", "_spans", "_wall")

    def __init__(self, spans: Spans, name: str, of: str) -> None:
        self._spans, self._name, self._of = spans, name, of

    def __enter__(self) -> Span:
        spans = self._spans
        self._depth = len(spans.at)
        self._span = spans.open(self._name, self._of)
        self._cpu, self._wall = spans.cpu(), spans.wall()
        return self._span

    def __exit__(self, *_: object) -> None:
        span, spans = self._span, self._spans
        span.wall += spans.wall() - self._wall
        span.cpu += spans.cpu() - self._cpu
        span.count += 1
        del spans.at[self._depth :]  # parts that an error left open end as well


def measured(spans: Spans | None, name: str, of: str = "") -> AbstractContextManager[Span | None]:
    """Measure what is done inside a `with`, if anybody wants to know."""
    return _NOTHING if spans is None else Stretch(spans, name, of)

"""Where the time of a scan went, for `stella scan --profile`.

Comes in: recorded `Spans` and what the scan read. Goes out: a table for standard error, in the order of the work, and
the spans as JSON. Rule: times stand beside the report, never in it. Each row is the time of a stage without that of the
rows below it that it consists of, so that the processor column adds up to what all processes took.
"""

import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from stellaops_cli.console import say
from stellaops_core.errors import OutputError
from stellaops_core.sbom.summary import Run
from stellaops_core.telemetry import Process, Span, Spans

STAGES = {
    "start": "start of Python, imports",
    "target.open": "open the image",
    "cache.read": "read the cache",
    "analyzers.load": "load the analyzers",
    "layers": "wait for the workers",
    "blob.read": "read layers",
    "blob.inflate": "inflate",
    "blob.verify": "wait for the two, digests",
    "layer.walk": "walk the tar",
    "file.capture": "capture files",
    "layer.analyze": "gather finds",
    "analyze": "analyze",
    "layer.explain": "look again at programs",
    "layer.pack": "pack",
    "layer": "rest of the layers",
    "compose": "compose",
    "assemble": "own, merge and sort",
    "join": "join",
    "usage": "trace what is used",
    "summary": "summarize",
    "convert": "read and convert",
    "encode": "encode",
    "cache.write": "write the cache",
    "documents.write": "write documents",
}
"""What a span's name says to people, in the order of the work."""

_SHOWN = 8  # kinds of one stage, such as analyzers, that have rows of their own
_SMALL = 5e-4  # part of all processor time below which they have none
_LAYERS = 10


class Row(Struct):
    """One line of the table."""

    stage: str
    of: str
    count: int = 0
    bytes: int = 0
    wall: float = 0.0
    cpu: float = 0.0


class Profile(Struct):
    """What `--profile-to` writes: `main` has the spans of all processes."""

    wall: float
    layers: int
    layers_cached: int
    bytes_read: int
    warm: bool
    main: Process
    workers: list[Process]
    schema: str = "stella-profile-1"

    @property
    def cpu(self) -> float:
        """Processor seconds of all processes."""
        return self.main.cpu + sum(worker.cpu for worker in self.workers)


def start_profile() -> Spans:
    """Start to record; what Python took so far is the first span."""
    spans = Spans(time.monotonic, time.thread_time, _usage)
    spans.root.spans["start"] = Span("start", cpu=time.process_time(), count=1)
    return spans


def _usage() -> tuple[float, int]:
    unit = 1 if sys.platform == "darwin" else 1024
    return time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def show_profile(spans: Spans, run: Run, *, path: str, table: bool) -> None:
    """Write the profile to `path`, unless that is empty, and to standard error, if it is wanted there."""
    main = spans.finish()
    wall = spans.root.wall
    profile = Profile(wall, run.layers_total, run.layers_cached, run.bytes_read, run.warm, main, spans.workers)
    if path:
        try:
            Path(path).write_bytes(msgspec.json.format(msgspec.json.encode(profile), indent=1) + b"\n")
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror}") from error
    if table:
        for line in render(profile):
            say(line)


def render(profile: Profile) -> Iterator[str]:
    """Give the table's lines."""
    cpu = profile.cpu
    cached = f" ({profile.layers_cached} cached)" if profile.layers_cached else ""
    yield (
        f"{profile.wall:.3f} s on the clock, {cpu:.3f} s of processors, {_size(profile.bytes_read)} read, "
        f"layers {profile.layers}{cached}"
    )
    yield ""
    yield f"{'stage':<42}{'times':>9}{'bytes':>11}{'wall s':>10}{'cpu s':>10}{'cpu %':>8}"
    rows = list(_rows(profile.main.spans))
    for row in (*_short(rows, _SMALL * cpu), Row("everything else", "", cpu=cpu - sum(row.cpu for row in rows))):
        yield _line(row, cpu)
    yield from _layers(profile.main.spans)
    yield ""
    yield f"{'process':<42}{'':>30}{'cpu s':>10}{'peak':>11}"
    for name, process in (("main", profile.main), *((f"worker {n}", one) for n, one in enumerate(profile.workers, 1))):
        yield f"{name:<42}{'':>30}{process.cpu:>10.3f}{_size(process.memory):>11}"


def _rows(spans: Mapping[str, Span]) -> Sequence[Row]:
    """One row for each stage and kind, wherever it was."""
    rows: dict[tuple[str, str], Row] = {}

    def add(span: Span) -> None:
        of = "" if span.name == "layer" else span.of
        row = rows.setdefault((span.name, of), Row(span.name, of))
        wall, cpu = span.alone()
        row.wall += wall
        row.cpu += cpu
        row.count += span.count
        row.bytes += span.bytes
        for part in span.spans.values():
            add(part)

    for span in spans.values():
        add(span)
    order = list(STAGES)
    return sorted(rows.values(), key=lambda row: (order.index(row.stage), -row.cpu, row.of))


def _short(rows: Sequence[Row], small: float) -> Iterator[Row]:
    """Give the rows; of the kinds of one stage those that took most, and one row for the others."""
    for stage, words in STAGES.items():
        kinds = [row for row in rows if row.stage == stage]
        shown = sum(row.cpu >= small or not row.of for row in kinds[:_SHOWN])
        for row in kinds[:shown]:
            yield msgspec.structs.replace(row, stage=words)
        if rest := kinds[shown:]:
            total = Row(words, f"({len(rest)} more)" if shown else "")
            for row in rest:
                total.count += row.count
                total.wall += row.wall
                total.cpu += row.cpu
            yield total


def _line(row: Row, total: float) -> str:
    name = f"{row.stage}  {row.of}" if row.of else row.stage
    size = _size(row.bytes) if row.bytes else ""
    wall = f"{row.wall:.3f}" if row.wall else ""
    share = 100 * row.cpu / total if total else 0.0
    return f"{name[:41]:<42}{row.count or '':>9}{size:>11}{wall:>10}{row.cpu:>10.3f}{share:>8.1f}"


def _layers(spans: Mapping[str, Span]) -> Iterator[str]:
    found = sorted(_named(spans, "layer"), key=lambda span: (-span.wall, int(span.of)))
    if not found:
        return
    yield ""
    yield f"{'layer':<31}{'read':>11}{'tar':>11}{'captured':>10}{'wall s':>10}{'cpu s':>10}"
    for span in found[:_LAYERS]:
        read, tar = (sum(one.bytes for one in _named(span.spans, name)) for name in ("blob.read", "blob.verify"))
        beside = sum(one.cpu for name in ("blob.read", "blob.inflate") for one in _named(span.spans, name))
        captured = sum(one.count for one in _named(span.spans, "file.capture"))
        yield (
            f"{span.of:<31}{_size(read):>11}{_size(tar):>11}{captured:>10}{span.wall:>10.3f}{span.cpu + beside:>10.3f}"
        )
    if len(found) > _LAYERS:
        yield f"and {len(found) - _LAYERS} more"


def _named(spans: Mapping[str, Span], name: str) -> Iterator[Span]:
    for span in spans.values():
        if span.name == name:
            yield span
        else:
            yield from _named(span.spans, name)


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"

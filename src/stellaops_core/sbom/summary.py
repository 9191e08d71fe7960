"""What the terminal shows of a bill of materials.

Comes in: an `Sbom`, once; what the run took, each time. Goes out: a `Summary` small enough to be kept beside the
documents, and its text: ASCII only, one line a row, nothing that a file name could smuggle into a terminal.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from stellaops_core.component import Component, Distribution, Unknown
from stellaops_core.sbom.sbom import Program, Sbom, Usage
from stellaops_core.sbom.steps import command_text, place_text
from stellaops_core.sbom.text import cut, escape_path, plain

SHOWN = 5
"""Unknowns that are shown; `-o json` has all."""
MAX_WIDTH = 100
MIN_WIDTH = 40

_LABEL = 9
_DIM, _BOLD, _YELLOW, _RESET = "\x1b[2m", "\x1b[1m", "\x1b[33m", "\x1b[0m"


class Ecosystem(Struct, frozen=True, array_like=True):
    """How much of one purl type there is."""

    type: str
    components: int
    layers: tuple[int, ...]
    """Indexes of the layers that introduced them, sorted; empty where there are no layers."""


class Summary(Struct, frozen=True, array_like=True):
    """The facts of the table. All strings are printable ASCII."""

    name: str
    digest: str
    platform: str
    distribution: str
    layers: int
    components: int
    ecosystems: tuple[Ecosystem, ...]
    """Largest first."""
    unknowns: tuple[Unknown, ...]
    """The first `SHOWN`, as they are printed."""
    unknown_count: int
    """All of them."""
    programs: tuple[tuple[str, str], ...] = ()
    """Of the usage view: (command, chain) of the programs that the container becomes."""
    counts: tuple[tuple[str, int], ...] = ()
    """Of the usage view: components of each level, those that are not listed included."""
    gaps: tuple[str, ...] = ()
    """Of the usage view: the first `SHOWN` things that could not be followed, as they are printed."""
    gap_count: int = 0


class Run(Struct, frozen=True):
    """What it took."""

    layers_total: int
    layers_cached: int
    bytes_read: int
    """Stored bytes of the image that were read."""
    seconds: float
    warm: bool
    """The whole image was known: nothing was read but the cache."""
    attached: bool = False
    """Nothing was read but a bill of materials that is attached to the image."""


def summarize(sbom: Sbom) -> Summary:
    """Take from `sbom` what the table shows."""
    subject = sbom.subject
    return Summary(
        name=plain(subject.name),
        digest=plain(subject.digest),
        platform=plain(subject.platform),
        distribution=_distribution(sbom.distribution),
        layers=len(subject.layers),
        components=len(sbom.components),
        ecosystems=_ecosystems(sbom.components),
        unknowns=tuple(_printable(unknown) for unknown in sbom.unknowns[:SHOWN]),
        unknown_count=len(sbom.unknowns),
        **_usage(sbom.usage),
    )


def _usage(usage: Usage | None) -> dict[str, Any]:
    if not usage:
        return {}
    return {
        "programs": tuple((_command(one), plain(_way(one))) for one in usage.programs if one.terminal),
        "counts": tuple((plain(level), count) for level, count in usage.counts),
        "gaps": tuple(plain(f"{place_text(gap.place, gap.line)}  {gap.reason}") for gap in usage.gaps[:SHOWN]),
        "gap_count": len(usage.gaps),
    }


def _command(program: Program) -> str:
    return plain(command_text(program.arguments) + (" (maybe)" if program.level == "maybe" else ""))


def _way(program: Program) -> str:
    """The places that lead to a program, in one line."""
    return " > ".join(dict.fromkeys(place_text(step.place, step.line) for step in program.steps))


def encode(sbom: Sbom) -> bytes:
    """Write the table as a document: no colour, and nothing that differs between two runs."""
    return render(summarize(sbom), None, color=False, width=MAX_WIDTH).encode("ascii")


def render(summary: Summary, run: Run | None, *, color: bool, width: int, title: str = "") -> str:
    """Return the table, at most `width` (40 to 100) columns wide, each line ended. Without `run`: the facts alone.

    `title` stands in for the name of a subject that has none: what the user typed.
    """
    width = min(max(width, MIN_WIDTH), MAX_WIDTH)
    name = summary.name or plain(title) or ("unnamed image" if summary.digest else "directory")
    lines = [_styled(cut(name, width), _BOLD, color=color)]
    for label, text in _rows(summary, run):
        style = _YELLOW if label == "unknown" and summary.unknown_count else _DIM
        lines.append(_styled(f"{label:<{_LABEL}}", style, color=color) + cut(text, width - _LABEL))
    return "".join(line.rstrip() + "\n" for line in lines)


def _rows(summary: Summary, run: Run | None) -> Iterator[tuple[str, str]]:
    if summary.digest:
        yield "image", summary.digest
    if system := _listed([summary.platform, summary.distribution]):
        yield "system", system
    if summary.layers:
        yield "layers", _listed([f"{summary.layers}{_cached(run)}", *_effort(run)])
    elif run:
        yield "run", _listed(_effort(run))
    yield "sbom", _count(summary.components, "component")
    yield from (("", row) for row in _table(summary.ecosystems))
    yield from _usage_rows(summary)
    yield "unknown", str(summary.unknown_count) if summary.unknown_count else "none"
    for unknown in summary.unknowns:
        where = ", ".join(filter(None, (unknown.analyzer, f"layer {unknown.layer}" if unknown.layer >= 0 else "")))
        yield "", f"{unknown.path}  {unknown.reason}" + (f" ({where})" if where else "")
    if more := summary.unknown_count - len(summary.unknowns):
        yield "", f"... and {more} more: see -o json"


def _usage_rows(summary: Summary) -> Iterator[tuple[str, str]]:
    for command, way in summary.programs:
        yield "runs", command
        yield "", f"by {way}"
    if summary.counts:
        yield "usage", _listed(f"{count} {level}" for level, count in summary.counts)
    for number, gap in enumerate(summary.gaps):
        yield "" if number else "open", gap
    if more := summary.gap_count - len(summary.gaps):
        yield "", f"... and {more} more: see -o json"


def _table(ecosystems: Sequence[Ecosystem]) -> Iterator[str]:
    names = max((len(one.type) for one in ecosystems), default=0)
    counts = max((len(str(one.components)) for one in ecosystems), default=0)
    for one in ecosystems:
        where = f"layer{'s' * (len(one.layers) > 1)} {_ranges(one.layers)}" if one.layers else ""
        yield f"{one.type:<{names}}  {one.components:>{counts}}  {where}".rstrip()


def _ranges(numbers: Iterable[int]) -> str:
    """`0, 3-5`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in spans)


def _cached(run: Run | None) -> str:
    if not run or not run.layers_cached or run.attached:
        return ""
    return " (all cached)" if run.layers_cached >= run.layers_total else f" ({run.layers_cached} cached)"


def _effort(run: Run | None) -> list[str]:
    if not run:
        return []
    read = "attached" if run.attached else "image known" if run.warm else f"{_size(run.bytes_read)} read"
    return [read if run.layers_total else "", f"{run.seconds:.2f}s" if run.seconds < 1 else f"{run.seconds:.1f}s"]


def _size(number: int) -> str:
    """Bytes in decimal units, three digits."""
    amount, unit = float(number), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 9.95 else f"{amount:.1f} {unit}"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'s' * (number != 1)}"


def _listed(parts: Iterable[str]) -> str:
    return "  ".join(filter(None, parts))


def _distribution(distribution: Distribution | None) -> str:
    if not distribution:
        return ""
    return plain(distribution.pretty_name or f"{distribution.name or distribution.id} {distribution.version}".rstrip())


def _ecosystems(components: Sequence[Component]) -> tuple[Ecosystem, ...]:
    found: dict[str, tuple[list[int], set[int]]] = {}
    for component in components:
        count, layers = found.setdefault(component.type, ([0], set()))
        count[0] += 1
        if component.layer >= 0:
            layers.add(component.layer)
    ordered = sorted(found.items(), key=lambda item: (-item[1][0][0], item[0]))
    return tuple(Ecosystem(plain(name), count[0], tuple(sorted(layers))) for name, (count, layers) in ordered)


def _printable(unknown: Unknown) -> Unknown:
    path = plain(escape_path(unknown.path))
    return Unknown(path, plain(unknown.analyzer), plain(unknown.reason), unknown.layer)


def _styled(text: str, style: str, *, color: bool) -> str:
    return f"{style}{text}{_RESET}" if color and text.strip() else text

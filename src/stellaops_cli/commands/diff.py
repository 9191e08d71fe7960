"""`stella diff OLD NEW`: what differs between two images, and which layer made it so.

Comes in: the command line's values and the settings. Goes out: an exit code, 2 where `--fail-on` meets a change;
documents on standard output or in files. Each side is an image, or a bill of materials in a file.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stellaops_cli.console import WIDTH, columns, has_terminal, say, wants_color
from stellaops_cli.output import Output, check_places, read_outputs, write_documents
from stellaops_cli.progress import Live
from stellaops_cli.settings import Settings
from stellaops_cli.targets import read_target
from stellaops_cli.wiring import open_step, read_platform
from stellaops_core.component import NOT_REACHED
from stellaops_core.errors import UsageError
from stellaops_core.sbom.diff import KINDS, Diff, diff, limit_to_use
from stellaops_core.sbom.sbom import Sbom, in_use

FORMATS = ("table", "json", "markdown")
BROKEN = 2
"""Exit code where `--fail-on` meets a change."""


def show_diff(values: Mapping[str, Any], settings: Settings) -> int:
    """Compare two targets; 0, or 2 where a change is one of `--fail-on`'s."""
    outputs = read_outputs(values.get("output", ()), FORMATS)
    wanted = read_kinds(values.get("fail_on", ()))
    read_platform(settings)
    if settings.view == "history":
        raise UsageError("histories are not compared", hint="diff takes --view inventory or usage")
    check_places(outputs)
    step = open_step(values, settings, ())
    titles = (values["old"], values["new"])
    with Live(settings, terminal=has_terminal(stderr=True)) as live:
        old, new = (read_target(text, settings, live, view=settings.view) for text in titles)
    if settings.view == "usage" or "usage" in wanted:
        _demand_usage(zip(titles, (old, new), strict=True))
    whole = diff(*_aligned(old, new))
    shown = limit_to_use(whole) if settings.view == "usage" else whole
    write_documents([(output, _document(output, shown, settings, titles)) for output in outputs])
    if step:
        step.append(_document(Output("markdown"), shown, settings, titles))
    return _judge(shown, wanted)


def read_kinds(texts: Sequence[str]) -> frozenset[str]:
    """Read what `--fail-on` lists, with commas or several times; raises `UsageError`."""
    kinds = frozenset(kind for text in texts for kind in text.split(",") if kind)
    known = (*KINDS, "any")
    for kind in sorted(kinds.difference(known)):
        from stellaops_cli.suggest import suggest  # noqa: PLC0415  # only for mistakes

        raise UsageError(f"no such change: {kind!r}", hint=suggest(kind, known))
    return kinds


def _demand_usage(sides: "zip[tuple[str, Sbom]]") -> None:
    for title, sbom in sides:
        if not sbom.usage:
            raise UsageError(f"{title} does not say what is in use", hint="use --view usage, also for scans to a file")


def _aligned(old: Sbom, new: Sbom) -> tuple[Sbom, Sbom]:
    """Leave out what is not in use on both sides if it is left out on one: absence would not mean removal."""
    if _is_limited(old) == _is_limited(new):
        return old, new
    if not (old.usage and new.usage):
        raise UsageError("one side lists what is in use, the other all there is", hint="scan both with the same --view")
    return in_use(old), in_use(new)


def _is_limited(sbom: Sbom) -> bool:
    """Whether components were left out because nothing leads to them."""
    left = dict(sbom.usage.counts).get("not-reached", 0) if sbom.usage else 0
    return bool(left) and all(component.use != NOT_REACHED for component in sbom.components)


def _document(output: Output, shown: Diff, settings: Settings, titles: tuple[str, str]) -> bytes:
    """Write one document; imports only what it takes."""
    if output.format == "json":
        from stellaops_core.sbom import diff_json  # noqa: PLC0415

        return diff_json.encode(shown)
    if output.format == "markdown":
        from stellaops_core.sbom import diff_markdown  # noqa: PLC0415

        return diff_markdown.render(shown, titles=titles).encode()
    from stellaops_core.sbom import diff_table  # noqa: PLC0415

    color = not output.path and wants_color(settings, terminal=has_terminal(stderr=False))
    width = WIDTH if output.path else columns()
    return diff_table.render(shown, color=color, width=width, titles=titles).encode()


def _judge(shown: Diff, wanted: frozenset[str]) -> int:
    met = {kind: count for kind, count in shown.counts.items() if kind in wanted or "any" in wanted}
    if not met:
        return 0
    say(f"stella: failed: {', '.join(f'{count} {kind}' for kind, count in met.items())} (--fail-on)")
    return BROKEN

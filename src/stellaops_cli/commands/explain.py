"""`stella explain REF WHAT`: what happened to a component or a path, who owns it, and what leads to its use.

Comes in: the command line's values and the settings. Goes out: its story on standard output. Layers are read as for the
usage view; the bill of materials itself is not kept.
"""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from stellaops_cli.console import has_terminal, write_report
from stellaops_cli.progress import Live
from stellaops_cli.settings import Settings
from stellaops_cli.suggest import find_nearest, suggest
from stellaops_cli.wiring import jobs, open_layer_cache, open_target, read_platform, read_ref
from stellaops_core.errors import TargetError, UsageError
from stellaops_core.sbom import explanation_json
from stellaops_core.sbom.explanation_text import render
from stellaops_core.sbom.text import plain
from stellaops_core.scan.explain import explain, near_names
from stellaops_core.scan.scan import ScanOptions, examine


def explain_component(values: Mapping[str, Any], settings: Settings) -> int:
    """Explain what the user asks about; raises `TargetError` where the image holds nothing of that name."""
    style = values.get("format", "table")
    if style not in {"table", "json"}:
        raise UsageError(f"unknown format {style!r}", hint=suggest(style, ("table", "json")))
    read_platform(settings)
    ref = read_ref(values["ref"], settings)
    options = ScanOptions(view="usage", jobs=jobs(ref, settings), spool_dir=settings.temp_dir)
    with Live(settings, terminal=has_terminal(stderr=True)) as live, closing(open_target(ref, settings)) as source:
        cache = None if settings.no_cache else open_layer_cache(settings, warn=live.warn)
        examined = examine(source, options=options, cache=cache, progress=live.update)
    explanation = explain(examined, values["what"])
    if explanation is None:
        raise TargetError(
            f"nothing in the image is called {plain(values['what'])}",
            hint=find_nearest(values["what"], near_names(examined, values["what"]))
            or "give a purl, a component's name, or a path that begins with a slash",
        )
    write_report(explanation_json.encode(explanation) if style == "json" else render(explanation).encode())
    return 0

"""`stella explain REF WHAT`: where a component was found, who owns it, and what leads to its use.

Comes in: the command line's values and the settings. Goes out: its story on standard output. Layers are read as for the
usage view; the bill of materials itself is not kept.
"""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from msgspec.structs import replace

from stellaops_cli.console import has_terminal, write_report
from stellaops_cli.progress import Live
from stellaops_cli.settings import Settings
from stellaops_cli.suggest import suggest
from stellaops_cli.wiring import jobs, open_layer_cache, open_target, read_platform, read_ref
from stellaops_core.errors import UsageError
from stellaops_core.sbom.explanation import explain, find_components
from stellaops_core.sbom.formats import FORMATS
from stellaops_core.scan.scan import ScanOptions, scan


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
        sbom, _ = scan(source, options=options, cache=cache, progress=live.update)
    found = find_components(sbom, values["what"])
    if style == "json":
        write_report(FORMATS["json"].encode(replace(sbom, components=found)))
    else:
        write_report(explain(sbom, found).encode())
    return 0

"""`stella cache info|gc|clear|verify`: look after the cache of layers.

Comes in: the action and the settings. Goes out: a few lines on standard output, one fact each.
"""

import time
from typing import TYPE_CHECKING

from stellaops_cli.console import printable, say, write_report
from stellaops_cli.settings import Settings
from stellaops_cli.wiring import open_layer_cache
from stellaops_core.errors import OutputError

if TYPE_CHECKING:
    from stellaops_core.scan.cache import LayerCache


def look_after_cache(action: str, settings: Settings) -> int:
    """Run one action. Raises `OutputError` where the directory does not let itself be changed."""
    cache = open_layer_cache(settings, warn=say)
    try:
        text = _act(action, cache, settings)
    except OSError as error:
        raise OutputError(
            f"the cache {cache.location} can't be used: {error.strerror or error}", hint="see --cache-dir"
        ) from error
    write_report(text.encode())
    return 0


def _act(action: str, cache: "LayerCache", settings: Settings) -> str:
    match action:
        case "info":
            return _describe(cache)
        case "gc":
            return _removed(*cache.gc(max_size=settings.max_size, older_than=settings.older_than, now=time.time()))
        case "clear":
            return _removed(*cache.clear(now=time.time()))
        case _:
            return _verify(cache)


def show_size(size: int) -> str:
    """Bytes for people, in powers of 1000: `1.4 MB`."""
    for unit, power in (("GB", 1000**3), ("MB", 1000**2), ("kB", 1000)):
        if size >= power:
            return f"{size // power}.{size % power * 10 // power} {unit}"
    return f"{size} B"


def _describe(cache: "LayerCache") -> str:
    info = cache.info()
    return (
        f"cache      {printable(info.location)}\n"
        f"layers     {info.layers} in {show_size(info.layer_bytes)}\n"
        f"documents  {info.documents} in {show_size(info.document_bytes)}\n"
    )


def _verify(cache: "LayerCache") -> str:
    outcome = cache.verify()
    damaged = "".join(f"removed    {printable(key)}\n" for key in outcome.damaged)
    return f"checked    {outcome.checked}\ndamaged    {len(outcome.damaged)}\n{damaged}"


def _removed(entries: int, size: int) -> str:
    return f"removed    {entries} in {show_size(size)}\n"

"""A bill of materials, from wherever the user points: a document, or an image that is scanned for it.

Comes in: what the user typed, and the settings. Goes out: an `Sbom`. A file that looks like a document is read as one;
`sbom:PATH` insists on it.
"""

from contextlib import closing

from stellaops_cli.progress import Live
from stellaops_cli.settings import Settings
from stellaops_cli.wiring import jobs, open_layer_cache, open_target, read_ref
from stellaops_core.sbom.sbom import Sbom


def read_target(text: str, settings: Settings, live: Live, *, view: str) -> Sbom:
    """Read the document, or scan the image. Raises what either does."""
    ref = read_ref(text, settings)
    if ref.scheme == "sbom":
        from stellaops_core.sbom.read import read_file  # noqa: PLC0415  # images need no readers

        return read_file(ref.location)
    from stellaops_core.scan.scan import ScanOptions, scan  # noqa: PLC0415  # documents need none of this

    options = ScanOptions(view=view, strict=settings.strict, jobs=jobs(ref, settings), spool_dir=settings.temp_dir)
    with closing(open_target(ref, settings)) as source:
        cache = None if settings.no_cache else open_layer_cache(settings, warn=live.warn)
        return scan(source, options=options, cache=cache, progress=live.update)[0]

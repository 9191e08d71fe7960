"""The way: image, layers, fragments, composition, bill of materials, documents.

Comes in: an opened image source, and what to make of it. Goes out: documents, a summary, and what the run took. The
clock, the cache and the place for temporary files are arguments.
"""

import gc
import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from stellaops_core.analyzers.available import analyzer_versions, load_analyzers
from stellaops_core.digest import Digest, sha256
from stellaops_core.errors import TargetNotFound, UsageError
from stellaops_core.images.image import Image, ImageSource
from stellaops_core.sbom.formats import FORMATS, check_views
from stellaops_core.sbom.sbom import Sbom, in_use
from stellaops_core.sbom.summary import Run, Summary, summarize
from stellaops_core.scan.cache import LayerCache, analysis_key
from stellaops_core.scan.options import Follow, Progress, ScanOptions
from stellaops_core.scan.subject import make_subject, state_time
from stellaops_core.stores.layout import view_name
from stellaops_core.telemetry import Spans, measured
from stellaops_core.version import __version__

if TYPE_CHECKING:
    from stellaops_core.analyzers.analyzer import Analyzer
    from stellaops_core.scan.assemble import Assembled
    from stellaops_core.scan.compose import Overlay
    from stellaops_core.scan.fragment import Pack
    from stellaops_core.scan.usage import Traced

SUMMARY_REVISION = 2
"""Part of the key under which summaries are kept."""
INDEX_REVISION = 1
"""Part of the key under which it is kept which BOM-Index belongs to an image. Raise it when the format changes."""

_SWITCH_INTERVAL = 2e-5  # seconds; of a single layer 0.35 s become 0.30, and several cost 2 % more processor time

__all__ = [
    "Outcome",
    "Progress",
    "ScanOptions",
    "choose_view",
    "convert_documents",
    "scan",
    "scan_documents",
    "stored_sbom",
]


class Outcome(Struct, frozen=True):
    """What a scan gives."""

    documents: dict[str, bytes]
    """Format to document."""
    summary: Summary
    run: Run


def scan_documents(
    source: ImageSource,
    formats: Sequence[str],
    *,
    options: ScanOptions,
    cache: LayerCache | None = None,
    progress: Follow | None = None,
    attached: Callable[[], Sbom | None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    spans: Spans | None = None,
) -> Outcome:
    """Make documents of an image; those of an image that is known come from the cache as they are.

    `attached`: asked for another way to the bill of materials where the image is not known (`scan.attached`). What it
    gives was not found in the image's layers, so it is not kept. `spans` is told where the time goes.
    Raises `UsageError` for a view that a format, or a directory, does not have.
    """
    started = clock()
    check_views(formats, options.view)
    if options.view == "history" and not source.image.digest:
        raise UsageError("a directory has no layers, and so no history", hint="scan the image")
    with measured(spans, "cache.read"):
        kept = _Kept(cache, source.image, options)
        known = kept.get(formats)
    if known:
        documents, summary = known
        layers = len(source.image.layers)
        return Outcome(documents, summary, Run(layers, layers, 0, clock() - started, warm=True))
    if attached and (brought := attached()):
        return _converted(brought, formats, view=options.view, attached=True, seconds=lambda: clock() - started)
    with _tuned():
        sbom, run = scan(source, options=options, cache=cache, progress=progress, spans=spans)
        with measured(spans, "summary"):
            sbom = in_use(sbom) if sbom.usage else sbom
            summary = summarize(sbom)
        documents = {}
        for name in formats:
            with measured(spans, "encode", name):
                documents[name] = FORMATS[name].encode(sbom, options.view)
    with measured(spans, "cache.write"):
        kept.put(documents, summary)
        kept.put_sbom(sbom, options.view)
    return Outcome(documents, summary, msgspec.structs.replace(run, seconds=clock() - started))


def scan_index(
    source: ImageSource, *, options: ScanOptions, cache: LayerCache | None = None, progress: Follow | None = None
) -> bytes:
    """Make the BOM-Index of an image; that of an image that is known comes from the cache as it is."""
    from stellaops_core.sbom.index import encode  # noqa: PLC0415  # scans need none

    kept = _Kept(cache, source.image, options)
    if known := kept.get_index():
        return known
    with _tuned():
        data = encode(scan(source, options=options, cache=cache, progress=progress)[0])
    kept.put_index(data)
    return data


def convert_documents(
    sbom: Sbom, formats: Sequence[str], *, options: ScanOptions, clock: Callable[[], float] = time.monotonic
) -> Outcome:
    """Make documents of a bill of materials that was read from a file; its own time stays. Raises as `choose_view`."""
    started = clock()
    sbom = choose_view(sbom, options)
    return _converted(sbom, formats, view=options.view, attached=False, seconds=lambda: clock() - started)


def choose_view(sbom: Sbom, options: ScanOptions) -> Sbom:
    """Return what is to be shown, under the name that was chosen.

    Raises `UsageError` where the usage view is asked for and it is not known what runs.
    """
    if options.view == "usage":
        if not sbom.usage:
            raise UsageError("the document does not say what runs", hint="scan the image with --view usage")
        sbom = in_use(sbom)
    if options.name:
        sbom = msgspec.structs.replace(sbom, subject=msgspec.structs.replace(sbom.subject, name=options.name))
    return sbom


def _converted(
    sbom: Sbom, formats: Sequence[str], *, view: str, attached: bool, seconds: Callable[[], float]
) -> Outcome:
    """Write what need not be scanned."""
    documents = {name: FORMATS[name].encode(sbom, view) for name in formats}
    layers = len(sbom.subject.layers)
    summary = summarize(sbom)
    return Outcome(documents, summary, Run(layers, layers, 0, seconds(), warm=False, attached=attached))


def stored_sbom(cache: LayerCache, image: str, view: str) -> Sbom:
    """Return what the last scan of an image with this view found; removed packages only with the view `history`.

    `image`: its digest. Raises `TargetNotFound`.
    """
    from stellaops_core.sbom.read import read_sbom  # noqa: PLC0415

    data = cache.get_document(Digest(image), view_name(view, FORMATS[_stored_format(view)].ending))
    if data is None:
        raise TargetNotFound(f"the cache has no {view} of {image}", hint=f"stella scan --view {view} makes it")
    return read_sbom(data)


def _stored_format(view: str) -> str:
    """Only Stella's own document holds removed packages; the other is written faster."""
    return "json" if view == "history" else "cdx-pb"


class Examined(Struct, frozen=True):
    """A bill of materials, and all that it was made of."""

    sbom: Sbom
    run: Run
    """The time is left to the caller."""
    packs: "list[Pack]"
    """Of the layers, base first; of a directory, one."""
    first_layer: int
    """Number of the first pack's layer: -1 for a directory."""
    analyzers: "tuple[Analyzer, ...]"
    overlay: "Overlay"
    facts: "Assembled"
    traced: "Traced | None"
    """In the view `usage`."""


def scan(
    source: ImageSource,
    *,
    options: ScanOptions,
    cache: LayerCache | None = None,
    progress: Follow | None = None,
    spans: Spans | None = None,
) -> tuple[Sbom, Run]:
    """Scan an image or directory: its bill of materials, and what that took (the time is left to the caller).

    With the view `usage` it says of all components whether they are in use; `in_use` leaves out those that are not.
    Raises `CorruptImage` and its kin, `NetworkError`, `TargetError`: there is no half bill of materials.
    """
    examined = examine(source, options=options, cache=cache, progress=progress, spans=spans)
    return examined.sbom, examined.run


def examine(
    source: ImageSource,
    *,
    options: ScanOptions,
    cache: LayerCache | None = None,
    progress: Follow | None = None,
    spans: Spans | None = None,
) -> Examined:
    """Do what `scan` does, and keep what it is made of."""
    tracing = options.view == "usage"
    with measured(spans, "analyzers.load"):
        from stellaops_core.scan.assemble import assemble  # noqa: PLC0415  # a known image needs none of this
        from stellaops_core.scan.compose import compose  # noqa: PLC0415
        from stellaops_core.scan.read import read_packs  # noqa: PLC0415

        analyzers = load_analyzers(tracing=tracing)
    packs, run = read_packs(source, analyzers, options, cache, progress, spans)
    first = 0 if source.image.layers else -1
    with measured(spans, "compose"):
        overlay = compose(packs, first_layer=first)
    with measured(spans, "assemble"):
        facts = assemble(
            overlay, packs, analyzers, architecture=source.image.platform.architecture, first_layer=first, spans=spans
        )
    traced = None
    if tracing:
        with measured(spans, "usage"):
            from stellaops_core.scan.usage import find_usage  # noqa: PLC0415

            traced = find_usage(source.image.config, packs, facts.components, facts.holders)
    sbom = Sbom(
        subject=make_subject(source.image, options.name),
        distribution=facts.distribution,
        components=traced.components if traced else facts.components,
        unknowns=facts.unknowns,
        removed=facts.removed,
        tool_version=__version__,
        timestamp=state_time(source.image, options.epoch),
        usage=traced.usage if traced else None,
    )
    return Examined(sbom, run, packs, first, analyzers, overlay, facts, traced)


class _Kept:
    """Finished documents of one image with one set of options, and their keys in the cache."""

    def __init__(self, cache: LayerCache | None, image: Image, options: ScanOptions) -> None:
        self._cache = cache if image.digest else None  # a directory may change at any time
        self._image = Digest(image.digest)
        if self._cache:
            self._facts = "\n".join(
                (
                    __version__,
                    analysis_key(analyzer_versions(tracing=options.view == "usage")),
                    options.view,
                    options.name or image.name,
                    " ".join(sorted(image.tags)),
                    str(options.strict),
                    str(options.epoch),
                    *(f"{layer.digest} {layer.size}" for layer in image.layers),
                )
            )

    def _name(self, format_: str, revision: int) -> str:
        key = hashlib.sha256(f"{self._facts}\n{revision}".encode()).hexdigest()[:16]
        return f"{key}.{format_}"

    def get(self, formats: Sequence[str]) -> tuple[dict[str, bytes], Summary] | None:
        """Return all documents and the summary, or nothing."""
        if not self._cache:
            return None
        documents = {}
        for format_ in formats:
            data = self._cache.get_document(self._image, self._name(format_, FORMATS[format_].revision))
            if data is None:
                return None
            documents[format_] = data
        summary = self._cache.get_document(self._image, self._name("summary", SUMMARY_REVISION))
        if summary is None:
            return None
        try:
            return documents, msgspec.msgpack.decode(summary, type=Summary)
        except msgspec.DecodeError:
            return None

    def put_sbom(self, sbom: Sbom, view: str) -> None:
        """Keep the bill of materials itself, for `stored_sbom`."""
        if self._cache:
            how = FORMATS[_stored_format(view)]
            self._cache.put_document(self._image, view_name(view, how.ending), how.encode(sbom))

    def get_index(self) -> bytes | None:
        """Return the BOM-Index if the one that is stored was made of the same facts."""
        if not self._cache:
            return None
        data = self._cache.get_index(self._image)
        known = self._cache.get_document(self._image, self._name("index", INDEX_REVISION))
        return data if data is not None and known == sha256(data).encode() else None

    def put_index(self, data: bytes) -> None:
        """Keep the BOM-Index, and that it is the one of these facts."""
        if self._cache:
            self._cache.put_index(self._image, data)
            self._cache.put_document(self._image, self._name("index", INDEX_REVISION), sha256(data).encode())

    def put(self, documents: dict[str, bytes], summary: Summary) -> None:
        """Keep documents and summary."""
        if not self._cache:
            return
        for format_, data in documents.items():
            self._cache.put_document(self._image, self._name(format_, FORMATS[format_].revision), data)
        self._cache.put_document(self._image, self._name("summary", SUMMARY_REVISION), msgspec.msgpack.encode(summary))


@contextmanager
def _tuned() -> Iterator[None]:
    """Set the interpreter to this work: no search for cycles, and the GIL handed over soon.

    A scan makes many records and no cycles; and a thread that inflates must not wait 5 ms for one that walks.
    """
    enabled, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if enabled:
            gc.enable()

"""Layers to packs: from the cache where they are known, else by reading them, several at once.

Comes in: an opened source, the analyzers, a cache. Goes out: one pack per layer. Rule: a pack is stored under the
digest that was verified while its layer was read, and only after the last byte was.
"""

from collections.abc import Callable, Iterator

from stellaops_core.analyzers.analyzer import Analyzer
from stellaops_core.errors import CorruptImage, MissingBlob
from stellaops_core.images.compression import Check, decompressed
from stellaops_core.images.directory import DirectorySource, read_directory
from stellaops_core.images.image import ImageSource, Layer
from stellaops_core.images.layer import read_tree
from stellaops_core.images.tree import Look, Tree, Wants
from stellaops_core.sbom.summary import Run
from stellaops_core.scan.cache import LayerCache, analysis_key
from stellaops_core.scan.fragment import Pack, read_with
from stellaops_core.scan.options import Follow, Progress, ScanOptions
from stellaops_core.scan.workers import Report, run_jobs
from stellaops_core.telemetry import Spans, measured

_REPORT = 1 << 20


def read_packs(
    source: ImageSource,
    analyzers: tuple[Analyzer, ...],
    options: ScanOptions,
    cache: LayerCache | None,
    progress: Follow | None,
    spans: Spans | None = None,
) -> tuple[list[Pack], Run]:
    """Return the packs of all layers, base first (of a directory: one), and what was read for them."""
    if isinstance(source, DirectorySource):
        return [_read_directory(source, analyzers, options, spans)], Run(0, 0, 0, 0.0, warm=False)
    analysis = analysis_key((one.name, one.version) for one in analyzers)
    layers = source.image.layers
    with measured(spans, "cache.read"):
        known = ((layer.key, _known(cache, layer, analysis, strict=options.strict)) for layer in layers)
        packs = {key: found for key, found in known if found}
    cached = sum(layer.key in packs for layer in layers)
    missing = {layer.key: layer for layer in layers if layer.key not in packs}  # a layer may stand in an image twice
    jobs = sorted(missing.values(), key=lambda layer: (-layer.size, layer.index))
    follow = _Follower(progress, jobs, len(layers), cached)

    def work(job: int, report: Report) -> bytes:
        layer = layers[job]
        with measured(spans, "layer", str(job)):
            data = read_layer(source, layer, analyzers, options, report, spans)
            if cache:
                with measured(spans, "cache.write"):
                    cache.put_layer(layer.key, analysis, data)
        return data

    workers = min(options.jobs, getattr(source, "concurrency", options.jobs))
    with measured(spans, "layers"):
        numbers = [layer.index for layer in jobs]
        for job, data in run_jobs(numbers, work, workers=workers, report=follow.read, spans=spans):
            packs[layers[job].key] = Pack(data)
            follow.done()
    return [packs[layer.key] for layer in layers], Run(len(layers), cached, follow.bytes_read, 0.0, warm=False)


def read_layer(
    source: ImageSource,
    layer: Layer,
    analyzers: tuple[Analyzer, ...],
    options: ScanOptions,
    report: Report,
    spans: Spans | None = None,
) -> bytes:
    """Read, verify and analyze one layer; return its pack."""
    diff_id = layer.diff_id if options.strict or not layer.digest else ""

    def tar() -> Iterator[bytes]:
        check = Check(digest=layer.digest, diff_id=diff_id, size=layer.size)
        with source.open_layer(layer) as pieces:
            stored = _reported(pieces, report)
            if spans is None:
                yield from decompressed(stored, check)
            else:
                stored = spans.beside("blob.read", "blob.inflate", stored)
                yield from spans.over("blob.verify", decompressed(stored, check))

    def read(wants: Wants, look: Look) -> Tree:
        with measured(spans, "layer.walk"):
            return read_tree(tar, wants, look=look, spool_dir=options.spool_dir, spans=spans)

    try:
        return read_with(analyzers, read, diff_id=diff_id, spans=spans)
    except MissingBlob:
        raise
    except CorruptImage as error:
        raise type(error)(f"layer {layer.index} ({layer.key}): {error.message}", hint=error.hint) from error


def _read_directory(
    source: DirectorySource, analyzers: tuple[Analyzer, ...], options: ScanOptions, spans: Spans | None
) -> Pack:
    def read(wants: Wants, look: Look) -> Tree:
        with measured(spans, "layer.walk"):
            return read_directory(source.root, wants, look=look, spool_dir=options.spool_dir)

    with measured(spans, "layers"):
        return Pack(read_with(analyzers, read, once=True, spans=spans))


def _known(cache: LayerCache | None, layer: Layer, analysis: str, *, strict: bool) -> Pack | None:
    data = cache.get_layer(layer.key, analysis) if cache else None
    if data is None:
        return None
    try:
        found = Pack(data)
    except ValueError:
        return None
    return found if not strict or found.fragment.diff_id == layer.diff_id else None


def _reported(pieces: Iterator[bytes], report: Callable[[int], None]) -> Iterator[bytes]:
    read = 0
    for piece in pieces:
        read += len(piece)
        if read >= _REPORT:
            report(read)
            read = 0
        yield piece
    report(read)


class _Follower:
    """Adds up what the workers report."""

    def __init__(self, progress: Follow | None, jobs: list[Layer], layers: int, cached: int) -> None:
        self._progress, self._layers, self._done = progress, layers, cached
        self._total = -1 if any(layer.size < 0 for layer in jobs) else sum(layer.size for layer in jobs)
        self.bytes_read = 0

    def read(self, count: int) -> None:
        self.bytes_read += count
        self._tell()

    def done(self) -> None:
        self._done += 1
        self._tell()

    def _tell(self) -> None:
        if self._progress:
            self._progress(Progress(self._done, self._layers, self.bytes_read, self._total))

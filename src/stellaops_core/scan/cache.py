"""Results that need not be worked out again: packs by layer, documents by image.

Comes in: verified digests and what else changes a result. Goes out: bytes, or None. Rules: a key names everything its
value depends on; a cache that can't be read or written costs time, never a result.
"""

import hashlib
from collections.abc import Callable, Iterable

from msgspec import Struct

from stellaops_core.digest import Digest
from stellaops_core.stores.blobs import BlobInfo, BlobStore
from stellaops_core.stores.directory import DirectoryBlobs
from stellaops_core.stores.layout import (
    IMAGES,
    INDEXES,
    LAYERS,
    PACK,
    image_key,
    index_key,
    layer_document_key,
    pack_key,
)

PACK_VERSION = 3
"""Raise it when packs of the same layer (`scan.fragment`) come to hold something else."""

_LEFTOVER_AGE = 3600.0
_LEVEL = 3


def analysis_key(versions: Iterable[tuple[str, int]]) -> str:
    """Name a set of analyzers: 16 hex digits that change whenever the fragments they make may change."""
    text = ",".join(f"{name}={version}" for name, version in versions)
    return hashlib.sha256(f"pack={PACK_VERSION};{text}".encode()).hexdigest()[:16]


class CacheInfo(Struct, frozen=True):
    """What a cache holds."""

    location: str
    layers: int
    layer_bytes: int
    documents: int
    document_bytes: int


class Verified(Struct, frozen=True):
    """Outcome of a check of everything stored."""

    checked: int
    damaged: tuple[str, ...]
    """Keys; they have been removed."""


class LayerCache:
    """Packs and documents over a `BlobStore`. `warn` is told, once, that the store does not work."""

    def __init__(self, blobs: BlobStore, *, location: str = "", warn: Callable[[str], None] = lambda _: None) -> None:
        self._blobs, self.location, self._warn = blobs, location, warn
        self._broken = False

    def get_layer(self, layer: Digest, analysis: str) -> bytes | None:
        """Return the pack of a layer whose digest was verified when the pack was stored."""
        return self._get(pack_key(layer, analysis))

    def put_layer(self, layer: Digest, analysis: str, data: bytes) -> None:
        """Store a pack; the caller has verified the layer against this digest."""
        self._put(pack_key(layer, analysis), data)

    def get_document(self, image: Digest, name: str) -> bytes | None:
        """Return a finished document of an image."""
        return self._get(image_key(image, name))

    def put_document(self, image: Digest, name: str, data: bytes) -> None:
        """Store a finished document; `name` tells everything that it depends on."""
        self._put(image_key(image, name), data)

    def get_layer_document(self, layer: Digest, ending: str) -> bytes | None:
        """Return the document of a layer that was made last, whatever lay below the layer then; it says so itself."""
        data = self._get(layer_document_key(layer, ending))
        return _unpacked(data) if data is not None else None

    def put_layer_document(self, layer: Digest, ending: str, data: bytes) -> None:
        """Store the document of a layer whose digest was verified when its pack was stored."""
        from zstandard import ZstdCompressor  # noqa: PLC0415  # scans make no such documents

        self._put(layer_document_key(layer, ending), ZstdCompressor(level=_LEVEL).compress(data))

    def get_index(self, image: Digest) -> bytes | None:
        """Return the BOM-Index of an image that was made last."""
        return self._get(index_key(image))

    def put_index(self, image: Digest, data: bytes) -> None:
        """Store the BOM-Index of an image."""
        self._put(index_key(image), data)

    def info(self) -> CacheInfo:
        """Count what is stored: packs of layers, and documents of layers and images."""
        stored = [blob for prefix in (LAYERS, IMAGES, INDEXES) for blob in self._blobs.list(prefix)]
        layers = [blob for blob in stored if blob.key.endswith(PACK)]
        documents = [blob for blob in stored if not blob.key.endswith(PACK)]
        return CacheInfo(
            self.location, len(layers), sum(b.size for b in layers), len(documents), sum(b.size for b in documents)
        )

    def gc(self, *, max_size: int | None, older_than: float | None, now: float) -> tuple[int, int]:
        """Remove what was not used for `older_than` seconds, then the least recently used down to `max_size` bytes.

        Returns (blobs, bytes) removed. Other processes may go on reading and writing.
        """
        kept: list[BlobInfo] = []
        removed: list[BlobInfo] = []
        for blob in self._blobs.list():
            (removed if older_than is not None and now - blob.used > older_than else kept).append(blob)
        if max_size is not None:
            kept.sort(key=lambda blob: (blob.used, blob.key))
            size = sum(blob.size for blob in kept)
            while kept and size > max_size:
                size -= kept[0].size
                removed.append(kept.pop(0))
        removed = [blob for blob in removed if self._blobs.delete(blob.key)]
        self._blobs.sweep(now - _LEFTOVER_AGE)
        return len(removed), sum(blob.size for blob in removed)

    def clear(self, *, now: float) -> tuple[int, int]:
        """Remove everything; returns (blobs, bytes) removed."""
        return self.gc(max_size=0, older_than=None, now=now)

    def verify(self) -> Verified:
        """Read everything; remove what is damaged."""
        checked, damaged = 0, []
        for blob in list(self._blobs.list()):
            checked += 1
            if self._blobs.get(blob.key) is None and self._blobs.delete(blob.key):  # not one that was collected
                damaged.append(blob.key)
        return Verified(checked, tuple(damaged))

    def _get(self, key: str) -> bytes | None:
        try:
            return None if self._broken else self._blobs.get(key)
        except OSError as error:
            self._give_up("read", error)
            return None

    def _put(self, key: str, data: bytes) -> None:
        try:
            if not self._broken:
                self._blobs.put(key, data)
        except OSError as error:
            self._give_up("written", error)

    def _give_up(self, what: str, error: OSError) -> None:
        self._broken = True
        self._warn(f"the cache {self.location} can't be {what} ({error.strerror or error}): results are not kept")


def _unpacked(data: bytes) -> bytes | None:
    import zstandard  # noqa: PLC0415

    from stellaops_core.sbom.stella_json import MAX_DOCUMENT  # noqa: PLC0415

    try:
        if zstandard.frame_content_size(data) > MAX_DOCUMENT:
            return None
        return zstandard.decompress(data, max_output_size=MAX_DOCUMENT)
    except zstandard.ZstdError:
        return None


def open_cache(location: str, *, warn: Callable[[str], None] = lambda _: None) -> LayerCache:
    """Open the cache in a local directory, which need not exist."""
    return LayerCache(DirectoryBlobs(location), location=location, warn=warn)

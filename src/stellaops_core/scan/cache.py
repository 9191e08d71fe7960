"""Results that need not be worked out again: packs by layer, documents by image.

Comes in: verified digests and what else changes a result. Goes out: bytes, or None. Rules: a key names everything its
value depends on; a cache that can't be read or written costs time, never a result.
"""

import hashlib
from collections.abc import Callable, Iterable

from msgspec import Struct

from stellaops_core.digest import Digest, hexadecimal
from stellaops_core.stores.blobs import BlobInfo, BlobStore
from stellaops_core.stores.directory import DirectoryBlobs

PACK_VERSION = 2
"""Raise it when packs of the same layer (`scan.fragment`) come to hold something else."""

_LEFTOVER_AGE = 3600.0


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
        return self._get(_layer_key(layer, analysis))

    def put_layer(self, layer: Digest, analysis: str, data: bytes) -> None:
        """Store a pack; the caller has verified the layer against this digest."""
        self._put(_layer_key(layer, analysis), data)

    def get_document(self, image: Digest, name: str) -> bytes | None:
        """Return a finished document of an image."""
        return self._get(f"images/{hexadecimal(image)}/{name}")

    def put_document(self, image: Digest, name: str, data: bytes) -> None:
        """Store a finished document; `name` tells everything that it depends on."""
        self._put(f"images/{hexadecimal(image)}/{name}", data)

    def info(self) -> CacheInfo:
        """Count what is stored."""
        layers, documents = list(self._blobs.list("layers")), list(self._blobs.list("images"))
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
        for blob in removed:
            self._blobs.delete(blob.key)
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
            if self._blobs.get(blob.key) is None:
                self._blobs.delete(blob.key)
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


def _layer_key(layer: Digest, analysis: str) -> str:
    return f"layers/{hexadecimal(layer)}/{analysis}.pack"


def open_cache(location: str, *, warn: Callable[[str], None] = lambda _: None) -> LayerCache:
    """Open the cache in a local directory, which need not exist."""
    return LayerCache(DirectoryBlobs(location), location=location, warn=warn)

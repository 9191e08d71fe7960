"""The cache: keys that tell everything, limits that hold, failures that cost time only."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stellaops_core.digest import Digest, sha256
from stellaops_core.scan.cache import LayerCache, analysis_key, open_cache
from stellaops_core.stores.blobs import BlobInfo

DAY = 86400.0


def test_key_changes_with_names_versions_and_order() -> None:
    """Whatever may change a fragment changes the key."""
    keys = {
        analysis_key(versions)
        for versions in ([("a", 1)], [("a", 2)], [("b", 1)], [("a", 1), ("b", 1)], [("b", 1), ("a", 1)], [])
    }
    assert len(keys) == 6


def filled(path: Path) -> LayerCache:
    """Four blobs of 132 bytes, used 4, 3, 2 and 1 days after the epoch."""
    cache = open_cache(str(path))
    for age, name in enumerate(("a", "b", "c"), 2):
        cache.put_layer(sha256(name.encode()), "key", bytes(100))
        os.utime(path / f"layers/{sha256(name.encode())[7:]}/key.pack", (0, age * DAY))
    cache.put_document(sha256(b"i"), "doc", bytes(100))
    os.utime(path / f"images/{sha256(b'i')[7:]}/doc", (0, DAY))
    return cache


def test_info_counts(tmp_path: Path) -> None:
    """Layers and documents apart, in stored bytes."""
    info = filled(tmp_path).info()
    assert (info.layers, info.layer_bytes, info.documents, info.document_bytes) == (3, 396, 1, 132)


@pytest.mark.parametrize(
    ("max_size", "older_than", "left"),
    [(None, None, 4), (300, None, 2), (0, None, 0), (None, 2.5 * DAY, 2), (140, 3.5 * DAY, 1), (10**9, 10 * DAY, 4)],
)
def test_gc_removes_the_longest_unused(
    max_size: int | None, older_than: float | None, left: int, tmp_path: Path
) -> None:
    """By age, then by size; the newest stay."""
    cache = filled(tmp_path)
    removed, size = cache.gc(max_size=max_size, older_than=older_than, now=5 * DAY)
    info = cache.info()
    assert (info.layers + info.documents, removed, size) == (left, 4 - left, (4 - left) * 132)
    if left:
        assert cache.get_layer(sha256(b"c"), "key") == bytes(100)


def test_use_keeps_from_gc(tmp_path: Path) -> None:
    """Reading counts as use."""
    cache = filled(tmp_path)
    cache.get_document(sha256(b"i"), "doc")
    cache.gc(max_size=140, older_than=None, now=5 * DAY)
    assert cache.get_document(sha256(b"i"), "doc") == bytes(100)


def test_verify_removes_damage(tmp_path: Path) -> None:
    """Damaged blobs are named and gone; the others stay."""
    cache = filled(tmp_path)
    path = tmp_path / f"layers/{sha256(b'a')[7:]}/key.pack"
    path.write_bytes(path.read_bytes()[:-1])
    assert cache.get_layer(sha256(b"a"), "key") is None
    verified = cache.verify()
    assert (verified.checked, len(verified.damaged)) == (4, 1)
    assert (cache.info().layers, cache.verify().damaged) == (2, ())


def test_clear(tmp_path: Path) -> None:
    """Nothing is left."""
    cache = filled(tmp_path)
    assert cache.clear(now=5 * DAY) == (4, 528)
    assert cache.info().layers + cache.info().documents == 0


class Failing:
    """A store whose disk is full, or closed."""

    def __init__(self) -> None:
        self.calls = 0

    def get(self, key: str) -> bytes | None:
        self.calls += 1
        raise PermissionError(13, "Permission denied")

    def put(self, key: str, data: bytes) -> None:
        self.calls += 1
        raise OSError(28, "No space left on device")

    def delete(self, key: str) -> None: ...

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        return iter(())

    def sweep(self, before: float) -> None: ...


def test_a_cache_that_fails_is_told_of_once() -> None:
    """The scan goes on without it."""
    told: list[str] = []
    store = Failing()
    cache = LayerCache(store, location="/cache", warn=told.append)
    cache.put_layer(Digest("sha256:00"), "key", b"")
    cache.put_layer(Digest("sha256:00"), "key", b"")
    assert cache.get_layer(Digest("sha256:00"), "key") is None
    assert store.calls == 1
    assert len(told) == 1
    assert "/cache" in told[0]
    assert "No space left on device" in told[0]

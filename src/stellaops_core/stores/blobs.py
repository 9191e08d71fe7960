"""The port to a store of immutable bytes under keys such as `layers/<hex>/<name>`."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol


class BlobInfo(NamedTuple):
    """One stored blob."""

    key: str
    size: int
    """Stored bytes."""
    used: float
    """POSIX time of its last use, as far as the backend knows."""


class BlobStore(Protocol):
    """Keys are relative paths of `[A-Za-z0-9._-]` segments; a blob never changes once it is there."""

    def get(self, key: str) -> bytes | None:
        """Return the bytes, whole and unchanged, or None where there are none (or damaged ones)."""

    def put(self, key: str, data: bytes) -> None:
        """Store bytes. On return they are visible to every process, whole; before it, not at all. Raises `OSError`."""

    def delete(self, key: str) -> bool:
        """Remove a blob; say whether it was there: somebody else may have been quicker."""

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield what is stored below a prefix that ends at a segment, in the order of keys."""

    def sweep(self, before: float) -> None:
        """Remove what writers that were killed before a POSIX time left behind."""

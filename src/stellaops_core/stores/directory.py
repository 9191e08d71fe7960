"""Blobs in a local directory that many processes share without a lock.

Rules: a blob is written to a temporary name and renamed, so that it is there whole or not at all, even after kill -9;
it begins with the SHA-256 of the rest, so that damage by a disk or a power cut reads as absence; whoever loses a race
has written the same bytes.
"""

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator

from stellaops_core.stores.blobs import BlobInfo

_KEY = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")
_TEMPORARY = "tmp"
_CHECKSUM = 32
_TRIES = 8  # to write while others collect


class DirectoryBlobs:
    """A `BlobStore`. The directory is made at the first `put`."""

    def __init__(self, root: str) -> None:
        self.root = root

    def get(self, key: str) -> bytes | None:
        """Return verified bytes; note their use for the garbage collection. Raises `OSError` where reading fails."""
        path = self._path(key)
        try:
            with open(path, "rb") as file:
                data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ESTALE:  # NFS: removed by another host
                return None
            raise
        body = memoryview(data)[_CHECKSUM:]
        if hashlib.sha256(body).digest() != data[:_CHECKSUM]:
            return None
        with contextlib.suppress(OSError):  # a shared cache may be read-only
            os.utime(path)
        return bytes(body)

    def put(self, key: str, data: bytes) -> None:
        """Store bytes; see the port.

        A collection that goes on may take away the directory that is about to be filled, or what it holds for a
        leftover by its own clock.
        """
        path = self._path(key)
        for left in range(_TRIES, 0, -1):
            try:
                self._write(path, data)
                break
            except FileNotFoundError:
                if left == 1:
                    raise

    def _write(self, path: str, data: bytes) -> None:
        folder = f"{self.root}/{_TEMPORARY}"
        os.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/{os.getpid()}-{os.urandom(8).hex()}"
        try:
            with open(temporary, "xb") as file:
                file.write(hashlib.sha256(data).digest())
                file.write(data)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def delete(self, key: str) -> bool:
        """Remove a blob and the directory that it leaves empty; say whether it was there."""
        path = self._path(key)
        try:
            os.unlink(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(path))
        return True

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield blobs, temporary files left out; what vanishes meanwhile is left out too."""
        yield from self._walk(prefix.strip("/"))

    def sweep(self, before: float) -> None:
        """Remove temporary files last written before a POSIX time: their writers were killed."""
        folder = f"{self.root}/{_TEMPORARY}"
        with contextlib.suppress(FileNotFoundError):
            for name in os.listdir(folder):
                with contextlib.suppress(OSError):
                    if os.stat(f"{folder}/{name}").st_mtime < before:
                        os.unlink(f"{folder}/{name}")

    def _walk(self, folder: str) -> Iterator[BlobInfo]:
        try:
            with os.scandir(f"{self.root}/{folder}") as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            key = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if key != _TEMPORARY:
                    yield from self._walk(key)
            elif entry.is_file(follow_symlinks=False) and _KEY.fullmatch(key):
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    yield BlobInfo(key, status.st_size, status.st_mtime)

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key) or key.startswith(_TEMPORARY + "/"):
            raise ValueError(f"not a key of a blob: {key!r}")
        return f"{self.root}/{key}"

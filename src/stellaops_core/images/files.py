"""The named files that an image is stored in, and the image source over them.

Comes in: names from the image's own documents. Goes out: bytes at given places of open files, so that forked processes
may share them. Rule: no name leads to a file outside of what the user pointed at; anything but a regular file is left
unopened. `Folder` is here; `tarball` has the other kind.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple, Protocol, Self, TypeVar

from stellaops_core.errors import (
    CorruptImage,
    MissingBlob,
    NotAnImage,
    TargetError,
    TargetNotFound,
    Truncated,
    Unsupported,
)
from stellaops_core.images.image import Image, Layer

PIECE = 1 << 20

_F = TypeVar("_F", bound="Files")


class Extent(NamedTuple):
    """Bytes of an open file."""

    descriptor: int
    start: int
    size: int

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes; raise `Truncated` if the file has become shorter."""
        at, end = self.start, self.start + self.size
        while at < end:
            with readable("the image"):
                data = os.pread(self.descriptor, min(PIECE, end - at), at)
            if not data:
                raise Truncated("a file of the image became shorter while it was read")
            at += len(data)
            yield data


class Files(Protocol):
    """The named files of a layout or an archive. Safe after a fork."""

    where: str
    """What messages call it: the path as the user wrote it."""

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""

    def open(self, name: str) -> AbstractContextManager[Extent]:
        """Open a file that exists; raise `MissingBlob` otherwise."""

    def close(self) -> None:
        """Give back what is held. Twice does no harm."""


class Folder:
    """Files below a directory, for as long as nobody exchanges its directories while they are read."""

    def __init__(self, path: str) -> None:
        self.where = path
        with readable(path):
            if not stat.S_ISDIR(os.stat(path).st_mode):
                raise NotAnImage(f"{path} is no directory", hint="oci-archive: and docker-archive: read files")
            self._root = os.path.realpath(path)

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""
        try:
            return self._status(self._path(name), name).st_size
        except MissingBlob:
            return None

    @contextmanager
    def open(self, name: str) -> Iterator[Extent]:
        """Open a file, following links only within the directory."""
        path = self._path(name)
        self._status(path, name)  # before it is opened: opening a device may do something
        with readable(self._what(name), missing=MissingBlob):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            yield Extent(descriptor, 0, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Nothing is held."""

    def _path(self, name: str) -> str:
        path = os.path.realpath(os.path.join(self._root, name))
        if os.path.commonpath([path, self._root]) != self._root:
            raise CorruptImage(f"{self._what(name)} is a link that leads out of the layout")
        return path

    def _status(self, path: str, name: str) -> os.stat_result:
        with readable(self._what(name), missing=MissingBlob):
            status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            raise CorruptImage(f"{self._what(name)} is no regular file")
        return status

    def _what(self, name: str) -> str:
        return f"{self.where}: {name}"


class StoredImage:
    """An `ImageSource` over the files of a layout or an archive."""

    def __init__(self, image: Image, files: Files, names: Sequence[str]) -> None:
        self.image = image
        self._files = files
        self._names = names

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def open_layer(self, layer: Layer) -> Iterator[Iterator[bytes]]:
        """Open a layer's stored bytes, in pieces of at most 1 MiB."""
        name = self._names[layer.index]
        if layer.urls and self._files.size(name) is None:
            raise Unsupported(
                f"layer {layer.index} is kept elsewhere and not in {self._files.where}: {layer.key}",
                hint="foreign layers are not fetched; export the image together with them",
            )
        with self._files.open(name) as extent:
            yield extent.pieces()

    def close(self) -> None:
        """Close the archive."""
        self._files.close()


def read_file(files: Files, name: str, limit: int) -> bytes:
    """Read a whole document of at most `limit` bytes."""
    with files.open(name) as extent:
        if extent.size > limit:
            raise CorruptImage(f"{files.where}: {name[:200]!r} has {extent.size} bytes; {limit} are read")
        return b"".join(extent.pieces())


def missing(files: Files, name: str) -> MissingBlob:
    """Say that a file is not there."""
    return MissingBlob(f"{files.where} has no {name[:200]!r}", hint="export the image again")


def closing(files: _F, make: Callable[[_F], StoredImage]) -> StoredImage:
    """Make an image of files that are closed if that fails."""
    try:
        return make(files)
    except BaseException:
        files.close()
        raise


@contextmanager
def readable(what: str, missing: type[TargetError] = TargetNotFound) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except FileNotFoundError:
        raise missing(f"{what} does not exist") from None
    except PermissionError:
        raise TargetError(f"{what} may not be read", hint="check who owns it") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in a path
        raise TargetError(f"{what} can't be read: {getattr(error, 'strerror', None) or error}") from None

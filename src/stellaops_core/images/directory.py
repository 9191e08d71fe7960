"""`dir:`, a root file system that lies unpacked on this host.

Comes in: a directory. Goes out: the same `Tree` that a layer gives, so that everything after it is the same. Rules: no
symbolic link is followed, not even inside the directory; other file systems mounted below are read, the kernel's own
(proc, sys, dev of a live root) are not; what may not be read is reported as unknown.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Self

from stellaops_core.errors import MissingBlob, NotAnImage, TargetError, TargetNotFound
from stellaops_core.images.captured import HEAD
from stellaops_core.images.image import Image, Layer, Platform
from stellaops_core.images.layer import ENTRY_LIMIT
from stellaops_core.images.tar import decode_path
from stellaops_core.images.tree import Look, Tree, Wants

_KERNEL = frozenset({"proc", "sys", "dev"})


class DirectorySource:
    """An `ImageSource` without layers; the scan reads its tree with `read_directory`."""

    def __init__(self, root: str) -> None:
        if not os.path.lexists(root):
            raise TargetNotFound(f"there is nothing at {root}", hint="dir: wants the path of a root file system")
        if not os.path.isdir(root):  # paths stay strings here: there are millions
            raise NotAnImage(f"{root} is not a directory", hint="dir: wants the path of a root file system")
        self.root = root
        self.image = Image(name="", digest="", config_digest="", platform=Platform("", ""), layers=(), config={})

    def open_layer(self, layer: Layer) -> AbstractContextManager[Iterator[bytes]]:
        """Refuse: there are no layers."""
        raise MissingBlob(f"a directory has no layer {layer.index}")

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_directory(
    root: str,
    wants: Wants,
    *,
    look: Look | None = None,
    spool_dir: str | None = None,
) -> Tree:
    """Read a directory as if it were one layer. Raises `TargetError` if its top can't be listed."""
    tree = Tree(wants, look=look, spool_dir=spool_dir)
    top = os.fsencode(root)
    stack: list[tuple[bytes, bytes]] = [(top, b"")]
    try:
        while stack:
            real, path = stack.pop()
            try:
                with os.scandir(real) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                if not path:
                    raise TargetError(f"{root} can't be read: {error.strerror}") from None
                tree.add_unknown(decode_path(path), f"not read: {error.strerror}")
                continue
            for entry in entries:
                _add(tree, entry, path + b"/" + entry.name if path else entry.name, stack)
                if tree.entries > ENTRY_LIMIT:
                    raise TargetError(f"{root} has more than {ENTRY_LIMIT:,} entries")
    except BaseException:
        tree.close()
        raise
    return tree


def _add(tree: Tree, entry: "os.DirEntry[bytes]", raw: bytes, stack: list[tuple[bytes, bytes]]) -> None:
    path = decode_path(raw)
    parent, _, name = path.rpartition("/")
    try:
        if entry.is_symlink():
            tree.add_link(path, parent, name, decode_path(os.readlink(entry.path)))
        elif entry.is_dir(follow_symlinks=False):
            tree.add_directory(path)
            if path not in _KERNEL or not _is_kernels(entry.path):
                stack.append((entry.path, raw))
        elif entry.is_file(follow_symlinks=False):
            tree.add_other(path, parent, name)
            _offer(tree, entry.path, path)
        else:
            tree.add_other(path, parent, name)
    except OSError as error:
        tree.add_unknown(path, f"not read: {error.strerror}")


def _is_kernels(path: bytes) -> bool:
    """Whether another file system is mounted there: proc, sys and dev of a live root are, those of an image are not."""
    return os.lstat(path).st_dev != os.lstat(os.path.dirname(path)).st_dev


def _offer(tree: Tree, real: bytes, path: str) -> None:
    """Show a file's first bytes, and capture it if it is wanted.

    A closed file is an unknown only where its name or its mode says that it would have been wanted.
    """
    parent, _, name = path.rpartition("/")
    try:
        # O_NOFOLLOW and O_NONBLOCK: between the listing and now the file may have become a link or a pipe
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
    except PermissionError:
        status = os.lstat(real)
        if status.st_mode & 0o111 or tree.wants(path, parent, name, status.st_size, b""):
            raise
        return
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is no regular file any more")
        head = os.pread(descriptor, HEAD, 0)
        head = head if len(head) == HEAD else b""
        if how := tree.wants(path, parent, name, status.st_size, head):
            executable = status.st_mode & 0o111 > 0
            tree.capture(path, status.st_size, _exactly(file.read, status.st_size), how, head, executable=executable)


def _exactly(read: Callable[[int], bytes | None], size: int) -> Iterator[bytes]:
    left = size
    while left and (piece := read(min(left, 1 << 20))):
        left -= len(piece)
        yield piece
    if left:
        raise OSError(0, "it shrank while it was read")

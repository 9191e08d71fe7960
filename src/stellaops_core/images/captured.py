"""A file whose content was taken from a layer.

Comes in: content in memory, or where it lies in a temporary file. Goes out: what analyzers read. Large content
is mapped, never copied as a whole.
"""

import mmap
from collections.abc import Callable
from typing import IO, Any, TypeVar

from stellaops_core.readers.content import Content

HEAD = 8
"""Bytes of content that are shown when a file is offered."""

_T = TypeVar("_T")


class CapturedFile:
    """A wanted file and its content; an `analyzers.LayerFile`."""

    __slots__ = ("_content", "_memo", "_offset", "_spool", "executable", "head", "path", "result", "size")

    def __init__(
        self, path: str, size: int, content: Content | None, spool: IO[bytes] | None = None, offset: int = 0
    ) -> None:
        self.path, self.size = path, size
        self.head = b""
        """The first HEAD bytes, where the walk has seen them and there are as many."""
        self.executable = False
        """Whether any of its mode's three bits of execution is set."""
        self.result: object = None
        """What looking at it gave."""
        self._content, self._spool, self._offset = content, spool, offset
        self._memo: dict[object, Any] = {}

    @property
    def is_kept(self) -> bool:
        """Whether the content can still be had."""
        return self._content is not None or self._spool is not None or not self.size

    def read(self) -> bytes:
        """Return the whole content as bytes."""
        content = self.content()
        return content if isinstance(content, bytes) else content[:]

    def content(self) -> Content:
        """Return the whole content; a large one is mapped, not read."""
        if self._content is None:
            if self._spool is None or not self.size:
                return b""
            self._content = mmap.mmap(self._spool.fileno(), self.size, access=mmap.ACCESS_READ, offset=self._offset)
        return self._content

    def once(self, read: Callable[[Content], _T]) -> _T:
        """Return what `read` makes of the content, made once for all who ask with the same function."""
        if read not in self._memo:
            self._memo[read] = read(self.content())
        made: _T = self._memo[read]
        return made

    def at(self, path: str) -> "CapturedFile":
        """Return the same content under another path."""
        file = CapturedFile(path, self.size, self._content, self._spool, self._offset)
        file.result, file.head, file.executable = self.result, self.head, self.executable
        return file

    def release(self) -> None:
        """Drop the content; what looking at it gave stays."""
        self._memo.clear()
        if isinstance(self._content, mmap.mmap):
            self._content.close()
        self._content = self._spool = None

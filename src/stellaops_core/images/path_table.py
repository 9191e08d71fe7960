"""The paths that a layer holds, compact: names by directory, in compressed pieces.

Comes in: names, directory after directory as a tar has them. Goes out: the same as bytes, or as groups of names. Of
the paths in a table hardly any is ever asked for, so it is small, and adding to it is cheap: three million paths take
some 5 MB, and each is one name more in a list.

A table's bytes are pieces, each a length (4 bytes, little-endian) and a zstd frame. A piece's text is groups, each a
directory, NUL, its names joined by slashes, NUL. A directory may have several groups, and a name may stand in several.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from struct import Struct as Binary
from typing import TYPE_CHECKING

from stellaops_core.errors import Unsupported

if TYPE_CHECKING:
    from zstandard import ZstdCompressor

PIECE = 1 << 20
"""Bytes of text that are compressed at once, about."""

PIECE_LIMIT = 32 << 20
"""Most bytes of a piece's text that are read: one group of the longest names has 16 MiB."""

_RUN = 1024  # most names of a group
_LEVEL = 3
_LENGTH = Binary("<I")

Group = tuple[str, str]
"""A directory, and names in it joined by slashes."""


class PathTable:
    """A table that grows. `limit`: most bytes of its text."""

    def __init__(self, limit: int) -> None:
        self.size = 0
        """Bytes of text, those of names that wait left out."""
        self._limit = limit
        self._pieces: list[bytes] = []
        self._text: list[bytes] = []
        self._text_size = 0
        self._directory = ""
        self._names: list[str] = []
        self._compressor: ZstdCompressor | None = None

    def add(self, directory: str, name: str) -> None:
        """Add a path. Raises `Unsupported` beyond the limit, sooner or later."""
        if directory != self._directory or len(self._names) == _RUN:
            self._end_group()
            self._directory = directory
        self._names.append(name)

    def groups(self) -> Iterator[Group]:
        """Yield what it holds."""
        self._end_group()
        return chain.from_iterable(_split(text) for text in chain(map(_plain, self._pieces), [b"".join(self._text)]))

    def encode(self) -> bytes:
        """Return its bytes, which depend on nothing but what was added."""
        self._end_group()
        self._end_piece()
        return b"".join(part for piece in self._pieces for part in (_LENGTH.pack(len(piece)), piece))

    def without(self, path: str) -> "PathTable":
        """Return a table that lacks a path and all below it."""
        kept = PathTable(self._limit)
        parent, _, last = path.rpartition("/")
        below = path + "/"
        for directory, names in self.groups():
            left = "/".join(name for name in names.split("/") if name != last) if directory == parent else names
            if left and directory != path and not directory.startswith(below):
                kept._add_group(directory, left)
        return kept

    def _end_group(self) -> None:
        if self._names:
            self._add_group(self._directory, "/".join(self._names))
            self._names.clear()

    def _add_group(self, directory: str, names: str) -> None:
        text = f"{directory}\0{names}\0".encode()
        self.size += len(text)
        if self.size > self._limit:
            raise Unsupported(f"its paths have more than {self._limit:,} bytes")
        self._text.append(text)
        self._text_size += len(text)
        if self._text_size > PIECE:
            self._end_piece()

    def _end_piece(self) -> None:
        if self._text:
            self._pieces.append(self._squeeze(b"".join(self._text)))
            self._text.clear()
            self._text_size = 0

    def _squeeze(self, text: bytes) -> bytes:
        if self._compressor is None:
            import zstandard  # noqa: PLC0415  # a scan that knows its image needs none

            self._compressor = zstandard.ZstdCompressor(level=_LEVEL)
        return self._compressor.compress(text)


def read_groups(data: bytes) -> Iterator[Group]:
    """Yield the groups of an encoded table, one piece in memory at a time. Raises `ValueError` for anything else."""
    at = 0
    while at < len(data):
        start = at + _LENGTH.size
        if start > len(data):
            raise ValueError("a damaged table of paths")
        at = start + _LENGTH.unpack_from(data, start - _LENGTH.size)[0]
        yield from _split(_plain(data[start:at]))


def paths_of(groups: Iterable[Group]) -> Iterator[str]:
    """Yield the paths that groups stand for."""
    for directory, names in groups:
        prefix = directory and directory + "/"
        for name in names.split("/"):
            yield prefix + name


def _plain(piece: bytes) -> bytes:
    import zstandard  # noqa: PLC0415

    try:
        if not 0 <= zstandard.frame_content_size(piece) <= PIECE_LIMIT:
            raise ValueError("a table of paths with too large a piece")
        return zstandard.decompress(piece)
    except zstandard.ZstdError as error:
        raise ValueError(f"a damaged table of paths: {error}") from None


def _split(text: bytes) -> Iterator[Group]:
    fields = text.decode().split("\0")
    return zip(fields[:-1:2], fields[1::2], strict=False)

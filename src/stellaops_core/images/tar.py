"""A tar stream, entry by entry.

Comes in: pieces of a tar as they are decompressed. Goes out: one `Entry` after another; the content of an entry can be
taken before the next one is asked for, and is skipped otherwise. Every header's checksum is verified; the stream has
to end as a tar ends.

Sources: POSIX.1-2017 pax Interchange Format and ustar; GNU tar manual, "Basic Tar Format" (long names, base-256
numbers, sparse files). Nothing here believes a size: content is cut from what really comes.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zlib import adler32

from stellaops_core.errors import CorruptImage, Truncated

BLOCK = 512
EXTENDED_LIMIT = 1 << 20
"""Most bytes of one pax header or long name; PATH_MAX is 4096."""

RECORDS_LIMIT = 1_000_000
"""Records of all pax headers of a tar beyond ten a header: what other programs keep there, such as attributes."""

FILE, HARD_LINK, SYMLINK, DIRECTORY, OTHER, SPARSE = b"0", b"1", b"2", b"5", b"3", b"S"
"""Kinds of entries; OTHER stands for devices and pipes."""

_COMMON = 10  # records of a pax header
_NAMED_LIMIT = 100  # records of use for one entry; there are seven

_KINDS = {0: FILE, 0x30: FILE, 0x37: FILE, 0x31: HARD_LINK, 0x32: SYMLINK, 0x35: DIRECTORY, 0x53: SPARSE}
_DEVICES = frozenset(b"346")
_NAMING = frozenset(b"xgLKSXN")
_USED = frozenset({b"path", b"linkpath", b"size"})
_SPARSE = b"GNU.sparse."
_LONG = (b"L", b"K")  # what GNU's long names are kept as; no pax record that is used has such a key
_ODD = re.compile(rb"^/|//|(?:^|/)\.{1,2}(?:/|$)")


class Entry(NamedTuple):
    """One member. A NamedTuple, for there are millions."""

    path: bytes
    """As written, without a trailing slash."""
    kind: bytes
    size: int
    """Bytes of content that follow in the stream; 0 for all but files."""
    mode: int
    link: bytes
    """Target of a hard or symbolic link."""


class Tape:
    """Takes and skips bytes of a stream that comes in pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = b""
        self._at = 0
        self.position = 0
        """Bytes handed out or skipped so far."""

    def take(self, size: int) -> bytes:
        """Return exactly `size` bytes, fewer only at the end of the stream."""
        at, end = self._at, self._at + size
        if end <= len(self._piece):
            self._at = end
            self.position += size
            return self._piece[at:end]
        parts = [self._piece[at:]]
        missing = size - len(parts[0])
        self._piece, self._at = b"", 0
        while missing > 0:
            piece = next(self._pieces, None)
            if piece is None:
                break
            if len(piece) > missing:
                self._piece, self._at = piece, missing
            parts.append(piece[:missing])
            missing -= len(parts[-1])
        data = b"".join(parts)
        self.position += len(data)
        return data

    def peek(self, size: int) -> bytes:
        """Return the next bytes without taking them; fewer at the end of the stream."""
        while len(self._piece) - self._at < size and (piece := next(self._pieces, None)) is not None:
            self._piece, self._at = self._piece[self._at :] + piece, 0
        return self._piece[self._at : self._at + size]

    def skip(self, size: int) -> None:
        """Pass over `size` bytes; raise `Truncated` if the stream ends before."""
        end = self._at + size
        if end <= len(self._piece):
            self._at = end
            self.position += size
            return
        missing = end - len(self._piece)
        self._piece, self._at = b"", 0
        while missing > 0:
            piece = next(self._pieces, None)
            if piece is None:
                raise Truncated(f"the tar ends {missing:,} bytes before the end of a file in it")
            if len(piece) > missing:
                self._piece, self._at = piece, missing
            missing -= min(missing, len(piece))
        self.position += size

    def drain(self) -> None:
        """Read to the end, for the digests' sake."""
        self.position += len(self._piece) - self._at
        self._piece, self._at = b"", 0
        for piece in self._pieces:
            self.position += len(piece)


class Tar:
    """Entries of one tar. Iterate; call `content` for the entry at hand, at most once."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.tape = Tape(pieces)
        self._left = 0  # bytes of content and padding before the next header
        self._padding = 0
        self._records = RECORDS_LIMIT  # that may still come

    def content(self, entry: Entry) -> bytes:
        """Return the whole content of the entry at hand; the caller has looked at its size. Raises `Truncated`."""
        data = self.tape.take(entry.size)
        if len(data) < entry.size:
            raise Truncated(f"the tar ends inside {_shown(entry.path)}")
        self._left -= entry.size
        return data

    def pieces(self, entry: Entry, piece: int = 1 << 20) -> Iterator[bytes]:
        """Yield the content of the entry at hand in pieces."""
        while self._left > self._padding:
            data = self.tape.take(min(piece, self._left - self._padding))
            if not data:
                raise Truncated(f"the tar ends inside {_shown(entry.path)}")
            self._left -= len(data)
            yield data

    def __iter__(self) -> Iterator[Entry]:
        """Yield entries up to the end-of-archive mark, then read the rest of the stream."""
        tape = self.tape
        named: dict[bytes, bytes] = {}  # what extended headers say of the next entry
        while True:
            if self._left:
                tape.skip(self._left)
                self._left = 0
            block = tape.take(BLOCK)
            if not block.strip(b"\0"):
                _end(block, tape)
                return
            if len(block) < BLOCK:
                raise Truncated("the tar ends inside a header")
            _verify(block)
            flag = block[156]
            if flag in _NAMING and flag != 0x53:
                self._read_extended(flag, _number(block[124:136]), named)
                if len(named) > _NAMED_LIMIT:
                    raise CorruptImage("the tar has too many extended headers for one entry")
                continue
            entry, stored = _entry(block, flag, named)
            if flag == 0x53:
                _skip_sparse_map(block, tape)
            named = {} if named else named
            self._padding = -stored % BLOCK
            self._left = stored + self._padding
            yield entry

    def _read_extended(self, flag: int, size: int, named: dict[bytes, bytes]) -> None:
        if size > EXTENDED_LIMIT:
            raise CorruptImage(f"the tar has an extended header of {size:,} bytes")
        data = self.tape.take(size)
        if len(data) < size:
            raise Truncated("the tar ends inside an extended header")
        self.tape.skip(-size % BLOCK)
        if flag == 0x78:  # x; a global header (g) carries nothing that layers may use
            for key in [key for key in named if key not in _LONG]:
                del named[key]  # Go's reader, and so container runtimes, forget the header before
            for number, (key, value) in enumerate(_pax(data)):
                if key in _USED or key.startswith(_SPARSE):
                    named[key] = value
                if number >= _COMMON:
                    self._spend_record()
        elif flag in b"LK":
            named[_LONG[flag == 0x4B]] = data.split(b"\0", 1)[0]

    def _spend_record(self) -> None:
        self._records -= 1
        if self._records < 0:
            raise CorruptImage(f"the tar has more than {RECORDS_LIMIT:,} records too many in its pax headers")


def _entry(block: bytes, flag: int, named: dict[bytes, bytes]) -> tuple[Entry, int]:
    """Return the entry and the number of content bytes that follow it."""
    path = block[:100].split(b"\0", 1)[0]
    if block[257:263] == b"ustar\0" and block[345]:
        end = 476 if block[508:] == b"tar\0" else 500  # star keeps times behind a shorter prefix
        path = block[345:end].split(b"\0", 1)[0] + b"/" + path
    link = block[157:257].split(b"\0", 1)[0] if flag in b"12" else b""
    size = _number(block[124:136])
    kind = _KINDS.get(flag) or (OTHER if flag in _DEVICES else FILE)
    if named:
        path = named.get(b"L") or named.get(b"path") or path
        link = named.get(b"K") or named.get(b"linkpath") or link
        if named.get(b"size"):
            size = _decimal(named[b"size"])
        if _has_holes(named):
            path = named.get(b"GNU.sparse.name") or path
            kind = SPARSE if kind == FILE else kind
    stored = size if kind in {FILE, SPARSE} else 0
    if flag == 0 and path.endswith(b"/"):
        kind = DIRECTORY  # as tars wrote it before ustar
    return Entry(path.rstrip(b"/"), kind, stored, _mode(block[100:108]), link), stored


def _has_holes(named: dict[bytes, bytes]) -> bool:
    """Whether these are records of a sparse file, as Go's reader decides it; others of their kind mean nothing."""
    version = named.get(b"GNU.sparse.major", b""), named.get(b"GNU.sparse.minor", b"")
    if version == (b"", b""):
        return bool(named.get(b"GNU.sparse.map") or named.get(b"GNU.sparse.offset"))
    return version in {(b"0", b"0"), (b"0", b"1"), (b"1", b"0")}


def _verify(block: bytes) -> None:
    """Check the header checksum: the sum of its bytes, the field itself read as spaces.

    adler32's low half is 1 + the sum of all bytes modulo 65521, in one C call.
    """
    field = block[148:156]
    try:
        stored = int(field.strip(b"\0 ").split(b"\0", 1)[0], 8)
    except ValueError:
        raise CorruptImage("the tar has a header without a checksum") from None
    if (stored + sum(field) - 255) % 65521 == adler32(block) & 0xFFFF:
        return
    rest = block[:148] + block[156:]
    if stored != 256 + sum(rest) - 256 * sum(byte > 127 for byte in rest):  # some old tars added signed bytes
        raise CorruptImage("the tar has a header with a wrong checksum")


def _end(block: bytes, tape: Tape) -> None:
    """Accept two blocks of zeros, or the end of the stream in their place; what follows them is nobody's."""
    if len(block) == BLOCK and tape.take(BLOCK).strip(b"\0"):
        raise CorruptImage("the tar has a block of zeros between its headers")
    tape.drain()


def _number(field: bytes) -> int:
    """Read an octal number, or GNU's base-256."""
    text = field.strip(b"\0 ")
    if text.isdigit():  # no sign, no underscore, no prefix: int() would take them
        try:
            return int(text, 8)
        except ValueError:
            pass
    elif not text:
        return 0
    elif field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    raise CorruptImage(f"the tar has a header with the size {bytes(field)!r}")


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 19:
        raise CorruptImage(f"the tar has an extended header with the size {text[:40]!r}")
    return int(text)


def _mode(field: bytes) -> int:
    try:
        return int(field[:7], 8) & 0o7777
    except ValueError:
        return 0


def _pax(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the records of a pax header: length, space, key=value, newline."""
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 20)
        length = data[at:space]
        end = at + int(length) if space > at and length.isdigit() else -1
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not at < end <= len(data) or data[end - 1] != 0x0A or not equals:
            if not data[at:].strip(b"\0"):
                return
            raise CorruptImage("the tar has a damaged pax header")
        if b"\0" in value and key in _USED:
            raise CorruptImage("the tar has a pax header with a null character in it")
        yield key, value
        at = end


def _skip_sparse_map(block: bytes, tape: Tape) -> None:
    """Pass over the further map blocks of an old GNU sparse file."""
    more = block[482]
    while more:
        block = tape.take(BLOCK)
        if len(block) < BLOCK:
            raise Truncated("the tar ends inside the map of a sparse file")
        more = block[504]


def clean(path: bytes) -> str | None:
    r"""Return a path relative to the root, or None where it leads out of it. The root itself is "".

    Bytes that are not UTF-8 show as `\xNN`, so that every path is text which any document can hold.
    """
    if _ODD.search(path):
        steps: list[bytes] = []
        for step in path.split(b"/"):
            if step == b"..":
                if not steps:
                    return None
                steps.pop()
            elif step not in {b"", b"."}:
                steps.append(step)
        path = b"/".join(steps)
    return decode_path(path)


def decode_path(path: bytes) -> str:
    """Make text of a path; see `clean`."""
    return path.decode("utf-8", "backslashreplace")


def _shown(path: bytes) -> str:
    return ascii(path[-80:].decode("utf-8", "replace"))

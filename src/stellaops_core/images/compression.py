"""A layer's stored bytes to its tar, checked on the way.

Comes in: the pieces of a blob as a source yields them, and the digests and size they should have. Goes out: the pieces
of the tar. Rules: output comes in pieces of at most OUTPUT_PIECE bytes however well the input was compressed; nothing
is believed before the last piece has been taken, when `Check.finish` compares size and digests.

Sources: OCI image specification 1.1, layer.md; RFC 1952 (several gzip members follow one another in eStargz and pigz
output); RFC 8878 (zstd: frames and skippable frames).
"""

import queue
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import IO, Any, Self, cast

from stellaops_core.digest import Digest, hasher
from stellaops_core.errors import CorruptImage, DigestMismatch, Truncated, Unsupported

OUTPUT_PIECE = 1 << 20
"""Most bytes of tar that are made at once."""

INPUT_PIECE = 1 << 18
"""Most stored bytes that are given to a decompressor at once: it copies what it has not used yet."""

TAR_LIMIT = 1 << 38
"""Most bytes of tar of one layer, 256 GiB."""

TAR_RATIO = 1000
"""Times that a tar may be larger than what is stored of it, from TAR_FREE on: gzip reaches no more, zstd 30,000."""

TAR_FREE = 8 << 30
"""Bytes of tar that may be unpacked at any ratio."""

WINDOW_LIMIT = 1 << 27
"""Largest zstd window, 128 MiB: the most that `zstd --long` writes without a matching flag on the reader's side."""

_QUEUED = 6
_SMALL = 1 << 18
_SENTINEL = b"stella: the last frame is whole."
# RFC 8878, 3.1.1: magic, one segment of 32 bytes, one raw block of 32 bytes that is the last
_SENTINEL_FRAME = b"\x28\xb5\x2f\xfd\x20\x20" + (len(_SENTINEL) << 3 | 1).to_bytes(3, "little") + _SENTINEL
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_NAMED = ((b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x04\x22\x4d\x18", "lz4"), (b"LZIP", "lzip"))


class Check:
    """Size and digests of one stream, taken while it passes."""

    def __init__(self, *, digest: str, diff_id: str, size: int) -> None:
        self._digest, self._diff_id, self._size = digest, diff_id, size
        self._stored = hasher(Digest(digest)) if digest else None
        self._tar = hasher(Digest(diff_id)) if diff_id else None
        self.bytes_read = self._tar_bytes = 0

    def stored(self, piece: bytes) -> None:
        """Take stored bytes; refuse more of them than the manifest announced."""
        self.bytes_read += len(piece)
        if 0 <= self._size < self.bytes_read:
            raise DigestMismatch(f"longer than the {self._size:,} bytes that the manifest states")
        if self._stored:
            self._stored.update(piece)

    def tar(self, piece: bytes) -> None:
        """Take bytes of the tar; refuse too many."""
        self._tar_bytes += len(piece)
        limit = min(TAR_LIMIT, max(TAR_FREE, TAR_RATIO * self.bytes_read))
        if self._tar_bytes > limit:
            raise Unsupported(f"{self.bytes_read:,} bytes of it unpack to more than {limit:,}")
        if self._tar:
            self._tar.update(piece)

    def finish(self) -> None:
        """Compare; raise `Truncated` or `DigestMismatch`."""
        if self.bytes_read < self._size:
            raise Truncated(f"ends after {self.bytes_read:,} of {self._size:,} bytes")
        for hash_, wanted in ((self._stored, self._digest), (self._tar, self._diff_id)):
            if hash_ and hash_.hexdigest() != wanted.partition(":")[2]:
                kind = "content" if hash_ is self._stored else "uncompressed content (diffID)"
                raise DigestMismatch(
                    f"its {kind} has the digest {hash_.name}:{hash_.hexdigest()}, not {wanted}",
                    hint="the image is damaged or was tampered with; pull or export it again",
                )


def decompressed(pieces: Iterable[bytes], check: Check) -> Iterator[bytes]:
    """Yield the tar of a layer; the compression is told from the first bytes, whatever the media type says.

    A second thread reads and inflates ahead while the caller hashes and walks: both release the GIL.
    Raises `Unsupported`, `Truncated`, `DigestMismatch` or `CorruptImage`, and of these the digest's verdict first.
    """
    with _Ahead(pieces) as ahead:
        for is_tar, piece in ahead:
            if is_tar:
                check.tar(piece)
                yield piece
            else:
                check.stored(piece)
        check.finish()  # a wrong digest explains more than what it made the decompressor stumble over
        if ahead.damage:
            raise ahead.damage


def inflate(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield uncompressed bytes of plain, gzip or zstd input, in pieces of at most OUTPUT_PIECE bytes."""
    source = iter(pieces)
    head = b""
    for piece in source:
        head += piece
        if len(head) >= 512:
            break
    whole = _again(head, source)
    if head.startswith(_GZIP):
        return _gunzip(whole)
    if head.startswith(_ZSTD) or (head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F):
        return _unzstd(whole)
    for magic, name in _NAMED:
        if head.startswith(magic):
            raise Unsupported(f"it is compressed with {name}", hint="images have plain, gzip or zstd layers")
    if head[257:262] == b"ustar" or not head.strip(b"\0") or _is_old_tar(head):
        return _cut(whole)
    raise Unsupported("it is neither a tar nor compressed with gzip or zstd")


def _is_old_tar(head: bytes) -> bool:
    field = head[148:156].strip(b"\0 ")
    total = sum(head[:148]) + 256 + sum(head[156:512])
    return len(head) >= 512 and re.fullmatch(b"[0-7]+", field) is not None and total == int(field, 8)


def _again(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if len(piece) <= OUTPUT_PIECE:
            yield piece
        else:
            for start in range(0, len(piece), OUTPUT_PIECE):
                yield piece[start : start + OUTPUT_PIECE]


def _gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    new, error = _inflater()
    engine: Any = None  # None: between members
    try:
        for piece in pieces:
            start, step = 0, INPUT_PIECE
            while start < len(piece):
                part = piece[start : start + step]
                start += len(part)
                if engine is None:
                    if not part.strip(b"\0"):
                        continue  # zero padding after the last member
                    engine = new()
                out = engine.decompress(part, OUTPUT_PIECE)
                while out or engine.unconsumed_tail:
                    if out:
                        yield out
                    if engine.eof:
                        break
                    out = engine.decompress(engine.unconsumed_tail, OUTPUT_PIECE)
                if engine.eof:  # small steps while members are small: what is unused was copied
                    start -= len(engine.unused_data)
                    engine, step = None, 4096
                else:
                    step = min(step * 4, INPUT_PIECE)
    except error as broken:
        raise CorruptImage(f"the gzip stream is damaged: {broken}") from None
    if engine is not None:
        raise Truncated("the gzip stream ends before its end")


def _inflater() -> tuple[Callable[[], Any], type[Exception]]:
    try:
        from isal import isal_zlib  # noqa: PLC0415  # twice as fast as zlib, but built for few platforms

        return lambda: isal_zlib.decompressobj(31), cast("type[Exception]", isal_zlib.error)
    except ImportError:
        import zlib  # noqa: PLC0415

        return lambda: zlib.decompressobj(31), zlib.error


class _Source:
    """Pieces as a file for the zstd reader, and after them the sentinel frame."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._kept = chain(pieces, (_SENTINEL_FRAME,)), b""

    def read(self, size: int = -1) -> bytes:
        piece = self._kept or next(self._pieces, b"")
        self._kept = piece[size:] if size >= 0 else b""
        return piece[:size] if size >= 0 else piece


def _unzstd(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The reader ends without a word where its input does. So a frame of our own follows the last one: where the last
    one is cut off, it swallows ours, and what should come out at the end does not.
    """  # noqa: D205
    import zstandard  # noqa: PLC0415  # 14 ms that gzip images need not pay

    engine = zstandard.ZstdDecompressor(max_window_size=WINDOW_LIMIT)
    source = cast("IO[bytes]", _Source(pieces))
    held = b""
    with engine.stream_reader(source, read_size=INPUT_PIECE, read_across_frames=True, closefd=False) as reader:
        try:
            while out := reader.read(OUTPUT_PIECE):
                if len(out) < len(_SENTINEL):
                    held += out
                    continue
                if held:
                    yield held
                held = out
        except zstandard.ZstdError as broken:
            raise CorruptImage(f"the zstd stream is damaged or wants too large a window: {broken}") from None
    if not held.endswith(_SENTINEL):
        raise Truncated("the zstd stream ends before its end")
    if rest := held[: -len(_SENTINEL)]:
        yield rest


class _Ahead:
    """Reads and inflates in a thread, a few pieces ahead.

    Yields (False, stored piece), and after it the (True, tar piece)s that were made of it.

    After damage that the decompressor finds, the stored pieces still come to their end.
    Leaving the context stops the thread, which may take as long as one read of the source.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._queue: queue.SimpleQueue[tuple[bool, bytes] | BaseException | None] = queue.SimpleQueue()
        # tokens, not a Semaphore: an interrupt inside that one's Python code would leave its lock held for ever
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(_QUEUED):
            self._room.put(None)
        self._stopped = False
        self.damage: CorruptImage | None = None
        """What the decompressor found wrong; to be raised when everything has been taken."""
        self._failure: CorruptImage | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._room.put(None)
        self._thread.join()

    def __iter__(self) -> Iterator[tuple[bool, bytes]]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            self._room.put(None)
            yield item

    def _run(self) -> None:
        try:
            try:
                for piece in _gathered(inflate(self._stored())):
                    self._put((True, piece))
            except CorruptImage as error:
                if error is self._failure:
                    raise
                self.damage = error
                for _ in self._stored():
                    pass
            self._queue.put(None)
        except BaseException as error:  # noqa: BLE001  # raised again in the consumer's thread
            self._queue.put(error)

    def _stored(self) -> Iterator[bytes]:
        try:
            for piece in self._pieces:
                self._put((False, piece))
                yield piece
        except CorruptImage as error:  # the source's own, which no digest explains better
            self._failure = error
            raise

    def _put(self, item: tuple[bool, bytes]) -> None:
        self._room.get()
        if self._stopped:
            raise _Stopped
        self._queue.put(item)


class _Stopped(Exception):
    """The consumer wants no more."""


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces (eStargz has a gzip member a file): handing one over costs a thread switch."""
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        if not kept and len(piece) >= _SMALL:
            yield piece
            continue
        kept.append(piece)
        size += len(piece)
        if size >= _SMALL:
            yield b"".join(kept)
            kept, size = [], 0
    if kept:
        yield b"".join(kept)

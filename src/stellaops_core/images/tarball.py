"""A tar on disk as named files: found by walking its headers once, read at given places.

Comes in: the path of a tar, which may be compressed. Goes out: `Tarball`, and `names_in` for telling what a tar is.
Rules: no name from inside is ever used as a path of this host; nothing is written to disk but the plain form of a
compressed tar, as a file without a name; walking is bounded by members, unpacking by bytes.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from stellaops_core.errors import CorruptImage, NotAnImage, OutputError, Truncated, Unsupported, UsageError
from stellaops_core.images import tar
from stellaops_core.images.files import Extent, missing, readable

MEMBER_LIMIT = 65_536
"""Members of an archive; an image has a handful a layer."""
NAME_LIMIT = 1024
"""Bytes of a member's name; longer ones belong to no image and are passed over."""
LINK_LIMIT = 8
"""Links that follow one another within an archive."""
SPOOL_LIMIT = 64 << 30
"""Bytes of a compressed archive's plain form."""
SPOOL_RATIO = 100
"""Times that the plain form may be larger, from SPOOL_FREE on; images shrink to a half or a tenth."""
SPOOL_FREE = 1 << 30
"""Bytes that may be unpacked at any ratio."""
SNIFF_LIMIT = 4 << 20
"""Bytes, packed and plain, that are looked at to tell the kind of a compressed archive."""


class Tarball:
    """Files in a tar. It stays open and is read at given places only, so that forked processes may share it."""

    def __init__(self, path: str, *, spool_dir: Path | None = None) -> None:
        self.where = path
        self._descriptor = open_regular(path)
        try:
            if _is_compressed(self._descriptor):
                self._descriptor = _spooled(self._descriptor, path, spool_dir)
            self._files, self._links = _members(self._descriptor, path)
        except BaseException:
            self.close()
            raise

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""
        extent = self._find(name)
        return None if extent is None else extent.size

    @contextmanager
    def open(self, name: str) -> Iterator[Extent]:
        """Open a file; links are followed within the archive."""
        extent = self._find(name)
        if extent is None:
            raise missing(self, name)
        yield extent

    def close(self) -> None:
        """Close the tar."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _find(self, name: str) -> Extent | None:
        for _ in range(LINK_LIMIT):
            if name in self._files:
                start, size = self._files[name]
                if size < 0:
                    raise Unsupported(
                        f"{self.where}: {name[:200]!r} is stored as a sparse file", hint="pack it without holes"
                    )
                return Extent(self._descriptor, start, size)
            if name not in self._links:
                return None
            name = self._links[name]
        raise CorruptImage(f"{self.where}: more than {LINK_LIMIT} links in a row")


def names_in(path: str) -> Iterator[str]:
    """Yield the names of a tar's members up to the first damage, of a compressed one the first name alone.

    The files that name the kind of a compressed archive may come after gigabytes of layers.
    """
    descriptor = open_regular(path)
    try:
        if _is_compressed(descriptor):
            yield from islice(_sound_names(tar.Tar(_beginning(descriptor))), 1)
        else:
            yield from _sound_names(entry for entry, _ in _entries(descriptor))
    finally:
        os.close(descriptor)


def open_regular(path: str) -> int:
    """Open a regular file, for it to be read at given places; the caller closes it."""
    with readable(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    raise NotAnImage(f"{path} is no file", hint="oci: reads layout directories" if stat.S_ISDIR(mode) else "")


class _Seeking(tar.Tape):
    """A tar in a file, of which only headers are read."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(())
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size

    def take(self, size: int) -> bytes:
        """Return `size` bytes, fewer only at the end."""
        data = os.pread(self._descriptor, size, self.position)
        self.position += len(data)
        return data

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        self.position += size
        if self.position > self._size:
            raise Truncated("the tar ends before the end of a file in it")

    def drain(self) -> None:
        """What follows the end of a tar is nobody's."""


def _entries(descriptor: int) -> Iterator[tuple[tar.Entry, int]]:
    """Yield a tar's entries, each with the place where its content starts."""
    walk = tar.Tar(())
    walk.tape = _Seeking(descriptor)
    for entry in walk:
        yield entry, walk.tape.position


def _members(descriptor: int, where: str) -> tuple[dict[str, tuple[int, int]], dict[str, str]]:
    """Return where files start and how long they are (-1: sparse), and the targets of links. A later member counts."""
    files: dict[str, tuple[int, int]] = {}
    links: dict[str, str] = {}
    with _damaged(where), readable(where):
        for number, (entry, start) in enumerate(_entries(descriptor)):
            if number >= MEMBER_LIMIT:
                raise NotAnImage(f"{where} is no image archive: it has more than {MEMBER_LIMIT} members")
            name = tar.clean(entry.path) if len(entry.path) <= NAME_LIMIT else None
            if not name:
                continue
            files.pop(name, None)
            links.pop(name, None)
            if entry.kind in {tar.FILE, tar.SPARSE}:
                files[name] = (start, entry.size if entry.kind == tar.FILE else -1)
            elif entry.link and len(entry.link) <= NAME_LIMIT:
                links[name] = _target(entry)
    return files, links


def _target(entry: tar.Entry) -> str:
    """Return where a link points to within its archive; "" for nowhere."""
    below = entry.path.rpartition(b"/")[0] if entry.kind == tar.SYMLINK else b""
    return tar.clean(below + b"/" + entry.link) or ""


def _is_compressed(descriptor: int) -> bool:
    head = os.pread(descriptor, 4, 0)
    return head.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")) or head[1:4] == b"\x2a\x4d\x18"


def _beginning(compressed: int) -> Iterator[bytes]:
    """Unpack the beginning of a compressed archive, until SNIFF_LIMIT is reached or the input breaks off."""
    from stellaops_core.images.compression import inflate  # noqa: PLC0415  # few archives are compressed

    left = SNIFF_LIMIT
    for piece in inflate(Extent(compressed, 0, min(os.fstat(compressed).st_size, SNIFF_LIMIT)).pieces()):
        yield piece
        left -= len(piece)
        if left <= 0:
            return


def _sound_names(entries: Iterable[tar.Entry]) -> Iterator[str]:
    with suppress(CorruptImage):
        for entry in islice(entries, MEMBER_LIMIT):
            yield tar.clean(entry.path[:NAME_LIMIT]) or "."


def _spooled(compressed: int, where: str, spool_dir: Path | None) -> int:
    """Unpack a compressed archive into a file without a name; give its descriptor and close the other."""
    if spool_dir is None:
        raise UsageError(f"{where} is compressed, and there is no directory to unpack it in", hint="unpack it first")
    import tempfile  # noqa: PLC0415  # few archives are compressed

    from stellaops_core.images.compression import inflate  # noqa: PLC0415  # few archives are compressed

    packed = os.fstat(compressed).st_size
    limit = min(SPOOL_LIMIT, max(SPOOL_FREE, SPOOL_RATIO * packed))
    size = 0
    with _damaged(where), _writable(spool_dir), tempfile.TemporaryFile(dir=spool_dir) as spool:
        for piece in inflate(Extent(compressed, 0, packed).pieces()):
            size += len(piece)
            if size > limit:
                raise CorruptImage(f"its {packed} bytes unpack to more than {limit}", hint="unpack it first")
            spool.write(piece)
        spool.flush()
        plain = os.dup(spool.fileno())
    os.close(compressed)
    return plain


@contextmanager
def _writable(spool_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"can't unpack an archive in {spool_dir}: {error.strerror}") from None


@contextmanager
def _damaged(where: str) -> Iterator[None]:
    """Say that it is the archive that is damaged, not a layer in it."""
    try:
        yield
    except CorruptImage as error:
        raise type(error)(f"{where} is damaged: {error}", hint=error.hint) from None

"""What one layer holds: the unit that is cached, and that images are composed of.

Comes in: a layer's `Tree` and the analyzers. Goes out: a `Fragment` and its bulky companions, packed into one file's
bytes. Rules: a fragment depends on the layer's content and the analyzers alone; paths are its keys; bulky parts are
sections that are unpacked only by those who need them.

A pack is: 8 bytes of magic, four unsigned 64-bit little-endian lengths, four zstd frames: the fragment, the owned
files, the tree's paths, the tree's links. The cache adds a checksum around it, and `cache.PACK_VERSION` to its keys.
"""

from collections.abc import Callable
from struct import Struct as Binary
from typing import Any

import msgspec
from msgspec import Struct

from stellaops_core.analyzers.analyzer import Analyzer, Found, Malformed, OwnedFiles
from stellaops_core.analyzers.available import Interests
from stellaops_core.errors import StellaError
from stellaops_core.images.captured import CapturedFile
from stellaops_core.images.tree import Look, Tree, Wants

_MAGIC = b"stellaF1"
_LENGTHS = Binary("<4Q")
_LEVEL = 3
_SECTION_LIMIT = 4 << 30


class Placed(Struct, frozen=True, array_like=True):
    """What one analyzer found at one path."""

    path: str
    analyzer: str
    found: tuple[Found, ...]
    """`OwnedFiles` have no paths here; those stand in a section of their own."""


class Gap(Struct, frozen=True, array_like=True):
    """What could not be read."""

    path: str
    analyzer: str
    """Empty where the layer walk itself gave up."""
    reason: str


class Fragment(Struct, frozen=True, array_like=True):
    """One layer's facts."""

    placed: tuple[Placed, ...] = ()
    """Sorted by path, then in the analyzers' order."""
    gaps: tuple[Gap, ...] = ()
    whiteouts: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    diff_id: str = ""
    """Digest of the uncompressed tar where it was verified, else empty."""
    entries: int = 0


class Pack:
    """A fragment with its bulky sections, unpacked one by one."""

    def __init__(self, data: bytes) -> None:
        """Raise `ValueError` when `data` is no pack of this version."""
        if data[:8] != _MAGIC or len(data) < 8 + _LENGTHS.size:
            raise ValueError("not a pack")
        self._data = data
        self._lengths = _LENGTHS.unpack_from(data, 8)
        if 8 + _LENGTHS.size + sum(self._lengths) != len(data):
            raise ValueError("a pack of another length")
        self.fragment: Fragment = _decode(self._section(0), Fragment)

    def owned(self) -> dict[str, dict[str, str]]:
        """Return owned files: path of the record to (package key to paths joined by newlines)."""
        owned: dict[str, dict[str, str]] = _decode(self._section(1), dict[str, dict[str, str]])
        return owned

    def paths(self) -> tuple[bytes, bytes]:
        """Return the paths of all that is no directory, and of all directories, each path ended by NUL."""
        others, directories = _decode(self._section(2), tuple[bytes, bytes])
        return others, directories

    def links(self) -> dict[str, str]:
        """Return symbolic links: path to target as written."""
        links: dict[str, str] = _decode(self._section(3), dict[str, str])
        return links

    def _section(self, number: int) -> bytes:
        import zstandard  # noqa: PLC0415  # a scan that knows its image needs none

        start = 8 + _LENGTHS.size + sum(self._lengths[:number])
        frame = self._data[start : start + self._lengths[number]]
        try:
            if zstandard.frame_content_size(frame) > _SECTION_LIMIT:
                raise ValueError("a pack with too large a section")
            return zstandard.decompress(frame)
        except zstandard.ZstdError as error:
            raise ValueError(f"a damaged pack: {error}") from None


def _decode(data: bytes, kind: Any) -> Any:
    return msgspec.msgpack.decode(data, type=kind)  # DecodeError and ValidationError are ValueErrors


def read_with(analyzers: tuple[Analyzer, ...], read: Callable[[Wants, Look], Tree], *, diff_id: str = "") -> bytes:
    """Read a layer or a directory with what the analyzers want to see, and pack what they find.

    `read` is `read_tree` or `read_directory`, given all but what is asked of each file and who looks at it.
    """
    interests = Interests(analyzers)
    tree = read(interests.ask, lambda tree, file: _found(file, tree, interests, alone=True))
    try:
        return _packed(tree, interests, diff_id)
    finally:
        tree.close()


class _Finds(Struct):
    """What the analyzers found in one file."""

    placed: list[Placed]
    gaps: list[Gap]
    owned: dict[str, str]
    """Package key to its files."""


def _packed(tree: Tree, interests: Interests, diff_id: str) -> bytes:
    import zstandard  # noqa: PLC0415

    placed: list[Placed] = []
    gaps = [Gap(path, "", reason) for path, reason in tree.unknowns]
    owned: dict[str, dict[str, str]] = {}
    for path in sorted(tree.captured):
        file = tree.captured[path]
        for finds in (file.result, _found(file, tree, interests, alone=False)):
            if isinstance(finds, _Finds):
                placed += finds.placed
                gaps += finds.gaps
                if finds.owned:
                    owned.setdefault(path, {}).update(finds.owned)
    fragment = Fragment(
        placed=tuple(placed),
        gaps=tuple(sorted(gaps, key=lambda gap: (gap.path, gap.analyzer, gap.reason))),
        whiteouts=tuple(sorted(set(tree.whiteouts))),
        opaque=tuple(sorted(set(tree.opaque))),
        diff_id=diff_id,
        entries=tree.entries,
    )
    encode = msgspec.msgpack.Encoder(order="sorted").encode
    squeeze = zstandard.ZstdCompressor(level=_LEVEL).compress
    sections = [
        squeeze(encode(part)) for part in (fragment, owned, (bytes(tree.others), bytes(tree.directories)), tree.links)
    ]
    return b"".join([_MAGIC, _LENGTHS.pack(*map(len, sections)), *sections])


def _found(file: CapturedFile, tree: Tree, interests: Interests, *, alone: bool) -> _Finds:
    """Run those analyzers on a file that want it, of one of the two sorts."""
    finds = _Finds([], [], {})
    parent, _, name = file.path.rpartition("/")
    for analyzer in interests.of(file.path, parent, name, file.size, file.head):
        if analyzer.alone is alone:
            _run(analyzer, file, tree, finds)
    return finds


def _run(analyzer: Analyzer, file: CapturedFile, tree: Tree, finds: _Finds) -> None:
    found: list[Found] = []
    try:
        for item in analyzer.analyze(file, tree):
            if isinstance(item, OwnedFiles):
                finds.owned[item.key] = item.paths
                found.append(OwnedFiles(item.key, ""))
            else:
                found.append(item)
    except Malformed as error:
        finds.gaps.append(Gap(file.path, analyzer.name, str(error)))
    except StellaError:
        raise
    except Exception as error:  # noqa: BLE001  # an analyzer's bug must cost one file, not the scan
        finds.gaps.append(Gap(file.path, analyzer.name, f"the analyzer failed: {type(error).__name__}: {error}"))
    if found:
        finds.placed.append(Placed(file.path, analyzer.name, tuple(found)))

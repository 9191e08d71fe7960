"""What one layer holds: the unit that is cached, and that images are composed of.

Comes in: a layer's `Tree` and the analyzers. Goes out: a `Fragment` and its bulky companions, packed into one file's
bytes. Rules: a fragment depends on the layer's content and the analyzers alone; paths are its keys; bulky parts are
sections that are unpacked only by those who need them.

A pack is: 8 bytes of magic, six unsigned 64-bit little-endian lengths, six parts. Of these the fragment, the owned
files, the tree's links and the facts of files are zstd frames; between the second and the third stand two tables of
paths (`images.path_table`), of what is no directory, and of directories. The cache adds a checksum around it, and
`cache.PACK_VERSION` to its keys.
"""

from collections.abc import Callable, Iterable, Iterator
from struct import Struct as Binary
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, Found, Malformed, OwnedFiles
from stellaops_core.analyzers.available import Interests
from stellaops_core.errors import StellaError
from stellaops_core.images.captured import CapturedFile
from stellaops_core.images.path_table import Group, read_groups
from stellaops_core.images.tree import LOOK, Look, Tree, Wants
from stellaops_core.telemetry import Spans, measured

_MAGIC = b"stellaF3"
_LENGTHS = Binary("<6Q")
_LEVEL = 3
_SECTION_LIMIT = 4 << 30


class Placed(Struct, frozen=True, array_like=True):
    """What one analyzer found at one path."""

    path: str
    analyzer: str
    found: tuple[Found, ...]
    """`OwnedFiles` have no paths here, and `FileFacts` are not here at all: they stand in sections of their own."""


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

    def others(self) -> Iterator[Group]:
        """Yield all that is no directory, by directory. Raises `ValueError` when a damaged part is reached."""
        return read_groups(self._part(2))

    def directories(self) -> Iterator[Group]:
        """Yield all directories, by the directory that they are in."""
        return read_groups(self._part(3))

    def links(self) -> dict[str, str]:
        """Return symbolic links: path to target as written."""
        links: dict[str, str] = _decode(self._section(4), dict[str, str])
        return links

    def facts(self) -> dict[str, dict[str, bytes]]:
        """Return facts of files: path to (name of the record to the encoded record)."""
        facts: dict[str, dict[str, bytes]] = _decode(self._section(5), dict[str, dict[str, bytes]])
        return facts

    def _section(self, number: int) -> bytes:
        import zstandard  # noqa: PLC0415  # a scan that knows its image needs none

        frame = self._part(number)
        try:
            if zstandard.frame_content_size(frame) > _SECTION_LIMIT:
                raise ValueError("a pack with too large a section")
            return zstandard.decompress(frame)
        except zstandard.ZstdError as error:
            raise ValueError(f"a damaged pack: {error}") from None

    def _part(self, number: int) -> bytes:
        start = 8 + _LENGTHS.size + sum(self._lengths[:number])
        return self._data[start : start + self._lengths[number]]


def _decode(data: bytes, kind: Any) -> Any:
    return msgspec.msgpack.decode(data, type=kind)  # DecodeError and ValidationError are ValueErrors


def read_with(
    analyzers: tuple[Analyzer, ...],
    read: Callable[[Wants, Look], Tree],
    *,
    diff_id: str = "",
    once: bool = False,
    spans: Spans | None = None,
) -> bytes:
    """Read a layer or a directory with what the analyzers want to see, and pack what they find.

    `read` is `read_tree` or `read_directory`, given all but what is asked of each file and who looks at it. It is
    called again for programs that nothing explains, unless it is to be called `once`.
    """
    interests = Interests(analyzers, once=once)
    run = _measuring(spans) if spans else _run
    tree = read(interests.ask, lambda tree, file: _found(file, tree, interests, run, alone=True))
    try:
        with measured(spans, "layer.analyze"):
            finds = _gather(tree, interests, run)
        with measured(spans, "layer.explain"):
            _look_twice(read, tree, interests, finds, run)
        with measured(spans, "layer.pack"):
            return _packed(tree, finds, diff_id)
    finally:
        tree.close()


class _Finds(Struct):
    """What the analyzers found, in one file or in all."""

    placed: list[Placed] = []
    gaps: list[Gap] = []
    owned: dict[str, dict[str, str]] = {}
    """Path to package key to its files."""
    facts: dict[str, dict[str, bytes]] = {}
    """Path to name of the record to the encoded record."""

    def add(self, other: "_Finds", path: str) -> None:
        """Take over what was found in one file, which may have been found under another name of the same file."""
        self.placed += [one if one.path == path else replace(one, path=path) for one in other.placed]
        self.gaps += [one if one.path == path else replace(one, path=path) for one in other.gaps]
        for lists in other.owned.values():
            self.owned.setdefault(path, {}).update(lists)
        for records in other.facts.values():
            self.facts.setdefault(path, {}).update(records)


_RunOne = Callable[[Analyzer, CapturedFile, Tree, _Finds], None]


def _gather(tree: Tree, interests: Interests, run: _RunOne) -> _Finds:
    finds = _Finds(gaps=[Gap(path, "", reason) for path, reason in tree.unknowns])
    for path in sorted(tree.captured):
        file = tree.captured[path]
        if isinstance(file.result, _Finds):
            finds.add(file.result, path)
        if file.is_kept:
            finds.add(_found(file, tree, interests, run, alone=False), path)
    return finds


def _look_twice(
    read: Callable[[Wants, Look], Tree], tree: Tree, interests: Interests, finds: _Finds, run: _RunOne
) -> None:
    """Look at files that no package of this layer explains, with the analyzers that wait for that."""
    late = {
        path: analyzers
        for path, file in tree.captured.items()
        if (analyzers := interests.of_unexplained(file.head, path, file.size))
    }
    for path in _explained(late, finds) if late else ():
        del late[path]
    if not late:
        return

    def look(tree: Tree, file: CapturedFile) -> _Finds:
        found = _Finds()
        for analyzer in late[file.path]:
            run(analyzer, file, tree, found)
        return found

    again = read(lambda path, *_: LOOK if path in late else 0, look)
    for path in sorted(late.keys() & again.captured.keys()):
        if isinstance(found := again.captured[path].result, _Finds):
            finds.add(found, path)
    again.close()


def _explained(paths: Iterable[str], finds: _Finds) -> set[str]:
    """Return those paths that a file list names, that a package was found at, or that lie in a package's directory."""
    listed = {file for lists in finds.owned.values() for files in lists.values() for file in files.split("\n")}
    found = {placed.path for placed in finds.placed}
    own = {placed.path.rpartition("/")[0] for placed in finds.placed if placed.analyzer == "node"}
    return {
        path
        for path in paths
        if path in found
        or not listed.isdisjoint((path, path.removeprefix("usr/"), "usr/" + path))
        or any(path[:at] in own for at, letter in enumerate(path) if letter == "/")
    }


def _packed(tree: Tree, finds: _Finds, diff_id: str) -> bytes:
    import zstandard  # noqa: PLC0415

    fragment = Fragment(
        placed=tuple(sorted(finds.placed, key=lambda placed: placed.path)),  # stable: in the analyzers' order
        gaps=tuple(sorted(finds.gaps, key=lambda gap: (gap.path, gap.analyzer, gap.reason))),
        whiteouts=tuple(sorted(set(tree.whiteouts))),
        opaque=tuple(sorted(set(tree.opaque))),
        diff_id=diff_id,
        entries=tree.entries,
    )
    encode = msgspec.msgpack.Encoder(order="sorted").encode
    squeeze = zstandard.ZstdCompressor(level=_LEVEL).compress
    found, owned, links, facts = (squeeze(encode(part)) for part in (fragment, finds.owned, tree.links, finds.facts))
    parts = (found, owned, tree.others.encode(), tree.directories.encode(), links, facts)
    return b"".join([_MAGIC, _LENGTHS.pack(*map(len, parts)), *parts])


def _found(file: CapturedFile, tree: Tree, interests: Interests, run: _RunOne, *, alone: bool) -> _Finds:
    """Run those analyzers on a file that want it, of one of the two sorts."""
    finds = _Finds()
    parent, _, name = file.path.rpartition("/")
    for analyzer in interests.of(file.path, parent, name, file.size, file.head):
        if analyzer.alone is alone:
            run(analyzer, file, tree, finds)
    return finds


def _measuring(spans: Spans) -> _RunOne:
    def run(analyzer: Analyzer, file: CapturedFile, tree: Tree, finds: _Finds) -> None:
        with spans.span("analyze", analyzer.name):
            _run(analyzer, file, tree, finds)

    return run


def _run(analyzer: Analyzer, file: CapturedFile, tree: Tree, finds: _Finds) -> None:
    found: list[Found] = []
    try:
        for item in analyzer.analyze(file, tree):
            if isinstance(item, OwnedFiles):
                finds.owned.setdefault(file.path, {})[item.key] = item.paths
                found.append(OwnedFiles(item.key, ""))
            elif isinstance(item, FileFacts):
                finds.facts.setdefault(file.path, {})[item.name] = item.data
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

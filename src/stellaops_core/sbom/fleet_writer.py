"""Changing a fleet index: images in, images out.

Comes in: what images hold, or which images are to go. Goes out: the changed file; each call is one transaction. Bitmaps
stay small where the numbers of like images stand together. So images are numbered by repository: each gets a stretch of
numbers, and another one as long as all it had before when that is full; within it, numbers follow the order in which
images are given, which should be that of time. What a repository's images ever had is kept with it, so that taking an
image out looks at some hundred bitmaps and not at all of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from stellaops_core.errors import TargetError
from stellaops_core.sbom.fleet_rows import Row, Rows
from stellaops_core.sbom.fleet_store import connect, damaged, key_of, our_errors, pack, unpack
from stellaops_core.sbom.index_format import USED
from stellaops_core.sbom.index_reader import BomIndex

if TYPE_CHECKING:
    from pyroaring import BitMap

STRETCH = (8, 4096)
"""Fewest and most numbers that a repository gets at a time."""


class ImageParts(Struct, frozen=True):
    """What a fleet takes of an image."""

    image: str
    """Its digest; else its configuration's, else its name."""
    name: str
    platform: str
    created: str
    sha256: bytes
    """Of what it is read from; the same image with the same digest is left as it is."""
    refs: Sequence[str]
    used: "BitMap | AbstractSet[int]"
    """Positions in `refs` of what is surely in use."""
    unused: "BitMap | AbstractSet[int]"
    """Positions in `refs` of what nothing leads to."""
    has_usage: bool


class Added(Struct, frozen=True):
    """What became of images that were given."""

    new: int
    replaced: int
    same: int


def parts_of(index: BomIndex) -> ImageParts:
    """Take an image's parts from its index. Raises `TargetError` where nothing names the image."""
    subject = index.subject
    if not subject.image:
        raise TargetError("a BOM-Index that names no image", hint="scan the directory with --name")
    return ImageParts(
        image=subject.image,
        name=subject.name,
        platform=subject.platform,
        created=subject.created,
        sha256=bytes.fromhex(index.digest.partition(":")[2]),
        refs=tuple(index),
        used=index.bitmap(USED),
        unused=index.not_reached(),
        has_usage=index.has_usage,
    )


def repository_of(name: str) -> str:
    """Return an image's name without tag and digest."""
    name = name.partition("@")[0]
    before, colon, tag = name.rpartition(":")
    return before if colon and "/" not in tag else name


class Repository:
    """Where the numbers of a repository's images come from."""

    def __init__(self, identity: int, name: str, place: tuple[int, int, int], members: "BitMap") -> None:
        self.id, self.name, self.members = identity, name, members
        self.next, self.past, self.given = place


class FleetWriter:
    """A fleet index that is open for changes; made where there is none. Use it in a `with` statement, or close it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._connection = connect(path, write=True)
        self._repositories: dict[int, Repository] = {}
        self._past = 0
        self._rows = Rows(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def add(self, images: Iterable[ImageParts]) -> Added:
        """Add images, or put them in the place of what was known of them."""
        counts = {"new": 0, "replaced": 0, "same": 0}
        with self._transaction():
            for parts in images:
                counts[self._add(parts)] += 1
                self._rows.relieve(len(parts.refs))
        return Added(**counts)

    def remove(self, images: Iterable[str]) -> int:
        """Take images out, named by their digests; return how many of them there were."""
        with self._transaction():
            return sum(map(self._remove, images))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with our_errors(self.path), self._rows.transaction():
            (self._past,) = self._connection.execute("SELECT ifnull(max(past), 0) FROM repositories").fetchone()
            try:
                yield
                self._write_repositories()
            finally:
                self._repositories.clear()

    def _add(self, parts: ImageParts) -> str:
        key = key_of(parts.image)
        known = self._connection.execute(_KNOWN, (key,)).fetchone()
        if known and known[2] == parts.sha256:
            return "same"
        repository = self._repository(repository_of(parts.name))
        if known:
            self._clear(known[0], self._repository_by_id(known[1]))
        number = known[0] if known and known[1] == repository.id else self._number(repository)
        self._connection.execute(_FORGET, (key,))
        tag = parts.name[len(repository.name) :]
        about = (tag, parts.platform, parts.created, parts.sha256, int(parts.has_usage))
        self._connection.execute(_REMEMBER, (number, key, repository.id, *about))
        self._list(number, repository, parts)
        return "replaced" if known else "new"

    def _remove(self, image: str) -> bool:
        key = key_of(image)
        known = self._connection.execute(_KNOWN, (key,)).fetchone()
        if known:
            self._clear(known[0], self._repository_by_id(known[1]))
            self._connection.execute(_FORGET, (key,))
        return bool(known)

    def _list(self, number: int, repository: Repository, parts: ImageParts) -> None:
        """Put a number into the bitmaps of all that its image has, and of those things' products."""
        rows = [self._rows.ref(ref) for ref in parts.refs]
        repository.members.update([row.id for row in rows])
        unused, maybe = parts.unused, set[Row]()
        for position, row in enumerate(rows):
            row.images.add(number)
            for product in row.products:
                product.images.add(number)
            if position in unused:
                row.unused.add(number)
            else:
                maybe.update(row.products)
        for position in parts.used:
            for row in (rows[position], *rows[position].products):
                row.used.add(number)
        for row in {product for position in unused for product in rows[position].products} - maybe:
            row.unused.add(number)

    def _clear(self, number: int, repository: Repository) -> None:
        """Take a number out of all bitmaps that may hold it."""
        for identity in repository.members:
            row = self._rows.ref_by_id(identity)
            for one in (row, *row.products) if row else ():
                one.discard(number)

    # --- repositories ---

    def _number(self, repository: Repository) -> int:
        if repository.next == repository.past:
            least, most = STRETCH
            repository.next = self._past
            repository.past = self._past = self._past + min(max(repository.given, least), most)
        repository.next += 1
        repository.given += 1
        return repository.next - 1

    def _repository(self, name: str) -> Repository:
        row = self._connection.execute("SELECT id FROM repositories WHERE name = ?", (name,)).fetchone()
        if row:
            return self._repository_by_id(row[0])
        made = self._connection.execute("INSERT INTO repositories VALUES (NULL, ?, 0, 0, 0, x'')", (name,))
        repository = Repository(int(made.lastrowid or 0), name, (0, 0, 0), unpack(name, "members", None))
        self._repositories[repository.id] = repository
        return repository

    def _repository_by_id(self, identity: int) -> Repository:
        if identity not in self._repositories:
            row = self._connection.execute("SELECT * FROM repositories WHERE id = ?", (identity,)).fetchone()
            if row is None:
                damaged("an image is in a repository that is not there")
            members = unpack(row[1], "members", row[5] or None)
            self._repositories[identity] = Repository(identity, row[1], row[2:5], members)
        return self._repositories[identity]

    def _write_repositories(self) -> None:
        for one in self._repositories.values():
            members = pack(one.name, "members", one.members) or b""
            self._connection.execute(_PLACE, (one.next, one.past, one.given, members, one.id))


_KNOWN = "SELECT number, repository, sha256 FROM images WHERE image = ?"
_FORGET = "DELETE FROM images WHERE image = ?"
_REMEMBER = "INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_PLACE = "UPDATE repositories SET next = ?, past = ?, given = ?, members = ? WHERE id = ?"

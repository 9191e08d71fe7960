"""Fleet index: which images have a package, over a million of them.

Comes in: the path of a fleet's file, and package URLs. Goes out: sets of image numbers, joined as bitmaps and read from
the file as they are needed, and the images that the numbers stand for. Readers don't block one another, nor a writer.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from msgspec import Struct

from stellaops_core.component import BINARY
from stellaops_core.errors import UsageError
from stellaops_core.purl import parse_purl
from stellaops_core.sbom.fleet_store import COLUMNS, Columns, connect, image_of, our_errors, unpack
from stellaops_core.sbom.products import ordered_version_of, product_of, version_of

if TYPE_CHECKING:
    from pyroaring import BitMap

Reach = Literal["installed", "possible", "used"]
"""Which images count: where it is installed, where nothing shows that it is not in use, where it surely is in use."""


class FleetImage(Struct, frozen=True):
    """One image of a fleet."""

    number: int
    image: str
    """Its digest; else its configuration's, else its name."""
    name: str
    platform: str
    created: str
    """RFC 3339; empty where the image states none."""
    has_usage: bool
    """Whether it is known what is in use."""


class Wanted(Struct, frozen=True):
    """What is looked for."""

    product: str
    """Product key; finds packages of that name, and those built from a source package of that name."""
    version: str = ""
    """Only this version; of a package found by its source, of the source."""
    qualifiers: tuple[str, ...] = ()
    """`key=value` as in canonical package URLs; those stated must be the package's."""
    subpath: str = ""
    accepts: Callable[[str], bool] | None = None
    """Only versions for which this is true, such as those of a range; one that is not stated is the empty text."""

    @property
    def whole(self) -> bool:
        """Whether every package of the product is meant."""
        return not (self.version or self.qualifiers or self.subpath or self.accepts)

    def fits(self, ref: str) -> bool:
        """Whether one of the product's components is meant."""
        rest, _, subpath = ref.partition("#")
        if self.subpath and subpath != self.subpath:
            return False
        if self.qualifiers and not set(self.qualifiers) <= set(rest.partition("?")[2].split("&")):
            return False
        if self.accepts:
            return self.accepts(ordered_version_of(ref, self.product))
        return not self.version or version_of(ref, self.product) == self.version


class Hit(Struct, frozen=True):
    """A component that fits, and the images that have it."""

    ref: str
    images: "BitMap"
    used: "BitMap"
    """Images that surely use it."""
    unused: "BitMap"
    """Images where nothing leads to it."""

    def reached(self, reach: Reach) -> "BitMap":
        """Return the images that count."""
        return self.used if reach == "used" else self.images - self.unused if reach == "possible" else self.images


def read_wanted(text: str, accepts: Callable[[str], bool] | None = None) -> Wanted:
    """Read a package URL, canonical or not, with a version or without; or `bin:` and a digest. Raises `UsageError`."""
    if text.startswith(BINARY):
        return Wanted(text)
    try:
        purl = str(parse_purl(text))
    except ValueError as error:
        raise UsageError(str(error), hint="such as: pkg:deb/debian/openssl or pkg:npm/lodash@4.17.20") from None
    product = product_of(purl)
    rest, _, subpath = purl.partition("#")
    query = rest.partition("?")[2]
    version = version_of(rest.partition("?")[0], product)
    if version and accepts:
        raise UsageError(f"both a version and a range of versions: {text[:200]}", hint="leave the version out")
    return Wanted(product, version, tuple(query.split("&")) if query else (), subpath, accepts)


def open_fleet(path: str) -> "Fleet":
    """Open a fleet index for questions. Raises `TargetError` where it isn't one, `TargetNotFound` without the file."""
    return Fleet(path)


class Fleet:
    """An open fleet index. Use it in a `with` statement, or close it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._connection = connect(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __len__(self) -> int:
        """How many images there are."""
        with our_errors(self.path):
            return int(self._connection.execute("SELECT count(*) FROM images").fetchone()[0])

    def select(self, wanted: Iterable[Wanted], reach: Reach = "installed") -> "BitMap":
        """Return the numbers of all images that have any of what is wanted."""
        from pyroaring import BitMap  # noqa: PLC0415  # only who asks a fleet needs it

        with self._snapshot():
            sets = [numbers for one in wanted for numbers in self._select(one, reach)]
        return BitMap.union(*sets) if sets else BitMap()

    def hits(self, wanted: Wanted) -> list[Hit]:
        """Return the components that fit, in order, each with its images."""
        with self._snapshot():
            return [
                Hit(ref, *(unpack(ref, *pair) for pair in zip(COLUMNS, columns, strict=True)))
                for identity, ref in sorted(self._fitting(wanted), key=lambda pair: pair[1])
                if (columns := self._columns("refs", "id", identity, COLUMNS))
            ]

    def images(self, numbers: "Iterable[int]") -> Iterator[FleetImage]:
        """Yield the images with these numbers, in their order; a number that is none is passed over."""
        with our_errors(self.path):
            for wanted in numbers:
                row = self._connection.execute(_IMAGE, (wanted,)).fetchone()
                if row:
                    number, key, name, platform, created, usage = row
                    yield FleetImage(number, image_of(key), str(name), str(platform), str(created), bool(usage))

    def _select(self, wanted: Wanted, reach: Reach) -> "Iterator[BitMap]":
        if wanted.whole:
            yield from self._reached("products", "name", wanted.product, wanted.product, reach)
        else:
            for identity, ref in self._fitting(wanted):
                yield from self._reached("refs", "id", identity, ref, reach)

    def _fitting(self, wanted: Wanted) -> list[tuple[int, str]]:
        rows = self._connection.execute(_MEMBERS, (wanted.product,))
        return [(identity, ref) for identity, ref in rows if wanted.fits(ref)]

    def _reached(self, table: str, column: str, key: int | str, name: str, reach: Reach) -> "Iterator[BitMap]":
        """Yield the images of one row; nothing without it. Columns that don't matter are not read."""
        needed = _NEEDED[reach]
        columns = self._columns(table, column, key, needed)
        if columns:
            sets = {one: unpack(name, one, data) for one, data in zip(needed, columns, strict=True)}
            yield sets["images"] - sets["unused"] if reach == "possible" else sets[needed[0]]

    def _columns(self, table: str, column: str, key: int | str, needed: tuple[str, ...]) -> Columns | None:
        statement = f"SELECT {', '.join(needed)} FROM {table} WHERE {column} = ?"  # noqa: S608  # names from this module
        found: Columns | None = self._connection.execute(statement, (key,)).fetchone()
        return found

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """See one state of the file, whatever writers do meanwhile."""
        with our_errors(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")


_NEEDED: dict[Reach, tuple[str, ...]] = {
    "installed": ("images",),
    "possible": ("images", "unused"),
    "used": ("used",),
}
_IMAGE = """SELECT number, image, name || tag, platform, created, usage FROM images
 LEFT JOIN repositories ON id = repository WHERE number = ?"""
_MEMBERS = """SELECT refs.id, refs.name FROM products JOIN members ON members.product = products.id
 JOIN refs ON refs.id = members.ref WHERE products.name = ?"""

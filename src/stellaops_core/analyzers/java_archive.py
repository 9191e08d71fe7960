"""One Java archive, and all archives inside it, to packages.

Comes in: a file's content. Goes out: packages, and the reasons for what could not be read. Rules: an archive inside is
read where it lies, or inflated within HELD_LIMIT; what is bounded is bounded for the file as a whole, so that no
nesting multiplies it; a part that can't be read costs nothing but that part.

Source: Spring Boot "The Executable Jar Format"; Jakarta EE Platform, "Library Support"; Jakarta Servlet, "Web
Applications".
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from stellaops_core.analyzers.analyzer import Package
from stellaops_core.analyzers.java_package import Record, describe, is_record, package_of, records_of
from stellaops_core.readers.content import Content
from stellaops_core.readers.jar import Archive, Entry, share
from stellaops_core.readers.manifest import MANIFEST_LIMIT, PROPERTIES_LIMIT, read_manifest, read_properties
from stellaops_core.readers.pom import POM_LIMIT, Pom, read_pom
from stellaops_core.readers.stated import clean_text

ENDINGS: Final = (".jar", ".war", ".ear", ".hpi", ".jpi", ".par", ".sar", ".rar", ".nar", ".kar", ".lpkg")
"""Of archives, here and inside other archives."""
NESTING_DEPTH: Final = 32
"""Archives within archives."""
ARCHIVES_LIMIT: Final = 20_000
"""Archives inside one file."""
ENTRIES_LIMIT: Final = 50_000
"""Archives and records directly inside one archive."""
RECORDS_LIMIT: Final = 20_000
"""Records of Maven inside one archive."""
HELD_LIMIT: Final = 192 << 20
"""Bytes of inflated archives and of directories that are held at a time, one inside the other."""
READ_LIMIT: Final = 4 << 30
"""Bytes that are inflated and hashed of the archives inside one file; directories and records count manifold."""

_DIRECTORY_COST: Final = 8
_RECORD_COST: Final = 64  # what it takes to read a byte of them, compared to one that is hashed

_PIECE: Final = 1 << 20
_WANTED = re.compile(
    rb"(?:.*/)?pom\.(?:properties|xml)|META-INF/MANIFEST\.MF|.*\.(?:"
    + b"|".join(ending[1:].encode() for ending in ENDINGS)
    + rb")",
    re.IGNORECASE | re.DOTALL,
).fullmatch


class Walk:
    """Reads the archives of one file, with what is left of the budgets."""

    def __init__(self, content: Content) -> None:
        self.flaws: list[str] = []
        """What could not be read, and where."""
        self._content = content
        self._archives = ARCHIVES_LIMIT
        self._limit = self._left = share(len(content), READ_LIMIT)

    def packages(self, name: str) -> Iterator[Package]:
        """Yield the packages of the file, which is called `name`."""
        yield from self._archive(self._content, (0, len(self._content)), name, "", HELD_LIMIT)

    def _archive(
        self, content: Content, extent: tuple[int, int], name: str, inside: str, room: int
    ) -> Iterator[Package]:
        try:
            archive = Archive(content, *extent)
            self._spend(archive.directory_size * _DIRECTORY_COST)
            room -= archive.directory_size
            if room < 0:
                raise ValueError(f"more than {HELD_LIMIT:,} bytes to hold at a time")
            entries = list(islice(archive.entries(_WANTED), ENTRIES_LIMIT + 1))
            if len(entries) > ENTRIES_LIMIT:
                raise ValueError(f"more than {ENTRIES_LIMIT:,} archives and records")
        except ValueError as error:
            self._note(inside, error)
            return
        manifest, records, nested = self._sort(archive, entries, inside)
        if manifest is None and not nested and not records and not archive.mentions(b".class"):
            return  # a zip file that only is called like an archive of Java
        sha1 = _sha1(content, extent)
        yield from describe(name, manifest or {}, records, archive.holds, inside, sha1)
        for entry in nested:
            yield from self._nested(content, archive, entry, inside, room)

    def _sort(
        self, archive: Archive, entries: Iterable[Entry], inside: str
    ) -> tuple[dict[str, str] | None, list[Record], list[Entry]]:
        """Read the small records among the entries: (manifest, Maven's records, archives inside)."""
        manifest: dict[str, str] | None = None
        nested: list[Entry] = []
        properties: dict[str, dict[str, str]] = {}
        poms: dict[str, Pom] = {}
        for entry in entries:
            folder, _, name = entry.name.rpartition("/")
            kind = name.lower()
            try:
                if kind == "manifest.mf":
                    self._spend(min(entry.size, MANIFEST_LIMIT) * _RECORD_COST)
                    manifest = manifest or read_manifest(archive.head(entry, MANIFEST_LIMIT))
                elif kind.endswith(ENDINGS):
                    nested.append(entry)
                elif len(properties) + len(poms) >= RECORDS_LIMIT:
                    raise ValueError(f"one of more than {RECORDS_LIMIT:,} records")
                elif kind == "pom.properties":
                    self._spend(min(entry.size, PROPERTIES_LIMIT) * _RECORD_COST)
                    properties[folder] = read_properties(archive.read(entry, PROPERTIES_LIMIT))
                elif is_record(folder):
                    self._spend(min(entry.size, POM_LIMIT) * _RECORD_COST)
                    poms[folder] = read_pom(archive.read(entry, POM_LIMIT))
            except ValueError as error:
                self._note(_place(inside, entry.name), error)
        return manifest, list(records_of(properties, poms)), nested

    def _nested(self, content: Content, archive: Archive, entry: Entry, inside: str, room: int) -> Iterator[Package]:
        place = _place(inside, entry.name)
        name = entry.name.rpartition("/")[2]
        try:
            if self._archives <= 0:
                raise ValueError(f"one of more than {ARCHIVES_LIMIT:,} archives in one file")
            if place.count("!/") >= NESTING_DEPTH:
                raise ValueError(f"nested deeper than {NESTING_DEPTH} archives")
            self._archives -= 1
            self._spend(entry.size)
            extent = archive.extent(entry)
            if extent is None:
                content = archive.unpack(entry, room)
                room -= len(content)
                extent = (0, len(content))
        except ValueError as error:
            self._note(place, error)
            return
        yield from self._archive(content, extent, name, place, room)

    def _spend(self, size: int) -> None:
        if size > self._left:
            raise ValueError(f"beyond {self._limit:,} bytes that are read of the archives in one file")
        self._left -= size

    def _note(self, place: str, error: ValueError) -> None:
        shown = clean_text(place, 300)  # names of entries may hold anything
        self.flaws.append(f"{shown}: {error}" if shown else str(error))


def _place(inside: str, name: str) -> str:
    return f"{inside}!/{name}" if inside else name


def _sha1(content: Content, extent: tuple[int, int]) -> str:
    digest = hashlib.sha1(usedforsecurity=False)  # what Maven repositories index archives by
    for at in range(*extent, _PIECE):
        digest.update(content[at : min(at + _PIECE, extent[1])])
    return digest.hexdigest()


def read_record(path: str, content: Content) -> Iterator[Package]:
    """Yield the package of a pom.properties or pom.xml that lies unpacked. Raises `ValueError`."""
    folder, _, name = path.rpartition("/")
    data = content[: POM_LIMIT + 1]
    if name == "pom.xml":
        records = records_of({}, {folder: read_pom(data)})
    else:
        records = records_of({folder: read_properties(data)}, {})
    yield from map(package_of, records)

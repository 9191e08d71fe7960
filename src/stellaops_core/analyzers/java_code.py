"""What Java's class loaders go by: main classes, class paths, packages and which packages those refer to.

Comes in: archives, manifests that lie unpacked, compiled classes. Goes out: facts for tracing; nothing that is listed
as a component. Rules: an archive inside an archive has facts of its own, under the outer one's path; references are a
sample where an archive is large (REFERENCES_LIMIT), and it says so: what refers to something may be missed, what is
defined never is.

Source: JAR File Specification; Java SE "java" launcher; JVMS 5.3 and 5.4 (loading, linking).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LayerFile, LayerFiles, facts_of
from stellaops_core.readers.class_archive import ClassArchive, Compiled
from stellaops_core.readers.class_file import Module, makes_loader, read_module, read_packages
from stellaops_core.readers.content import Content
from stellaops_core.readers.jar import Entry, share

REFERENCES_LIMIT: Final = 512 << 10
"""Bytes of classes of one archive that are searched for references: of each package the largest classes first."""
RANKS_LIMIT: Final = 64
"""Classes of one package that are searched, where an archive is larger than REFERENCES_LIMIT."""
CLASS_LIMIT: Final = 64 << 10
"""Bytes of one class that are searched."""
MANIFEST_LIMIT: Final = 1 << 20
"""Bytes of a manifest; the class paths of large applications have some ten thousand."""
PROVIDERS_LIMIT: Final = 16 << 10
"""Bytes of one list of a service's providers."""
SERVICES_LIMIT: Final = 1000
"""Services of one archive."""
NESTING_DEPTH: Final = 8
"""Archives within archives that are looked into."""
ARCHIVES_LIMIT: Final = 5000
"""Archives inside one file."""
INFLATED_LIMIT: Final = 256 << 20
"""Bytes of archives inside one file that have to be inflated, in all."""
READ_LIMIT: Final = 2 << 30
"""Bytes that are read of the archives inside one file; directories, records and classes count manifold."""

_DIRECTORY_COST, _KEPT_COST, _RECORD_COST, _CLASS_COST = 64, 64, 16, 4  # what it takes to read or keep a byte of them
_CLASS_HEAD: Final = 1000  # bytes that a class counts at least

_ARCHIVES: Final = (".jar", ".war", ".ear", ".hpi", ".jpi", ".par", ".sar", ".rar", ".nar", ".kar")
_WANTED: Final = re.compile(
    rb"META-INF/MANIFEST\.MF|META-INF/services/[^/]+|(?:BOOT-INF/classes/)?loader\.properties|.+\.(?:[jwesrnk]ar|[hj]pi|par)",
    re.IGNORECASE | re.DOTALL,
).fullmatch
_KEPT: Final = frozenset({
    "automatic-module-name", "boot-class-path", "class-path", "launcher-agent-class", "main-class", "premain-class",
    "spring-boot-classes", "spring-boot-lib", "start-class",
})  # fmt: skip
_SIZE: Final = 3  # in `Compiled`
_ROOTS: Final = re.compile(rb"(?:META-INF/versions/\d+|BOOT-INF/classes|WEB-INF/classes)/")


class JavaArchive(Struct, frozen=True, array_like=True):
    """One archive; or, of a manifest that lies unpacked, its attributes alone."""

    inside: str = ""
    """Its path within the file: `BOOT-INF/lib/a.jar`, `a.war!/WEB-INF/lib/b.jar`; empty for the file itself."""
    manifest: dict[str, str] = {}
    """The main attributes that loaders go by, by lower-case name."""
    names: tuple[str, ...] = ()
    """Packages by slashes, `org/slf4j`: those it defines, sorted, then others that these refer to."""
    references: tuple[tuple[int, ...], ...] = ()
    """Of each package that it defines, those it refers to, as places in `names`."""
    loaders: tuple[int, ...] = ()
    """Packages it defines that make class loaders of their own, as places in `names`."""
    services: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(interface, classes that provide it), by dots."""
    module: Module | None = None
    complete: bool = True
    """Whether all classes were searched for references."""

    @property
    def defined(self) -> tuple[str, ...]:
        """The packages it defines."""
        return self.names[: len(self.references)]


class JavaCode(Struct, frozen=True, array_like=True):
    """A file's archives: itself, then those inside, outer before inner."""

    archives: tuple[JavaArchive, ...]
    flaws: int = 0
    """Archives inside it that could not be read."""


class JavaClass(Struct, frozen=True, array_like=True):
    """A class that lies unpacked."""

    refers: tuple[str, ...]
    """Packages by slashes, sorted."""
    loads: bool = False
    """Whether it makes class loaders of its own."""


class JavaCodes(Analyzer):
    """The analyzer; see the module."""

    name = "java_code"
    version = 1
    names = frozenset({"MANIFEST.MF"})
    endings = (*_ARCHIVES, ".class")
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """All of those, manifests only where loaders look for them."""
        return not path.endswith(".MF") or path.endswith("META-INF/MANIFEST.MF")

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[FileFacts]:  # noqa: ARG002
        """Yield the facts; none for what only is called like an archive."""
        if file.path.endswith(".class"):
            yield facts_of(_class(file.content()[:CLASS_LIMIT]))
        elif file.path.endswith(".MF"):
            yield facts_of(JavaCode((JavaArchive(manifest=read_attributes(file.content()[:MANIFEST_LIMIT])),)))
        else:
            walk = _Walk(file.size)
            archives = tuple(walk.archives(file.content(), (0, file.size), "", NESTING_DEPTH))
            if archives:
                yield facts_of(JavaCode(archives, walk.flaws))


ANALYZER = JavaCodes()


def _class(data: bytes) -> JavaClass:
    return JavaClass(tuple(sorted(map(_text, read_packages(data)))), makes_loader(data))


def _text(package: bytes) -> str:
    return package[:-1].decode("utf-8", "replace")


def read_attributes(data: bytes) -> dict[str, str]:
    """Return the attributes of a manifest's main section that loaders go by, by lower-case name."""
    text = re.sub(rb"\r\n?", b"\n", data.removeprefix(b"\xef\xbb\xbf")).partition(b"\n\n")[0].replace(b"\n ", b"")
    found: dict[str, str] = {}
    for line in text.split(b"\n"):
        name, _, value = line.decode("utf-8", "replace").partition(":")
        if name.lower() in _KEPT:
            found.setdefault(name.lower(), value.strip())
    return found


class _Walk:
    """Reads the archives of one file, with what is left of the budgets."""

    def __init__(self, size: int) -> None:
        self.flaws = 0
        self._left, self._room = ARCHIVES_LIMIT, share(size, INFLATED_LIMIT)
        self._budget = share(size, READ_LIMIT)

    def archives(self, content: Content, extent: tuple[int, int], inside: str, depth: int) -> Iterator[JavaArchive]:
        """Yield an archive and those inside it."""
        try:
            archive = ClassArchive(content, *extent)
            self._spend(archive.directory_size * _DIRECTORY_COST)
            classes, entries = archive.classes(_WANTED)
        except ValueError:
            self.flaws += 1
            return
        nested = [entry for entry in entries if entry.name.lower().endswith(_ARCHIVES)]
        yield self._archive(archive, classes, entries, inside)
        for entry in nested:
            yield from self._nested(content, archive, entry, f"{inside}!/{entry.name}" if inside else entry.name, depth)

    def _nested(
        self, content: Content, archive: ClassArchive, entry: Entry, inside: str, depth: int
    ) -> Iterator[JavaArchive]:
        self._left -= 1
        try:
            if self._left < 0 or not depth:
                raise ValueError("too many")
            extent = archive.extent(entry)
            if extent is None:
                content = archive.unpack(entry, self._room)
                self._room -= len(content)
                extent = (0, len(content))
        except ValueError:
            self.flaws += 1
            return
        yield from self.archives(content, extent, inside, depth - 1)

    def _archive(
        self, archive: ClassArchive, classes: Sequence[Compiled], entries: Sequence[Entry], inside: str
    ) -> JavaArchive:
        manifest, services = self._records(archive, entries)
        packages, module = _packages(classes)
        references, loaders, complete = self._references(archive, packages)
        defined = sorted(packages)
        names = {name: place for place, name in enumerate(defined)}
        rows = []
        for package in defined:
            others = sorted(references.get(package, set()) - {package})
            rows.append(tuple(sorted(names.setdefault(other, len(names)) for other in others)))
        return JavaArchive(
            inside,
            manifest,
            tuple(map(_text, names)),
            tuple(rows),
            tuple(sorted(names[package] for package in loaders)),
            tuple(sorted(services)),
            _module(archive, module) if module else None,
            complete,
        )

    def _records(
        self, archive: ClassArchive, entries: Iterable[Entry]
    ) -> tuple[dict[str, str], list[tuple[str, tuple[str, ...]]]]:
        """Return the manifest's attributes, and the services."""
        manifest: dict[str, str] = {}
        services: list[tuple[str, tuple[str, ...]]] = []
        for entry in entries:
            folder, _, name = entry.name.rpartition("/")
            if folder == "META-INF/services" and len(services) < SERVICES_LIMIT:
                services.append((name, _providers(self._head(archive, entry, PROVIDERS_LIMIT))))
            elif name.lower() == "manifest.mf":
                manifest = self._kept(read_attributes(self._head(archive, entry, MANIFEST_LIMIT))) | manifest
            elif name == "loader.properties":
                manifest |= _loader_properties(self._head(archive, entry, PROVIDERS_LIMIT))
        return manifest, services

    def _head(self, archive: ClassArchive, entry: Entry, limit: int) -> bytes:
        """Return the first bytes of a record; none of a damaged one, or where too much was read."""
        try:
            self._spend(min(entry.size, limit) * _RECORD_COST)
            return archive.head(entry, limit)
        except ValueError:
            return b""

    def _kept(self, attributes: dict[str, str]) -> dict[str, str]:
        """Return attributes that are to be kept, if there is room for them."""
        try:
            self._spend(sum(map(len, attributes.values())) * _KEPT_COST)
        except ValueError:
            self.flaws += 1
            return {}
        return attributes

    def _references(
        self, archive: ClassArchive, packages: dict[bytes, list[Compiled]]
    ) -> tuple[dict[bytes, set[bytes]], set[bytes], bool]:
        """Return the packages that each package refers to, those that make class loaders, and whether that is all."""
        chosen = [(package, compiled) for package, classes in packages.items() for compiled in classes]
        count, left = len(chosen), min(REFERENCES_LIMIT, self._budget // _CLASS_COST)
        if sum(min(compiled[_SIZE], CLASS_LIMIT) for _, compiled in chosen) > left:
            chosen = _ranked(packages)
        references: dict[bytes, set[bytes]] = {}
        loaders: set[bytes] = set()
        for package, compiled in chosen:
            if left <= 0:
                return references, loaders, False
            data = archive.begin(compiled, min(CLASS_LIMIT, left))
            left -= len(data)
            self._budget -= max(len(data), _CLASS_HEAD) * _CLASS_COST
            references.setdefault(package, set()).update(read_packages(data))
            if makes_loader(data):
                loaders.add(package)
        return references, loaders, len(chosen) == count

    def _spend(self, size: int) -> None:
        if size > self._budget:
            raise ValueError("too much to read")
        self._budget -= size


def _providers(data: bytes) -> tuple[str, ...]:
    lines = (line.partition("#")[0].strip() for line in data.decode("utf-8", "replace").splitlines())
    return tuple(sorted({line for line in lines if line}))


def _loader_properties(data: bytes) -> dict[str, str]:
    from stellaops_core.readers.manifest import read_properties  # noqa: PLC0415  # few archives

    return {key: value for key, value in read_properties(data).items() if key.startswith("loader.")}


def _packages(classes: Iterable[Compiled]) -> tuple[dict[bytes, list[Compiled]], Compiled | None]:
    """Return the classes by package, by slashes with one at the end, and the module's declaration."""
    packages: dict[bytes, list[Compiled]] = {}
    module = None
    for compiled in classes:
        path = compiled[0]
        folder = path[: path.rfind(b"/") + 1]
        if b"-INF/" in folder:
            folder = _ROOTS.sub(b"", folder, count=1)
        if path.endswith(b"module-info.class"):
            module = module or compiled
        elif folder in packages:
            packages[folder].append(compiled)
        else:
            packages[folder] = [compiled]
    return packages, module


def _module(archive: ClassArchive, compiled: Compiled) -> Module | None:
    try:
        return read_module(archive.begin(compiled, CLASS_LIMIT))
    except ValueError:
        return None


def _ranked(packages: dict[bytes, list[Compiled]]) -> list[tuple[bytes, Compiled]]:
    """Return the largest class of each package, then the second largest, and so on."""
    rows = [
        (rank, -compiled[_SIZE], package, compiled)
        for package, classes in packages.items()
        for rank, compiled in enumerate(sorted(classes, key=lambda one: (-one[_SIZE], one[0]))[:RANKS_LIMIT])
    ]
    rows.sort()
    return [(package, compiled) for _, _, package, compiled in rows]

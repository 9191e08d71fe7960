"""The analyzer seam: one layer's files in, what they say is installed out.

Rules that hold for every analyzer, ours or a third party's (entry-point group `stellaops.analyzers`):

* it sees one layer at a time, and never walks, opens, closes or asks the network: what it yields depends on the wanted
  files of that layer alone, and may be cached under the layer's digest for ever;
* what it cannot read it raises as `Malformed`: the core records an `Unknown` and goes on;
* its output changes => its `version` is raised;
* whatever needs more than one layer (the distribution, file lists of other packages, dependency resolution) waits for
  `join`, which sees the composed image.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from msgspec import Struct, field, msgpack

from stellaops_core.component import Distribution, Technique
from stellaops_core.purl import Purl
from stellaops_core.readers.content import Content

_T = TypeVar("_T")


class Malformed(ValueError):
    """A file is not what its name promises; the message is the reason that people will read."""


class LayerFile(Protocol):
    """One captured regular file."""

    path: str
    """Path in the layer, without a leading slash or `./`, `/` between names."""
    size: int
    executable: bool
    """Whether any of its mode's three bits of execution is set."""

    def read(self) -> bytes:
        """Return the whole content; bounded by the capture limit of the walk."""

    def content(self) -> Content:
        """Return the whole content without copying a large one. Not to be kept beyond `analyze`."""

    def once(self, read: Callable[[Content], _T]) -> _T:
        """Return `read(content)`, worked out once for all analyzers that ask with the same function."""


class LayerFiles(Protocol):
    """The captured files of the layer that is being analyzed."""

    def get(self, path: str) -> LayerFile | None:
        """Return the captured file at `path`, if this layer has it and an analyzer wanted it."""

    def under(self, directory: str) -> Iterator[LayerFile]:
        """Yield captured files below `directory`, in the order of their paths."""


class Package(Struct, frozen=True, array_like=True, tag_field="kind", tag="package"):
    """A package as one file of one layer records it."""

    type: str
    """purl type."""
    name: str
    version: str
    namespace: str = ""
    key: str = ""
    """What other facts of the same analyzer call this package, such as `libc6:amd64`."""
    qualifiers: dict[str, str] = field(default_factory=dict)
    licenses: tuple[str, ...] = ()
    """As declared."""
    hashes: tuple[tuple[str, str], ...] = ()
    requires: tuple[str, ...] = ()
    """As the ecosystem writes them; `join` resolves them."""
    provides: tuple[str, ...] = ()
    supplier: str = ""
    urls: tuple[tuple[str, str], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    technique: Technique = "manifest-analysis"
    confidence: int = 100
    fallback: bool = False
    """Counts only where no operating system package owns the file: a version read from a program's own data, say."""

    @property
    def identity(self) -> tuple[str, str, str, str, str, str]:
        """What makes it the same package before and after its database was rewritten."""
        return (self.type, self.namespace, self.name, self.version, self.qualifiers.get("arch", ""), self.key)


class OwnedFiles(Struct, frozen=True, array_like=True, tag_field="kind", tag="files"):
    """The files a package owns. Bulky: stored apart, and read only for ownership and usage."""

    key: str
    """`Package.key` of the owner."""
    paths: str
    """Paths without a leading slash, joined by newlines."""


class Licenses(Struct, frozen=True, array_like=True, tag_field="kind", tag="licenses"):
    """Licences of a package that another file than its record states."""

    key: str
    licenses: tuple[str, ...]


class FileFacts(Struct, frozen=True, array_like=True, tag_field="kind", tag="facts"):
    """What tracing may ask of a file: see `facts_of`. Bulky: stored apart, decoded only for files that are reached."""

    name: str
    data: bytes


def facts_of(record: Struct) -> FileFacts:
    """Wrap a record, which `entrytrace.root.Root.facts` gives back to those who ask for its type; one a file."""
    return FileFacts(type(record).__name__, msgpack.encode(record))


Found = Package | Distribution | OwnedFiles | Licenses | FileFacts


class View(Struct, frozen=True):
    """The composed image, as one analyzer's `join` sees it."""

    found: Mapping[str, Sequence[Found]]
    """This analyzer's own finds by path, in path order. `OwnedFiles` come with empty `paths`: only that they exist."""
    distribution: Distribution | None = None
    architecture: str = ""
    """The image's, in OCI's (GOARCH) spelling; empty where unknown."""
    links: Mapping[str, str] = field(default_factory=dict)
    """All symbolic links of the composed image: path to target as written."""


class Installed(Struct, frozen=True):
    """One package of the composed image: what `join` makes of a `Package`."""

    package: Package
    """As found; licences, qualifiers and so on of the fields below replace its own."""
    path: str
    """Where it was found."""
    purl: Purl | None
    """None for a program that is known by its digest alone: its `package.key` is `bin:` and the SHA-256 then."""
    licenses: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    """Canonical purls of other installed packages."""
    evidence: tuple[str, ...] = ()
    """Further paths that facts were read from."""
    owns: tuple[str, ...] = ()
    """Paths of the `OwnedFiles` that belong to it."""
    properties: tuple[tuple[str, str], ...] = ()
    directory: str = ""
    """A directory that is wholly its own, but for those of others in it; empty where there is none."""

    @property
    def ref(self) -> str:
        """What makes it the same component wherever it is found."""
        return str(self.purl) if self.purl else self.package.key

    @property
    def type(self) -> str:
        """The purl's type, or `bin`."""
        return self.purl.type if self.purl else "bin"


@runtime_checkable
class Analyzer(Protocol):
    """Finds what one ecosystem installed, in one layer. Subclass it to have the defaults of the hints."""

    name: str
    """Unique, lower case; in evidence and cache keys."""
    version: int
    """Raise it whenever output may change."""
    names: frozenset[str] = frozenset()
    """Base names of files to be asked about in `wants`."""
    endings: tuple[str, ...] = ()
    """Last extensions with their dot (`.jar`), in lower case, of files to be asked about."""
    directories: frozenset[str] = frozenset()
    """Directories (`var/lib/dpkg/status.d`) whose direct files are to be asked about, whatever their names."""
    magic: frozenset[bytes] = frozenset()
    """First bytes, two to eight of them, of files to be asked about, whatever their names.

    An analyzer without any of these four hints is asked about every file.
    """
    alone: bool = False
    """Whether `analyze` needs no other file: it runs while the layer is read, and the file's content is not kept.

    For large files, such as programs and archives. What it gets as `near` is not complete then.
    """

    def wants(self, path: str, size: int) -> bool:
        """Say whether to capture this file. Cheap: called for every file that a hint fits."""

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        """Yield what a wanted file says; raise `Malformed` when it can't be read."""


@runtime_checkable
class LooksTwice(Protocol):
    """An analyzer that also looks at files which `wants` left alone, where no package of the layer explains them.

    For what is costly to look at and mostly explained. The layer is read once more for such files.
    """

    def wants_unexplained(self, path: str, size: int) -> bool:
        """Say whether to look at such a file, of those that the analyzer's hints fit."""


@runtime_checkable
class Joins(Protocol):
    """An analyzer whose facts need the composed image. Without it, each `Package` stands as it was found."""

    def join(self, view: View) -> Iterable[Installed]:
        """Make installed packages of what was found in all layers."""

"""Node packages that are installed: the package roots below `node_modules`, and Debian's `/usr/share/nodejs`.

Comes in: package.json of package roots, and npm's hidden lockfile beside them. Goes out: one `Package` each; after
`join`, dependency edges as Node itself would resolve them. Lock files of projects are wishes and never read; an
application's own package.json is source, not something installed.

What is a root is decided by the path alone (`Place`). A root that no package manager could have put there, because it
lies in a subdirectory of another package, came inside that package's archive: it is reported when it states name and
version, with the property `stella:npm:vendored`.

Source: Node.js "Loading from node_modules folders"; npm "folders"; the layouts of pnpm, Yarn and Bun stores.
"""

import re
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Found,
    Installed,
    LayerFile,
    LayerFiles,
    Malformed,
    Package,
    View,
)

if TYPE_CHECKING:
    from stellaops_core.purl import Purl

SIZE_LIMIT: Final = 4 << 20
"""Bytes of one package.json."""
LOCK_LIMIT: Final = 16 << 20
"""Bytes of a hidden lockfile; 3,000 packages take 1.5 MiB."""
NAME_LIMIT: Final = 214
VERSION_LIMIT: Final = 256
FOLDERS_LIMIT: Final = 64
"""Directories that a dependency is looked for in."""
LOCK: Final = ".package-lock.json"

_NAME = re.compile(r"(?:(@[A-Za-z0-9~!'()*._-]+)/)?([A-Za-z0-9~!'()*_-][A-Za-z0-9~!'()*._-]*)")
_VERSION = re.compile(r"=?[0-9A-Za-z][0-9A-Za-z.+_~-]*")
_DEBIAN = re.compile(r"usr/share/nodejs/(?=[^/]+/)|usr/lib/nodejs/(?=(?:@[^/]+/)?[^/]+/package\.json$)")
_ROOT = re.compile(r"(?:@[^/]+/)?[^/.@][^/]*")
_YARN = re.compile(r"\.store/[^/]+/package")
"""The package itself in an entry of Yarn's store; pnpm's and Bun's have it in a further `node_modules`."""
_STORE = re.compile(r"((?:.*/)?node_modules/\.[^/]+/)(?:[^/]+/)+(?:node_modules/(?:@[^/]+/)?[^/]+|package)")


_FLAGS: Final = (("dev", "dev"), ("devOptional", "devOptional"), ("optional", "optional"), ("inBundle", "bundled"))
"""Of a package in a hidden lockfile, and what they are called here."""


class Place(Struct, frozen=True):
    """What the path of a package.json tells."""

    directory: str
    """The package's."""
    name: str
    """What Node calls it: the path below the last `node_modules`; empty in Yarn's store."""
    project: str
    """What the first `node_modules` lies in; empty for the root."""
    vendor: str
    """Directory of the package that brought this one inside itself; empty for an installed one."""


def place_of(path: str) -> Place | None:
    """Say which package root the package.json at `path` describes; None for all others."""
    directory = path.rpartition("/")[0]
    debian = _DEBIAN.match(path)
    below = debian.end() if debian else 0
    project, *pieces = ("/" + directory[below:]).split("/node_modules/")
    if debian:
        pieces.insert(0, project[1:])
        project = "/" + debian[0][:-1]
    if not pieces or not (_ROOT.fullmatch(pieces[-1]) or _YARN.fullmatch(pieces[-1])):
        return None
    step = "/node_modules/"
    for number, piece in enumerate(pieces[:-1]):
        if piece[:1] != "." and not _ROOT.fullmatch(piece):  # a dot opens a store: `.pnpm/ID`
            owner = _ROOT.match(piece)
            head = project + ("/" if debian else step) + step.join([*pieces[:number], owner[0] if owner else piece])
            return Place(directory, pieces[-1], project.lstrip("/"), head.lstrip("/"))
    return Place(directory, "" if pieces[-1][0] == "." else pieces[-1], project.lstrip("/"), "")


class Node(Analyzer):
    """The analyzer; see the module."""

    name = "node"
    version = 1
    names = frozenset({"package.json", LOCK})
    endings = ()

    def __init__(self) -> None:
        self._lock: tuple[weakref.ref[LayerFiles], str, dict[str, Any]] | None = None

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Whether the path is a package root's package.json, or a hidden lockfile."""
        return place_of(path) is not None if path.endswith("/package.json") else path.endswith("node_modules/" + LOCK)

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        """Yield the package; for a hidden lockfile nothing, only whether it can be read."""
        if file.path.endswith(LOCK):
            _read(file, LOCK_LIMIT)
            return ()
        place = place_of(file.path)
        package = _package(_read(file, SIZE_LIMIT), place, self._locked(place, near)) if place else None
        return (package,) if package else ()

    def _locked(self, place: Place, near: LayerFiles) -> dict[str, Any]:
        """What the hidden lockfile of the same layer says of the package at this place.

        The lockfile read last is kept as long as its layer: thousands of packages share it.
        """
        if place.vendor or not place.name:
            return {}
        project = place.project + "/" if place.project else ""
        path = f"{project}node_modules/{LOCK}"
        if not self._lock or self._lock[0]() is not near or self._lock[1] != path:
            self._lock = (weakref.ref(near), path, _locked_packages(near.get(path)))
        entry = self._lock[2].get(place.directory.removeprefix(project))
        return entry if isinstance(entry, dict) else {}

    def join(self, view: View) -> Iterable[Installed]:
        """Give each package its purl and the packages it finds when it asks for its dependencies."""
        return _Tree(view).installed()


ANALYZER = Node()


def _read(file: LayerFile, limit: int) -> dict[str, Any]:
    from stellaops_core.readers.package_json import read_object  # noqa: PLC0415  # only where there are packages

    if file.size > limit:
        raise Malformed(f"larger than {limit} bytes")
    try:
        return read_object(file.read())
    except ValueError as error:
        raise Malformed(str(error)) from error


def _locked_packages(file: LayerFile | None) -> dict[str, Any]:
    """Packages by path; none where the lockfile can't be read, which its own analysis reports."""
    try:
        packages = _read(file, LOCK_LIMIT).get("packages") if file else None
    except Malformed:
        return {}
    return packages if isinstance(packages, dict) else {}


def _package(document: dict[str, Any], place: Place, locked: dict[str, Any]) -> Package | None:
    from stellaops_core.readers import package_json as read  # noqa: PLC0415  # only where there are packages

    name, version = document.get("name"), document.get("version")
    if not name or not version:
        if place.vendor or document.get("private") is True:
            return None  # a file of another package, or a project's own part: nothing that was published
        raise Malformed("states no name" if not name else "states no version")
    scope, plain = _checked_name(name)
    if not isinstance(version, str) or len(version) > VERSION_LIMIT or not _VERSION.fullmatch(version.strip()):
        raise Malformed("states a version that can't be one")
    version = version.strip()
    if locked.get("version", version) != version:
        locked = {}  # it speaks of what stood here before
    hashes = {*read.integrity_of(locked.get("integrity")), *read.integrity_of(document.get("_integrity"))}
    return Package(
        "npm",
        plain,
        version,
        namespace=scope,
        key=place.directory,
        licenses=read.licenses_of(document),
        hashes=tuple(sorted(hashes)),
        requires=read.dependencies_of(document),
        provides=read.bundled_by(document),  # what it brings along, for `join`
        supplier=read.supplier_of(document),
        urls=tuple(sorted({*read.links_of(document), *read.resolved_links(locked.get("resolved"))})),
        properties=tuple(sorted(_properties(name, place, locked))),
    )


def _checked_name(name: object) -> tuple[str, str]:
    match = _NAME.fullmatch(name) if isinstance(name, str) and len(name) <= NAME_LIMIT else None
    if not match:
        raise Malformed("states a name that can't be one")
    return match[1] or "", match[2]


def _properties(name: str, place: Place, locked: dict[str, Any]) -> Iterable[tuple[str, str]]:
    if place.vendor:
        yield "stella:npm:vendored", place.vendor
    elif place.name and place.name != name:
        yield "stella:npm:alias", place.name
    for flag, fact in (
        ("dev", "dev"),
        ("devOptional", "devOptional"),
        ("optional", "optional"),
        ("inBundle", "bundled"),
    ):
        if locked.get(flag) is True:
            yield f"stella:npm:{fact}", "true"


class _Tree:
    """The packages of an image by directory, and Node's way through them."""

    def __init__(self, view: View) -> None:
        self._packages: dict[str, tuple[str, Package]] = {}
        for path, facts in view.found.items():
            for fact in facts:
                if isinstance(fact, Package):
                    self._packages[fact.key] = (path, fact)
        self._purls: dict[str, Purl] = {}
        self._texts: dict[str, str] = {}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._stores: dict[str, dict[str, list[str]]] = {}
        self._holders = {_holder_of(directory) for directory in self._packages}
        for directory, (_, package) in self._packages.items():
            if store := _store_of(directory):
                name = f"{package.namespace}/{package.name}" if package.namespace else package.name
                self._stores.setdefault(store, {}).setdefault(name, []).append(directory)

    def installed(self) -> Iterable[Installed]:
        """Yield every package with its edges, in path order."""
        from stellaops_core.purl import make_purl  # noqa: PLC0415  # joins only

        for directory, (_, package) in self._packages.items():
            purl = make_purl(package.type, package.name, package.version, namespace=package.namespace)
            self._purls[directory], self._texts[directory] = purl, str(purl)
        for directory, (path, package) in self._packages.items():
            yield Installed(
                package,
                path,
                self._purls[directory],
                licenses=package.licenses,
                depends=self._depends(directory, package),
                properties=self._properties(directory, package),
            )

    def _depends(self, directory: str, package: Package) -> tuple[str, ...]:
        if not package.requires:
            return ()
        found = set()
        for requirement in package.requires:
            target = self._resolve(directory, requirement)
            if target:
                found.add(self._texts[target])
        found.discard(self._texts[directory])
        return tuple(sorted(found))

    def _resolve(self, directory: str, requirement: str) -> str:
        """The directory that a `name@range` leads to; empty where it is not installed."""
        name = requirement[: requirement.index("@", 1)]
        own = f"{directory}/node_modules/{name}"
        if own in self._packages:
            return own
        for folder in self._folders(directory):
            if folder + name in self._packages:
                return folder + name
        store = _store_of(directory)
        return self._in_store(self._stores[store].get(name, []), requirement) if store else ""

    def _folders(self, directory: str) -> tuple[str, ...]:
        """Where to look, nearest first, each with a closing slash; for Debian's packages its own directories last."""
        parent = directory.rpartition("/")[0]
        known = self._paths.get(parent)
        if known is None:
            steps = parent.split("/")[-FOLDERS_LIMIT:]
            start = parent[: len(parent) - len("/".join(steps))]
            walk = [
                f"{start}{'/'.join(steps[:end])}/node_modules/"
                for end in range(len(steps), 0, -1)
                if steps[end - 1] != "node_modules"
            ]
            walk.append("node_modules/")
            if _DEBIAN.match(directory + "/package.json"):
                walk += ["usr/share/nodejs/", "usr/lib/nodejs/"]
            known = self._paths[parent] = tuple(folder for folder in walk if folder in self._holders)
        return known

    def _in_store(self, directories: list[str], requirement: str) -> str:
        """In a store, links choose among versions, and links are not seen here: the only one, or the exact one."""
        texts = {self._texts[directory] for directory in directories}
        wanted = requirement[requirement.index("@", 1) + 1 :]
        if len(texts) > 1:
            directories = [item for item in directories if self._packages[item][1].version == wanted]
        return directories[0] if directories else ""

    def _properties(self, directory: str, package: Package) -> tuple[tuple[str, str], ...]:
        """Say of a package whether the one it lies in lists it as bundled."""
        outer, inside, name = directory.rpartition("/node_modules/")
        owner = self._packages.get(outer) if inside else None
        if not owner or name not in owner[1].provides or ("stella:npm:bundled", "true") in package.properties:
            return package.properties
        return tuple(sorted([*package.properties, ("stella:npm:bundled", "true")]))


def _holder_of(directory: str) -> str:
    """The folder that a package's name is looked up in, with a closing slash."""
    parent, _, _ = directory.rpartition("/")
    above, _, last = parent.rpartition("/")
    return (above if last.startswith("@") else parent) + "/"


def _store_of(directory: str) -> str:
    """The store that a package lies in; empty for all others."""
    match = _STORE.fullmatch(directory) if "node_modules/." in directory else None
    return match[1] if match else ""

"""Node packages that are installed: the package roots below `node_modules`, and Debian's `/usr/share/nodejs`.

Comes in: package.json of package roots, and npm's and pnpm's hidden lockfiles beside them. Goes out: one `Package`
each; after `join`, dependency edges as Node itself would resolve them, through links where there are any. Lock files of
projects are wishes and never read; an application's own package.json is source, not something installed, and so is that
of a workspace which a link below `node_modules` leads to.

What is a root is decided by the path alone (`Place`). A root that no package manager could have put there, because it
lies in a subdirectory of another package, came inside that package's archive: it is reported when it states name and
version, with the property `stella:npm:vendored`. So is, with less confidence, a copy without a `node_modules` above it,
where the directory is one that bundlers copy packages to and is called as the package.

Source: Node.js "Loading from node_modules folders"; npm "folders"; the layouts of pnpm, Yarn and Bun stores.
"""

import re
import weakref
from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

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

SIZE_LIMIT: Final = 4 << 20
"""Bytes of one package.json."""
LOCK_LIMIT: Final = 16 << 20
"""Bytes of a hidden lockfile; 3,000 packages take 1.5 MiB."""
NAME_LIMIT: Final = 214
VERSION_LIMIT: Final = 256
LOCK: Final = ".package-lock.json"
PNPM_LOCK: Final = "node_modules/.pnpm/lock.yaml"

_NAME = re.compile(r"(?:(@[A-Za-z0-9~!'()*._-]+)/)?([A-Za-z0-9~!'()*_-][A-Za-z0-9~!'()*._-]*)")
_VERSION = re.compile(r"=?[0-9A-Za-z][0-9A-Za-z.+_~-]*")
DEBIAN = re.compile(r"usr/share/nodejs/(?=[^/]+/)|usr/lib/nodejs/(?=(?:@[^/]+/)?[^/]+/package\.json$)")
_ROOT = re.compile(r"(?:@[^/]+/)?[^/.@][^/]*")
_COPY = re.compile(
    r"((?:@[^/]+/)?[^/.@][^/]*)/(?:.+/)?(?:compiled|vendor|vendored|_vendor|third[_-]party|bundled)/"
    r"((?:@[^/]+/)?[^/.@][^/]*)"
)
"""A package copied into another: the outer one's directory, the name of the inner."""
_TRIAL = re.compile(r"(?:^|/)(?:__\w+__|tests?|fixtures?|examples?|specs?|bench(?:mark)?s?|demos?)(?:/|$)")
_COPIED: Final = 60
"""Percent of confidence in a copy: what was left out of it is not known."""
_YARN = re.compile(r"\.store/[^/]+/package")
"""The package itself in an entry of Yarn's store; pnpm's and Bun's have it in a further `node_modules`."""


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
    copied: bool = False
    """Whether it lies there without a `node_modules` of its own."""


def place_of(path: str) -> Place | None:
    """Say which package root the package.json at `path` describes; None for all others."""
    directory = path.rpartition("/")[0]
    debian = DEBIAN.match(path)
    below = debian.end() if debian else 0
    project, *pieces = ("/" + directory[below:]).split("/node_modules/")
    if debian:
        pieces.insert(0, project[1:])
        project = "/" + debian[0][:-1]
    if not pieces:
        return None
    step = "/node_modules/"
    if not (_ROOT.fullmatch(pieces[-1]) or _YARN.fullmatch(pieces[-1])):
        copy = _COPY.fullmatch(pieces[-1]) if not _TRIAL.search(pieces[-1]) else None
        outer = directory[: len(directory) - len(pieces[-1])] + copy[1] if copy else ""
        return Place(directory, copy[2], project.lstrip("/"), outer, copied=True) if copy else None
    for number, piece in enumerate(pieces[:-1]):
        if piece[:1] != "." and not _ROOT.fullmatch(piece):  # a dot opens a store: `.pnpm/ID`
            owner = _ROOT.match(piece)
            head = project + ("/" if debian else step) + step.join([*pieces[:number], owner[0] if owner else piece])
            return Place(directory, pieces[-1], project.lstrip("/"), head.lstrip("/"))
    return Place(directory, "" if pieces[-1][0] == "." else pieces[-1], project.lstrip("/"), "")


class Node(Analyzer):
    """The analyzer; see the module."""

    name = "node"
    version = 2
    names = frozenset({"package.json", LOCK, "lock.yaml"})
    endings = ()

    def __init__(self) -> None:
        self._lock: tuple[weakref.ref[LayerFiles], str, dict[Any, Any]] | None = None

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Whether the path is a package root's package.json, or a hidden lockfile."""
        if path.endswith("/package.json"):
            return place_of(path) is not None
        return path.endswith(("node_modules/" + LOCK, PNPM_LOCK))

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        """Yield the package; for a hidden lockfile nothing, only whether it can be read."""
        if file.path.endswith((LOCK, PNPM_LOCK)):
            _locked_packages(file)
            return ()
        place = place_of(file.path)
        if place and place.copied:
            return _copy(file, place)
        document = _read(file, SIZE_LIMIT)
        package = _package(document, place, self._locked(place, document, near)) if place else None
        return (package,) if package else ()

    def _locked(self, place: Place, document: dict[str, Any], near: LayerFiles) -> dict[str, Any]:
        """What the hidden lockfile of the same layer says of the package at this place.

        The lockfile read last is kept as long as its layer: thousands of packages share it.
        """
        if place.vendor or not place.name:
            return {}
        project = place.project + "/" if place.project else ""
        inside = place.directory.removeprefix(project)
        is_pnpm = inside.startswith("node_modules/.pnpm/")
        path = project + PNPM_LOCK if is_pnpm else f"{project}node_modules/{LOCK}"
        if not self._lock or self._lock[0]() is not near or self._lock[1] != path:
            self._lock = (weakref.ref(near), path, _locked_packages_of(near.get(path)))
        if is_pnpm:
            key = document.get("name"), document.get("version")
            return self._lock[2].get(key, {}) if all(isinstance(part, str) for part in key) else {}
        entry = self._lock[2].get(inside)
        return entry if isinstance(entry, dict) else {}

    def join(self, view: View) -> Iterable[Installed]:
        """Give each package its purl and the packages it finds when it asks for its dependencies."""
        from stellaops_core.analyzers.node_tree import Tree  # noqa: PLC0415  # joins only

        return Tree(view).installed()


ANALYZER = Node()


def _read(file: LayerFile, limit: int) -> dict[str, Any]:
    from stellaops_core.readers.package_json import read_object  # noqa: PLC0415  # only where there are packages

    if file.size > limit:
        raise Malformed(f"larger than {limit} bytes")
    try:
        return read_object(file.read())
    except ValueError as error:
        raise Malformed(str(error)) from error


def _locked_packages(file: LayerFile) -> dict[Any, Any]:
    """Packages of npm's lockfile by path, of pnpm's by name and version."""
    if not file.path.endswith(PNPM_LOCK):
        packages = _read(file, LOCK_LIMIT).get("packages")
        return packages if isinstance(packages, dict) else {}
    from stellaops_core.readers.pnpm_lock import read_pnpm_lock  # noqa: PLC0415  # only where there are packages

    if file.size > LOCK_LIMIT:
        raise Malformed(f"larger than {LOCK_LIMIT} bytes")
    return {key: {"integrity": integrity} for key, integrity in read_pnpm_lock(file.read()).items()}


def _locked_packages_of(file: LayerFile | None) -> dict[Any, Any]:
    """None where the lockfile can't be read, which its own analysis reports."""
    try:
        return _locked_packages(file) if file else {}
    except Malformed:
        return {}


def _copy(file: LayerFile, place: Place) -> tuple[Package, ...]:
    """The package that was copied, if its package.json came along and says so; such files are no records."""
    try:
        document = _read(file, SIZE_LIMIT)
        package = _package(document, place, {}) if document.get("name") == place.name else None
    except Malformed:
        return ()
    if not package or document.get("private") is True:
        return ()
    return (replace(package, confidence=_COPIED, requires=()),)


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
    for flag, fact in _FLAGS:
        if locked.get(flag) is True:
            yield f"stella:npm:{fact}", "true"

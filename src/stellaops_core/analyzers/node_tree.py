"""Which installed Node packages need which others.

Comes in: the package roots of a composed image, and its symbolic links. Goes out: dependency edges, resolved as Node
itself would: in the nearest `node_modules` that has the name, through links where a store (pnpm, Yarn, Bun) keeps the
packages elsewhere. A link to something that is no package root, such as a workspace, ends the search without an edge.

Source: Node.js "Loading from node_modules folders"; the layouts of pnpm, Yarn and Bun stores.
"""

import re
from collections.abc import Iterable
from posixpath import join, normpath
from typing import Final

from stellaops_core.analyzers.analyzer import Installed, Package, View
from stellaops_core.analyzers.node import DEBIAN
from stellaops_core.purl import Purl, make_purl

FOLDERS_LIMIT: Final = 64
"""Directories that a dependency is looked for in."""
LINKS_LIMIT: Final = 8
"""Links that lead from one to the next."""

_LINK = re.compile(r"(?:^|/)node_modules/(?:@[^/]+/)?[^/.@][^/]*$|^usr/(?:share|lib)/nodejs/(?:@[^/]+/)?[^/]+$")
_STORE = re.compile(r"((?:.*/)?node_modules/\.[^/]+/)(?:[^/]+/)+(?:node_modules/(?:@[^/]+/)?[^/]+|package)")


class Tree:
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
        self._links = {path: target for path, target in view.links.items() if _LINK.search(path)}
        self._linked = set(map(_store_of, self._links))
        self._holders = {_holder_of(directory) for directory in (*self._packages, *self._links)}
        for directory, (_, package) in self._packages.items():
            if store := _store_of(directory):
                name = f"{package.namespace}/{package.name}" if package.namespace else package.name
                self._stores.setdefault(store, {}).setdefault(name, []).append(directory)

    def installed(self) -> Iterable[Installed]:
        """Yield every package with its edges, in path order."""
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
                directory=directory,
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
        for folder in (f"{directory}/node_modules/", *self._folders(directory)):
            if target := self._package_at(folder + name):
                return target if target in self._packages else ""
        store = _store_of(directory)
        if not store or store in self._linked:
            return ""
        return self._in_store(self._stores[store].get(name, []), requirement)

    def _package_at(self, path: str) -> str:
        """Where a name in a folder leads: to a package, to something else that is linked there, or nowhere."""
        first = path
        for _ in range(LINKS_LIMIT):
            if path in self._packages or path not in self._links:
                break
            path = normpath(join("/", path.rpartition("/")[0], self._links[path])).lstrip("/")
        else:
            return ""
        return path if path in self._packages or path != first else ""

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
            if DEBIAN.match(directory + "/package.json"):
                walk += ["usr/share/nodejs/", "usr/lib/nodejs/"]
            known = self._paths[parent] = tuple(folder for folder in walk if folder in self._holders)
        return known

    def _in_store(self, directories: list[str], requirement: str) -> str:
        """In a store, links choose among versions. Where they are not known: the only one, or the exact one."""
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

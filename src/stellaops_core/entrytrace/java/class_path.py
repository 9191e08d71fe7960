"""Where a Java process looks for classes: archives, archives inside them, directories.

Comes in: what a command line, a manifest or a container's rules name. Goes out: `Element`s in the order in which they
are searched. Rules: what is named but not there is passed over, as Java does; an archive inside an archive is written
`app.jar!/BOOT-INF/lib/a.jar`; each element is kept once.

Source: Java SE 17 "The java Command", "Setting the Class Path"; JAR File Specification, "Class-Path attribute";
Spring Boot "The Executable Jar Format".
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from stellaops_core.analyzers.java_code import JavaArchive, JavaClass, JavaCode
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.java.command import join
from stellaops_core.entrytrace.root import Root

ELEMENTS_LIMIT: Final = 50_000
"""Elements of one process's class path."""
DIRECTORIES_LIMIT: Final = 20_000
"""Directories that are looked into for archives."""

_SEARCHED: Final = ("BOOT-INF/lib/", "WEB-INF/lib/", "WEB-INF/lib-provided/")
"""Where loaders that are known look inside archives."""


class Element(Struct, frozen=True):
    """One place that classes are searched in."""

    target: str
    """The archive's path; a directory's."""
    source: str
    """The file that has it searched; empty: the command line."""
    how: str
    archive: JavaArchive | None = None
    """None for a directory, and for a file that could not be read."""
    deployed: bool = False
    """Whether a container loads it when it starts."""

    @property
    def manifest(self) -> dict[str, str]:
        """Its main attributes."""
        return self.archive.manifest if self.archive else {}


class ClassPath:
    """The elements of one process, and who defines which package."""

    def __init__(self, root: Root, directory: str, bounds: Bounds) -> None:
        self._root, self._directory, self._bounds = root, directory, bounds
        self.elements: dict[str, Element] = {}
        self._definers: dict[str, int] = {}
        self._defined: dict[str, dict[str, int]] = {}
        self._order: list[Element] = []
        self._folders: list[int] = []
        self._walked = 0

    def add(self, path: str, how: str, source: str = "", *, deployed: bool = False) -> Element | None:
        """Add what a class path names: an archive, a directory, `directory/*`. Return the element of a single one."""
        if path == "*" or path.endswith("/*"):
            for name in self._root.names(self._place(path[:-1])):
                if name[-4:] in {".jar", ".JAR"}:
                    self._add_file(f"{path[:-1]}{name}", how, source, deployed=deployed)
            return None
        return self._add_file(path or ".", how, source, deployed=deployed)

    def _place(self, path: str) -> str:
        return join(self._directory, path)

    def _add_file(self, path: str, how: str, source: str, *, deployed: bool) -> Element | None:
        real = self._root.real(self._place(path))
        if real is None:
            return None
        if real in self.elements:
            return self.elements[real]
        if self._bounds.is_full(len(self.elements), ELEMENTS_LIMIT, "elements on the class path"):
            return None
        if self._root.is_directory(real):
            return self._keep(Element(real, source, how, None, deployed))
        code = self._root.facts(real, JavaCode)
        if code.flaws if code else real.lower().endswith((".jar", ".war", ".ear", ".rar", ".sar")):
            self._bounds.note("parts of the archive can't be read", real)
        if code is None:
            return self._keep(Element(real, source, how, None, deployed))
        element = self._keep(Element(real, source, how, code.archives[0], deployed))
        for archive in self._bounds.first(code.archives[1:], ELEMENTS_LIMIT, "archives inside", real):
            self._keep(Element(f"{real}!/{archive.inside}", real, "an archive inside", archive, deployed))
        self._add_named(element, code.archives[0].manifest.get("class-path", ""))
        return element

    def _keep(self, element: Element) -> Element:
        place = len(self._order)
        self.elements[element.target] = element
        self._order.append(element)
        if element.archive:
            defined = {package: row for row, package in enumerate(element.archive.defined)}
            self._defined[element.target] = defined
            if not element.archive.inside or element.archive.inside.startswith(_SEARCHED):
                for package in defined:
                    self._definers.setdefault(package, place)
        else:
            self._folders.append(place)
        return element

    def _add_named(self, element: Element, value: str) -> None:
        """Add what a manifest's Class-Path names, relative to its archive."""
        folder = element.target.rpartition("/")[0]
        for url in value.split():
            path = unquote(url.removeprefix("file:"))
            if "://" not in path:
                place, how = "/" + join(folder, path), f"Class-Path: {url}"
                self._add_file(place, how, element.target, deployed=element.deployed)

    def add_below(self, directory: str, how: str, source: str, *, deployed: bool = False) -> None:
        """Add all archives in a directory and below, and where web applications have classes."""
        left = [directory]
        while left and not self._bounds.is_full(self._walked, DIRECTORIES_LIMIT, "directories", directory):
            self._walked += 1
            place = left.pop()
            for name in self._root.names(place):
                path = f"{place}/{name}" if place else name
                if name.lower().endswith((".jar", ".war", ".ear", ".rar", ".sar", ".zip")):
                    self._add_file("/" + path, how, source, deployed=deployed)
                elif self._root.real(path) == path and self._root.is_directory(path):
                    left.append(path)
                    if path.endswith("/WEB-INF/classes"):
                        self._add_file("/" + path, how, source, deployed=deployed)

    def definer(self, package: str, asker: Element | None = None) -> Element | None:
        """Return the element that a package's classes come from: the asker itself where it has it, else the first."""
        if asker and package in self._defined.get(asker.target, ()):
            return asker
        found = self._definers.get(package)
        for place in self._folders:
            if found is not None and place > found:
                break
            if self._root.is_directory(join(self._order[place].target, package)):
                return self._order[place]
        return None if found is None else self._order[found]

    def main(self, name: str) -> Element | None:
        """Return the element that a main class, by dots, comes from."""
        path = name.replace(".", "/")
        definer = self.definer(path.rpartition("/")[0])
        for place in self._folders:
            if definer and self._order.index(definer) < place:
                break
            if self._root.is_file(f"{self._order[place].target}/{path}.class"):
                return self._order[place]
        return definer if definer and definer.archive else None

    def references(self, element: Element, package: str) -> Iterator[str]:
        """Yield the packages that a package of an element refers to."""
        if archive := element.archive:
            row = self._defined[element.target].get(package)
            for place in archive.references[row] if row is not None else ():
                yield archive.names[place]
            return
        folder = join(element.target, package)
        found: set[str] = set()
        for name in self._root.names(folder):
            if name.endswith(".class") and (facts := self._root.facts(f"{folder}/{name}", JavaClass)):
                found.update(facts.refers)
        yield from sorted(found)

    def makes_loaders(self, element: Element, package: str) -> bool:
        """Say whether a package of an element makes class loaders of its own."""
        if archive := element.archive:
            return any(archive.names[place] == package for place in archive.loaders)
        folder = join(element.target, package)
        names = (name for name in self._root.names(folder) if name.endswith(".class"))
        facts = (self._root.facts(f"{folder}/{name}", JavaClass) for name in names)
        return any(one.loads for one in facts if one)

"""What a Java process loads: its runtime, agents, and the archives that its classes come from.

Comes in: the root and a process whose program is a Java launcher. Goes out: edges. Rules:

* used: the archive of the main class and of each agent, and those that they refer to, package by package. That is what
  may be linked, which a single run need not reach;
* maybe: everything else that is searched for classes, since names of classes can be made at run time;
* what isn't searched isn't reached; a program that makes class loaders of its own is told of, unless its rules are
  known (`java.containers`).

Source: JVMS chapter 5; Java SE API, `java.util.ServiceLoader`, `java.lang.instrument`; JAR File Specification.
"""

from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from stellaops_core.entrytrace.bounds import Bounds, more_than
from stellaops_core.entrytrace.java.class_path import ClassPath, Element
from stellaops_core.entrytrace.java.command import Command, join, read_command
from stellaops_core.entrytrace.java.containers import CONTAINERS, SPRING
from stellaops_core.entrytrace.java.runtime import home_of, is_drawn, native_edges, runtime_edges
from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.entrytrace.root import Root

STEPS_LIMIT: Final = 2_000_000
"""References between packages that are followed for one process."""

_LAUNCHERS: Final = frozenset({"java", "javaw", "jsvc"})


def follow_java(root: Root, process: Process) -> Iterator[Edge | Undetermined]:
    """Yield what a Java launcher loads; a `process.Follow`. Nothing for other programs."""
    name = process.program.rpartition("/")[2]
    home = home_of(root, process.program)
    if name == "jsvc":
        home = _home_of_service(root, process)
    if home is None:
        if name in _LAUNCHERS:
            step = process.steps[-1] if process.steps else None
            place, line = (step.place, step.line) if step else ("ENTRYPOINT", 0)
            yield Undetermined(place, line, "the Java runtime of this launcher was not found", "")
        return
    bounds = Bounds(process.program)
    if name not in _LAUNCHERS:
        yield from runtime_edges(root, process, home, bounds, draws=True)
        yield from bounds.gaps
        return
    command = read_command(root, process)
    yield from sorted(command.gaps)
    run = _Run(root, process, command, home)
    edges = list(run.edges())
    yield from runtime_edges(root, process, home, bounds, draws=run.draws())
    libraries = process.environment.get("LD_LIBRARY_PATH") or ""
    yield from native_edges(root, process.program, command.properties, libraries, bounds)
    yield from edges
    yield from bounds.gaps


def _home_of_service(root: Root, process: Process) -> str | None:
    """Return the runtime that jsvc takes: `-home`, else JAVA_HOME, else Debian's default."""
    words = process.arguments
    stated = [after for word, after in pairwise(words) if word in {"-home", "-java-home"}]
    for home in (*stated, process.environment.get("JAVA_HOME"), "usr/lib/jvm/default-java"):
        if home and (found := home_of(root, f"{home.strip('/')}/bin/java")):
            return found
    return None


class _Run:
    """One process: its class path, what was reached, and what is still to be followed."""

    def __init__(self, root: Root, process: Process, command: Command, home: str) -> None:
        self._root, self._process, self._command, self._home = root, process, command, home
        self._step = process.steps[-1] if process.steps else None
        self._bounds = Bounds(process.program, "maven")
        self._path = ClassPath(root, process.directory, self._bounds)
        self._used: set[str] = set()
        self._left: deque[tuple[Element, str]] = deque()
        self._seen: set[tuple[str, str]] = set()
        self._known = False  # whether the program's own rules of loading are

    def edges(self) -> Iterator[Edge | Undetermined]:
        """Yield all but the runtime's own."""
        main = self._fill()
        yield from self._agents()  # the virtual machine puts them behind the class path
        if main:
            yield from self._start(main)
        elif self._command.jar or self._command.main or self._command.module:
            yield self._gap(f"{self._command.jar or self._command.main or self._command.module} is not in the image")
        elif not self._command.gaps and not {"-version", "--version", "-h"}.intersection(self._process.arguments):
            yield self._gap("it is not known which class is run")
        yield from self._containers()
        yield from self._follow()
        yield from self._others()
        yield from self._bounds.gaps

    def draws(self) -> bool:
        """Say whether any class on the path may draw."""
        return any(
            element.archive is None
            or not element.archive.complete
            or any(is_drawn(name) for name in element.archive.names)
            for element in self._path.elements.values()
        )

    def _gap(self, reason: str) -> Undetermined:
        return Undetermined(
            *((self._step.place, self._step.line) if self._step else ("ENTRYPOINT", 0)), reason, "maven"
        )

    def _agents(self) -> Iterator[Edge | Undetermined]:
        for path in self._command.agents:
            element = self._path.add(path, f"-javaagent:{path}")
            if element:
                for url in element.manifest.get("boot-class-path", "").split():
                    self._path.add(url, f"Boot-Class-Path: {url}", element.target)
                yield from self._use(element, self._process.program, element.how)
                self._enter(element, element.manifest.get("premain-class", ""))
            else:
                yield self._gap(f"the agent {path} is not in the image")
        for name in self._command.native_agents:
            path = join(self._process.directory, name) if "/" in name else f"{self._home}/lib/lib{name}.so"
            real = self._root.real(path)
            if real:
                yield Edge(self._process.program, real, f"agent {name}")

    def _fill(self) -> Element | None:
        """Fill the class path; return the element that the main class comes from."""
        command, path = self._command, self._path
        for place in command.boot:
            path.add(place, f"-Xbootclasspath {place}")
        if command.jar:
            return path.add(command.jar, f"-jar {command.jar}")
        for place in command.module_path:
            if place:
                path.add(place, "--module-path")
                path.add(f"{place}/*", "--module-path")
        for place in command.class_path or ([] if command.module else [""]):
            path.add(place, f"-cp {place or '.'}")
        for name in ("java.ext.dirs", "java.endorsed.dirs"):
            for place in filter(None, command.properties.get(name, "").split(":")):
                path.add(f"{place}/*", f"-D{name}={place}")
        if command.module:
            return next((one for one in path.elements.values() if _module_of(one) == command.module), None)
        return path.main(command.main) if command.main else None

    def _start(self, main: Element) -> Iterator[Edge | Undetermined]:
        manifest = main.manifest
        name = self._command.main or manifest.get("main-class", "")
        if not name and main.archive and main.archive.module:
            name = main.archive.module.main
        yield from self._use(main, main.source or self._process.program, main.how)
        agent = manifest.get("launcher-agent-class", "")
        if agent:
            self._enter(main, agent)
        self._enter(main, name)
        if name.startswith(SPRING):
            self._known = True
            yield from self._spring(main)
        self._command.main = name

    def _spring(self, main: Element) -> Iterator[Edge | Undetermined]:
        """Enter the class that Spring Boot's launcher starts, and add what PropertiesLauncher is told of."""
        properties = main.manifest | self._command.properties
        if main.archive is None:  # unpacked: the launcher's classes lie beside the application's
            self._path.add(f"/{main.target}/BOOT-INF/classes", "BOOT-INF/classes", main.target)
            self._path.add(f"/{main.target}/BOOT-INF/lib/*", "BOOT-INF/lib", main.target)
            self._path.add(f"/{main.target}/WEB-INF/classes", "WEB-INF/classes", main.target)
            self._path.add(f"/{main.target}/WEB-INF/lib/*", "WEB-INF/lib", main.target)
            from stellaops_core.analyzers.java_code import JavaCode  # noqa: PLC0415  # rare

            code = self._root.facts(f"{main.target}/META-INF/MANIFEST.MF", JavaCode)
            properties = (code.archives[0].manifest if code else {}) | self._command.properties
        stated = properties.get("loader.path") or self._process.environment.get("LOADER_PATH") or ""
        for place in filter(None, stated.split(",")):
            path = place.removeprefix("file:").rstrip("/")
            self._path.add(path, f"loader.path {place}")
            self._path.add(f"{path}/*", f"loader.path {place}")
        start = properties.get("loader.main") or properties.get("start-class", "")
        definer = self._path.definer(_package_of(start)) if start else None
        if definer:
            yield from self._use(definer, main.target, f"Start-Class: {start}")
            self._enter(definer, start)

    def _containers(self) -> Iterator[Edge | Undetermined]:
        container = CONTAINERS.get(self._command.main)
        if container is None:
            return
        self._known = True
        homes = [value for name in container.homes if (value := self._command.properties.get(name))]
        if not homes:
            own = [one.target.rpartition("/")[0] for one in self._path.elements.values() if one.target in self._used]
            homes = [home for place in own for home in (f"/{place}", f"/{place.rpartition('/')[0]}")]
            homes.append(f"/{self._process.directory}")
        for home in dict.fromkeys(join(self._process.directory, home).rstrip("/") for home in homes):
            for folder in container.libraries:
                self._path.add_below(f"{home}/{folder}", f"in {folder}", self._source())
            for folder in container.deployed:
                self._path.add_below(f"{home}/{folder}", f"deployed in {folder}", self._source(), deployed=True)
        for element in self._path.elements.values():
            defined = element.archive.defined if element.archive else ()
            for package in defined if element.deployed else [one for one in container.first if one in defined]:
                self._queue(element, package)
                yield from self._use(element, element.source or self._process.program, element.how)
            if element.deployed:
                yield from self._use(element, element.source, element.how)

    def _source(self) -> str:
        return next((target for target in self._path.elements if target in self._used), self._process.program)

    def _use(self, element: Element, source: str, how: str) -> Iterator[Edge]:
        """Yield an edge to an element that is used, and to the archive it lies in, once."""
        if element.target in self._used:
            return
        outer, mark, _ = element.target.partition("!/")
        if mark and outer not in self._used:
            yield from self._use(self._path.elements[outer], self._process.program, self._path.elements[outer].how)
        self._used.add(element.target)
        yield Edge(source, element.target, how)

    def _enter(self, element: Element, main: str) -> None:
        if main:
            self._queue(element, _package_of(main))

    def _queue(self, element: Element, package: str) -> None:
        if (element.target, package) not in self._seen:
            self._seen.add((element.target, package))
            self._left.append((element, package))

    def _follow(self) -> Iterator[Edge | Undetermined]:
        """Follow references from package to package."""
        steps = STEPS_LIMIT
        while self._left:
            element, package = self._left.popleft()
            if not self._known and self._path.makes_loaders(element, package):
                self._known = True
                dotted = package.replace("/", ".")
                yield Undetermined(element.target, 0, f"{dotted} makes class loaders of its own", "maven")
            for name in self._path.references(element, package):
                steps -= 1
                if steps < 0:
                    yield self._gap(more_than(STEPS_LIMIT, "references between packages"))
                    return
                definer = self._path.definer(name, element)
                if definer:
                    yield from self._use(definer, element.target, f"refers to {name.replace('/', '.')}")
                    self._queue(definer, name)

    def _others(self) -> Iterator[Edge]:
        """Yield all other elements, which may be asked for classes by name; providers of services by their services."""
        for element in list(self._path.elements.values()):
            if element.target not in self._used:
                source, how = element.source or self._process.program, element.how
                for service, _ in element.archive.services if element.archive else ():
                    asker = self._path.definer(_package_of(service))
                    if asker and asker.target in self._used:
                        source, how = asker.target, f"ServiceLoader {service}"
                        break
                yield Edge(source, element.target, how, level="maybe")


def _package_of(name: str) -> str:
    """Return a class's package, by slashes."""
    return name.replace(".", "/").rpartition("/")[0]


def _module_of(element: Element) -> str:
    """Return an element's module: as it declares, else by its manifest, else by its file's name."""
    if element.archive and element.archive.module:
        return element.archive.module.name
    stated = element.manifest.get("automatic-module-name")
    return stated or element.target.rpartition("/")[2].removesuffix(".jar")

"""What a Node process loads: its modules, from the script on.

Comes in: a process and the root. Goes out: an edge to each file that is reached, by the surest and shortest way. Rules:
a module whose name is worked out at run time can only be one of its package's own files, a package that this one
declares, or one that the application names in quotes: these may be loaded. Where there is nothing that could stand in,
that is undetermined.

Source: nodejs.org/api/modules.html, esm.html, cli.html; what `node.command` and `node.resolve` name.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from msgspec import Struct

from stellaops_core.analyzers.node_code import NodeCode, node_code
from stellaops_core.analyzers.texts import TEXT_LIMIT, LongText, Text
from stellaops_core.entrytrace.bounds import Bounds, more_than
from stellaops_core.entrytrace.node.command import Command, read_command
from stellaops_core.entrytrace.node.listing import CODE, LOADED, beginning, folders_of, listed
from stellaops_core.entrytrace.node.programs import HOSTS, NATIVE, OUTPUTS, SHARED
from stellaops_core.entrytrace.node.resolve import BUILTIN, Manifest, Resolver, split
from stellaops_core.entrytrace.process import Edge, Level, Process, Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.readers.node_imports import COMPUTED, FILE, IMPORT, REQUIRE, WORK

MODULE_LIMIT = 200_000
"""Modules that are followed for one process; what lies beyond is undetermined."""
COMPUTED_LIMIT = 2_000_000
"""Names that are gone through for all computed names of one process; what lies beyond is undetermined."""


def follow_node(root: Root, process: Process) -> Iterator[Edge | Undetermined]:
    """Yield what a Node process loads; see `entrytrace.process.Follow`."""
    yield from _Walk(root, process).run()


class _Load(Struct, frozen=True):
    """A way to a file, which need not be the one that counts."""

    source: str
    target: str
    how: str
    line: int
    level: Level


class _Walk:
    """One process while its modules are gone through: over sure loads first, then over all."""

    def __init__(self, root: Root, process: Process) -> None:
        self._root, self._process = root, process
        self._command = read_command(process)
        self._bounds = Bounds(process.program, "npm")
        self._files = Resolver(
            root,
            self._bounds,
            folders=folders_of(root, process),
            conditions=self._command.conditions,
            links=self._command.links,
        )
        self._seen = {process.program, process.script}
        self._later: deque[_Load] = deque()
        self._gaps: dict[Undetermined, None] = dict.fromkeys(self._command.gaps)
        self._stood_in: set[str] = set()  # packages whose declared dependencies may be loaded
        self._named: list[tuple[str, tuple[str, ...]]] = []  # files of the application, and what they have in quotes
        self._cut: set[str] = set()  # of those, the ones that have more of it than was kept
        self._computes = False
        self._offered: set[str] = set()  # what may be loaded, for whatever reason came first
        self._begun: set[str] = set()  # known beginnings of computed names, as paths
        self._room = COMPUTED_LIMIT

    def run(self) -> Iterator[Edge | Undetermined]:
        yield from self._through(deque(self._first()))
        while self._later or (self._computes and self._named):
            if not self._later:
                self._take_names()
                continue
            yield from self._through(deque([self._later.popleft()]), surely=False)
        yield from sorted({**self._gaps, **self._bounds.gaps})

    def _through(self, todo: deque[_Load], *, surely: bool = True) -> Iterator[Edge]:
        """Yield edges to what was not seen before, breadth first."""
        while todo:
            load = todo.popleft()
            if surely and load.level == "maybe":
                self._later.append(load)
            elif load.target not in self._seen:
                if len(self._seen) > MODULE_LIMIT:
                    self._miss(load.source, load.line, more_than(MODULE_LIMIT, "modules"))
                    return
                self._seen.add(load.target)
                yield Edge(load.source, load.target, load.how, load.line, load.level)
                todo.extend(self._loads_of(load.target))

    def _miss(self, place: str, line: int, reason: str) -> None:
        self._gaps[Undetermined(place, line, reason, "npm")] = None

    # -- where it starts ---------------------------------------------------------------------------------------------

    def _first(self) -> Iterator[_Load]:
        command, directory, program = self._command, self._process.directory, self._process.program
        for place in SHARED:
            path = f"usr/share/nodejs/{place}"
            if program.startswith("usr/bin/") and (real := self._root.real(path)):
                yield _Load(program, real, "a module of Node itself", 0, "used")
        for how, specifier in command.preloaded:
            yield from self._named_load(program, how, specifier, directory, f"{how} {specifier} of the command line")
        for option, text in command.code:
            code = node_code(text.encode(), names=True)
            yield from self._mentioned(program, directory, code, f"node {option}: ")
            self._named.append((f"{directory}/-" if directory else "-", code.names))
        if command.main:
            yield from self._main(command, directory)

    def _named_load(self, source: str, how: str, specifier: str, directory: str, text: str) -> Iterator[_Load]:
        found = self._files.find(how, specifier, directory)
        if not found:
            self._miss(source, 0, f"{specifier} is not in the image")
        for path in found:
            if path != BUILTIN:
                yield _Load(source, path, text, 0, "used" if len(found) == 1 else "maybe")

    def _main(self, command: Command, directory: str) -> Iterator[_Load]:
        main = command.main if command.main[:1] in {"/", "."} else f"./{command.main}"
        found = self._files.find(REQUIRE, main, directory)
        if not found:
            step = self._process.steps[-1] if self._process.steps else None
            place, line = (step.place, step.line) if step else (self._process.program, 0)
            self._miss(place, line, f"{command.main} is not in the image")
        for path in found:
            if path in self._seen:  # the script is where the process starts
                yield from self._loads_of(path)
            else:
                yield _Load(self._process.program, path, f"node {command.main}", 0, "used")
            yield from self._outputs(path, directory)
            yield from self._handed(path, directory)

    def _outputs(self, main: str, directory: str) -> Iterator[_Load]:
        """What programs of frameworks load of what was built."""
        scope = self._files.scope(_parent(main))
        manifest = self._files.manifest(scope) if scope is not None else None
        places = OUTPUTS.get(manifest.name, ()) if manifest and isinstance(manifest.name, str) else ()
        for place in places:
            for path in self._listed(f"{directory}/{place}" if directory else place):
                yield _Load(main, path, f"{manifest.name if manifest else ''} runs {place}", 0, "maybe")

    def _handed(self, main: str, directory: str) -> Iterator[_Load]:
        """Scripts that are handed to a script that was installed, as to `ts-node` or `pm2`."""
        if "node_modules/" not in main:
            return
        for word in self._command.arguments:
            if word and word.endswith(CODE):
                specifier = word if word[:1] in {"/", "."} else f"./{word}"
                for path in self._files.find(REQUIRE, specifier, directory):
                    yield _Load(main, path, f"argument {word}", 0, "maybe")

    # -- one module --------------------------------------------------------------------------------------------------

    def _loads_of(self, path: str) -> list[_Load]:
        code = self._code(path)
        if code is None:
            return []
        if code.names or code.cut:
            self._named.append((path, code.names))
        if code.cut:
            self._cut.add(path)
        if code.unread:
            self._stand_in(path, 0, f"the file is {code.unread}")
        return list(self._mentioned(path, _parent(path), code, ""))

    def _code(self, path: str) -> NodeCode | None:
        code = self._root.facts(path, NodeCode)
        if code is None and not path.endswith(LOADED):
            if text := self._root.facts(path, Text):
                return node_code(text.content, names="node_modules/" not in path)
            if self._root.facts(path, LongText):
                return NodeCode(unread=f"larger than {TEXT_LIMIT:,} bytes")
        return code

    def _mentioned(self, source: str, directory: str, code: NodeCode, prefix: str) -> Iterator[_Load]:
        for how, specifier, line, runs in code.mentions:
            if how == COMPUTED:
                self._compute(source, directory, specifier, line)
            elif how == FILE:
                self._beside(source, directory, specifier, line)
            elif how == WORK:
                self._work(source, specifier, line)
            else:
                found = self._files.find(how, specifier, directory)
                if not found:
                    self._not_there(source, directory, specifier, line, runs=runs)
                elif found[0] != BUILTIN:
                    text = f'{prefix}require("{specifier}")' if how == REQUIRE else f'{prefix}import "{specifier}"'
                    level: Level = "used" if runs and len(found) == 1 else "maybe"
                    for path in found:
                        yield _Load(source, path, text, line, level)
                    if specifier in NATIVE:
                        self._native(source, directory, specifier, line)

    def _not_there(self, source: str, directory: str, specifier: str, line: int, *, runs: bool) -> None:
        """An application's own file that is missing may come with a volume; a package that is missing is optional."""
        if runs and specifier[:1] in {".", "/"} and "node_modules/" not in source:
            self._miss(source, line, f"{specifier} is not in the image")
        elif specifier[:1] in {".", "/"}:
            base = specifier if specifier[:1] == "/" else f"{directory}/{specifier}"
            if self._root.is_directory(base):
                self._beside(source, directory, specifier, line)

    # -- what is not said outright -----------------------------------------------------------------------------------

    def _maybe(self, source: str, targets: Iterable[str], how: str, line: int) -> None:
        for target in targets:
            if target != BUILTIN and target not in self._offered:
                self._offered.add(target)
                self._later.append(_Load(source, target, how, line, "maybe"))

    def _compute(self, source: str, directory: str, known: str, line: int) -> None:
        """A name that is worked out, of which the beginning may be known."""
        how = f'a computed name "{known}…"' if known else "a computed name"
        if known[:2] in {"./", ".."}:
            self._maybe(source, self._beginning(f"{directory}/{known}", source), how, line)
        elif known and (known[0] not in "/$@" or "/" in known[1:]) and known[0] != "/":
            self._package_part(source, directory, known, line)
        else:
            self._stand_in(source, line, "the name of a module is computed")

    def _package_part(self, source: str, directory: str, known: str, line: int) -> None:
        """`require("pkg/part-" + x)`, `require("pkg-" + x)`."""
        how = f'a computed name "{known}…"'
        name, subpath = split(known)
        if subpath != "." and (place := self._files.package_directory(name, directory)):
            real = self._root.real(place) or place
            self._maybe(source, self._beginning(f"{real}/{subpath[2:]}", source), how, line)
            return
        for folder in self._files.folders(directory):
            scope, slash, beginning = known.partition("/")
            inside = f"{folder}/{scope}" if slash else folder
            for plain in sorted(self._files.names(inside)):
                if plain.startswith(beginning if slash else scope):
                    self._declared(source, directory, f"{scope}/{plain}" if slash else plain, how, line)

    def _beginning(self, path: str, source: str) -> list[str]:
        if path in self._begun:
            return []
        self._begun.add(path)
        self._room -= len(self._root.names(_parent(path)))
        if self._room < 0:
            self._miss(source, 0, more_than(COMPUTED_LIMIT, "names for computed ones"))
            return []
        found = beginning(self._root, path, self._bounds)
        self._room -= len(found)
        return found

    def _listed(self, directory: str, endings: tuple[str, ...] = LOADED) -> list[str]:
        return listed(self._root, directory, self._bounds, endings)

    def _beside(self, source: str, directory: str, specifier: str, line: int) -> None:
        """A file or a directory that is named by where the source is."""
        how = f"a file beside it, {specifier}"
        if found := self._files.find(REQUIRE, specifier, directory):
            self._maybe(source, found, how, line)
        elif self._root.is_directory(f"{directory}/{specifier}"):
            self._maybe(source, self._listed(f"{directory}/{specifier}"), how, line)

    def _work(self, source: str, specifier: str, line: int) -> None:
        """A file that runs in a process or thread of its own, named from the working directory or the source's."""
        for directory in (self._process.directory, _parent(source)):
            self._maybe(source, self._files.find(REQUIRE, specifier, directory), f"runs {specifier}", line)

    def _native(self, source: str, directory: str, specifier: str, line: int) -> None:
        """Libraries that a package was built to, which a loader finds."""
        scope = self._files.scope(directory)
        if scope is not None:
            native = self._listed(scope, (".node",))
            self._maybe(source, native, f"{specifier} finds it", line)

    def _stand_in(self, source: str, line: int, reason: str) -> None:
        """Let a package's declared dependencies, and what the application names, stand for what is not known."""
        self._computes = True
        scope = self._files.package(_parent(source))
        manifest = self._files.manifest(scope) if scope is not None else None
        if scope is None or manifest is None:
            self._miss(source, line, reason)
            return
        if scope in self._stood_in:
            return
        self._stood_in.add(scope)
        installed = "node_modules/" in scope or scope.startswith("usr/share/nodejs/")
        for name in manifest.declared():
            self._declared(source, scope, name, f"declared dependency {name}", line)
        if not installed:
            self._maybe(source, self._listed(scope), "a file of the application", line)
        elif isinstance(manifest.name, str) and manifest.name in HOSTS:
            self._project(source, line, manifest)

    def _project(self, source: str, line: int, host: Manifest) -> None:
        """What a project's configuration may name for a package that loads it."""
        directory = self._process.directory
        scope = self._files.scope(directory)
        manifest = self._files.manifest(scope) if scope is not None else None
        if scope is None or manifest is None:
            return
        for name in manifest.declared(development=True):
            self._declared(source, scope, name, f"{host.name} may be configured with {name}", line)
        texts = [name for name in sorted(self._files.names(scope)) if "config." in name or name.startswith(".")]
        files = [f"{scope}/{name}" if scope else name for name in texts if name.endswith(CODE)]
        self._maybe(source, files, f"{host.name} reads it", line)

    def _declared(self, source: str, directory: str, name: str, how: str, line: int) -> None:
        self._maybe(
            source, [path for way in (REQUIRE, IMPORT) for path in self._files.find(way, name, directory)], how, line
        )
        place = self._files.package_directory(name, directory)
        manifest = self._files.manifest(place) if place else None
        for program in manifest.programs() if manifest else ():
            self._maybe(
                source, self._files.find(REQUIRE, f"./{program}", self._root.real(place or "") or ""), how, line
            )

    def _take_names(self) -> None:
        """Let what the application has in quotes be loaded, where a package is called so."""
        named, self._named = self._named, []
        for path, names in named:
            source = path if path in self._seen else self._process.program
            if path in self._cut:
                self._miss(path, 0, "it may name more modules than are kept of one file")
            for name in names:
                if self._files.package_directory(split(name)[0], _parent(path)):
                    self._declared(source, _parent(path), name, f'names "{name}"', 0)


def _parent(path: str) -> str:
    return path[: max(path.rfind("/"), 0)]

"""What a Python process loads: its start-up, its script or module, and what a server is told to serve.

Comes in: the root and a process. Goes out: edges, and what can't be followed. The rules of importing are
`python.closure`'s.

Source: Python documentation, "Command line and environment", `site`, `runpy`.
"""

from collections.abc import Iterator

from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Process, Undetermined
from stellaops_core.entrytrace.python.closure import SCOPE, Closure, Found
from stellaops_core.entrytrace.python.paths import Search, find_search
from stellaops_core.entrytrace.python.programs import SERVERS, Launch, find_directories, find_named, read_launch
from stellaops_core.entrytrace.python.rules import SITE, STARTUP
from stellaops_core.entrytrace.root import Root


def follow_python(root: Root, process: Process) -> Iterator[Found]:
    """Yield what an interpreter loads (the contract is `process.Follow`)."""
    launch = read_launch(process)
    bounds = Bounds(process.program, SCOPE)
    search = find_search(root, process, launch.flags, bounds)
    if search is None:
        yield Undetermined(process.program, 0, "its standard library is not found", SCOPE)
        return
    start = _Start(Closure(root, process, search, bounds), launch)
    yield from start.up(search)
    yield from start.main()
    yield from start.closure.finish()
    yield from bounds.gaps


class _Start:
    """What one command line starts."""

    def __init__(self, closure: Closure, launch: Launch) -> None:
        self.closure, self._launch = closure, launch
        self._root, self._process = closure.root, closure.process

    def up(self, search: Search) -> Iterator[Found]:
        """What the interpreter loads before anything else."""
        program = self._process.program
        for name in STARTUP + SITE if self._launch.flags.site else STARTUP:
            yield from self.closure.begin(name, program, f"start-up: {name}")
        for file, line, text in search.code:
            yield from self.closure.begin_line(text, file, line, program)
        for archive in search.archives:
            yield Undetermined(archive, 0, "an archive on the search path is not looked into", SCOPE)
        yield from self.closure.run()

    def main(self) -> Iterator[Found]:
        """What the command line names."""
        launch, program = self._launch, self._process.program
        if launch.unknown:
            yield self._undetermined("what Python is to run is not known")
        elif launch.module:
            self._search_first(self._process.directory)
            yield from self._module(launch.module)
        elif launch.code is not None:
            self._search_first(self._process.directory)
            self.closure.begin_code(launch.code, program, 0, "__main__")
            yield from self.closure.run()
            yield from self._serve("-c", program)
        elif launch.script:
            yield from self._script(launch.script)

    def _undetermined(self, reason: str) -> Undetermined:
        steps = self._process.steps
        place, line = (steps[-1].place, steps[-1].line) if steps else (self._process.program, 0)
        return Undetermined(place, line, reason, SCOPE)

    def _search_first(self, directory: str) -> None:
        if self._launch.flags.script and self._root.is_directory(directory):
            self.closure.modules.add_path(self._root.real(directory) or "", first=True)

    def _module(self, name: str) -> Iterator[Found]:
        program, how, closure = self._process.program, f"python -m {name}", self.closure
        yield from closure.begin("runpy", program, how)
        module, package = closure.modules.find(name), name.rpartition(".")[0]
        if module is None:
            yield self._undetermined(f"{how}: no such module")
        if module is None or module.places:
            yield from closure.begin(name, program, how)
            package, module = name, closure.modules.find(f"{name}.__main__")
        elif package:
            yield from closure.begin(package, program, how)
        file = module.file if module is not None else ""
        if file:
            yield from closure.begin_file(file, program, how, "__main__", package)
        yield from closure.run()
        yield from self._serve(name, file or program)

    def _script(self, script: str) -> Iterator[Found]:
        file = self._file(script)
        if file is not None and self._root.is_directory(file):
            self._search_first(file)
            file = self._root.real(f"{file}/__main__.py")
        elif file is not None:
            self._search_first(file.rpartition("/")[0])
        if file is None:
            yield self._undetermined(f"no such script: {script}")
            return
        yield from self.closure.begin_file(file, self._process.program, f"script {script}", "__main__")
        yield from self.closure.run()
        yield from self._serve(file.rpartition("/")[2].removesuffix(".py"), file)

    def _file(self, path: str) -> str | None:
        return self._root.real(path if path.startswith("/") else f"{self._process.directory}/{path}")

    def _serve(self, name: str, source: str) -> Iterator[Found]:
        """What a program of this name is told to load; `source`: where that program is."""
        for module in SERVERS[name].loads if name in SERVERS else ():
            yield from self.closure.begin(module, source, f"{name} loads {module}")
        arguments = self._launch.arguments
        for directory in reversed(["", *find_directories(name, arguments)]):
            real = self._file(directory)
            if real is not None and self._root.is_directory(real):
                self.closure.modules.add_path(real, first=True)
        for one in find_named(name, arguments, self._process.environment):
            if not one.is_file and not one.surely:
                self.closure.defer(one.text, source, one.how)
            elif not one.is_file:
                yield from self._named(one.text, source, one.how)
            elif (file := self._file(one.text)) is not None and one.surely:
                yield from self.closure.begin_file(file, source, one.how, file.rpartition("/")[2].removesuffix(".py"))
        if name in SERVERS and None in arguments:
            yield self._undetermined(f"an argument of {name} is not known")

    def _named(self, module: str, source: str, how: str) -> Iterator[Found]:
        if "SETTINGS_MODULE" in how or "--settings" in how:
            yield from self.closure.begin_settings(module, source, how)
        else:
            yield from self.closure.begin(module, source, how)

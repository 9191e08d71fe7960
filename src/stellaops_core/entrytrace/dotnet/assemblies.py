"""What a .NET process loads: its host, runtime, and the assemblies that refer to one another.

Comes in: the root and a process whose program is a host of .NET. Goes out: edges. Rules:

* used: host, runtime, the application's assembly, and those that are referred to from there, one from the other; the
  runtime loads one when a method that needs it is compiled, so a single run may load fewer;
* maybe: everything else that the host was told of or that lies beside the application, since names of assemblies can be
  made at run time; native libraries that functions are imported from; translations;
* where no framework fits, nothing of the stand-in is more than maybe.

Source: .NET documentation, "Managed assembly loading algorithm", "Default probing", "Unmanaged (native) library loading
algorithm"; the host's design document `host-startup-hook.md`. Native libraries of the runtime: .NET Core 3.1 to .NET 9.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from stellaops_core.analyzers.dotnet_code import DotnetCode, DotnetDeps
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.dotnet.host import Application, Installed, frameworks_of, read_application, version_key
from stellaops_core.entrytrace.dotnet.libraries import find_native, system_edges
from stellaops_core.entrytrace.process import Edge, Level, Process, Undetermined
from stellaops_core.entrytrace.root import Root

ASSEMBLIES_LIMIT: Final = 50_000
"""Assemblies of one process."""
FOLDERS_LIMIT: Final = 2000
"""Directories of an application that are looked into."""

_RUNTIME: Final = ("System.Private.CoreLib.dll", "libclrjit.so", "libcoreclr.so", "libhostpolicy.so")
_FITTING: Final = ("alpine", "any", "base", "centos", "debian", "fedora", "linux", "rhel", "ubuntu", "unix")


def follow_dotnet(root: Root, process: Process) -> Iterator[Edge | Undetermined]:
    """Yield what a host of .NET loads; a `process.Follow`. Nothing for other programs."""
    bounds = Bounds(process.program, "nuget")
    application = read_application(root, process, bounds)
    if application is not None:
        yield from _Run(root, process, application, bounds).edges()
        yield from bounds.gaps


class _Run:
    """One process: where assemblies are found, what was reached, what is still to be followed."""

    def __init__(self, root: Root, process: Process, application: Application, bounds: Bounds) -> None:
        self._root, self._process, self._application, self._bounds = root, process, application, bounds
        self._step = process.steps[-1] if process.steps else None
        self._places: dict[str, str] = {}  # simple name in lower case to the file that is taken
        self._others: dict[str, str] = {}  # what may be loaded besides: path to why
        self._levels: dict[str, Level] = {}  # of places that are less than used
        self._seen: set[str] = set()
        self._left: deque[str] = deque()

    def edges(self) -> Iterator[Edge | Undetermined]:
        application, root = self._application, self._root
        frameworks = list(frameworks_of(root, self._process, application, self._bounds))
        yield from map(self._gap, application.gaps)
        yield from self._host(frameworks)
        self._take_application()
        for framework in frameworks:
            self._take_framework(framework)
        if application.path and not application.bundled:
            yield from self._reach(self._process.program, application.path, "the application")
        yield from self._hooks()
        yield from self._follow()
        for path, how in sorted(self._others.items()):
            if path not in self._seen:
                yield from self._reach(application.path or self._process.program, path, how, "maybe")
        yield from self._follow()
        folders = [application.folder, *(framework.folder for framework in frameworks)]
        bounds = Bounds(self._process.program)
        yield from system_edges(root, self._process.program, folders, bounds)
        yield from bounds.gaps

    def _gap(self, reason: str) -> Undetermined:
        place, line = (self._step.place, self._step.line) if self._step else ("ENTRYPOINT", 0)
        return Undetermined(place, line, reason, "nuget")

    def _host(self, frameworks: list[Installed]) -> Iterator[Edge]:
        """Yield the host's and the runtime's own libraries."""
        application, root, program = self._application, self._root, self._process.program
        versions = sorted(root.names(f"{application.host}/host/fxr"), key=version_key) if application.host else []
        resolver = f"{application.host}/host/fxr/{versions[-1]}" if versions else application.folder
        if real := self._real(f"{resolver}/libhostfxr.so"):
            yield Edge(program, real, "the host's resolver")
        for framework in frameworks:
            if real := self._real(f"{framework.folder}/{framework.name}.deps.json"):
                yield Edge(program, real, "the framework's configuration", level="used" if framework.fits else "maybe")
        places = [(framework.folder, framework.fits) for framework in frameworks] or [(application.folder, True)]
        for folder, fits in places:
            for name in _RUNTIME:
                if real := self._real(f"{folder}/{name}"):
                    self._seen.add(real)
                    yield Edge(program, real, "the runtime", level="used" if fits else "maybe")
        if application.config and not application.bundled:
            for ending in (".runtimeconfig.json", ".deps.json"):
                if real := self._real(f"{application.folder}/{application.name}{ending}"):
                    yield Edge(program, real, "the application's configuration")

    def _real(self, path: str) -> str | None:
        real = self._root.real(path)
        return real if real and self._root.is_file(real) else None

    def _take_application(self) -> None:
        """Note the application's own assemblies: those that its deps.json lists, else all beside it."""
        application, root = self._application, self._root
        if not application.folder:
            return
        listed = self._deps(
            application.folder, application.options.get("depsfile", "") or f"{application.name}.deps.json"
        )
        for path in self._beside(application.folder):
            name = path.rpartition("/")[2]
            if listed is None and path.count("/") == application.folder.count("/") + 1:
                self._place(path)
            self._others.setdefault(path, f"{name} beside the application")
        for package, assemblies in listed.packages if listed else ():
            for folder in application.config.probing if application.config else ():
                for assembly in assemblies:
                    if real := self._real(f"{folder.strip('/')}/{package}/{assembly}"):
                        self._place(real)
        if application.path and root.is_file(application.path):
            self._place(application.path)

    def _deps(self, folder: str, name: str) -> DotnetDeps | None:
        """Note what a deps.json lists that is there."""
        place = name.lstrip("/") if name.startswith("/") else f"{folder}/{name}"
        listed = self._bounds.kept(self._root, place, DotnetDeps)
        for path in listed.assemblies if listed else ():
            if real := self._real(f"{folder}/{path}"):
                self._place(real)
        for path in listed.others if listed else ():
            parts = path.split("/")
            fits = parts[0] == "runtimes" and parts[1].startswith(_FITTING)
            if fits and path.endswith(".dll") and (real := self._real(f"{folder}/{path}")):
                self._places[_simple(path)] = real  # the one for the platform goes before the common one
        return listed

    def _take_framework(self, framework: Installed) -> None:
        for name in self._root.names(framework.folder):
            path = f"{framework.folder}/{name}"
            if name.endswith(".dll"):
                self._place(path)
                self._others.setdefault(path, f"in {framework.name}")
                if not framework.fits:
                    self._levels[path] = "maybe"

    def _place(self, path: str) -> None:
        if not self._bounds.is_full(len(self._places), ASSEMBLIES_LIMIT, "assemblies"):
            self._places.setdefault(_simple(path), path)

    def _beside(self, folder: str) -> Iterator[str]:
        """Yield the assemblies in an application's directory and below it."""
        root, left, count = self._root, [folder], 0
        while left and not self._bounds.is_full(count, FOLDERS_LIMIT, "directories", folder):
            place = left.pop()
            count += 1
            for name in root.names(place):
                path = f"{place}/{name}"
                if name.endswith(".dll"):
                    if root.is_file(path) and not _is_foreign(path[len(folder) + 1 :]):
                        yield path
                elif name[0] != "." and root.real(path) == path and root.is_directory(path):
                    left.append(path)

    def _hooks(self) -> Iterator[Edge | Undetermined]:
        """Yield what environment variables have loaded before the application."""
        environment = self._process.environment
        hooks = environment.get("DOTNET_STARTUP_HOOKS", "")
        if hooks is None:
            yield self._gap("the value of DOTNET_STARTUP_HOOKS is not known")
        for hook in filter(None, (hooks or "").split(":")):
            path = self._real(hook) if "/" in hook else self._places.get(hook.lower())
            if path:
                yield from self._reach(self._process.program, path, f"DOTNET_STARTUP_HOOKS={hook}")
        profiler = (
            environment.get("CORECLR_PROFILER_PATH") if environment.get("CORECLR_ENABLE_PROFILING") == "1" else ""
        )
        if profiler and (real := self._real(profiler)):
            yield Edge(self._process.program, real, f"CORECLR_PROFILER_PATH={profiler}")

    def _reach(self, source: str, path: str, how: str, level: Level = "used") -> Iterator[Edge]:
        if path in self._seen:
            return
        self._seen.add(path)
        self._left.append(path)
        yield Edge(source, path, how, level=self._levels.get(path, level))

    def _follow(self) -> Iterator[Edge]:
        """Follow references from assembly to assembly."""
        while self._left:
            path = self._left.popleft()
            code = self._root.facts(path, DotnetCode)
            for name in code.references if code else ():
                if found := self._places.get(name.lower()):
                    yield from self._reach(path, found, f"refers to {name}")
            for module in code.modules if code else ():
                for native in find_native(self._root, path, module, self._application.folder):
                    yield Edge(path, native, f"imports from {module}", level="maybe")


def _simple(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].lower()


def _is_foreign(path: str) -> bool:
    """Say whether a path below the application is for other platforms."""
    parts = path.split("/")
    return len(parts) > 2 and parts[0] == "runtimes" and not parts[1].startswith(_FITTING)

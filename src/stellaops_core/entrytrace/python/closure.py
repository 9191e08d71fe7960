"""All that a Python process imports, from what it starts with.

Comes in: the root, a process, its search path, and files to begin with. Goes out: edges, each to a file that is reached
for the first time, and what can't be followed. Rules:

* what runs whenever a module is imported comes first, all the way down; then what may run: imports within functions and
  branches, plugins, names in texts. So each file is reached by its surest way;
* a name that is put together may be any that the file's texts give; without one, any module of the file's own package.
  The application's own files may name anything; where one of them puts a name together, that is told.

Source: Python documentation, "The import system", `importlib.metadata`.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from stellaops_core.analyzers.python_code import LIBRARY
from stellaops_core.analyzers.texts import Text
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Edge, Level, Process, Undetermined
from stellaops_core.entrytrace.python.modules import Module, Modules
from stellaops_core.entrytrace.python.paths import Search
from stellaops_core.entrytrace.python.plugins import Plugin, choose_plugins, find_script, read_configured, read_plugins
from stellaops_core.entrytrace.python.rules import (
    BUNDLES,
    BY_C,
    BY_EXTENSIONS,
    BY_TESTS,
    CONFIGURED,
    HOOKS,
    REAL,
    STRONG,
    UNRELATED,
)
from stellaops_core.entrytrace.python.statements import holds, read_statements
from stellaops_core.entrytrace.python.tasks import Later, Task, absolute, is_builtin, literals, rest_of
from stellaops_core.entrytrace.root import Root
from stellaops_core.readers.python_imports import TRIED, Import, PythonCode, read_python

MODULE_LIMIT: Final = 50_000
"""Modules of one process."""
PACKAGE_LIMIT: Final = 20_000
"""Modules of one package that imports by names which are put together."""
LITERAL_LIMIT: Final = 10
"""Texts in quotes of one line that changes `sys.path`."""
MISSING_LIMIT: Final = 50
"""Missing modules that are told."""
SCOPE: Final = "pypi"

_DJANGO: Final = "DJANGO_SETTINGS_MODULE"

Found = Edge | Undetermined


class Closure:
    """The files that one process reaches."""

    def __init__(self, root: Root, process: Process, search: Search, bounds: Bounds) -> None:
        self.root, self.process, self._search, self._bounds = root, process, search, bounds
        self.modules = Modules(root, search.paths, search.version, bounds)
        for name, place in search.mapped:
            self.modules.map(name, place)
        self._seen: set[str] = set()
        self._opened: set[str] = set()  # packages whose modules were all taken
        self._tasks: deque[Task] = deque()
        self._later: deque[Later] = deque()
        self._named: deque[Task] = deque()  # tasks with texts that may name modules
        self._all_plugins: dict[str, list[Plugin]] | None = None
        self._asleep: list[Later] = []  # what import hooks import, until they are needed
        self._woken: set[str] = set()
        self._missing = 0
        self._broken = False
        self._sure = True

    # --- beginnings ---------------------------------------------------------------------------------------------------

    def begin(self, name: str, source: str, how: str) -> Iterator[Found]:
        """Import a module with its packages."""
        yield from self._reach(self.modules.chain(name), source, 0, "used", how)

    def begin_file(self, file: str, source: str, how: str, name: str, package: str = "") -> Iterator[Found]:
        """Run a file; `name`: what it is called, such as `__main__`."""
        if file not in self._seen:
            self._seen.add(file)
            yield Edge(source, file, how)
            yield from self._read(file, name, package)

    def begin_line(self, code: str, file: str, line: int, source: str) -> Iterator[Found]:
        """Run one line of a .pth file."""
        if file not in self._seen:
            self._seen.add(file)
            yield Edge(source, file, "start-up: site")
        self.begin_code(code, file, line)

    def begin_code(self, code: str, file: str, line: int, name: str = "") -> None:
        """Run code that stands on one line of a file, or that the command line gives."""
        source = read_python(code.encode("utf-8", "replace"), whole=True)
        imports = tuple([Import(line, one.text, one.conditions, one.called, one.prefix) for one in source.imports])
        names = (source.names, source.groups) if name else ()
        self._tasks.append(Task(name, "", file, PythonCode(imports, *names), own=bool(name)))

    def defer(self, name: str, source: str, how: str) -> None:
        """Import a module, perhaps."""
        self._later.append(Later(Task("", "", source, PythonCode()), Import(0, name, (), "argument"), how))

    def _configured(self, module: Module) -> None:
        """What files name that a package reads to know what to import."""
        prefix, directories = self._search.prefix, CONFIGURED[module.name]
        for file, name in read_configured(self.root, prefix, directories, self._bounds):
            self.defer(name, module.file, f"named by {file}")
            task = Task(name, name, module.file, PythonCode())
            self._later.append(Later(task, Import(0, "", (), "import_module"), f"named by {file}"))

    def finish(self) -> Iterator[Found]:
        """Follow what may be imported, all else having been followed."""
        yield from self.run()
        self._sure = False
        for name in (*BY_C, *self.modules.starting("_sysconfigdata_")):
            self.defer(name, self.process.program, f"import {name}")
        while self._later or self._named or self._wake():
            if self._later:
                yield from self._perhaps(self._later.popleft())
            else:
                yield from self._by_names(self._named.popleft())
            yield from self.run()

    def _perhaps(self, later: Later) -> Iterator[Found]:
        one, task = later.one, later.task
        if task.name in HOOKS and HOOKS[task.name] not in self._woken:
            self._asleep.append(later)
        elif one.called:
            yield from self._called(task, one, later.how)
        else:
            yield from self._import(task, one, "maybe")

    def begin_settings(self, name: str, source: str, how: str) -> Iterator[Found]:
        """Import Django's settings, and the applications, the middleware and the like that they name."""
        settings = self.modules.find(name)
        if settings is None:
            return
        yield from self.begin(name, source, how)
        code = self.root.facts(settings.file, PythonCode) if settings.file else None
        for text in code.names if code else ():
            chain = self.modules.chain(text)
            if chain and chain[0].file and not self._is_standard(chain[0].file):
                yield from self._reach(chain, settings.file, 0, "used", f"settings name {text}")
                if chain[-1].places:
                    task = Task(chain[-1].name, chain[-1].name, settings.file, PythonCode())
                    self._later.append(Later(task, Import(0, "", (), "import_module"), f"an application of {name}"))

    def _wake(self) -> bool:
        """Let those hooks import whose module is reached by now; whether there are any."""
        for later in self._asleep:
            hooked = self.modules.find(HOOKS[later.task.name])
            if hooked is not None and hooked.file in self._seen:
                self._woken.add(HOOKS[later.task.name])
        ready = [later for later in self._asleep if HOOKS[later.task.name] in self._woken]
        self._asleep = [later for later in self._asleep if later not in ready]
        self._later += ready
        return bool(ready)

    # --- what is imported ---------------------------------------------------------------------------------------------

    def run(self) -> Iterator[Found]:
        """Follow what runs for certain, once its module does."""
        version = self._search.version
        while self._tasks:
            task = self._tasks.popleft()
            code, main = task.code, task.name == "__main__"
            if code.paths:
                self._extend(task)
            if code.names or code.groups:
                self._named.append(task)
                if task.own and _DJANGO in code.names and self._sure:
                    for name in code.names:
                        if "settings" in name:
                            yield from self.begin_settings(name, task.file, f"names {name}")
            if main and code.groups and self._sure:
                for plugin in find_script(self._plugins(), code.groups):
                    yield from self.begin(plugin.module, task.file, f"entry point {plugin.group}:{plugin.name}")
            broken = False
            for one in code.imports:
                truth = holds(one.conditions, version, main=main) if one.conditions else True
                if truth is False:
                    continue
                if one.called or truth is None or broken:
                    self._later.append(Later(task, one))
                else:
                    yield from self._import(task, one, "used")
                    broken, self._broken = self._broken, False

    def _extend(self, task: Task) -> None:
        """A file that changes `sys.path`: what it names, and what is around it, is searched as well."""
        directory = task.file.rpartition("/")[0]
        places = [directory, directory.rpartition("/")[0], directory.rpartition("/")[0].rpartition("/")[0]]
        for line, text in task.code.paths:
            for literal in self._bounds.first(literals(text), LITERAL_LIMIT, "texts on one line", task.file, line):
                places += [literal] if literal.startswith("/") else [f"{place}/{literal}" for place in places[:3]]
        for place in places:
            real = self.root.real(place)
            if real and self.root.is_directory(real):
                self.modules.add_path(real)

    def _import(self, task: Task, one: Import, level: Level) -> Iterator[Found]:
        tried = task.tried or TRIED in one.conditions
        for offset, written, names in read_statements(one.text):
            line = one.line + offset
            name = absolute(written, task.package) if written[:1] == "." else written
            if name is None or BY_TESTS.get(task.name) == name:
                continue
            last = self.modules.find(name)
            if last is None:
                chain = self._bundled(task, name)
                if chain:
                    last = chain[-1]
                else:
                    chain = self.modules.chain(name)
                yield from self._reach(chain, task.file, line, level, "", tried)
                if last is None and self._sure and level == "used" and not is_builtin(name):
                    if not tried:
                        yield from self._miss(task, line, name)
                    elif not one.conditions:  # the module fails here, and who imports it goes on without
                        self._broken = True
                        self._later.append(Later(task, rest_of(one, offset)))
                        return
            elif last.file not in self._seen:
                yield from self._reach(self.modules.chain(name), task.file, line, level, "", tried)
            if names and last is not None and last.places:
                for each in names:
                    found = self.modules.find(f"{last.name}.{each}")
                    if found is not None and found.file not in self._seen:
                        yield from self._reach((found,), task.file, line, level, "", tried)

    def _bundled(self, task: Task, name: str) -> list[Module]:
        """A module that isn't found may be bundled with who asks for it."""
        top = (task.package or task.name).partition(".")[0]
        wanted = name.rpartition(".extern.")[2]
        for place in BUNDLES if top and top != "__main__" else ():
            bundled = self.modules.chain(f"{top}.{place}.{wanted}")
            if len(bundled) > 2:
                return bundled
        return []

    def _miss(self, task: Task, line: int, name: str) -> Iterator[Found]:
        self._missing += 1
        if self._missing <= MISSING_LIMIT and not self.modules.find(name.partition(".")[0]):
            yield Undetermined(task.file, line, f"imports {name}, which is not on the search path", SCOPE)

    def _reach(
        self, chain: Sequence[Module], source: str, line: int, level: Level, how: str, tried: bool = False
    ) -> Iterator[Found]:
        for module in chain:
            if module.file and module.file not in self._seen:
                if len(self._seen) >= MODULE_LIMIT:
                    yield Undetermined(source, line, f"it imports more than {MODULE_LIMIT:,} modules", SCOPE)
                    return
                self._seen.add(module.file)
                yield Edge(source, module.file, how or f"import {module.name}", line, level)
                if module.name in CONFIGURED:
                    self._configured(module)
                if not module.extension:
                    yield from self._read(module.file, module.name, module.package, tried)
                elif not self._is_standard(module.file):  # what it imports is compiled code
                    task = Task(module.name, module.package, module.file, PythonCode())
                    self._later.append(Later(task, Import(0, "", (), "import_module"), "compiled code"))
                    for name in BY_EXTENSIONS:
                        self.defer(name, module.file, f"import {name}")

    def _read(self, file: str, name: str, package: str, tried: bool = False) -> Iterator[Found]:
        code = self.root.facts(file, PythonCode)
        if code is None and not file.endswith(".py") and (text := self.root.facts(file, Text)) is not None:
            code = read_python(text.content, whole=True)
        if code is None:
            yield Undetermined(file, 0, "what it imports is not known: it can't be read as source", SCOPE)
            return
        if code.cut:
            yield Undetermined(file, 0, "it imports or names more than is read of one file", SCOPE)
        self._tasks.append(Task(name, package, file, code, own=LIBRARY.search(file) is None, tried=tried))

    def _is_standard(self, file: str) -> bool:
        library = self._search.library
        return file.startswith(f"{library}/") and not file.startswith(
            (f"{library}/site-packages/", f"{library}/dist-packages/")
        )

    # --- what may be imported -----------------------------------------------------------------------------------------

    def _called(self, task: Task, one: Import, how: str) -> Iterator[Found]:
        """A call that imports by name."""
        if one.text:
            text = one.text.partition(":")[0]
            name = absolute(text, task.package) if text[:1] == "." else text
            if name is not None:
                yield from self._reach(
                    self.modules.chain(name), task.file, one.line, "maybe", how or f'{one.called}("{text}")'
                )
            return
        if one.prefix:
            parent = one.prefix.rpartition(".")[0]
            name = absolute(parent + ".", task.package) if one.prefix[:1] == "." else parent
            package = self.modules.find(name.rstrip(".")) if name else None
            if package is not None and package.places:
                yield from self._reach(
                    self.modules.chain(package.name), task.file, one.line, "maybe", f"import {package.name}"
                )
                yield from self._all_of(package, task, one, deep=False)
                return
        if one.called not in STRONG or task.name in HOOKS:
            return
        package = self._scope(task)
        if package is not None and not self._names_others(task):
            yield from self._all_of(package, task, one, deep=True, how=how)
        if task.own and not how:
            reason = f"{one.called}(…) imports a module whose name is put together"
            yield Undetermined(task.file, one.line, reason, SCOPE)

    def _scope(self, task: Task) -> Module | None:
        """Where a name that a file puts together may lead: into the package that it opens, else its outermost one."""
        if not task.package:
            return None
        if task.name == task.package:
            return self.modules.find(task.name)
        return next((module for module in self.modules.chain(task.package) if module.file and module.places), None)

    def _all_of(self, package: Module, task: Task, one: Import, *, deep: bool, how: str = "") -> Iterator[Found]:
        """All modules of a package: any of them may be imported by name."""
        waiting, count = [package], 0
        while waiting:
            each = waiting.pop()
            if each.name in self._opened:
                continue
            if deep:
                self._opened.add(each.name)
            for name in self.modules.below(each):
                if name.rpartition(".")[2] in UNRELATED or (module := self.modules.find(name)) is None:
                    continue
                count += 1
                if count > PACKAGE_LIMIT:
                    yield Undetermined(task.file, one.line, f"any of more than {PACKAGE_LIMIT:,} modules", SCOPE)
                    return
                yield from self._reach((module,), task.file, one.line, "maybe", how or f"{one.called}(…)")
                if deep and module.places:
                    waiting.append(module)

    def _by_names(self, task: Task) -> Iterator[Found]:
        """Texts that name modules, in a file that imports by name or is the application's own."""
        for text, chain in self._names(task):
            yield from self._reach(chain, task.file, 0, "maybe", f"names {text}")
        if task.code.groups and not self._is_standard(task.file):
            package = (task.package or task.name).partition(".")[0]
            told = (*self.process.environment.values(), *self.process.arguments)
            for one in choose_plugins(self._plugins(), task.code.groups, package, own=task.own, told=told):
                chain, how = self.modules.chain(one.module), f"entry point {one.group}:{one.name}"
                yield from self._reach(chain, task.file, 0, "maybe", how)

    def _plugins(self) -> dict[str, list[Plugin]]:
        if self._all_plugins is None:
            self._all_plugins = read_plugins(self.root, self.modules.paths, self._bounds)
        return self._all_plugins

    def _names(self, task: Task) -> Iterator[tuple[str, list[Module]]]:
        """Those texts that name modules, of its own package first."""
        code, modules, own = task.code, self.modules, task.own
        if task.name in HOOKS:
            return
        standard = self._is_standard(task.file)
        anything = own or any(one.called in REAL and not one.text for one in code.imports)
        for text in code.names:
            name = absolute(text, task.package) if text[:1] == "." else text
            if name is None or not (anything or "." in name):
                continue
            if task.package and "." not in name and (inner := modules.find(f"{task.package}.{name}")) is not None:
                yield text, modules.chain(inner.name)
                continue
            chain = modules.chain(name)
            if chain and (own or self._is_standard(chain[0].file) is standard):
                yield text, chain

    def _names_others(self, task: Task) -> bool:
        """Whether a file names modules besides the packages that it is in: then those are what it imports by name."""
        inside = f"{task.name}."
        return any(chain and not inside.startswith(f"{chain[-1].name}.") for _, chain in self._names(task))

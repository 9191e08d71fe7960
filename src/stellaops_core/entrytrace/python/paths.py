"""Where a Python interpreter looks for modules: `sys.path`, as CPython makes it before it runs anything.

Comes in: the root and a process. Goes out: a `Search`. Rules: only directories and archives that exist are in it; what
depends on the user's home counts when it is there.

Source: CPython, Modules/getpath.py; Python documentation, `site` and "Command line and environment"; Debian Python
policy, section 2.5 (`dist-packages`).
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.python_code import PythonText
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Process
from stellaops_core.entrytrace.root import Root

PATH_LIMIT: Final = 1_000
"""Directories of one search path."""
PTH_LIMIT: Final = 10_000
"""Lines of one .pth file."""

_PROGRAM = re.compile(r"(python|pypy)(\d)?(?:\.(\d+))?t?(?:-.*)?")
_LIBRARY = re.compile(r"(?:python|pypy)(\d)\.(\d+)t?")
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Flags(Struct, frozen=True):
    """The interpreter's own options that matter here."""

    environment: bool = True
    """False: `-E`, `-I`."""
    user: bool = True
    """False: `-s`, `-I`."""
    site: bool = True
    """False: `-S`."""
    script: bool = True
    """False: `-P`, `-I`: the script's directory isn't searched."""


class Search(Struct, frozen=True):
    """What an interpreter searches."""

    version: tuple[int, int]
    library: str
    """Directory of the standard library, real path."""
    prefix: str
    """`sys.prefix`, real path: the virtual environment, if there is one."""
    paths: tuple[str, ...]
    """Directories in their order, without the script's own; real paths."""
    archives: tuple[str, ...] = ()
    """Entries that are files: zip archives and eggs, which are not looked into."""
    code: tuple[tuple[str, int, str], ...] = ()
    """(.pth file, line, what it runs)."""
    mapped: tuple[tuple[str, str], ...] = ()
    """(module, its directory or file) that finders of editable packages know."""


def is_python(program: str) -> bool:
    """Whether a program is a Python interpreter, by its name."""
    return _PROGRAM.fullmatch(program.rpartition("/")[2]) is not None


def find_search(root: Root, process: Process, flags: Flags, bounds: Bounds) -> Search | None:
    """Return what the interpreter searches; None where its standard library isn't found."""
    executable = _executable(root, process)
    venv, home, sees_system = _environment(root, executable, bounds)
    given = _known(process, "PYTHONHOME") if flags.environment else ""
    prefix = root.real(given.partition(":")[0]) if given else None
    found = _library(root, process.program, [prefix] if prefix is not None else _prefixes(root, process.program, home))
    if found is None:
        return None
    prefix, library, version = found
    paths = _Paths(root, bounds)
    if flags.environment:
        for path in _known(process, "PYTHONPATH").split(":"):
            if path:
                paths.add(path if path.startswith("/") else f"{process.directory}/{path}")
    directory, _, name = library.rpartition("/")
    paths.add(f"{directory}/{name.replace('.', '')}.zip")
    paths.add(library)
    for platform in (library, f"{prefix}/lib64/{name}", f"{prefix}/lib/{name}"):
        paths.add(f"{platform}/lib-dynload")
    if flags.site:
        _add_sites(paths, process, flags, (venv, sees_system), (prefix, name))
    return Search(
        version,
        library,
        prefix if venv is None else venv,
        tuple(paths.directories),
        tuple(paths.archives),
        tuple(paths.code),
        tuple(paths.mapped),
    )


def _add_sites(
    paths: "_Paths", process: Process, flags: Flags, environment: tuple[str | None, bool], system: tuple[str, str]
) -> None:
    (venv, sees_system), (prefix, name) = environment, system
    if venv is not None:
        for library in ("lib", "lib64"):
            paths.add_site(f"{venv}/{library}/{name}/site-packages")
            if library == "lib" and name.startswith("pypy"):
                paths.add_site(f"{venv}/site-packages")
    if venv is None or sees_system:
        user = not (flags.environment and _known(process, "PYTHONNOUSERSITE"))
        if flags.user and user:
            base = _known(process, "PYTHONUSERBASE") if flags.environment else ""
            home = _known(process, "HOME") or "/root"
            paths.add_site(f"{base or home + '/.local'}/lib/{name}/site-packages")
        for one in _system_sites(prefix, name):
            paths.add_site(one)


def _system_sites(prefix: str, name: str) -> Iterator[str]:
    """Debian's, Fedora's and everybody's; those that don't exist are not searched by their interpreters either."""
    yield f"{prefix}/local/lib/{name}/dist-packages"
    yield f"{prefix}/lib/python3/dist-packages"
    yield f"{prefix}/lib/{name}/dist-packages"
    if prefix == "usr":
        yield f"usr/local/lib64/{name}/site-packages"
        yield f"usr/local/lib/{name}/site-packages"
    yield f"{prefix}/lib64/{name}/site-packages"
    yield f"{prefix}/lib/{name}/site-packages"
    yield f"{prefix}/site-packages"


def _known(process: Process, name: str) -> str:
    return process.environment.get(name) or ""


def _executable(root: Root, process: Process) -> str:
    """How the interpreter was called, as a path: a virtual environment is found beside it."""
    called = (process.arguments[0] if process.arguments else None) or ""
    if "/" in called:
        path = called if called.startswith("/") else f"{process.directory}/{called}"
        return path if root.real(path) == process.program else process.program
    for directory in (_known(process, "PATH") or _DEFAULT_PATH).split(":"):
        if called and root.real(f"{directory}/{called}") == process.program:
            return f"{directory}/{called}"
    return process.program


def _environment(root: Root, executable: str, bounds: Bounds) -> tuple[str | None, str, bool]:
    """(root of the virtual environment or None, its base interpreter's directory, whether it sees that one's sites)."""
    directory = executable.rpartition("/")[0]
    for place in (directory, directory.rpartition("/")[0]):
        text = bounds.kept(root, f"{place}/pyvenv.cfg", PythonText)
        if text is None:
            continue
        lines = [line.partition("=") for line in text.content.decode("utf-8", "replace").split("\n")]
        fields = {key.strip().lower(): value.strip() for key, _, value in lines}
        real = root.real(place)
        if real is not None:
            return real, fields.get("home", ""), fields.get("include-system-site-packages", "").lower() == "true"
    return None, "", True


def _prefixes(root: Root, program: str, home: str) -> Iterator[str]:
    """Directories above the interpreter, nearest first."""
    for start in (root.real(home) if home else None, program.rpartition("/")[0]):
        directory = start
        while directory is not None:
            yield directory
            directory = directory.rpartition("/")[0] if directory else None
    yield "usr/local"
    yield "usr"


def _library(
    root: Root, program: str, prefixes: "Iterator[str] | list[str]"
) -> tuple[str, str, tuple[int, int]] | None:
    """(prefix, directory of the standard library, version), by the landmark `os.py`."""
    match = _PROGRAM.fullmatch(program.rpartition("/")[2])
    wanted = (match[2], match[3]) if match and match[3] else None
    for prefix in prefixes:
        for library in (f"{prefix}/lib", f"{prefix}/lib64"):
            names = root.names(library)
            numbered = [(match, name) for name in names if (match := _LIBRARY.fullmatch(name))]
            for one, name in sorted(numbered, key=lambda pair: (-int(pair[0][1]), -int(pair[0][2]), pair[1])):
                if wanted and (one[1], one[2]) != wanted and match and match[1] != "pypy":
                    continue
                if {"os.py", "os.pyc"}.intersection(root.names(f"{library}/{name}")):
                    return prefix, root.real(f"{library}/{name}") or "", (int(one[1]), int(one[2]))
    return None


class _Paths:
    """A search path that grows as `site` makes it."""

    def __init__(self, root: Root, bounds: Bounds) -> None:
        self._root, self._bounds = root, bounds
        self._seen: set[str] = set()
        self.directories: list[str] = []
        self.archives: list[str] = []
        self.code: list[tuple[str, int, str]] = []
        self.mapped: list[tuple[str, str]] = []

    def add(self, path: str) -> bool:
        """Add a directory or an archive; whether it is a directory that wasn't there."""
        real = self._root.real(path)
        if real is None or real in self._seen:
            return False
        if self._bounds.is_full(len(self._seen), PATH_LIMIT, "directories on the search path"):
            return False
        self._seen.add(real)
        if self._root.is_directory(real):
            self.directories.append(real)
            return True
        self.archives.append(real)
        return False

    def add_site(self, path: str) -> None:
        """Add a site directory, and what its .pth files say."""
        if not self.add(path):
            return
        site = self.directories[-1]
        for name in self._root.names(site):
            if name.endswith(".pth") and (text := self._kept(f"{site}/{name}")):
                self._read(site, f"{site}/{name}", text.content)
            if name.startswith("__editable__") and name.endswith(".py"):
                self._read_finder(f"{site}/{name}")

    def _kept(self, file: str) -> PythonText | None:
        return self._bounds.kept(self._root, file, PythonText)

    def _read(self, site: str, file: str, content: bytes) -> None:
        lines = content.decode("utf-8", "replace").splitlines()
        for number, line in enumerate(self._bounds.first(lines, PTH_LIMIT, "lines", file), 1):
            if line.startswith(("import ", "import\t")):
                self.code.append((file, number, line))
            elif (text := line.rstrip()) and not text.startswith("#"):
                self.add(text if text.startswith("/") else f"{site}/{text}")

    def _read_finder(self, file: str) -> None:
        text = self._kept(file)
        if text is None:
            return
        for match in _MAPPING.finditer(text.content.decode("utf-8", "replace")):
            real = self._root.real(match[2])
            if real is not None:
                self.mapped.append((match[1], real))


_MAPPING = re.compile(r"['\"]([\w.]+)['\"]:\s*['\"](/[^'\"\n]+)['\"]")

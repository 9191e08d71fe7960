"""Which packages have code in Go programs, for the usage view.

Comes in: ELF, PE, Mach-O and XCOFF files. Goes out: a `GoPackages` for each Go program. It says nothing of modules that
`golang` does not; a module without any code in the program is at most used for its types and constants.
"""

from collections.abc import Iterable

from msgspec import Struct

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LayerFile, LayerFiles, Malformed, facts_of
from stellaops_core.analyzers.golang import UNNAMED, is_path, read_modules
from stellaops_core.readers.go_pclntab import find_table, read_packages
from stellaops_core.readers.programs import MAGICS


class GoModule(Struct, frozen=True, array_like=True):
    """A module, or the standard library, and how much of it is in a program."""

    name: str
    """Of its `Package`."""
    version: str
    """Of its `Package`."""
    path: str
    """What import paths of its packages begin with: another than `name` where it was replaced; "" of `stdlib`."""
    packages: int
    """How many of its packages have code in the program; 0: at most types, constants and variables of it are used."""


class GoPackages(Struct, frozen=True, array_like=True):
    """Which packages have code in a program."""

    packages: str
    """Import paths, sorted, joined by newlines; the main package is `main`, the standard library's copies of other
    packages begin with `vendor/`."""
    modules: tuple[GoModule, ...]
    """All that the program is said to be made of, sorted; without a list of modules `stdlib` alone."""
    main: str = ""
    """Import path of the main package, where it is known."""


class GolangCode(Analyzer):
    """The analyzer; see the module."""

    name, version = "golang_code", 1
    magic = MAGICS
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Every program."""
        return size >= 64

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[FileFacts]:  # noqa: ARG002
        """Yield what the tables of functions tell; of damaged programs and records, `golang` tells."""
        try:
            infos, built = read_modules(file)
        except ValueError:
            return
        try:
            tables = [(program, info, table) for program, info in infos if (table := find_table(program))]
            paths = {path for program, _, table in tables for path in read_packages(program, table)}
        except ValueError as error:
            raise Malformed(str(error)) from error
        if paths:
            modules = {(path, package.name, package.version) for package, path in built if is_path(package.name)}
            yield facts_of(_counted(paths, modules, next((info.path for _, info, _ in tables if info.path), "")))


def _counted(paths: Iterable[str], modules: Iterable[tuple[str, str, str]], main: str) -> GoPackages:
    """Count each module's packages; `modules`: (what import paths begin with, name, version)."""
    known = sorted(modules)
    roots = {path for path, _, _ in known}
    counts = dict.fromkeys(roots, 0)
    for package in paths:
        root = _root_of(main or "main" if package == "main" else package, roots)
        if root in counts:
            counts[root] += 1
    return GoPackages(
        "\n".join(sorted(paths)),
        tuple(GoModule(name, version, path, counts[path]) for path, name, version in known),
        main if main != UNNAMED else "",
    )


def _root_of(package: str, roots: Iterable[str]) -> str | None:
    """Return the module that a package is of: the one with the longest path; "" is the standard library."""
    path = package.rpartition("/vendor/")[2]
    while path:
        if path in roots:
            return path
        path = path.rpartition("/")[0]
    first = package.split("/", 1)[0]
    return None if "." in first or first in {"main", UNNAMED} else ""


ANALYZER = GolangCode()

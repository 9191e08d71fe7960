"""Go modules that are linked into programs.

Comes in: ELF, PE, Mach-O and XCOFF files. Goes out: the main module, the modules it was built of, and the standard
library (`pkg:golang/stdlib`); after `join` the main module depends on all others, for the record is a flat set. Rules:

* a replaced module is what it was replaced by; a directory in its place has no version;
* a version is one that can be fetched: `(devel)`, of a main module or of a workspace, is none. What the build said of
  it (commit, time, a version set by `-ldflags -X`) are properties;
* programs built without modules have no list: then the standard library is all that is known, with the import path of
  the main package as a property. Where the list was taken away, names of source files still tell modules that came
  from the module cache; the main module is not among those;
* which packages have code in the program, and so which modules do, `golang_code` tells.

A damaged program is reported by this analyzer alone, not once more by each that looks at programs.
"""

import re
from collections.abc import Iterable, Iterator

from stellaops_core.analyzers.analyzer import Analyzer, Installed, LayerFile, LayerFiles, Malformed, Package, View
from stellaops_core.purl import Purl, make_purl
from stellaops_core.readers.go_buildinfo import BuildInfo, Module, read_buildinfo
from stellaops_core.readers.go_flags import read_version_flag
from stellaops_core.readers.go_pclntab import find_table, read_source_modules
from stellaops_core.readers.program import Program
from stellaops_core.readers.programs import MAGICS, read_programs

SALVAGED = 90
"""Confidence, in percent, of what was found without Go's record."""
NAMED = 80
"""Confidence of a module that only names of source files tell."""

_MAIN = "main"
UNNAMED = "command-line-arguments"
"""Import path of a main package that was given as files."""
_STDLIB = "stdlib"
_RELEASE = re.compile(r"go(1(?:\.[0-9]+){1,2}(?:(?:beta|rc)[0-9]+)?)(?![0-9A-Za-z.])")
_PATH = re.compile(r"[A-Za-z0-9._~/!+@-]{1,1024}")
_DIRECTORY = re.compile(r"\.{0,2}[/\\]|\.{1,2}$|[A-Za-z]:[/\\]")


class Golang(Analyzer):
    """The analyzer; see the module."""

    name = "golang"
    version = 2
    magic = MAGICS
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Every program."""
        return size >= 64

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:  # noqa: ARG002
        """Yield the modules of the programs in a file."""
        try:
            _, built = read_modules(file)
        except ValueError as error:
            raise Malformed(str(error)) from error
        yield from {(one.name, one.version, one.key): one for one, _ in built if is_path(one.name)}.values()
        if strange := next((one.name for one, _ in built if not is_path(one.name)), ""):
            raise Malformed(f"not the path of a Go module: {strange[:100]!a}")
        if not built and (damage := next((one.damage for one in file.once(read_programs) if one.damage), "")):
            raise Malformed(damage)

    def join(self, view: View) -> Iterable[Installed]:
        """Make purls; let the main module of each file depend on the other modules there."""
        for path, finds in view.found.items():
            packages = [(one, purl_of(one.name, one.version)) for one in finds if isinstance(one, Package)]
            others = tuple(sorted({str(purl) for one, purl in packages if one.key != _MAIN}))
            for package, purl in packages:
                depends = tuple(one for one in others if one != str(purl)) if package.key == _MAIN else ()
                yield Installed(package, path, purl, depends=depends)


def purl_of(path: str, version: str) -> Purl:
    """Make the purl of a module: all of its path but the last part is the namespace."""
    namespace, _, name = path.rpartition("/")
    return make_purl("golang", name, version, namespace=namespace)


def read_modules(file: LayerFile) -> tuple[list[tuple[Program, BuildInfo]], list[tuple[Package, str]]]:
    """Return the Go programs in a file, and the modules of all: packages, and what their import paths begin with.

    Raises `ValueError` where a program, or its record, is damaged.
    """
    programs = file.once(read_programs)
    infos = [(program, info) for program in programs if (info := read_buildinfo(program))]
    built = [(package, path) for _, info in infos for package, path in _packages(info)]
    built += [(package, package.name) for program, info in infos for package in _of_sources(program, info)]
    return infos, built


def is_path(name: str) -> bool:
    """Whether a text may be the path of a module."""
    return _PATH.fullmatch(name) is not None


def _of_sources(program: Program, info: BuildInfo) -> Iterator[Package]:
    """Yield the modules that names of source files tell, where the list of modules was taken away."""
    if info.salvaged and not info.modules and not info.main and (table := find_table(program)):
        for module in (Module(*one) for one in read_source_modules(program, table)):
            if is_path(module.path):
                yield _package(module, "", [], NAMED)


def _packages(info: BuildInfo) -> Iterator[tuple[Package, str]]:
    """Yield all modules of one program, and what import paths of their packages begin with."""
    confidence = SALVAGED if info.salvaged else 100
    if info.main:
        facts = [("main", "" if info.path in {UNNAMED, info.main.path} else info.path), *_version_facts(info)]
        yield _package(info.main, _MAIN, facts, confidence), info.main.path
    for module in info.modules:
        yield _package(module, "", [], confidence), module.path
    if info.version:
        yield _stdlib(info, confidence), ""


def _package(module: Module, key: str, facts: list[tuple[str, str]], confidence: int) -> Package:
    built = module.replacement or module
    if module.replacement and _DIRECTORY.match(module.replacement.path):
        built = Module(module.path, "", "")
        facts = [*facts, ("replaced-by", module.replacement.path), ("stated-version", module.version)]
    elif module.replacement:
        facts = [*facts, ("replaces", f"{module.path}@{module.version}")]
    version = built.version
    if version.startswith("("):
        facts, version = [*facts, ("stated-version", version)], ""
    return _made(built.path, version, key, [*facts, ("sum", built.sum)], confidence)


def _stdlib(info: BuildInfo, confidence: int) -> Package:
    """The standard library has the toolchain's version; development versions and vendors' additions are a property."""
    release = _RELEASE.match(info.version)
    version = release[1] if release else ""
    facts = [("stated-version", info.version if info.version != f"go{version}" else "")]
    if not info.main and info.path != UNNAMED:
        facts.append(("main", info.path))
    return _made(_STDLIB, version, "", facts, confidence)


def _made(path: str, version: str, key: str, facts: Iterable[tuple[str, str]], confidence: int) -> Package:
    return Package(
        "golang",
        path,
        version,
        key=key,
        properties=tuple((f"stella:golang:{fact}", value) for fact, value in facts if value),
        technique="binary-analysis",
        confidence=confidence,
    )


def _version_facts(info: BuildInfo) -> Iterator[tuple[str, str]]:
    """Yield what the build knew of the main module's source, and the version that was set from outside."""
    for name, value in info.settings:
        if name in {"vcs", "vcs.revision", "vcs.time", "vcs.modified"}:
            yield name, value
        elif name == "-ldflags":
            yield "version-flag", read_version_flag(value, info.main.path if info.main else "")


ANALYZER = Golang()

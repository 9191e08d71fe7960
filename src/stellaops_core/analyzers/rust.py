"""Rust crates that are linked into programs, where cargo-auditable has recorded them.

Comes in: ELF, PE and Mach-O files. Goes out: the crates that run, each with the crates it depends on. Rules: crates
that only build scripts and macros needed are not in the program, and left out; a program without the record says
nothing here, for names and versions in its texts are no record. Where a crate came from, if not from crates.io, is a
property, since the record doesn't say which registry or repository.
"""

import re
from collections.abc import Iterable, Iterator

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Installed,
    LayerFile,
    LayerFiles,
    Malformed,
    Package,
    View,
)
from stellaops_core.purl import make_purl
from stellaops_core.readers.program import Program
from stellaops_core.readers.programs import MAGICS, read_programs
from stellaops_core.readers.rust_audit import AuditData, Crate, read_audit

_NAME = re.compile(r"[^\W\d][\w-]{0,255}")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,255}")
_PUBLIC = frozenset({"crates.io", "CratesIo"})


class Rust(Analyzer):
    """The analyzer; see the module."""

    name = "rust"
    version = 1
    magic = MAGICS
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Every program."""
        return size >= 64

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:  # noqa: ARG002
        """Yield the crates of the programs in a file."""
        try:
            audits = [read_audit(program) for program in _programs(file)]
        except ValueError as error:
            raise Malformed(str(error)) from error
        packages = [package for audit in audits if audit for package in _sound(audit)]
        yield from {package.key: package for package in packages}.values()
        strange = [crate for audit in audits if audit for crate in audit.packages if not _is_sound(crate)]
        if strange:
            raise Malformed(f"not a crate's name and version: {strange[0].name[:100]!a} {strange[0].version[:100]!a}")

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve dependencies within each file."""
        for path, finds in view.found.items():
            packages = [one for one in finds if isinstance(one, Package)]
            purls = {one.key: make_purl("cargo", one.name, one.version) for one in packages}
            for package in packages:
                needed = {str(purls[key]) for key in package.requires if key in purls}
                own = purls[package.key]
                yield Installed(package, path, own, depends=tuple(sorted(needed - {str(own)})))


def _programs(file: LayerFile) -> tuple[Program, ...]:
    try:
        return file.once(read_programs)
    except ValueError:  # the analyzer `golang` reports it
        return ()


def _sound(audit: AuditData) -> Iterator[Package]:
    """Yield the crates that run and that are crates."""
    for crate in audit.packages:
        if crate.kind != "build" and _is_sound(crate):
            yield _package(crate, [audit.packages[index] for index in crate.dependencies])


def _is_sound(crate: Crate) -> bool:
    return bool(_NAME.fullmatch(crate.name) and _VERSION.fullmatch(crate.version))


def _package(crate: Crate, needed: Iterable[Crate]) -> Package:
    source = _source(crate)
    facts = {"source": "" if source in _PUBLIC else source, "root": "true" if crate.root else ""}
    return Package(
        "cargo",
        crate.name,
        crate.version,
        key=_key(crate),
        requires=tuple(_key(one) for one in needed if one.kind != "build"),
        properties=tuple((f"stella:cargo:{fact}", value) for fact, value in facts.items() if value),
        technique="binary-analysis",
    )


def _source(crate: Crate) -> str:
    return crate.source[:256] if isinstance(crate.source, str) else "other"


def _key(crate: Crate) -> str:
    """One program may have a crate of one name and version from two sources."""
    return f"{crate.name} {crate.version} {_source(crate)}"


ANALYZER = Rust()

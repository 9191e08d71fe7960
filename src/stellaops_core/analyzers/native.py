"""What programs and libraries say of themselves, and need to run.

Comes in: ELF, PE, Mach-O and XCOFF files. Goes out: for each a `Package` that stands for a program which nothing else
explains: its identity is the file's digest. Programs where packages put theirs are looked at only if nothing in their
layer lists them. The module's record, `Native`, is the facts that `native_code` keeps. Rules:

* that package counts only where no package of the operating system owns the file (`fallback`);
* object files, kernel modules and core files have facts, but are no programs;
* what Rust's texts tell are properties, never components: they are a lower bound, and no record;
* a damaged program has the facts that can be read; `golang` reports it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.analyzer import Analyzer, LayerFile, LayerFiles, Package
from stellaops_core.component import BINARY
from stellaops_core.readers import elf_security, macho_commands, pe_imports
from stellaops_core.readers.elf import Elf
from stellaops_core.readers.elf_versions import defined_versions, needed_versions
from stellaops_core.readers.machines import machine_of
from stellaops_core.readers.macho import MachO
from stellaops_core.readers.pe import Pe
from stellaops_core.readers.program import Program
from stellaops_core.readers.program_texts import find_libraries
from stellaops_core.readers.programs import MAGICS, read_programs
from stellaops_core.readers.rust_traces import RustTraces, read_traces
from stellaops_core.readers.xcoff import Xcoff

NEEDED_SHOWN_LIMIT: Final = 100
"""Libraries that a program's properties name at most; its facts name all."""
CRATES_SHOWN_LIMIT: Final = 500
"""As NEEDED_SHOWN_LIMIT: of Rust's crates."""

SMALLEST: Final = 64
"""Bytes that a program has at least."""

_PACKAGED = re.compile(
    r"^(?:usr/)?(?:s?bin|lib|lib32|lib64|libx32|libexec|games)/|/(?:site-packages|dist-packages|node_modules)/"
)


class Native(Struct, frozen=True, array_like=True):
    """What one program file tells the dynamic linker, and whoever asks for its hardening."""

    format: str
    """`elf`, `pe`, `macho` or `xcoff`."""
    machine: str
    """As `readers.machines` spells it, such as `amd64`; of a file for several, joined by spaces."""
    bits: int
    """32 or 64; of a file for several, the first one's, as all that follows where nothing else is said."""
    kind: str
    """`executable` (static or not, position independent or not), `library`, `object`, `core`, or `other`."""
    needed: tuple[str, ...] = ()
    """DT_NEEDED in their order; imported DLLs; dylibs of all processors; AIX's `libc.a(shr.o)`."""
    soname: str = ""
    """DT_SONAME; a DLL's or a dylib's own name."""
    rpath: str = ""
    """DT_RPATH as written; LC_RPATH joined by colons; AIX's LIBPATH."""
    runpath: str = ""
    interpreter: str = ""
    """PT_INTERP, as written: with its leading slash."""
    build_id: str = ""
    """Hex; a Mach-O file's UUID."""
    versions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Symbol versions it needs: (library, versions)."""
    provides: tuple[str, ...] = ()
    """Symbol versions it defines, the file's own name left out."""
    security: tuple[str, ...] = ()
    """Hardening that it has: the words of `readers.elf_security`, `pe_imports`, `macho_commands`; of a file for
    several processors, those that hold for all."""
    executable: bool = False
    """Whether its mode allows execution."""
    dlopens: tuple[str, ...] = ()
    """Names of shared libraries among its texts, which it may load by itself: `libfoo.so.1`, or a path of one; sorted.
    Of PE files, libraries that are loaded when they are first called."""


class Natives(Analyzer):
    """The analyzer; see the module."""

    name = "native"
    version = 1
    magic = MAGICS
    alone = True

    def wants(self, path: str, size: int) -> bool:
        """Every program in a place of its own."""
        return size >= SMALLEST and not _PACKAGED.search(path)

    def wants_unexplained(self, path: str, size: int) -> bool:
        """All others."""
        return size >= SMALLEST and _PACKAGED.search(path) is not None

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:  # noqa: ARG002
        """Yield what a program says of itself."""
        native, traces = read_facts(file)
        if native and native.kind in {"executable", "library"}:
            yield _package(file, native, traces)


def read_facts(file: LayerFile) -> tuple[Native | None, RustTraces | None]:
    """Return what a file says of itself, where it is a program."""
    try:
        programs = file.once(read_programs)
    except ValueError:  # the analyzer `golang` reports it
        return None, None
    if not programs:
        return None, None
    traces = next((found for program in programs if (found := read_traces(program))), None)
    return read_native(programs, executable=file.executable), traces


def read_native(programs: Sequence[Program], *, executable: bool = False) -> Native:
    """Return the facts of all programs in a file, of which there is at least one."""
    facts = [_facts(program, executable=executable) for program in programs]
    first = facts[0]
    if len(facts) == 1:
        return first
    return Native(
        first.format,
        " ".join(_union([one.machine] for one in facts)),
        first.bits,
        first.kind,
        _union(one.needed for one in facts),
        first.soname,
        ":".join(_union(one.rpath.split(":") for one in facts if one.rpath)),
        build_id=first.build_id,
        security=tuple(word for word in first.security if all(word in one.security for one in facts)),
        executable=executable,
    )


def _facts(program: Program, *, executable: bool) -> Native:
    if isinstance(program, Elf):
        return _elf_facts(program, executable=executable)
    if isinstance(program, Pe):
        return _pe_facts(program, executable=executable)
    if isinstance(program, MachO):
        return _macho_facts(program, executable=executable)
    assert isinstance(program, Xcoff)  # noqa: S101  # there are no others
    return _xcoff_facts(program, executable=executable)


def _elf_facts(elf: Elf, *, executable: bool) -> Native:
    told = elf.dynamic
    return Native(
        "elf",
        machine_of(elf),
        elf.bits,
        elf_security.kind_of(elf),
        told.needed,
        told.soname,
        told.rpath,
        told.runpath,
        elf.interpreter,
        elf.build_id,
        needed_versions(elf),
        defined_versions(elf),
        elf_security.read_security(elf),
        executable,
        find_libraries(elf),
    )


def _pe_facts(pe: Pe, *, executable: bool) -> Native:
    imports = pe_imports.read_imports(pe)
    return Native(
        "pe",
        machine_of(pe),
        pe.bits,
        "library" if pe.is_dll else "executable",
        _union([one.name] for one in imports if not one.delayed),
        pe_imports.read_exports(pe).name,
        security=pe_imports.read_security(pe),
        executable=executable,
        dlopens=tuple(sorted({one.name for one in imports if one.delayed})),
    )


def _macho_facts(file: MachO, *, executable: bool) -> Native:
    told = file.linked
    return Native(
        "macho",
        machine_of(file),
        file.bits,
        macho_commands.KINDS.get(file.type, "other"),
        told.libraries,
        told.name,
        ":".join(told.rpaths),
        build_id=told.uuid,
        security=macho_commands.read_security(file),
        executable=executable,
    )


def _xcoff_facts(file: Xcoff, *, executable: bool) -> Native:
    kind = "library" if file.is_library else "executable" if file.is_executable else "object"
    told = file.imports
    return Native("xcoff", machine_of(file), file.bits, kind, told.files, rpath=told.search, executable=executable)


def _union(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """All that any list has, once each, in the order of their first appearance."""
    return tuple(dict.fromkeys(one for some in lists for one in some))


def _package(file: LayerFile, native: Native, traces: RustTraces | None) -> Package:
    digest = sha256(file.content()).hexdigest()
    return Package(
        "generic",
        file.path.rpartition("/")[2],
        "",
        key=BINARY + digest,
        hashes=(("SHA-256", digest),),
        properties=(*_native_properties(native), *_rust_properties(traces)),
        technique="binary-analysis",
        fallback=True,
    )


def _native_properties(native: Native) -> Iterator[tuple[str, str]]:
    facts = (
        ("build-id", native.build_id),
        ("format", native.format),
        ("interpreter", native.interpreter),
        ("kind", native.kind),
        ("machine", native.machine),
        ("needed", " ".join(native.needed[:NEEDED_SHOWN_LIMIT])),
        ("security", " ".join(native.security)),
        ("soname", native.soname),
    )
    return ((f"stella:native:{fact}", value) for fact, value in facts if value)


def _rust_properties(traces: RustTraces | None) -> Iterator[tuple[str, str]]:
    if traces:
        facts = (
            ("compiler", traces.compiler),
            ("compiler-commit", traces.commit),
            ("crates", " ".join(traces.crates[:CRATES_SHOWN_LIMIT])),
            ("crates-found", str(len(traces.crates))),
        )
        yield from ((f"stella:rust:{fact}", value) for fact, value in facts if value)


ANALYZER = Natives()

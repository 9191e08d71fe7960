"""Go's table of functions, which no stripping takes away: which packages have code in a program.

Comes in: a `Program`. Goes out: import paths, each with the number of its functions, those that are there only inlined
into others included (before Go 1.16 they are not); and the modules that source files' names tell. Rule: a table counts
only when its header fits the program and the file; the names of functions and of files stand in one piece each, so
neither functions nor line tables are walked (before Go 1.16, functions are).

Source: Go, packages debug/gosym (pclntab.go: the headers of 1.2, 1.16, 1.18 and 1.20), cmd/link/internal/ld (pcln.go),
cmd/internal/objabi (path.go: how import paths are escaped), golang.org/s/go12symtab; golang.org/x/mod/module (`!`).
"""

import re
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sized
from typing import Final, Literal

from msgspec import Struct

from stellaops_core.readers.program import Program

NAMES_LIMIT: Final = 32 << 20
"""Bytes of all names of functions; one of 95 MB has 7 MB."""
FILES_LIMIT: Final = 16 << 20
"""Bytes of all names of source files; one of 95 MB has 0.7 MB."""
FUNCTION_LIMIT: Final = 1_000_000
"""Functions of one program, those that are only inlined included; one of 95 MB has 100,000."""
NAME_LIMIT: Final = 65_536
"""Bytes of one function's name in tables of before Go 1.16."""
PACKAGE_LIMIT: Final = 100_000
"""Packages of one program, and modules by its source files."""
HIT_LIMIT: Final = 1000
"""Places that look like such a table in one program."""

_SECTIONS: Final = (".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab")
_MAGICS: Final = {0xFFFFFFF1: "1.20", 0xFFFFFFF0: "1.18", 0xFFFFFFFA: "1.16", 0xFFFFFFFB: "1.2"}
# words of the header behind its first 8 bytes, and which are the starts of names, of compilation units and of files
_WORDS: Final = {"1.20": (8, 3), "1.18": (8, 3), "1.16": (7, 2)}
# all up to the last `/` and the dot behind it; brackets and blanks are only in what is no path
_PACKAGE = re.compile(rb"\0((?:[^\0/\[( ]*+/)*+[^\0/.\[( ]++\.)")
# the same, and all names behind it that begin so: the linker keeps a package's functions together
_RUN = re.compile(_PACKAGE.pattern + rb"[^\0]*+(?:\0\1[^\0]*+)*+")
_INVENTED = re.compile(r"go$|type$|type\.\.|.*:|_?x?_?cgo_|__x86$")
_ESCAPE = re.compile(r"%([0-9a-f]{2})")
_MODULE = re.compile(rb"\0([^\0@]*+)@(v[0-9][^\0/@]*+)/")
_ROOT = re.compile(r"(?:.*/)?pkg/mod/|(?=[^/:]+\.[^/:]*/)")
_CAPITAL = re.compile(r"!([a-z])")
_TOOLCHAIN: Final = "golang.org/toolchain"


Order = Literal["big", "little"]


class Table(Struct, frozen=True):
    """Where a program's table is, and where its parts are."""

    version: str
    """The release of Go that introduced this form: `1.2`, `1.16`, `1.18` or `1.20`."""
    start: int
    """Where in the file it begins."""
    end: int
    """Where it must have ended: of its section, or of the file."""
    functions: int
    names: int
    """Where in the file the names of functions begin; from 1.16 on they end where `units` begins."""
    units: int = 0
    files: int = 0
    """Where the names of source files begin; they end at `lines`. Both 0 before 1.16."""
    lines: int = 0


def find_table(program: Program) -> Table | None:
    """Find the table by its section or, where there is none, by its header."""
    for name in _SECTIONS:
        if (section := program.section(name)) and (found := _table(program, section.offset, section.size)):
            return found
    size = len(program.content)
    return next((found for at in _hits(program) if (found := _table(program, at, size - at))), None)


def read_packages(program: Program, table: Table) -> Mapping[str, int]:
    """Return the import paths of packages with code in the program, and how many functions each has, sorted by path.

    The main package is `main`; what the compiler invents (`type:.eq.…`) and functions of C belong to none. Functions
    that `runtime` has on behalf of others (`os/signal.signal_recv`) count for the package that they are named after.
    Raises `ValueError` where the table's parts are larger than what is read.
    """
    names = _walk(program, table) if table.version == "1.2" else _part(program, table.names, table.units, NAMES_LIMIT)
    if names.count(b"\0") > FUNCTION_LIMIT:
        raise ValueError(f"a Go program of more functions than the {FUNCTION_LIMIT:,} that are read")
    found: Counter[bytes] = Counter()
    for path, count in _counts(b"\0" + names):
        found[path] += count
        _check(found)
    packages: Counter[str] = Counter()
    for path, count in found.items():
        text = path[:-1].decode("utf-8", "replace")
        if not _INVENTED.match(text):
            packages[_unescaped(text)] += count
    return dict(sorted(packages.items()))


def read_source_modules(program: Program, table: Table) -> tuple[tuple[str, str], ...]:
    """Return (module, version) of the source files that were compiled from Go's module cache, sorted.

    The main module's files have no version. Raises `ValueError` where there are more names than are read.
    """
    names = _part(program, table.files, table.lines, FILES_LIMIT)
    found: set[tuple[bytes, bytes]] = set()
    for match in _MODULE.finditer(b"\0" + names):
        found.add((match[1], match[2]))
        _check(found)
    modules = set()
    for where, version in found:
        path = where.decode("utf-8", "replace")
        if root := _ROOT.match(path):
            modules.add((_capitals(path[root.end() :]), _capitals(version.decode("utf-8", "replace"))))
    return tuple(sorted(one for one in modules if one[0] != _TOOLCHAIN))


def _hits(program: Program) -> Iterator[int]:
    """Yield where the file has what could be a header, newest form first."""
    order: Order = "big" if program.big_endian else "little"
    for magic in _MAGICS:
        needle, at = magic.to_bytes(4, order) + b"\0\0", -1
        for _ in range(HIT_LIMIT):
            at = program.content.find(needle, at + 1)
            if at < 0:
                break
            yield at


def _table(program: Program, start: int, size: int) -> Table | None:
    """Read a header; None where it is none, or leads out of its bytes."""
    head = program.content[start : start + min(size, 8 + 8 * 8)].ljust(8, b"\0")
    order, width = ">" if program.big_endian else "<", program.bits // 8
    magic, pad, quantum, pointer = struct.unpack_from(order + "IHBB", head)
    version = _MAGICS.get(magic, "")
    count, names = _WORDS.get(version, (1, 0))
    sound = version and not pad and quantum in {1, 2, 4} and pointer == width and len(head) >= 8 + count * width
    words = struct.unpack_from(f"{order}{count}{'Q' if width == 8 else 'I'}", head, 8) if sound else (0,)
    if not 0 < words[0] <= FUNCTION_LIMIT:
        return None
    if version == "1.2":
        return Table(version, start, start + size, words[0], start)
    parts = words[names : names + 5]  # names, units, files, lines, functions
    if not 8 + count * width <= parts[0] <= parts[-1] <= size or list(parts) != sorted(parts):
        return None
    return Table(version, start, start + size, words[0], *(start + part for part in parts[:4]))


def _part(program: Program, start: int, end: int, limit: int) -> bytes:
    if end - start > limit:
        raise ValueError(f"{end - start:,} bytes of names in a Go program, more than the {limit:,} that are read")
    return program.content[start:end]


def _walk(program: Program, table: Table) -> bytes:
    """Join the names of all functions of a table of before 1.16, where they stand between other things."""
    order, wide = ">" if program.big_endian else "<", program.bits == 64
    pair = struct.Struct(order + ("QQ" if wide else "II"))
    content, first = program.content, table.start + 8 + program.bits // 8
    rows = content[first : min(first + pair.size * table.functions, table.end)]
    name_at = struct.Struct(order + ("8xI" if wide else "4xI"))
    names, left, last = [b""], NAMES_LIMIT, table.end - name_at.size
    for _, offset in pair.iter_unpack(rows[: len(rows) - len(rows) % pair.size]):
        if table.start + offset > last:
            continue
        at = table.start + name_at.unpack_from(content, table.start + offset)[0]
        end = content.find(b"\0", at, min(at + NAME_LIMIT, table.end))
        if end > at:
            names.append(content[at:end])
            left -= end - at
        if left < 0:
            raise ValueError(f"more than the {NAMES_LIMIT:,} bytes of names in a Go program that are read")
    return b"\0".join(names)


def _counts(names: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield packages, a dot behind each, and how many names are theirs; several times as fast as name by name."""
    for run in _RUN.finditer(names):
        text, path = run[0], run[1]
        functions = text.count(b"\0")
        if text.count(b"/") == functions * path.count(b"/"):
            yield path, functions
        else:  # `ex.org/a.` begins names of the package `ex.org/a.b/c` as well
            yield from ((match[1], 1) for match in _PACKAGE.finditer(text))


def _check(found: Sized) -> None:
    if len(found) > PACKAGE_LIMIT:
        raise ValueError(f"a Go program of more packages than the {PACKAGE_LIMIT:,} that are read")


def _unescaped(path: str) -> str:
    """Undo `objabi.PathToPrefix`, which the compiler does twice to closures that are inlined into other packages."""
    for _ in range(2):
        path = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), path)
    return path


def _capitals(text: str) -> str:
    """The module cache writes a capital as `!` and its small letter."""
    return _CAPITAL.sub(lambda match: match[1].upper(), text)

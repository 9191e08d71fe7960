"""What Go's linker writes into a program: the toolchain's version, the modules, the settings of the build.

Comes in: a `Program`. Goes out: a `BuildInfo`, or None for what Go did not build. The record is found by its section
or, as Go's own reader does, by its mark in writable memory. A program from which the record was taken away still has
the text that `runtime/debug.ReadBuildInfo` reads; it is found between its two marks, and the version by a Go string in
the program's data that leads to it: such a `BuildInfo` says that it is `salvaged`.

Source: Go, packages debug/buildinfo (both forms of the record: with pointers, and since 1.18 inline), runtime/debug
(`ParseBuildInfo`), cmd/go/internal/modload (the marks), cmd/link/internal/ld (`addstrdata`).
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, Literal

from msgspec import Struct

from stellaops_core.readers.program import Program, Section, Segment

TEXT_LIMIT: Final = 4 << 20
"""Bytes of the list of modules; one of 187 modules has 18,000."""
LINE_LIMIT: Final = 20_000
"""Lines of the list of modules: one a module, and some for the settings."""
VERSION_LIMIT: Final = 1024
"""Bytes of the toolchain's version."""
CANDIDATE_LIMIT: Final = 16
"""Texts like a toolchain's version that are tried in a program without a record."""
HIT_LIMIT: Final = 10_000
"""Places that look like a record, or like the beginning of a version, in one program."""

_MARK: Final = b"\xff Go buildinf:"
_START: Final = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
_END: Final = bytes.fromhex("f932433186182072008242104116d8f2")
_SECTIONS: Final = (".go.buildinfo", "__go_buildinfo")
_TRACES: Final = (".gopclntab", ".data.rel.ro.gopclntab", ".note.go.buildid", "__gopclntab")
_VERSION = re.compile(rb"go1\.[ -~]{1,120}(?=\0)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))")
_LETTERS = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))

Order = Literal["big", "little"]


class Module(Struct, frozen=True):
    """A module as the record names it."""

    path: str
    version: str = ""
    """`(devel)` where it was not fetched by version."""
    sum: str = ""
    replacement: "Module | None" = None
    """What was built in its place; its path may be a directory's."""


class BuildInfo(Struct, frozen=True):
    """What the record says."""

    version: str = ""
    """The toolchain's, such as `go1.22.3 X:boringcrypto`; empty where a salvaged text says no more than modules."""
    path: str = ""
    """Import path of the main package."""
    main: Module | None = None
    modules: tuple[Module, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    salvaged: bool = False


def read_buildinfo(program: Program) -> BuildInfo | None:
    """Read the record. Raises `ValueError` where there is one that is damaged."""
    if (record := _find_record(program)) is not None:
        version, text = _read_record(program, record)
        if version:
            return parse_modules(text, version)
    if any(program.section(name) for name in _TRACES):
        return _salvage(program)
    return None


def _find_record(program: Program) -> int | None:
    """Return the record's address."""
    sections = [section for name in _SECTIONS if (section := program.section(name))]
    # the search in memory is for formats without such a section, and for programs whose sections were taken away
    places: list[Section] | list[Segment] = sections or (
        [] if program.format == "elf" and program.has_sections else [one for one in program.segments if one.writable]
    )
    left = len(program.content)  # parts that overlap are nobody's but an attacker's
    for place in places:
        if (left := left - place.size) < 0:
            break
        for at in _hits(program, _MARK, place.offset, place.offset + place.size):
            address = place.address + at - place.offset
            if address % 16 == 0:
                return address
    return None


def _hits(program: Program, needle: bytes, start: int, end: int) -> Iterator[int]:
    """Yield where in the file the first HIT_LIMIT of a text are."""
    for _ in range(HIT_LIMIT):
        start = program.content.find(needle, start, end)
        if start < 0:
            return
        yield start
        start += 1


def _read_record(program: Program, address: int) -> tuple[str, str]:
    head = program.at(address, 32)
    if len(head) < 32:
        raise ValueError("Go's build information ends within its header")
    if head[15] & 2:
        version, after = _inline(program, address + 32, VERSION_LIMIT)
        text, _ = _inline(program, after, TEXT_LIMIT)
    else:
        width = head[14]
        order: Order = "big" if head[15] & 1 else "little"
        if width not in {4, 8}:
            raise ValueError(f"Go's build information has pointers of {width} bytes")
        one, two = (int.from_bytes(head[at : at + width], order) for at in (16, 16 + width))
        version, text = (_pointed(program, at, width, order) for at in (one, two))
    return version.decode("utf-8", "replace"), _unframe(text)


def _inline(program: Program, address: int, limit: int) -> tuple[bytes, int]:
    """A text after its length, and the address behind it."""
    size = shift = 0
    for byte in program.at(address, 10):
        address += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return _exactly(program, address, size, limit), address + size


def _pointed(program: Program, address: int, width: int, order: Order) -> bytes:
    """A Go string: a pointer and a length, at an address."""
    head = program.at(address, 2 * width)
    if len(head) < 2 * width:
        return b""
    start, size = (int.from_bytes(part, order) for part in (head[:width], head[width:]))
    return _exactly(program, start, size, TEXT_LIMIT)


def _exactly(program: Program, address: int, size: int, limit: int) -> bytes:
    if size > limit:
        raise ValueError(f"Go's build information has a text of {size:,} bytes")
    data = program.at(address, size)
    if len(data) < size:
        raise ValueError("Go's build information leads out of the file")
    return data


def _unframe(text: bytes) -> str:
    """Take away the two marks; a text without them is none, as programs built without modules have it."""
    return text[16:-16].decode("utf-8", "replace") if len(text) >= 33 and text[-17:-16] == b"\n" else ""


def _salvage(program: Program) -> BuildInfo | None:
    """Read what is left in a program without the record."""
    content = program.content
    start = content.find(_START)
    end = content.find(_END, start, start + TEXT_LIMIT) if start >= 0 else -1
    text = content[start + 16 : end].decode("utf-8", "replace") if end >= 0 else ""
    version = _find_version(program)
    return parse_modules(text, version, salvaged=True) if text or version else None


def _find_version(program: Program) -> str:
    """Find a text like a version that a Go string leads to: `runtime.buildVersion`."""
    width = program.bits // 8
    order: Order = "big" if program.big_endian else "little"
    for text, address in islice(_candidates(program), CANDIDATE_LIMIT):
        string = address.to_bytes(width, order) + len(text).to_bytes(width, order)
        if program.content.find(string) >= 0:
            return text.decode()
    return ""


def _candidates(program: Program) -> Iterator[tuple[bytes, int]]:
    """Yield texts that end with NUL, as the linker adds them, and their addresses."""
    content = program.content
    for at in _hits(program, b"go1.", 0, len(content)):
        if match := _VERSION.match(content, at):
            start = at - 6 if content[max(at - 6, 0) : at] == b"devel " else at
            address = program.address_of(start)
            if address is not None and address < 1 << program.bits:
                yield content[start : match.end()], address


def parse_modules(text: str, version: str = "", *, salvaged: bool = False) -> BuildInfo:
    """Parse the list of modules. Raises `ValueError` where a line is not as Go writes it."""
    path, main = "", None
    modules: list[Module] = []
    settings = []
    last: list[Module] | None = None  # where the module of the line before stands, at the end
    mains: list[Module] = []
    if text.count("\n") > LINE_LIMIT:
        raise ValueError(f"Go's build information has more than {LINE_LIMIT:,} lines")
    for line in text.split("\n")[:-1]:
        kind, _, rest = line.partition("\t")
        if kind == "path":
            path = rest
        elif kind in {"mod", "dep"}:
            last = mains if kind == "mod" else modules
            last.append(_module(rest, {2, 3}))
        elif kind == "=>":
            if last is None:
                raise ValueError("Go's build information replaces a module that it doesn't name")
            last[-1] = Module(last[-1].path, last[-1].version, last[-1].sum, _module(rest, {3}))
            last = None
        elif kind == "build":
            settings.append(_setting(rest))
    main = mains[-1] if mains else None
    return BuildInfo(version, path, main, tuple(modules), tuple(settings), salvaged)


def _module(text: str, columns: set[int]) -> Module:
    parts = text.split("\t")
    if len(parts) not in columns or not parts[0]:
        raise ValueError(f"Go's build information has no module line: {text[:100]!a}")
    return Module(parts[0], parts[1], "".join(parts[2:]))


def _setting(text: str) -> tuple[str, str]:
    quoted = _QUOTED.match(text)
    end = quoted.end() if quoted else text.find("=")
    key, equals, value = text[:end], text[end : end + 1], text[end + 1 :]
    if equals != "=" or not key or end < 0:
        raise ValueError(f"Go's build information has no setting: {text[:100]!a}")
    return _unquote(key), _unquote(value)


def _unquote(text: str) -> str:
    """Undo `strconv.Quote`."""
    if text[:1] not in {'"', "`"}:
        return text
    if not _QUOTED.fullmatch(text):
        raise ValueError(f"Go's build information has a quote that doesn't end: {text[:100]!a}")
    return text[1:-1] if text[0] == "`" else _ESCAPE.sub(_unescape, text[1:-1])


def _unescape(match: re.Match[str]) -> str:
    letter, byte, short, long, octal = match.groups()
    if letter:
        return _LETTERS[letter]
    code = int(octal, 8) if octal else int(byte or short or long, 16)
    return chr(code) if code < 0xD800 or 0xDFFF < code <= 0x10FFFF else "\ufffd"

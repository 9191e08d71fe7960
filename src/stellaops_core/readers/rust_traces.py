"""What shows that a program, or a part of it, was written in Rust, and which crates its texts name.

Comes in: a `Program`. Goes out: a `RustTraces`, or None. Rules: panics name source files, and those of crates stand in
directories of their name and version, so this is a lower bound: crates that can't panic, or whose paths were rewritten,
leave nothing. Texts can be forged, and a path may stand in a program for another reason: this is no record. Programs
of compilers before Rust 1.48 show only where they weren't stripped.

Source: rustc, `--remap-path-prefix` (`/rustc/<commit>/library/…`), symbol mangling "legacy" and "v0" (RFC 2603);
cargo, layout of `$CARGO_HOME/registry/src/<index>/<name>-<version>`; Debian's dh-cargo (/usr/share/cargo/registry).
"""

import re
from itertools import chain, islice
from typing import Final

from msgspec import Struct

from stellaops_core.readers.elf import Elf
from stellaops_core.readers.program import Program
from stellaops_core.readers.program_texts import find_constants, find_text

CRATE_LIMIT: Final = 2000
"""Crates that are kept of one program; large ones name 200."""
HIT_LIMIT: Final = 50_000
"""Paths of crates that are looked at in one program; large ones have 3,000."""
COMMENT_LIMIT: Final = 64 << 10
"""Bytes of the section of comments."""

_MARK = b"library/core/src/"
_COMMIT = re.compile(rb"/rustc/([0-9a-f]{40})/")
_RELEASE = re.compile(rb"/rustc-(1\.[0-9]{1,3}\.[0-9]{1,3})[^/\\\0]{0,40}/library/")
_COMPILER = re.compile(rb"rustc version (1\.[0-9]{1,3}\.[0-9]{1,3}[^\0 ]{0,40})")
_MANGLED = (re.compile(rb"17h[0-9a-f]{16}E"), re.compile(rb"\0_R[NIMXY][0-9A-Za-z_]{3}"))
_CRATE = rb"([A-Za-z][\w-]{0,63}?)-([0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(?:[+-][0-9A-Za-z.+-]{1,64})?)[/\\]"
_CRATES = (
    re.compile(rb"registry[/\\](?:src[/\\][^/\\\0]{1,100}[/\\])?" + _CRATE),
    re.compile(rb"vendor[/\\]" + _CRATE),
)


class RustTraces(Struct, frozen=True, array_like=True):
    """What a program's texts tell of Rust."""

    compiler: str = ""
    """Version of rustc, where the program's comments or paths name it."""
    commit: str = ""
    """Of rustc's source, 40 hexadecimal digits."""
    crates: tuple[str, ...] = ()
    """`name@version`, sorted: a lower bound of what is linked in."""


def read_traces(program: Program) -> RustTraces | None:
    """Return what shows; None where nothing does."""
    comment = _comment(program)
    if not (b"rustc version" in comment or find_text(program, _MARK) or _is_mangled(program)):
        return None
    compilers = {*_found(_RELEASE, program), *(match.groups() for match in _COMPILER.finditer(comment))}
    crates = sorted({crate for pattern in _CRATES for crate in _found(pattern, program)})
    return RustTraces(
        _joined(compilers),
        _joined(_found(_COMMIT, program)),
        tuple(f"{name.decode()}@{version.decode()}" for name, version in crates[:CRATE_LIMIT]),
    )


def _found(pattern: re.Pattern[bytes], program: Program) -> set[tuple[bytes, ...]]:
    """What the groups of a pattern match among the constants."""
    places = find_constants(program)
    matches = chain.from_iterable(pattern.finditer(program.content, start, end) for start, end in places)
    return {match.groups() for match in islice(matches, HIT_LIMIT)}


def _comment(program: Program) -> bytes:
    section = program.section(".comment") if program.format == "elf" else None
    return program.content[section.offset : section.offset + min(section.size, COMMENT_LIMIT)] if section else b""


def _is_mangled(program: Program) -> bool:
    """Whether a library's symbols are named the way that rustc does."""
    if not isinstance(program, Elf):
        return False
    return any(pattern.search(program.content, *program.texts) for pattern in _MANGLED)


def _joined(found: set[tuple[bytes, ...]]) -> str:
    """Parts of one program may come from different compilers: up to four are named."""
    return " ".join(sorted(one[0].decode("ascii", "replace") for one in found)[:4])

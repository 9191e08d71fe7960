"""How an ELF file is hardened, and of which kind it is.

Comes in: an `Elf`. Goes out: words. The rule: a word says that the file asks for a protection; none says that it does
not, or that the format of its processor has no place for it.

Source: System V ABI, chapter 5 "Program Header", "Dynamic Section"; Linux Standard Base, Core 5.0 (PT_GNU_STACK,
PT_GNU_RELRO); Linux Extensions to gABI 2.0 (.note.gnu.property); x86-64 psABI 1.0 (GNU_PROPERTY_X86_FEATURE_1_AND);
ELF for the Arm 64-bit Architecture, 2024Q3 (GNU_PROPERTY_AARCH64_FEATURE_1_AND).
"""

from collections.abc import Iterator
from struct import Struct as Binary
from typing import Final

from stellaops_core.readers.elf import PT_INTERP, Elf
from stellaops_core.readers.elf_symbols import count_checked, has_symbol

PROPERTY_LIMIT: Final = 64
"""GNU properties of one file."""

_ET_REL, _ET_EXEC, _ET_DYN, _ET_CORE = 1, 2, 3, 4
_PT_GNU_STACK, _PT_GNU_RELRO = 0x6474E551, 0x6474E552
_DT_BIND_NOW, _DT_FLAGS, _DT_FLAGS_1 = 24, 30, 0x6FFFFFFB
_DF_BIND_NOW, _DF_1_NOW, _DF_1_PIE = 8, 1, 0x08000000
_EXECUTABLE = 1
_NT_GNU_PROPERTY_TYPE_0 = 5
_FEATURES = {
    (62, 0xC0000002): ((1, "cet-ibt"), (2, "cet-shstk")),
    (3, 0xC0000002): ((1, "cet-ibt"), (2, "cet-shstk")),
    (183, 0xC0000000): ((1, "bti"), (2, "pac"), (4, "gcs")),
}
"""(machine, property): (bit, word)."""
_HEAD = {order: Binary(order + "2I") for order in "<>"}


def kind_of(elf: Elf) -> str:
    """Return `executable`, `library`, `object`, `core` or `other`.

    A file of the kind "shared object" is an executable where it says so (DF_1_PIE), or, as older linkers leave that
    out, where it asks for a dynamic linker and has no name as a library.
    """
    if elf.type == _ET_DYN:
        return "executable" if _is_pie(elf) else "library"
    return {_ET_REL: "object", _ET_EXEC: "executable", _ET_CORE: "core"}.get(elf.type, "other")


def read_security(elf: Elf) -> tuple[str, ...]:
    """Return the words that hold, in this order; none of object files.

    `pie`, `relro-full` or `relro-partial`, `nx` (no executable stack), `stack-protector`, `fortify`, `cet-ibt` and
    `cet-shstk` (x86), `bti`, `pac` and `gcs` (AArch64), `static` (of executables), `stripped`.
    """
    kind = kind_of(elf)
    if kind not in {"executable", "library"}:
        return ()
    return tuple(_words(elf, kind))


def _words(elf: Elf, kind: str) -> Iterator[str]:
    flags = {header.type: header.flags for header in elf.headers}
    if kind == "executable" and elf.type == _ET_DYN:
        yield "pie"
    if _PT_GNU_RELRO in flags:
        yield "relro-full" if _binds_now(elf) else "relro-partial"
    if not flags.get(_PT_GNU_STACK, _EXECUTABLE) & _EXECUTABLE:
        yield "nx"
    if has_symbol(elf, b"__stack_chk_fail"):
        yield "stack-protector"
    if count_checked(elf):
        yield "fortify"
    yield from _features(elf)
    if kind == "executable" and PT_INTERP not in flags and not elf.dynamic.needed:
        yield "static"
    if not elf.section(".symtab"):
        yield "stripped"


def _is_pie(elf: Elf) -> bool:
    return bool(elf.tags.get(_DT_FLAGS_1, 0) & _DF_1_PIE) or bool(elf.interpreter and not elf.dynamic.soname)


def _binds_now(elf: Elf) -> bool:
    """Whether all symbols are bound before the program starts, so that their table can be made read-only."""
    tags = elf.tags
    return bool(_DT_BIND_NOW in tags or tags.get(_DT_FLAGS, 0) & _DF_BIND_NOW or tags.get(_DT_FLAGS_1, 0) & _DF_1_NOW)


def _features(elf: Elf) -> Iterator[str]:
    """Yield what the processor is to enforce."""
    data = elf.note(b"GNU", _NT_GNU_PROPERTY_TYPE_0)
    form = _HEAD[">" if elf.big_endian else "<"]
    at = 0
    for _ in range(PROPERTY_LIMIT):
        if at + form.size > len(data):
            return
        kind, size = form.unpack_from(data, at)
        value = int.from_bytes(data[at + 8 : at + 8 + min(size, 4)], "big" if elf.big_endian else "little")
        yield from (word for bit, word in _FEATURES.get((elf.machine, kind), ()) if value & bit)
        at += 8 + size + -size % (elf.bits // 8)

"""The symbols that an ELF file shares with others while it runs.

Comes in: an `Elf`. Goes out: how many there are, and which functions with checks of their own are among them. Rules:
they are found as the dynamic linker finds them, without section headers; names are looked for as texts, for reading
the whole table would cost more than everything else.

Source: System V ABI, chapter 5 "Symbol Table", "Hash Table"; for DT_GNU_HASH the GNU C library, elf/dl-lookup.c; for
the names Linux Standard Base, Core 5.0, "Interfaces for libc" (`__stack_chk_fail`, `__memcpy_chk` and so on).
"""

import re
from struct import Struct as Binary
from typing import Final

from stellaops_core.readers.elf import Elf

BUCKET_LIMIT: Final = 1 << 20
"""Buckets of a hash table."""
SYMBOL_LIMIT: Final = 4 << 20
"""Symbols of one file; the largest library of a Linux distribution has some 100,000."""

_DT_HASH, _DT_GNU_HASH = 4, 0x6FFFFEF5
_ALPHA, _S390 = 0x9026, 22
_CHECKED = re.compile(rb"\0__(?!stack_chk)[a-z0-9_]{1,64}_chk(?=\0)")


def count_symbols(elf: Elf) -> int:
    """Return how many dynamic symbols there are, the empty one at their start left out.

    A file whose only hash table is GNU's, and empty, does not tell: those that it only needs are 0 then.
    """
    if (address := elf.tags.get(_DT_HASH)) is not None:
        wide = elf.bits == 64 and elf.machine in {_ALPHA, _S390}
        numbers = _numbers(elf, address, 2, "Q" if wide else "I")
        return max(min(numbers[1], SYMBOL_LIMIT) - 1, 0) if numbers else 0
    if (address := elf.tags.get(_DT_GNU_HASH)) is not None:
        return max(_count_hashed(elf, address) - 1, 0)
    return 0


def _count_hashed(elf: Elf, address: int) -> int:
    """The highest number in any bucket begins a chain; the chain's end is the last symbol."""
    head = _numbers(elf, address, 4)
    if not head:
        return 0
    buckets, first, words, _ = head
    start = address + 16 + words * elf.bits // 8
    highest = max(_numbers(elf, start, buckets) or [0]) if buckets <= BUCKET_LIMIT else 0
    if highest < first:
        return 0
    chain = elf.at(start + 4 * buckets + 4 * (highest - first), 4 * SYMBOL_LIMIT)
    odd = 3 if elf.big_endian else 0
    ends = (number for number, byte in enumerate(chain[odd::4]) if byte & 1)
    return min(highest + next(ends, 0) + 1, SYMBOL_LIMIT)


def _numbers(elf: Elf, address: int, count: int, form: str = "I") -> tuple[int, ...]:
    binary = Binary(f"{'>' if elf.big_endian else '<'}{count}{form}")
    data = elf.at(address, binary.size)
    return binary.unpack(data) if len(data) == binary.size else ()


def has_symbol(elf: Elf, name: bytes) -> bool:
    """Whether a symbol of this name, or one that ends with it after NUL, is needed or defined."""
    return elf.content.find(b"\0" + name + b"\0", *elf.texts) >= 0


def count_checked(elf: Elf) -> int:
    """Return how many functions with a check of their buffers' sizes (`_FORTIFY_SOURCE`) are needed or defined."""
    start, end = elf.texts
    if elf.content.find(b"_chk\0", start, end) < 0:
        return 0
    return len(set(_CHECKED.findall(elf.content, start, end)))

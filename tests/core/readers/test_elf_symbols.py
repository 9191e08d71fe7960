"""Dynamic symbols: their number by both sorts of hash tables, and the names that are looked for."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import elf
from stellaops_core.readers.elf import read_elf
from stellaops_core.readers.elf_symbols import count_checked, count_symbols, has_symbol

HASH, GNU_HASH = 4, 0x6FFFFEF5


def gnu_hash(first, chains, order="<", word="Q"):
    """A table of buckets of some symbols each, from number `first` on."""
    starts, values, at = [], [], first
    for size in chains:
        starts.append(at if size else 0)
        values += [*[2] * (size - 1), 3] if size else []
        at += size
    head = struct.pack(order + "4I", len(chains), first, 1, 0) + struct.pack(order + word, 0)
    return head + struct.pack(f"{order}{len(starts)}I", *starts) + struct.pack(f"{order}{len(values)}I", *values)


@pytest.mark.parametrize(("bits", "order"), [(bits, order) for bits in (32, 64) for order in "<>"])
@given(first=st.integers(1, 50), chains=st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_gnu_hash(bits, order, first, chains):
    """The last symbol of the last chain is the last of all; an empty table doesn't tell."""
    table = gnu_hash(first, chains, order, "Q" if bits == 64 else "I")
    file = read_elf(elf({".h": table}, dynamic=[(1, "libc")], tags={GNU_HASH: ".h"}, bits=bits, order=order))
    assert count_symbols(file) == (first + sum(chains) - 1 if sum(chains) else 0)


@pytest.mark.parametrize(("machine", "word"), [(62, "I"), (22, "Q"), (0x9026, "Q")])
def test_hash(machine, word):
    """The older table states the number; on two processors it is of wide numbers."""
    table = struct.pack(f"<2{word}", 1, 40)
    file = read_elf(elf({".h": table}, dynamic=[(1, "libc")], tags={HASH: ".h"}, machine=machine))
    assert count_symbols(file) == 39


def test_texts_outside_of_the_file():
    """A segment that claims more than the file has: no names."""
    data = bytearray(elf(dynamic=[(99, "__read_chk")]))
    count = struct.unpack_from("<H", data, 56)[0]
    for number in range(count):
        if struct.unpack_from("<I", data, 64 + 56 * number)[0] == 1:
            struct.pack_into("<Q", data, 64 + 56 * number + 8, (1 << 64) - 4096)
    file = read_elf(bytes(data))
    assert file.texts == (0, 0)
    assert (count_checked(file), has_symbol(file, b"__read_chk")) == (0, False)


def test_without_symbols():
    """A static program has none; a table outside of the file has none."""
    assert count_symbols(read_elf(elf({".text": b"code"}))) == 0
    assert count_symbols(read_elf(elf(tags={HASH: 1 << 40}))) == 0
    assert count_symbols(read_elf(elf(tags={GNU_HASH: 1 << 40}))) == 0


@given(st.binary(max_size=60))
def test_any_table(table):
    """Whatever a table holds, the number has a bound."""
    for tag in (HASH, GNU_HASH):
        assert 0 <= count_symbols(read_elf(elf({".h": table}, tags={tag: ".h"}))) <= 1 << 32


@pytest.mark.parametrize(
    ("names", "checked", "protected"),
    [
        (["memcpy"], 0, False),
        (["__memcpy_chk", "__printf_chk"], 2, False),
        (["__stack_chk_fail"], 0, True),
        (["__stack_chk_fail", "__memcpy_chk", "x_chk"], 1, True),
        (["not__stack_chk_fail"], 0, False),
    ],
)
def test_names(names, checked, protected):
    """Functions that check buffers are counted; a name is the whole name."""
    file = read_elf(elf(dynamic=[(99, name) for name in names]))
    assert (count_checked(file), has_symbol(file, b"__stack_chk_fail")) == (checked, protected)

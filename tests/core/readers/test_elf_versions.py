"""Versions of symbols: as the dynamic linker finds them, in both classes and byte orders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import elf, symbol_versions, text_positions
from stellaops_core.readers import elf_versions
from stellaops_core.readers.elf import read_elf
from stellaops_core.readers.elf_versions import defined_versions, needed_versions

NEEDED, DEFINED = 0x6FFFFFFE, 0x6FFFFFFC
TEXTS = [(1, "libc.so.6"), (1, "libm.so.6"), (14, "me.so.1"), *((99, text) for text in ("V_2", "V_1", "ME_1"))]
AT = text_positions(TEXTS)


def versioned(bits=64, order="<", *, stripped=False):
    """A library that needs versions of two others, and defines one."""
    needed, defined = symbol_versions(
        {AT["libc.so.6"]: [AT["V_2"], AT["V_1"]], AT["libm.so.6"]: [AT["V_1"]]},
        {AT["me.so.1"]: 1, AT["ME_1"]: 0},
        order,
    )
    return elf(
        {".gnu.version_r": needed, ".gnu.version_d": defined},
        dynamic=TEXTS,
        tags={NEEDED: ".gnu.version_r", DEFINED: ".gnu.version_d"},
        bits=bits,
        order=order,
        stripped=stripped,
    )


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize(("bits", "order"), [(bits, order) for bits in (32, 64) for order in "<>"])
def test_versions(bits, order, stripped):
    """All are found, sorted, without section headers as well; a library's name for itself is no version."""
    file = read_elf(versioned(bits, order, stripped=stripped))
    assert needed_versions(file) == (("libc.so.6", ("V_1", "V_2")), ("libm.so.6", ("V_1",)))
    assert defined_versions(file) == ("ME_1",)


def test_none():
    """A file without such tables has none; nor has one whose tables lie outside of it."""
    assert needed_versions(read_elf(elf({".text": b"code"}))) == ()
    far = read_elf(elf(dynamic=TEXTS, tags={NEEDED: 1 << 40, DEFINED: 1 << 40}))
    assert (needed_versions(far), defined_versions(far)) == ((), ())


def test_chains_end(monkeypatch):
    """A chain that leads to itself ends at its limit."""
    monkeypatch.setattr(elf_versions, "LIBRARY_LIMIT", 50)
    monkeypatch.setattr(elf_versions, "VERSION_LIMIT", 100)
    names = [AT["V_1"]] * 200
    needed, _ = symbol_versions({AT["libc.so.6"]: names, AT["libm.so.6"]: [AT["V_2"]]})
    file = read_elf(elf({".r": needed}, dynamic=TEXTS, tags={NEEDED: ".r"}))
    assert needed_versions(file) == (("libc.so.6", ("V_1",)), ("libm.so.6", ()))


@given(st.binary(max_size=120), st.binary(max_size=120))
def test_any_table(needed, defined):
    """Whatever the tables hold, they are read without an error."""
    file = read_elf(elf({".r": needed, ".d": defined}, dynamic=TEXTS, tags={NEEDED: ".r", DEFINED: ".d"}))
    assert all(isinstance(library, str) for library, _ in needed_versions(file))
    assert isinstance(defined_versions(file), tuple)

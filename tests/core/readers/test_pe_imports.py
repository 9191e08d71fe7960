"""Imports, exports and hardening of PE files."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import BASE, PAGE, pe
from stellaops_core.readers import pe_imports
from stellaops_core.readers.pe import DELAYED_IMPORTS, EXPORTS, IMPORTS, read_pe
from stellaops_core.readers.pe_imports import Exported, Imported, read_exports, read_imports, read_security


def imports(libraries, bits=64, *, delayed=False, by_address=False):
    """A section of imports, loaded at PAGE: descriptors, then thunks and names."""
    size = 32 if delayed else 20
    word = "Q" if bits == 64 else "I"
    head, tail = b"", b""
    start = PAGE + size * (len(libraries) + 1)
    base = BASE if by_address else 0
    for name, functions in libraries:
        thunks = start + len(tail)
        tail += struct.pack(f"<{functions + 1}{word}", *[1 << 20] * functions, 0)
        text = start + len(tail)
        tail += name.encode() + b"\0"
        if delayed:
            head += struct.pack("<8I", not by_address, base + text, 0, base + thunks, base + thunks, 0, 0, 0)
        else:
            head += struct.pack("<5I", thunks, 0, 0, text, thunks)
    return head + bytes(size) + tail


@pytest.mark.parametrize("bits", [32, 64])
def test_imports(bits):
    """Libraries in their order, with the number of functions."""
    table = imports([("KERNEL32.dll", 3), ("a.dll", 0)], bits)
    file = read_pe(pe({".idata": table}, bits=bits, directories={IMPORTS: (".idata", 60)}))
    assert read_imports(file) == (Imported("KERNEL32.dll", 3), Imported("a.dll", 0))


@pytest.mark.parametrize("by_address", [False, True])
@pytest.mark.parametrize("bits", [32, 64])
def test_delayed_imports(bits, by_address):
    """Libraries that are loaded late; old linkers wrote addresses in place of relative ones."""
    table = imports([("late.dll", 2)], bits, delayed=True, by_address=by_address)
    file = read_pe(pe({".didat": table}, bits=bits, directories={DELAYED_IMPORTS: (".didat", 64)}))
    assert read_imports(file) == (Imported("late.dll", 2, delayed=True),)


def test_exports():
    """A library's name for itself, and how much it offers."""
    table = struct.pack("<12xI4x2I12x", PAGE + 40, 7, 5) + b"me.dll\0"
    file = read_pe(pe({".edata": table}, directories={EXPORTS: (".edata", 47)}))
    assert read_exports(file) == Exported("me.dll", 7, 5)
    assert read_exports(read_pe(pe({".text": b"x"}))) == Exported()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (0, ()),
        (0x0160, ("high-entropy-va", "aslr", "nx")),
        (0x4000, ("cfg",)),
        (0xFFFF, ("high-entropy-va", "aslr", "force-integrity", "nx", "no-seh", "app-container", "cfg")),
    ],
)
@pytest.mark.parametrize("bits", [32, 64])
def test_security(bits, flags, words):
    """One word for each bit that concerns safety."""
    file = read_pe(pe({".text": b"x"}, bits=bits, dll_characteristics=flags, subsystem=10))
    assert read_security(file) == words
    assert pe_imports.SUBSYSTEMS[file.subsystem] == "efi-application"


def test_functions_have_a_limit(monkeypatch):
    """Tables without an end are counted up to the limit, of all libraries together."""
    monkeypatch.setattr(pe_imports, "FUNCTION_LIMIT", 5)
    file = read_pe(pe({".idata": imports([("a.dll", 4), ("b.dll", 4)])}, directories={IMPORTS: (".idata", 60)}))
    assert [one.functions for one in read_imports(file)] == [4, 1]


@given(st.binary(max_size=200), st.sampled_from([IMPORTS, DELAYED_IMPORTS, EXPORTS]))
def test_any_table(table, number):
    """Whatever the tables hold, they are read without an error."""
    file = read_pe(pe({".x": table or b"\0"}, directories={number: (".x", 64)}))
    assert len(read_imports(file)) <= 200
    assert read_exports(file).functions >= 0

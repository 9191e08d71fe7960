"""Hardening and kinds of ELF files, by tables of what a linker writes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import elf, elf_note
from stellaops_core.readers.elf import read_elf
from stellaops_core.readers.elf_security import kind_of, read_security

STACK, RELRO = 0x6474E551, 0x6474E552
FLAGS, FLAGS_1, BIND_NOW = 30, 0x6FFFFFFB, 24
PIE = 0x08000000
LIBC = [(1, "libc.so.6")]


def features(kind, bits, order="<", width=64):
    """A note of GNU properties, behind another property."""
    one = struct.pack(order + "2I4s", 0xC0008002, 4, b"")
    two = struct.pack(order + "3I", kind, 4, bits)
    pad = bytes(4 if width == 64 else 0)
    return elf_note(b"GNU", 5, one + pad + two + pad, order)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"kind": 2}, "executable"),
        ({"kind": 3, "tags": {FLAGS_1: PIE}}, "executable"),
        ({"kind": 3, "interpreter": "/lib/ld.so", "dynamic": LIBC}, "executable"),
        ({"kind": 3, "interpreter": "/lib/ld.so", "dynamic": [(14, "libc.so.6")]}, "library"),
        ({"kind": 3, "dynamic": LIBC}, "library"),
        ({"kind": 1}, "object"),
        ({"kind": 4}, "core"),
        ({"kind": 0}, "other"),
        ({"kind": 0xFE00}, "other"),
    ],
)
def test_kinds(told, kind):
    """A shared object is a program where it says so, or can only be one."""
    assert kind_of(read_elf(elf(**told))) == kind


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, {"static"}),
        ({"dynamic": LIBC, "interpreter": "/ld"}, set()),
        ({"kind": 3, "dynamic": LIBC, "tags": {FLAGS_1: PIE}}, {"pie"}),
        ({"kind": 3, "tags": {FLAGS_1: PIE}}, {"pie", "static"}),
        ({"dynamic": LIBC, "headers": [(STACK, 6)]}, {"nx"}),
        ({"dynamic": LIBC, "headers": [(STACK, 7)]}, set()),
        ({"dynamic": LIBC, "headers": [(RELRO, 4)]}, {"relro-partial"}),
        ({"dynamic": LIBC, "headers": [(RELRO, 4)], "tags": {BIND_NOW: 0}}, {"relro-full"}),
        ({"dynamic": LIBC, "headers": [(RELRO, 4)], "tags": {FLAGS: 8}}, {"relro-full"}),
        ({"dynamic": LIBC, "headers": [(RELRO, 4)], "tags": {FLAGS_1: 1}}, {"relro-full"}),
        ({"dynamic": LIBC, "tags": {BIND_NOW: 0}}, set()),
        ({"dynamic": [*LIBC, (99, "__stack_chk_fail"), (99, "__read_chk")]}, {"stack-protector", "fortify"}),
        ({"dynamic": LIBC, "notes": features(0xC0000002, 3)}, {"cet-ibt", "cet-shstk"}),
        ({"dynamic": LIBC, "notes": features(0xC0000002, 2, width=32), "bits": 32, "machine": 3}, {"cet-shstk"}),
        ({"dynamic": LIBC, "notes": features(0xC0000000, 7), "machine": 183}, {"bti", "pac", "gcs"}),
        ({"dynamic": LIBC, "notes": features(0xC0000000, 3, ">"), "machine": 183, "order": ">"}, {"bti", "pac"}),
        ({"dynamic": LIBC, "notes": features(0xC0000000, 3)}, set()),
        ({"kind": 1, "headers": [(STACK, 6)]}, None),
    ],
)
def test_words(told, words):
    """Each protection shows by what asks for it; object files have none."""
    expected = set() if words is None else words | {"stripped"}
    found = read_security(read_elf(elf(**told)))
    assert set(found) == expected
    assert len(found) == len(expected)


def test_symbols_for_debugging():
    """A file with a table of all symbols is not stripped."""
    assert "stripped" not in read_security(read_elf(elf({".symtab": b"x"})))


@given(st.binary(max_size=40))
def test_any_properties(content):
    """Whatever a note of properties holds, it is read without an error."""
    file = read_elf(elf(notes=elf_note(b"GNU", 5, content), dynamic=LIBC))
    assert "static" not in read_security(file)

"""Libraries, systems and hardening of Mach-O files."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import macho
from stellaops_core.readers.macho import read_macho
from stellaops_core.readers.macho_commands import (
    KINDS,
    Dylib,
    Target,
    is_encrypted,
    read_dylibs,
    read_security,
    read_targets,
)

FORMS = [(bits, order) for bits in (32, 64) for order in "<>"]


def dylib(number, name, current, least, order="<"):
    """A load command for a library."""
    body = name.encode() + b"\0"
    body += bytes(-len(body) % 8)
    return struct.pack(order + "6I", number, 24 + len(body), 24, 0, current, least) + body


def command(number, *fields, order="<"):
    """A load command of numbers."""
    return struct.pack(f"{order}{2 + len(fields)}I", number, 8 + 4 * len(fields), *fields)


def read(*commands, **told):
    (file,) = read_macho(macho({"__text": b"code"}, commands=commands, **told))
    return file


@pytest.mark.parametrize(("bits", "order"), FORMS)
def test_dylibs(bits, order):
    """Each with both versions and how it is linked."""
    commands = [
        dylib(number, name, 0x010203, 0x010000, order)
        for number, name in ((0xD, "me"), (0xC, "a"), (0x80000018, "w"), (0x20, "l"), (0x8000001F, "r"))
    ]
    file = read(*commands, bits=bits, order=order)
    assert [(one.name, one.how) for one in read_dylibs(file)] == [
        ("me", "id"), ("a", ""), ("w", "weak"), ("l", "lazy"), ("r", "reexport")
    ]  # fmt: skip
    assert {(one.current, one.compatible) for one in read_dylibs(file)} == {("1.2.3", "1.0")}


@pytest.mark.parametrize(
    ("data", "targets"),
    [
        (command(0x32, 1, 0x0B0000, 0x0B0300, 0), (Target("macos", "11.0", "11.3"),)),
        (command(0x32, 99, 0x010000, 0, 0), (Target("platform-99", "1.0", ""),)),
        (command(0x24, 0x0A0907, 0x0A0900), (Target("macos", "10.9.7", "10.9"),)),
        (command(0x25, 0x070100, 0x070100), (Target("ios", "7.1", "7.1"),)),
        (command(0x24, 0x0A0900), ()),
    ],
)
def test_targets(data, targets):
    """The systems it was built for, by the newer command and by the older ones; one that is too short says nothing."""
    assert read_targets(read(data)) == targets


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, ("nx",)),
        ({"flags": 0x200000}, ("pie", "nx")),
        ({"flags": 0x20000}, ()),
        ({"flags": 0x1000000, "kind": 6}, ("nx-heap",)),
        ({"kind": 6, "flags": 0x200000}, ()),
    ],
)
def test_security(told, words):
    """Each word shows by what asks for it."""
    assert read_security(read(**told)) == words


@pytest.mark.parametrize(("number", "size"), [(0x21, 3), (0x2C, 4)])
def test_encryption(number, size):
    """A part is encrypted where the command names a method."""
    plain, secret = (read(command(number, 0, 0, method, *[0] * (size - 3)), kind=6) for method in (0, 1))
    assert (is_encrypted(plain), is_encrypted(secret)) == (False, True)
    assert read_security(secret) == ("encrypted",)


def test_signatures():
    """A signature shows by its load command."""
    assert read_security(read(command(0x1D, 0, 0), kind=6)) == ("signed",)


def test_kinds():
    """Programs, libraries and objects; anything else has no word."""
    assert [KINDS.get(read(kind=kind).type) for kind in (1, 2, 6, 8, 10)] == [
        "object", "executable", "library", "library", None
    ]  # fmt: skip


@given(st.binary(max_size=64), st.sampled_from([0xC, 0xD, 0x32, 0x24, 0x21, 0x2C]))
def test_any_command(body, number):
    """Whatever a load command holds, it is read without an error."""
    file = read(struct.pack("<2I", number, 8 + len(body)) + body)
    assert all(isinstance(one, Dylib) for one in read_dylibs(file))
    assert len(read_targets(file)) + is_encrypted(file) <= 1

"""Mach-O: headers, sections, what the dynamic linker is told, files for several processors."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import fat, macho, text_command
from stellaops_core.readers import macho as reader
from stellaops_core.readers.macho import MAGICS, Linked, read_macho

FORMS = [(bits, order) for bits in (32, 64) for order in "<>"]


@pytest.mark.parametrize(("bits", "order"), FORMS)
def test_everything(bits, order):
    """All facts of a file, in both classes and both byte orders."""
    commands = [
        text_command(0xD, "/lib/me.dylib", order),
        text_command(0xC, "/usr/lib/a.dylib", order),
        text_command(0x80000018, "/usr/lib/weak.dylib", order),
        text_command(0x8000001C, "@loader_path", order),
        struct.pack(order + "2I", 0x1B, 24) + bytes(range(16)),
        struct.pack(order + "4I", 0x1D, 16, 0, 0),
    ]
    (file,) = read_macho(macho({"__text": b"code", "__x": b"y"}, bits=bits, order=order, commands=commands))
    assert (file.bits, file.big_endian, file.machine, file.type) == (bits, order == ">", 0x01000007, 2)
    assert [section.name for section in file.sections] == ["__text", "__x"]
    assert file.bytes_of(file.section("__text"), 10) == b"code"
    assert file.linked == Linked(
        name="/lib/me.dylib",
        libraries=("/usr/lib/a.dylib", "/usr/lib/weak.dylib"),
        rpaths=("@loader_path",),
        uuid=bytes(range(16)).hex(),
        signed=True,
    )
    assert file.damage == ""


@pytest.mark.parametrize("wide", [False, True])
def test_several_processors(wide):
    """Each program is read where it stands; archives of objects are passed over."""
    data = fat(macho({"a": b"one"}), b"!<arch>\n", macho({"b": b"two"}, bits=32, order=">"), wide=wide)
    first, second = read_macho(data)
    assert first.bytes_of(first.section("a"), 9) == first.at(first.section("a").address, 3) == b"one"
    assert second.bytes_of(second.section("b"), 9) == second.at(second.section("b").address, 3) == b"two"


def test_java_classes_are_not_asked_for():
    """They begin like files for several processors; version 45 is the oldest."""
    assert fat(macho())[:8] in MAGICS
    assert not any((b"\xca\xfe\xba\xbe\0\0\0" + bytes([version])) in MAGICS for version in range(45, 80))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a Mach-O file"),
        (macho()[:20], "ends within its header"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(80), "for 52 processors"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(30), "table of processors"),
    ],
)
def test_damaged_headers(data, reason):
    """Without a header there is nothing to read."""
    with pytest.raises(ValueError, match=reason):
        read_macho(data)


def test_damaged_commands():
    """Those before the damage are read."""
    data = bytearray(macho({"a": b"one"}, commands=[text_command(0xC, "x")] * 2))
    struct.pack_into("<I", data, 32 + 72 + 80 + 4, 7)
    (file,) = read_macho(bytes(data))
    assert (file.linked.libraries, len(file.sections)) == ((), 1)
    assert file.damage == "1 of 3 load commands can be read"


def test_bounds(monkeypatch):
    """No more commands are read than the limit says."""
    monkeypatch.setattr(reader, "COMMAND_LIMIT", 3)
    (file,) = read_macho(macho(commands=[text_command(0xC, "x")] * 9))
    assert len(file.linked.libraries) == 3
    assert file.damage


@given(st.sampled_from(FORMS), st.data())
def test_any_bytes(form, data):
    """Whatever is changed, all facts can be asked for, and only a header is an error."""
    order = form[1]
    whole = macho({"a": b"x"}, bits=form[0], order=order, commands=[text_command(0xC, "lib", order)])
    whole = data.draw(st.sampled_from([whole, fat(whole, whole)]))
    changed = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 8))):
        if changed:
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.sampled_from([0, 1, 127, 255]))
    try:
        files = read_macho(bytes(changed))
    except ValueError:
        return
    for file in files:
        assert len(file.segments) <= reader.COMMAND_LIMIT
        assert len(file.linked.libraries) + len(file.sections) <= 2 * reader.SECTION_LIMIT

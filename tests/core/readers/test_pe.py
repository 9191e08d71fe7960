"""PE: headers, sections, directories."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import pe
from stellaops_core.readers.pe import CERTIFICATES, CLR, Directory, read_pe


@pytest.mark.parametrize("bits", [32, 64])
def test_everything(bits):
    """All facts of a file, for both widths."""
    file = read_pe(
        pe({".text": b"code", ".data": b"x"}, bits=bits, characteristics=0x2022, directories={CLR: (".text", 72)})
    )
    assert (file.bits, file.machine, file.is_dll, file.is_managed, file.image_base) == (
        bits,
        0x8664,
        True,
        True,
        0x400000,
    )
    assert [section.name for section in file.sections] == [".text", ".data"]
    assert file.read(file.directory(CLR).rva, 4) == b"code"
    assert (file.directory(CERTIFICATES), file.directory(99)) == (Directory(), Directory())
    assert file.damage == ""


def test_a_native_program():
    """Without a CLR header it is no assembly."""
    file = read_pe(pe({".text": b"code"}))
    assert not file.is_managed
    assert not file.is_dll


def test_the_overlay():
    """What stands behind the last section, as .NET's bundles do."""
    data = pe({".text": b"code"}, overlay=b"more")
    assert data[read_pe(data).overlay :] == b"more"
    assert read_pe(data[:600]).overlay <= 600


def test_long_names():
    """A name of more than eight bytes stands behind the symbols."""
    data = bytearray(pe({"/4": b"code"}))
    struct.pack_into("<I", data, 0x80 + 12, len(data))  # symbols: none
    (section,) = read_pe(bytes(data) + b"\x14\0\0\0.debug_information\0").sections
    assert section.name == ".debug_information"
    assert read_pe(pe({"/4": b"code"})).sections[0].name == "/4"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a PE file"),
        (b"MZ" + bytes(100), "a DOS program"),
        (pe()[:0x80], "a DOS program"),
        (pe()[: 0x80 + 24 + 50], "of kind 0x20b and 50 bytes"),
        (pe()[: 0x80 + 24] + bytes(240), "of kind 0x0"),
    ],
)
def test_damaged_headers(data, reason):
    """Without headers there is nothing to read."""
    with pytest.raises(ValueError, match=reason):
        read_pe(data)


def test_a_damaged_table():
    """Sections that the file has no headers of are told of."""
    data = bytearray(pe({".text": b"code"}))
    struct.pack_into("<H", data, 0x80 + 6, 60_000)
    file = read_pe(bytes(data))
    assert (file.sections, file.segments, file.damage) == ((), (), "60,000 section headers at 392")


@given(st.data())
def test_any_bytes(data):
    """Whatever is changed, all facts can be asked for, and only a header is an error."""
    whole = pe({".text": b"code"}, directories={CLR: (".text", 72)})
    changed = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 8))):
        if changed:
            at = data.draw(st.integers(0, min(len(changed), 512) - 1))
            changed[at] = data.draw(st.sampled_from([0, 1, 127, 255]))
    try:
        file = read_pe(bytes(changed))
    except ValueError:
        return
    assert 0 <= file.overlay <= len(changed)
    assert len(file.sections) >= len(file.segments)
    assert len(file.read(file.directory(CLR).rva, 72)) <= 72

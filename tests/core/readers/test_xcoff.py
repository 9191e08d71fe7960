"""XCOFF: headers, sections, what the loader is told."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import xcoff
from stellaops_core.readers.go_buildinfo import read_buildinfo
from stellaops_core.readers.programs import read_programs
from stellaops_core.readers.xcoff import Imports, read_xcoff

LIBRARIES = [("/usr/lib:/lib", "", ""), ("", "libc.a", "shr.o"), ("/opt/x", "libx.so", "")]


@pytest.mark.parametrize("bits", [32, 64])
def test_everything(bits):
    """All facts of a file, for both widths."""
    file = read_xcoff(xcoff({".text": b"code", ".data": b"data"}, bits=bits, imports=LIBRARIES))
    assert (file.bits, file.big_endian, file.is_executable, file.is_library) == (bits, True, True, False)
    assert [section.name for section in file.sections] == [".text", ".data", ".loader"]
    assert file.bytes_of(file.section(".text"), 10) == b"code"
    assert [(one.writable, one.executable) for one in file.segments] == [(False, True), (True, False)]
    assert file.at(file.section(".data").address, 4) == b"data"
    assert file.imports == Imports("/usr/lib:/lib", ("libc.a(shr.o)", "/opt/x/libx.so"))
    assert file.damage == ""


@pytest.mark.parametrize(("flags", "kinds"), [(2, (True, False)), (0x2002, (False, True)), (0, (False, False))])
def test_kinds(flags, kinds):
    """Programs, shared objects, and object files, which import nothing."""
    file = read_xcoff(xcoff({".text": b"x"}, flags=flags))
    assert (file.is_executable, file.is_library) == kinds
    assert file.imports == Imports()


def test_go():
    """Go's build information is found in such a program: its mark stands in writable memory."""
    data = xcoff({".text": b"code", ".data": b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\x06go1.22\x00"})
    (file,) = read_programs(data)
    info = read_buildinfo(file)
    assert info is not None
    assert info.version == "go1.22"


@pytest.mark.parametrize(
    "data",
    [
        b"\x01\xf7",
        b"\x01\xf7" + bytes(22)[:14] + b"\x00\x07" + bytes(40),
        b"\x01\xdf" + bytes(14) + b"\x00\x07" + bytes(40),
    ],
)
def test_something_else(data):
    """Two bytes are a weak sign: a header that can't be is no program, and no error where any program will do."""
    with pytest.raises(ValueError, match="XCOFF"):
        read_xcoff(data)
    assert read_programs(data) == ()


def test_damaged_tables():
    """Sections that the file doesn't have are damage."""
    data = bytearray(xcoff({".text": b"code"}))
    struct.pack_into(">H", data, 2, 60_000)
    file = read_xcoff(bytes(data))
    assert "60,000 section headers" in file.damage
    assert (file.sections, file.segments, file.imports) == ((), (), Imports())


WHOLE = xcoff({".text": b"code", ".data": b"data"}, imports=LIBRARIES)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255), st.integers(0, len(WHOLE)))
def test_any_byte_may_be_wrong(at, byte, size):
    """Nothing but `ValueError` comes of a damaged file."""
    data = bytearray(WHOLE)
    data[at] = byte
    try:
        file = read_xcoff(bytes(data[:size]))
    except ValueError:
        return
    assert len(file.sections) <= 3
    assert len(file.imports.files) <= 2

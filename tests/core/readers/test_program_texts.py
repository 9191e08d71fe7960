"""Constants of programs, and names of libraries among them."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import elf, macho, pe
from stellaops_core.readers import program_texts
from stellaops_core.readers.program_texts import find_constants, find_libraries, find_text
from stellaops_core.readers.programs import read_programs


def program(data):
    (one,) = read_programs(data)
    return one


def libraries(*texts):
    """Names in a program with these constants."""
    return find_libraries(program(elf({".rodata": b"\0" + b"".join(text + b"\0" for text in texts)})))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"libcuda.so.1", ("libcuda.so.1",)),
        (b"libfoo-2.0_x+y.so", ("libfoo-2.0_x+y.so",)),
        (b"plugin.so", ("plugin.so",)),
        (b"/usr/lib/x/plugin.so.12.3", ("/usr/lib/x/plugin.so.12.3",)),
        (b"$ORIGIN/../lib/a.so", ("$ORIGIN/../lib/a.so",)),
        (b"can't load libfoo.so.2: %s", ("libfoo.so.2",)),
        (b"startlibfoo.so.1 libbar.soend", ("libbar.so", "libfoo.so.1")),
        (b"liblibx.so.1!", ("liblibx.so.1", "libx.so.1")),
        (b"4libdbus-1.so.3", ("4libdbus-1.so.3", "libdbus-1.so.3")),
        (b"lib%s.so", ()),
        (b"so long and thanks", ()),
        (b"%s/x.source", ()),
        (b".so", ()),
        (b"/opt/%s/plugin.so", ()),
        ("libü.so".encode(), ()),
    ],
)
def test_names(text, names):
    """A whole text that is a name or a path is one; in other texts, what begins with `lib`."""
    assert libraries(text) == names


def test_of_many():
    """Names are sorted, each is there once."""
    assert libraries(b"libb.so", b"liba.so.1", b"libb.so") == ("liba.so.1", "libb.so")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (elf({".text": b"mark", ".rodata": b"other"}), False),
        (elf({".text": b"other", ".rodata": b"mark"}), True),
        (elf({".text": b"mark"}), True),
        (elf({".text": b"mark"}, stripped=True), True),
        (elf({".text": b"x", ".data": b"mark"}, stripped=True, writable=[".data"]), True),
        (pe({".text": b"other", ".rdata": b"mark"}), True),
        (pe({".text": b"mark", ".rdata": b"other"}), False),
        (macho({"__text": b"other", "__cstring": b"mark"}), True),
        (macho({"__text": b"mark"}), False),
    ],
)
def test_where_constants_are(data, found):
    """In a section of their own; without sections, in what can't be written to."""
    assert find_text(program(data), b"mark") is found


def test_limits(monkeypatch):
    """The search ends at its limits."""
    texts = [b"lib%d.so" % number for number in range(100)]
    monkeypatch.setattr(program_texts, "NAMES_LIMIT", 10)
    assert len(libraries(*texts)) == 10
    monkeypatch.setattr(program_texts, "HIT_LIMIT", 3)
    assert libraries(*texts) == ("lib0.so", "lib1.so", "lib2.so")
    monkeypatch.setattr(program_texts, "SEARCH_LIMIT", 20)
    assert sum(end - start for start, end in find_constants(program(elf({".rodata": b"x" * 100})))) == 20


@pytest.mark.parametrize("at", [1 << 20, 1 << 40, (1 << 64) - 1])
def test_constants_outside_of_the_file(at):
    """What the file doesn't have is not searched."""
    data = bytearray(elf({".rodata": b"libx.so\0"}))
    table = struct.unpack_from("<Q", data, 40)[0]
    struct.pack_into("<2Q", data, table + 64 + 24, at, 100)
    assert find_constants(program(bytes(data))) == ()


@given(st.binary(max_size=300))
def test_any_constants(data):
    """Whatever the constants are, names are sorted and short."""
    names = libraries(data + b".so", data)
    assert list(names) == sorted(set(names))
    assert all(len(name) <= 300 for name in names)

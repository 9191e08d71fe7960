"""Single-file .NET applications."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dotnet_files import SIGNATURE, bundle, host
from programs import elf, macho
from stellaops_core.readers.dotnet_bundle import ENTRY_LIMIT, read_bundle, read_entry

PATHS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=150)
FILES = st.dictionaries(PATHS, st.tuples(st.integers(0, 5), st.binary(max_size=300)), max_size=6)
PROGRAMS = {
    "elf": host(),
    "elf32": host(bits=32),
    "stripped": host(stripped=True),
    "pe": host(windows=True),
    "macho": macho({"__DATA,__data": bytes(8) + SIGNATURE}),
}


@given(FILES, st.sampled_from([1, 2, 6]), st.booleans(), st.sampled_from(sorted(PROGRAMS)))
def test_what_was_bundled_is_found(files, version, compress, program):
    """In hosts of all formats, in all versions of the table, compressed or not."""
    data = bundle(files, version=version, compress=compress and version == 6, program=PROGRAMS[program])
    found = read_bundle(data)
    if not found:  # a table that adds nothing behind the host can't be
        pytest.fail("not found")
    assert found.major == version
    assert {entry.path: (entry.kind, read_entry(data, entry, 300)) for entry in found.entries} == files


@pytest.mark.parametrize("data", [*PROGRAMS.values(), elf({".data": b"x"}) + b"appended", b"\x7fELF", b"MZ", b""])
def test_other_programs_bundle_nothing(data):
    """Hosts beside their application, programs with something else behind them, and what is too short."""
    assert read_bundle(data) is None


def test_segments_far_away():
    """A host without section headers whose program headers lie beyond all memory bundles nothing."""
    data = bytearray(PROGRAMS["stripped"] + b"appended")
    for offset in (1 << 63, (1 << 64) - 1):
        struct.pack_into("<Q", data, 32, offset)
        assert read_bundle(bytes(data)) is None


def _table(*fields, form="<IIi"):
    data = bytearray(host())
    at = data.index(SIGNATURE)
    data[at - 8 : at] = struct.pack("<q", len(data))
    return bytes(data) + struct.pack(form, *fields)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_table(7, 0, 0), "version 7"),
        (_table(6, 0, ENTRY_LIMIT + 1), "more than"),
        (_table(6, 0, -1), "more than"),
        (_table(6, 0, 1), "cut off"),
        (_table(6, 0, form="<II"), "cut off"),
        (_table(6, 0, 1) + b"\xff\x7f", "too long"),
        (_table(1, 0, 1) + b"\0" + struct.pack("<qqB", 1 << 40, 1, 1) + b"\1a", "outside"),
        (_table(1, 0, 1) + b"\0" + struct.pack("<qqB", 0, -1, 1) + b"\1a", "outside"),
    ],
)
def test_damaged_tables(data, reason):
    """What can't be is said."""
    with pytest.raises(ValueError, match=reason):
        read_bundle(data)


def test_entries_are_bounded():
    """No entry gives more than asked for, or anything but what it states."""
    data = bundle({"a": (1, bytes(1 << 20))}, compress=True)
    [entry] = read_bundle(data).entries
    assert entry.compressed
    with pytest.raises(ValueError, match="more than"):
        read_entry(data, entry, 1 << 10)
    at = data.index(struct.pack("<qqq", entry.offset, entry.size, entry.compressed))
    lying = data[: at + 8] + struct.pack("<q", 10) + data[at + 16 :]
    [entry] = read_bundle(lying).entries
    with pytest.raises(ValueError, match="not as long"):
        read_entry(lying, entry, 1 << 10)


@given(st.data())
def test_damage_is_a_value_error(data):
    """Changed anywhere, nothing else happens."""
    whole = bytearray(bundle({"App.deps.json": (3, b"{}"), "a.dll": (1, b"abc" * 50)}, compress=True))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    try:
        for entry in found.entries if (found := read_bundle(bytes(whole))) else ():
            read_entry(bytes(whole), entry, 1000)
    except ValueError:
        pass

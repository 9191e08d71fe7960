"""ELF: headers, sections, what the dynamic linker is told, notes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import elf, elf_note
from stellaops_core.readers import elf as reader
from stellaops_core.readers.elf import Dynamic, read_elf

FORMS = [(bits, order) for bits in (32, 64) for order in "<>"]


@pytest.mark.parametrize(("bits", "order"), FORMS)
def test_everything(bits, order):
    """All facts of a file, in both classes and both byte orders."""
    notes = elf_note(b"GNU", 3, b"\xab\xcd", order) + elf_note(b"FDO", 0xCAFE1A7E, b'{"type":"deb"}\0', order)
    told = [(1, "liba.so.1"), (1, "libb.so.2"), (14, "me.so"), (15, "/old"), (29, "$ORIGIN/lib")]
    file = read_elf(
        elf({".text": b"code"}, bits=bits, order=order, dynamic=told, interpreter="/lib/ld.so", notes=notes, entry=77)
    )
    assert (file.bits, file.big_endian, file.machine, file.type, file.entry) == (bits, order == ">", 62, 2, 77)
    assert [section.name for section in file.sections] == [
        "", ".text", ".dynstr", ".dynamic", ".interp", ".note", ".shstrtab"
    ]  # fmt: skip
    assert file.bytes_of(file.section(".text"), 10) == b"code"
    assert file.interpreter == "/lib/ld.so"
    assert file.dynamic == Dynamic(("liba.so.1", "libb.so.2"), "me.so", "/old", "$ORIGIN/lib")
    assert file.build_id == "abcd"
    assert file.package_note == '{"type":"deb"}'
    assert file.damage == ""


def test_a_file_without_any():
    """A static program says nothing to the dynamic linker; without section headers it has no sections."""
    file = read_elf(elf({".text": b"code"}, stripped=True))
    assert (file.sections, file.section(".text"), file.damage) == ((), None, "")
    assert (file.dynamic, file.interpreter, file.build_id, file.package_note) == (Dynamic(), "", "", "")
    assert len(file.segments) == 1


def test_notes_of_object_files():
    """Where nothing is loaded, notes are found by their sections."""
    data = bytearray(elf({".text": b"code"}, notes=elf_note(b"GNU", 3, b"\x01")))
    data[56:58] = bytes(2)  # no program headers
    file = read_elf(bytes(data))
    assert file.build_id == "01"
    assert file.segments == ()


def test_notes_outside_of_segments():
    """Where no segment holds the build's identifier, as Go's linker writes it, sections of notes are looked at."""
    data = bytearray(elf({".text": b"code"}, notes=elf_note(b"Go", 4, b"x") + elf_note(b"GNU", 3, b"\x01")))
    size = len(elf_note(b"Go", 4, b"x"))
    at = 64  # the first program header is the one of notes
    assert struct.unpack_from("<I", data, at)[0] == reader.PT_NOTE
    start = struct.unpack_from("<Q", data, at + 8)[0]
    struct.pack_into("<Q", data, at + 32, size)  # the segment ends behind the first note
    table, count = struct.unpack_from("<Q", data, 40)[0], struct.unpack_from("<H", data, 60)[0]
    for number in range(count):
        if struct.unpack_from("<I", data, table + 64 * number + 4)[0] == 7:
            struct.pack_into("<2Q", data, table + 64 * number + 24, start + size, len(elf_note(b"GNU", 3, b"\x01")))
    file = read_elf(bytes(data))
    assert file.build_id == "01"
    assert [note.owner for note in file.notes] == [b"Go", b"GNU"]


def test_names_that_are_shared(monkeypatch):
    """A file whose entries share a long text doesn't name more than the limit, and is damaged."""
    monkeypatch.setattr(reader, "NEEDED_TEXT_LIMIT", 10)
    file = read_elf(elf(dynamic=[(1, "liba.so"), (1, "lb"), (1, "lc"), (14, "me.so.1")]))
    assert file.dynamic == Dynamic(("liba.so", "lb"), "me.so.1")
    assert "3 libraries" in file.damage


def test_many_notes(monkeypatch):
    """No more places of notes are looked at than the limit."""
    monkeypatch.setattr(reader, "NOTES_LIMIT", 0)
    assert read_elf(elf(notes=elf_note(b"GNU", 3, b"\x01"))).notes == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not an ELF file"),
        (b"\x7fELF", "not an ELF file"),
        (b"\x7fELF\3\1" + bytes(60), "unknown class"),
        (b"\x7fELF\2\3" + bytes(60), "unknown class or byte order"),
        (b"\x7fELF\2\1" + bytes(40), "ends within its header"),
    ],
)
def test_damaged_headers(data, reason):
    """Without a header there is nothing to read."""
    with pytest.raises(ValueError, match=reason):
        read_elf(data)


@pytest.mark.parametrize(
    ("at", "form", "value", "damage"),
    [
        (40, "<Q", 1 << 40, "section headers at 1,099,511,627,776"),
        (58, "<H", 7, "section headers of 7 bytes"),
        (60, "<H", 60_000, "60,000 section headers"),
        (54, "<H", 7, "program headers of 7 bytes"),
        (56, "<H", 5000, "5000 program headers"),
        (32, "<Q", 1 << 40, "program headers at"),
    ],
)
def test_damaged_tables(at, form, value, damage):
    """A table that can't be read is told of, and empty; the others are read."""
    data = bytearray(elf({".text": b"code"}))
    struct.pack_into(form, data, at, value)
    file = read_elf(bytes(data))
    empty = file.headers if "program" in damage else file.sections
    assert empty == ()
    assert damage in file.damage
    assert file.sections or file.headers


def test_many_sections():
    """Where the header has no room for their number, section header 0 has it."""
    data = bytearray(elf({".text": b"code"}))
    start = struct.unpack_from("<Q", data, 40)[0]
    struct.pack_into("<H", data, 60, 0)
    struct.pack_into("<H", data, 62, 0xFFFF)
    struct.pack_into("<Q", data, start + 32, 3)
    struct.pack_into("<I", data, start + 40, 2)
    assert [section.name for section in read_elf(bytes(data)).sections] == ["", ".text", ".shstrtab"]
    struct.pack_into("<Q", data, start + 32, 1 << 40)
    assert "1,099,511,627,776 section headers" in read_elf(bytes(data)).damage


def test_what_is_repeated_is_bounded(monkeypatch):
    """Of needed libraries and of notes no more is read than the limits say."""
    monkeypatch.setattr(reader, "NEEDED_LIMIT", 3)
    monkeypatch.setattr(reader, "NOTE_LIMIT", 40)
    note = elf_note(b"GNU", 9, b"abcd")
    file = read_elf(elf(dynamic=[(1, "x.so")] * 9, notes=note * 9))
    assert file.dynamic.needed == ("x.so",) * 3
    assert len(file.notes) == 40 // len(note)


@given(st.sampled_from(FORMS), st.data())
def test_any_bytes(form, data):
    """Whatever is changed, all facts can be asked for, and only a header is an error."""
    whole = elf({".text": b"code"}, bits=form[0], order=form[1], dynamic=[(1, "a")], interpreter="x", notes=bytes(30))
    changed = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 8))):
        if changed:
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.sampled_from([0, 1, 127, 255]))
    try:
        file = read_elf(bytes(changed))
    except ValueError:
        return
    assert len(file.sections) <= reader.SECTION_LIMIT
    for fact in (file.segments, file.dynamic, file.interpreter, file.notes, file.build_id, file.section(".text")):
        assert fact is not Ellipsis

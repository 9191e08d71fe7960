"""What programs of all formats have in common."""

import pytest

from programs import BASE, PAGE, elf, macho, pe
from stellaops_core.readers.programs import read_programs

BODY = b"0123456789abcdef"


@pytest.mark.parametrize("make", [elf, pe, macho])
@pytest.mark.parametrize("bits", [32, 64])
def test_sections_and_memory(make, bits):
    """A section's content is the same by its name, by its place in the file and by its address."""
    (program,) = read_programs(make({"one": BODY, "two": b"x" * 40}, writable=["two"], bits=bits))
    one, two = program.section("one"), program.section("two")
    assert program.bits == bits
    assert program.bytes_of(one, 4096)[:16] == program.at(one.address, 16) == BODY
    assert program.at(one.address + 10, 3) == b"abc"
    assert program.offset_of(two.address)[0] == two.offset
    assert program.section("none") is None
    writable = [segment for segment in program.segments if segment.writable]
    assert [program.bytes_of(segment, 4096)[:40] for segment in writable] == [b"x" * 40]


@pytest.mark.parametrize("make", [elf, pe, macho])
def test_memory_that_is_not_there(make):
    """Outside of what is loaded there are no bytes, and at its end fewer than asked for."""
    (program,) = read_programs(make({"one": BODY}))
    segment = program.segments[-1]
    assert program.at(segment.address + segment.size, 4) == b""
    assert len(program.at(segment.address + segment.size - 1, 4)) == 1
    assert program.at(0, 4) == program.at(-1, 4) == program.at(segment.address, -4) == b""
    assert program.offset_of(1 << 70) is None


def test_a_section_larger_than_the_limit():
    """Whoever reads a section says how much of it is acceptable."""
    (program,) = read_programs(elf({"one": BODY}))
    with pytest.raises(ValueError, match="16 bytes, more than the 15"):
        program.bytes_of(program.section("one"), 15)


def test_addresses_of_places():
    """The way back from the file to memory."""
    (program,) = read_programs(elf({"one": BODY}))
    one = program.section("one")
    assert program.address_of(one.offset + 3) == one.address + 3
    assert program.address_of(1 << 40) is None


def test_addresses_are_what_they_seem():
    """The builders place things where they say: else the tests above prove little."""
    (program,) = read_programs(pe({"one": BODY}))
    assert program.section("one").address == BASE + PAGE

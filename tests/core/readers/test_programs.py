"""Any program by its first bytes."""

import pytest

from programs import elf, fat, macho, pe, xcoff
from stellaops_core.readers.programs import MAGICS, read_programs


@pytest.mark.parametrize(
    ("data", "formats"),
    [
        (elf(), ["elf"]),
        (pe(), ["pe"]),
        (macho(), ["macho"]),
        (macho(bits=32, order=">"), ["macho"]),
        (fat(macho(), macho()), ["macho", "macho"]),
        (xcoff(), ["xcoff"]),
        (xcoff(bits=32), ["xcoff"]),
    ],
)
def test_formats(data, formats):
    """Each is known by its first bytes."""
    assert [program.format for program in read_programs(data)] == formats
    assert any(data.startswith(magic) for magic in MAGICS)


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", b"MZ", b"MZ is no program" * 9, b"\x7fEL"])
def test_no_programs(data):
    """What is no program at all is no error, DOS programs included."""
    assert read_programs(data) == ()


def test_damage():
    """A damaged header is one."""
    with pytest.raises(ValueError, match="within its header"):
        read_programs(elf()[:30])

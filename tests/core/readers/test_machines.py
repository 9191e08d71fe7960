"""Names of processors."""

import pytest

from programs import elf, macho, pe, xcoff
from stellaops_core.readers import machines
from stellaops_core.readers.machines import machine_of
from stellaops_core.readers.programs import read_programs


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (elf(machine=62), "amd64"),
        (elf(machine=62, bits=32), "amd64p32"),
        (elf(machine=183), "arm64"),
        (elf(machine=21, order=">"), "ppc64"),
        (elf(machine=21), "ppc64le"),
        (elf(machine=8, bits=32), "mipsle"),
        (elf(machine=22, order=">"), "s390x"),
        (elf(machine=243), "riscv64"),
        (elf(machine=40, bits=32), "arm"),
        (elf(machine=40_000), "elf-40000"),
        (pe({".text": b"x"}), "amd64"),
        (pe({".text": b"x"}, machine=0x8664 ^ 0x7B79), "amd64"),
        (pe({".text": b"x"}, machine=0xAA64 ^ 0x4644), "arm64"),
        (pe({".text": b"x"}, machine=0x1234), "pe-4660"),
        (macho({"__text": b"x"}, machine=0x100000C), "arm64"),
        (macho({"__text": b"x"}, machine=99), "macho-99"),
        (xcoff({".text": b"x"}), "ppc64"),
        (xcoff({".text": b"x"}, bits=32), "ppc"),
    ],
)
def test_names(data, name):
    """As OCI spells them; .NET's programs for other systems than Windows too; a number where there is no name."""
    (program,) = read_programs(data)
    assert machine_of(program) == name


def test_systems_are_unambiguous():
    """No number of a processor, mixed with a system's, is the number of another processor."""
    masks = (0, *machines.PE_SYSTEMS)
    mixed = {}
    for mask in masks:
        for number, name in machines.PE.items():
            mixed.setdefault(number ^ mask, set()).add(name)
    assert all(len(names) == 1 for names in mixed.values())

"""Manifests of .NET assemblies."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dotnet_files import assembly
from programs import pe
from stellaops_core.readers.cli_metadata import read_assembly, read_references
from stellaops_core.readers.pe import read_pe

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
NUMBERS = st.tuples(*[st.integers(0, 0xFFFF)] * 4)
INFORMATIONAL = "AssemblyInformationalVersionAttribute"


@given(
    NAMES,
    NUMBERS,
    st.sampled_from(["", "de", "zh-Hans"]),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=200),
    st.booleans(),
    st.sampled_from([0, 5, 3000]),
    st.sampled_from([32, 64]),
)
def test_what_was_written_is_read(name, version, culture, informational, wide, fields, bits):
    """Whatever the widths of heaps, coded indexes and addresses."""
    attributes = {"AssemblyCompanyAttribute": "Acme", INFORMATIONAL: informational, "OtherAttribute": "x"}
    data = assembly(name, version, culture=culture, attributes=attributes, wide=wide, fields=fields, bits=bits)
    found = read_assembly(read_pe(data))
    assert (found.name, found.version, found.culture) == (name, ".".join(map(str, version)), culture)
    assert (found.informational, found.company, found.is_reference) == (informational, "Acme", False)


def test_reference_assemblies_are_told():
    """They describe an interface and hold no code."""
    assert read_assembly(read_pe(assembly("R", attributes={"ReferenceAssemblyAttribute": ""}))).is_reference


def test_other_programs_have_no_manifest():
    """A native library is none of .NET's."""
    assert read_assembly(read_pe(pe({".text": b"x"}))) is None


@given(st.data())
def test_damage_is_a_value_error(data):
    """Cut or changed anywhere, nothing else happens."""
    whole = bytearray(assembly("Name", attributes={INFORMATIONAL: "1.2.3"}, fields=3))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0x200, len(whole) - 1))
        whole[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    cut = bytes(whole[: data.draw(st.integers(0x200, len(whole)))])
    with contextlib.suppress(ValueError):
        read_assembly(read_pe(cut))


def test_metadata_outside_of_the_file():
    """It is said, not read."""
    with pytest.raises(ValueError, match=r"metadata|cut off"):
        read_assembly(read_pe(assembly("Name")[:0x220]))


@given(
    st.lists(NAMES, max_size=6),
    st.lists(NAMES, max_size=6),
    st.booleans(),
    st.sampled_from([0, 3000]),
)
def test_references_are_read(assemblies, modules, wide, fields):
    """Assemblies and native libraries, whatever the widths."""
    data = assembly("A", references=assemblies, modules=modules, wide=wide, fields=fields)
    found = read_references(read_pe(data))
    assert (found.assemblies, found.modules) == (tuple(sorted(set(assemblies))), tuple(sorted(set(modules))))


def test_other_programs_refer_to_no_assemblies():
    """Nor does a damaged one raise anything but `ValueError`."""
    assert read_references(read_pe(pe({".text": b"x"}))).assemblies == ()
    data = assembly("A", references=["B"])
    for end in range(0x200, len(data), 7):
        with contextlib.suppress(ValueError):
            read_references(read_pe(data[:end]))

"""The wire format, held to the examples of its documentation and to itself."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.sbom.protobuf_wire import (
    FIXED32,
    FIXED64,
    LENGTH,
    VARINT,
    fields,
    read_single,
    signed,
    single,
    tag,
    varint,
)


@pytest.mark.parametrize(
    ("number", "written"), [(0, "00"), (1, "01"), (127, "7f"), (150, "9601"), (-2, "feffffffffffffffff01")]
)
def test_varints_of_the_documentation(number, written):
    """150 is 96 01, and -2 takes ten bytes."""
    assert varint(number).hex() == written


def test_message_of_the_documentation():
    """`08 96 01` is field 1 with 150; `12 07 …` is field 2 with seven bytes of text."""
    assert list(fields(bytes.fromhex("089601"), 0, 3)) == [(1, VARINT, 150, 0)]
    data = bytes.fromhex("120774657374696e67")
    assert list(fields(data, 0, len(data))) == [(2, LENGTH, 2, 9)]
    assert data[2:9] == b"testing"


@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_come_back(number):
    """As signed 64-bit integers."""
    data = tag(5, VARINT) + varint(number)
    ((field, wire_type, value, _),) = fields(data, 0, len(data))
    assert (field, wire_type, signed(value)) == (5, VARINT, number)


@given(st.floats(width=32, allow_nan=False))
def test_floats_come_back(number):
    """32 bits, least significant byte first; 64-bit fields are passed on as they are."""
    data = tag(1, FIXED32) + single(number) + tag(2, FIXED64) + struct.pack("<Q", 7)
    (_, _, bits, _), last = fields(data, 0, len(data))
    assert read_single(bits) == number
    assert last == (2, FIXED64, 7, 0)


@pytest.mark.parametrize(
    "data",
    ["08", "0880", "12", "1207", "120774", "0d000000", "09", "00", "0001", "0b", "0c", "0e", "0f", "08" + "ff" * 11],
)
def test_what_is_no_message_is_refused(data):
    """Cut off, without a number, a group, or a number without an end."""
    with pytest.raises(ValueError, match=r"field|number"):
        list(fields(bytes.fromhex(data), 0, len(data) // 2))


@given(st.binary(max_size=40))
def test_any_bytes(data):
    """Are fields that lie within them, or a `ValueError`."""
    try:
        for _, wire_type, value, end in fields(data, 0, len(data)):
            assert wire_type != LENGTH or 0 <= value <= end <= len(data)
    except ValueError:
        pass

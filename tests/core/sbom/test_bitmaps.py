"""Sets of numbers as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from stellaops_core.sbom.bitmaps import read_bitmap, write_bitmap

NUMBERS = st.sets(st.one_of(st.integers(0, 300), st.integers(65_530, 65_540), st.integers(0, 2**32 - 1)), max_size=60)
WIDE = [set(), set(range(5000)), set(range(0, 200_000, 3)), {0, 2**32 - 1}, set(range(70_000)) - {7}]


@given(st.one_of(NUMBERS, st.sampled_from(WIDE)), NUMBERS)
def test_round_trip(numbers, others):
    """What is written is read; and equal sets have equal bytes, however they came about."""
    data = write_bitmap(numbers)
    assert set(read_bitmap(data)) == numbers
    roundabout = BitMap(sorted(numbers - others, reverse=True))
    roundabout.run_optimize()
    roundabout |= BitMap(numbers | others)
    for one in others - numbers:
        roundabout.discard(one)
    assert write_bitmap(roundabout) == data


@given(NUMBERS, st.data())
def test_damage(numbers, data):
    """Any bytes are refused, or are exactly the set that they are read as."""
    damaged = bytearray(write_bitmap(numbers))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_bitmap(bytes(damaged))
    except ValueError:
        return
    assert sorted(found) == list(found)
    assert found.serialize() == damaged


@pytest.mark.parametrize("numbers", WIDE)
def test_cut_or_longer(numbers):
    """Not a byte less, nor one more."""
    data = write_bitmap(numbers)
    for damaged in (b"", data[:-1], data[: len(data) // 2], data + b"\0"):
        with pytest.raises(ValueError, match="bitmap"):
            read_bitmap(damaged)

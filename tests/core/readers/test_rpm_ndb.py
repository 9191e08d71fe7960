"""NDB: frames, checksums, slots."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpm_files import ndb
from stellaops_core.readers.rpm_ndb import read_blobs


@pytest.mark.property
@given(st.lists(st.binary(max_size=200), max_size=20))
def test_round_trip(made):
    """Headers of any length come back in order."""
    assert list(read_blobs(ndb(made))) == made


def test_empty_slots_are_passed_over():
    """What was erased leaves a slot that leads nowhere."""
    data = bytearray(ndb([b"one", b"two", b"three"]))
    data[48:64] = struct.pack("<4s3I", b"Slot", 0, 0, 0)
    assert list(read_blobs(bytes(data))) == [b"one", b"three"]


def read_all(data):
    found = []
    with pytest.raises(ValueError) as caught:
        found.extend(read_blobs(bytes(data)))
    return found, str(caught.value)


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (4096, b"X", "package 1 has a damaged frame"),
        (4100, b"\2", "package 1 has a damaged frame"),
        (4108, b"\xff", "package 1 has a damaged frame"),
        (4112, b"X", "package 1 has a wrong checksum"),
        (4116, b"\xff", "package 1 has a wrong checksum"),
        (32, b"X", "slot 2 is none"),
        (44, b"\xff", "package 1 is cut off"),
        (44, b"\x03", "package 1 has a damaged frame"),
        (40, b"\xff\xff", "package 1 is cut off"),
    ],
)
def test_damage_hides_nothing_else(place, value, reason):
    """A damaged frame or slot costs its package only."""
    data = bytearray(ndb([b"one" * 10, b"two"]))
    data[place : place + len(value)] = value
    found, said = read_all(data)
    assert found == [b"two"]
    assert reason in said


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not an NDB file"),
        (b"RpmP" + bytes(100), "not an NDB file"),
        (struct.pack("<4s3I", b"RpmP", 1, 0, 1).ljust(4096, b"\0"), "of version 1"),
        (struct.pack("<4s3I", b"RpmP", 0, 0, 2).ljust(4096, b"\0"), "cut off"),
    ],
)
def test_what_is_none(data, reason):
    """Other files, other versions and cut off tables are refused."""
    with pytest.raises(ValueError, match=reason):
        list(read_blobs(data))


def test_slots_share_no_frames():
    """A table whose 250 slots all lead to one frame can't make a small file large."""
    data = bytearray(ndb([b"x" * 4000]))
    data[32:4096] = bytes(data[32:48]) * 254
    found, said = read_all(data)
    assert sum(map(len, found)) <= len(data)
    assert "takes the place of another" in said


@pytest.mark.property
@given(st.binary(max_size=5000), st.integers(0, 4))
def test_anything(tail, pages):
    """Whatever follows a valid head: headers, or a ValueError, and nothing else."""
    data = struct.pack("<4s3I", b"RpmP", 0, 1, pages) + tail
    try:
        found = list(read_blobs(data))
    except ValueError:
        return
    assert sum(map(len, found)) <= len(data)

"""Zipped eggs."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.egg import DIRECTORY_LIMIT, MEMBER_LIMIT, read_egg


def egg(members, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_members():
    """Only what says what the egg is comes out."""
    members = {"EGG-INFO/PKG-INFO": b"Name: a", "EGG-INFO/requires.txt": b"b", "a.py": b"", "EGG-INFO/x": b""}
    assert read_egg(egg(members)) == {"EGG-INFO/PKG-INFO": b"Name: a", "EGG-INFO/requires.txt": b"b"}
    assert read_egg(egg({"a.py": b""})) == {}


def test_bomb():
    """A member that inflates without end is cut off at the limit."""
    [data] = read_egg(egg({"EGG-INFO/PKG-INFO": b"\0" * (8 * MEMBER_LIMIT)})).values()
    assert len(data) == MEMBER_LIMIT


def test_directory_is_bounded():
    """A directory that would fill the memory is refused before it is read, whatever ends the file claims to have."""
    good = egg({"EGG-INFO/PKG-INFO": b"Name: a"})
    end = good.rfind(b"PK\x05\x06")
    huge = good[: end + 12] + (DIRECTORY_LIMIT + 1).to_bytes(4, "little") + good[end + 16 :]
    for data in (huge, huge + good[end:], huge[end:] + good):
        with pytest.raises(ValueError, match="larger than"):
            read_egg(data)
    with pytest.raises(ValueError, match="not a zip"):
        read_egg(good[:end] + b"PK\x06\x07" + b"\0" * 16 + good[end:])


GOOD = egg({"EGG-INFO/PKG-INFO": b"Name: a\nVersion: 1\n" * 5, "EGG-INFO/requires.txt": b"b"})


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6), st.booleans())
def test_mutations(changes, cut):
    """A damaged archive gives members or a `ValueError`."""
    data = bytearray(GOOD)
    for at, value in changes:
        data[at] = value
    try:
        members = read_egg(bytes(data[: changes[0][0]] if cut else data))
    except ValueError:
        return
    assert members.keys() <= {"EGG-INFO/PKG-INFO", "EGG-INFO/requires.txt"}

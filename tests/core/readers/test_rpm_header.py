"""Headers: types, places, order."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpm_files import BINARY, CHAR, INT8, INT16, INT32, INT64, STRING, STRINGS, TRANSLATED, header
from stellaops_core.readers.rpm_header import INDEX_LIMIT, decode, read_header

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.one_of(
    st.tuples(st.just(STRING), TEXT),
    st.tuples(st.sampled_from([STRINGS, TRANSLATED]), st.lists(TEXT, min_size=1, max_size=5)),
    st.tuples(st.just(BINARY), st.binary(min_size=1, max_size=20)),
    *(
        st.tuples(st.just(kind), st.lists(st.integers(0, top), min_size=1, max_size=5))
        for kind, top in ((CHAR, 255), (INT8, 255), (INT16, 2**16 - 1), (INT32, 2**32 - 1), (INT64, 2**64 - 1))
    ),
)


@pytest.mark.property
@given(st.dictionaries(st.integers(100, 6000), VALUES, min_size=1, max_size=12), st.booleans())
def test_round_trip(values, region):
    """Every type comes back as it was written, inside a region or not."""
    wanted = {tag: tuple(value) if isinstance(value, list) else value for tag, (_, value) in values.items()}
    assert read_header(header(values, region=region), set(values)) == wanted


def test_only_what_is_asked_for():
    """Other tags are not read, so that damage in them does no harm."""
    blob = bytearray(header({1000: (STRING, "a"), 1004: (STRING, "b")}, region=False))
    blob[8 + 16 + 4 : 8 + 16 + 8] = struct.pack(">I", 77)
    assert read_header(bytes(blob), {1000}) == {1000: "a"}
    with pytest.raises(ValueError, match="tag 1004 is of unknown type 77"):
        read_header(bytes(blob), {1004})


def test_the_last_counts():
    """What is added behind the signed region replaces what stands in it."""
    assert read_header(header([(1000, (STRING, "old")), (1000, (STRING, "new"))]), {1000}) == {1000: "new"}


def test_old_encodings():
    """What is no UTF-8 is Latin-1."""
    assert read_header(header({1000: (STRING, b"J\xf6rg")}), {1000}) == {1000: "Jörg"}
    assert decode("Jörg".encode()) == "Jörg"


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (b"", "less than 8 bytes"),
        (struct.pack(">2I", 0, 0), "cut off, or none"),
        (struct.pack(">2I", INDEX_LIMIT + 1, 0) + bytes(16 * (INDEX_LIMIT + 1)), "cut off, or none"),
        (struct.pack(">2I", 1, 100) + bytes(50), "cut off, or none"),
        (struct.pack(">6I", 1, 4, 1000, STRING, 4, 1) + b"a\0\0\0", "outside of its header"),
        (struct.pack(">6I", 1, 4, 1000, INT32, 0, 2) + b"aaaa", "tag 1000 is cut off"),
        (struct.pack(">6I", 1, 4, 1000, BINARY, 0, 5) + b"aaaa", "tag 1000 is cut off"),
        (struct.pack(">6I", 1, 4, 1000, STRINGS, 0, 3) + b"a\0b\0", "fewer texts"),
        (struct.pack(">6I", 1, 4, 1000, STRINGS, 0, 2) + b"a\0bb", "fewer texts"),
    ],
)
def test_damage(blob, reason):
    """What leads out of a header is refused."""
    with pytest.raises(ValueError, match=reason):
        read_header(blob, {1000})


@pytest.mark.property
@given(st.lists(st.tuples(*[st.integers(0, 40)] * 4), max_size=8), st.binary(max_size=60))
def test_anything(entries, store):
    """Whatever an index says: values of the header's own bytes, or a ValueError."""
    blob = struct.pack(">2I", len(entries), len(store)) + b"".join(struct.pack(">4I", *one) for one in entries) + store
    try:
        read_header(blob, range(41))
    except ValueError:
        return
    assert entries

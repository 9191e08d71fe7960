"""Tables of texts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stellaops_core.errors import TargetError
from stellaops_core.sbom.index_texts import BLOCK, Texts, write_texts

TEXTS = st.sets(
    st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), st.text("ab", max_size=9)), max_size=70
)


def table(texts):
    return Texts(memoryview(write_texts(texts)), len(texts))


@settings(max_examples=60)
@given(TEXTS, TEXTS)
def test_finds_what_is_there(texts, others):
    """Each text by its number, its number by the text, and nothing that isn't there."""
    ordered = sorted(texts, key=str.encode)
    found = table([one.encode() for one in ordered])
    found.check()
    assert list(found) == ordered == [found[number] for number in range(len(found))]
    assert [found.find(one) for one in ordered] == list(range(len(ordered)))
    assert {found.find(one) for one in others - texts} <= {None}


def test_texts_share_their_beginnings():
    """A hundred like names take little; a block's first is whole."""
    names = [b"pkg:deb/debian/a-rather-long-name-%04d" % number for number in range(100)]
    assert len(write_texts(names)) < 100 * 4 + 7 * (4 + 38)
    assert b"name-0016" in write_texts(names)


def test_a_number_that_is_none():
    """Beyond the last, or below the first."""
    for number in (-1, 2):
        with pytest.raises(IndexError):
            table([b"a", b"b"])[number]


@pytest.mark.parametrize(
    ("data", "count", "reason"),
    [
        (b"", 1, "cut short"),
        (b"\0\0\0\0", 1, "out of its table"),
        (b"\x09\0\0\0\x01a", 1, "out of its table"),
        (b"\0\0\0\0\x02a", 1, "out of its table"),
        (b"\0\0\0\0\x81\x80\x80\x80\x80\x00a", 1, "out of its table"),
        (b"\0\0\0\0\x01a\x02\x00", 2, "more than there is"),
        (b"\0\0\0\0\x01b\x00\x01a", 2, "not in order"),
        (b"\0\0\0\0\x01a\x01\x00", 2, "not in order"),
        (b"\0\0\0\0\x02ab\x01\x02bc", 2, "not written as"),
        (b"\0\0\0\0\x81\x00a", 1, "not written as"),
        (b"\0\0\0\0\x01az", 1, "not written as"),
        (b"\x01\0\0\0z\x01a", 1, "not written as"),
        (b"\0\0\0\0\x01\xff", 1, "not UTF-8"),
        (b"a", 0, "not written as"),
    ],
)
def test_lies(data, count, reason):
    """Each way to contradict the format is refused with one error."""
    with pytest.raises(TargetError, match=reason):
        Texts(memoryview(data), count).check()


def test_blocks_begin_anew():
    """A search reads one block of 16, so damage elsewhere does not matter to it."""
    names = [b"n%03d" % number for number in range(4 * BLOCK)]
    data = bytearray(write_texts(names))
    data[-3] ^= 0xFF
    found = Texts(memoryview(data), len(names))
    assert found.find("n003") == 3
    assert found[20] == "n020"
    with pytest.raises(TargetError):
        found.check()

"""Berkeley DB hashes: pairs, both byte orders, and what is refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpm_files import berkeley
from stellaops_core.readers.berkeley import read_pairs

ORDERS = pytest.mark.parametrize("order", ["<", ">"])


def values(data, order="<"):
    return {struct.unpack(order + "I", key)[0]: value for key, value in read_pairs(data)}


@pytest.mark.property
@given(
    st.lists(st.integers(1, 9000), max_size=30),
    st.sampled_from("<>"),
    st.sampled_from([512, 4096, 16384]),
    st.sampled_from([8, 9, 10]),
    st.sampled_from([1, 4, 16]),
    st.sampled_from([0, 100]),
)
def test_every_length(lengths, order, page_size, version, buckets, inline):
    """Values of any length, on their bucket's page or pages of their own, in few or many buckets, chained or not."""
    made = [bytes([number]) * length for number, length in enumerate(lengths, 1)]
    data = berkeley(made, order=order, page_size=page_size, version=version, buckets=buckets, inline=inline)
    found = values(data, order)
    assert found.pop(0) == struct.pack(order + "I", len(made))
    assert found == dict(enumerate(made, 1))


@ORDERS
@pytest.mark.parametrize(("magic", "method"), [(0x053162, "B-tree"), (0x042253, "queue"), (0x074582, "heap")])
def test_other_methods(order, magic, method):
    """Files of the other access methods are refused by name."""
    data = struct.pack(order + "12xI", magic).ljust(512, b"\0")
    with pytest.raises(ValueError, match=f"of the {method} method"):
        list(read_pairs(data))


@ORDERS
@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (16, b"\7\0\0\0", "of version"),
        (20, b"\1\2\3\4", "damaged first page"),
        (24, b"\1", "encrypted or checksummed"),
        (25, b"\x09", "damaged first page"),
        (26, b"\1", "encrypted or checksummed"),
        (72, b"\xff\xff\xff\x00", "more buckets than pages"),
        (12, b"\0\0\0\0", "not a Berkeley DB file"),
    ],
)
def test_first_page(order, place, value, reason):
    """Versions, page sizes and encryption that can't be read are told of."""
    data = bytearray(berkeley([b"x" * 100], order=order))
    data[place : place + len(value)] = value if order == "<" else value[::-1]
    with pytest.raises(ValueError, match=reason):
        list(read_pairs(bytes(data)))


def test_too_short():
    """Less than a first page is no database."""
    for size in (0, 4, 511):
        with pytest.raises(ValueError, match="not a Berkeley DB file"):
            list(read_pairs(bytes(size)))


def page_of(data, kind, *, nth=0):
    """Where the nth page of a kind begins."""
    return [at for at in range(4096, len(data), 4096) if data[at + 25] == kind][nth]


def read_all(data):
    found = []
    with pytest.raises(ValueError) as caught:
        found.extend(read_pairs(bytes(data)))
    return found, str(caught.value)


def test_a_freed_page_is_not_read():
    """Pages that no bucket leads to are left alone, whatever they hold."""
    data = bytearray(berkeley([b"x" * 100] * 8, buckets=4, inline=200))
    stale = bytearray(data[page_of(data, 13) :][:4096])
    pages = len(data) // 4096
    data[32:36] = struct.pack("<I", pages)
    assert list(read_pairs(bytes(data + stale))) == list(read_pairs(bytes(data)))


def test_damage_hides_nothing_else():
    """One overwritten page costs its value or its bucket; all others are read before the error."""
    made = [bytes([number]) * 5000 for number in range(1, 11)]
    for kind, lost in ((7, 1), (13, 2)):
        data = bytearray(berkeley(made))
        data[page_of(data, kind, nth=1) + 25] = 99
        found, reason = read_all(data)
        assert 11 - lost - 1 <= len(found) < 11
        assert reason.startswith("1 pages or items are damaged")


def test_loops_end():
    """A bucket, and a value, that lead back to their own pages are told of."""
    data = bytearray(berkeley([b"x" * 9000]))
    for kind in (7, 13):
        looped = bytearray(data)
        at = page_of(data, kind)
        looped[at + 16 : at + 20] = struct.pack("<I", at // 4096)
        _, reason = read_all(looped)
        assert "is used twice" in reason


def test_values_share_no_pages():
    """Values that all lead to one chain of pages can't make a small file large."""
    data = bytearray(berkeley([b"x" * 4000] * 60, buckets=1))
    start = page_of(data, 13)
    places = struct.unpack_from("<122H", data, start + 26)[3::2]  # values of the packages
    for place in places:
        data[start + place : start + place + 12] = data[start + places[0] : start + places[0] + 12]
    found, reason = read_all(data)
    assert sum(len(value) for _, value in found) < 5000
    assert "is used twice" in reason


@pytest.mark.property
@given(st.data())
def test_anything(data):
    """Whatever bytes are changed: pairs, or a ValueError, and nothing else; never more bytes than the file."""
    order = data.draw(st.sampled_from("<>"))
    content = bytearray(berkeley([b"x" * length for length in (3, 700, 6000)], order=order, page_size=512, inline=20))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = list(read_pairs(bytes(content)))
    except ValueError:
        return
    assert sum(len(key) + len(value) for key, value in found) <= len(content)

"""Zip archives as Java sees them."""

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jars import jar
from stellaops_core.readers.jar import DIRECTORY_LIMIT, Archive

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30).filter(
    lambda name: not name.endswith(".class")
)
FILES = st.dictionaries(NAMES, st.binary(max_size=300), max_size=8)


class Pipe(io.RawIOBase):
    """A file that can't seek: what is written to it has data descriptors."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += data
        return len(data)


def written(files, *, method, piped, wide, comment):
    target = Pipe() if piped else io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.comment = comment
        for name, data in files.items():
            with archive.open(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), "w", force_zip64=wide) as file:
                file.write(data)
    return bytes(target.data) if piped else target.getvalue()


def content(archive, limit=1 << 20):
    return {entry.name: archive.read(entry, limit) for entry in archive.entries(lambda _: True)}


@settings(max_examples=200)
@given(
    FILES,
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    st.booleans(),
    st.booleans(),
    st.binary(max_size=40),
    st.binary(max_size=40),
    st.binary(max_size=10),
)
def test_reads_what_was_written(files, method, piped, wide, before, comment, after):
    """Any files come back: stored or deflated, with data descriptors, zip64 fields, a comment, a script before."""
    data = before + written(files, method=method, piped=piped, wide=wide, comment=comment)
    archive = Archive(b"x" * 7 + data + after, 7, 7 + len(data))
    assert content(archive) == files


def test_offsets_may_count_the_script():
    """A launch script is passed over whether the archive's offsets count its bytes or not."""
    plain = jar({"a": "1"})
    moved = bytearray(b"#!/bin/sh\n" + plain)
    at = moved.rfind(b"PK\1\2")
    struct.pack_into("<L", moved, at + 42, 10)
    struct.pack_into("<L", moved, moved.rfind(b"PK\5\6") + 16, at)
    for data in (b"#!/bin/sh\n" + plain, bytes(moved)):
        assert content(Archive(data)) == {"a": b"1"}


def test_zip64_end():
    """The directory is found through a zip64 end record."""
    plain = jar({"a": "1"})
    at = plain.rfind(b"PK\5\6")
    start = plain.rfind(b"PK\1\2")
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, at - start, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert content(Archive(plain[:at] + end64 + locator + end)) == {"a": b"1"}


def wide(fields, before=b""):
    """An archive of one stored file `a`, whose sizes and offset stand in a zip64 field as far as `fields` has them."""
    plain = jar({"a": "12345"}, stored=True)
    at, end = plain.rfind(b"PK\1\2"), plain.rfind(b"PK\5\6")
    header = bytearray(plain[at:end])
    for offset in (24, 20, 42)[: len(fields)]:
        struct.pack_into("<L", header, offset, 0xFFFFFFFF)
    extra = before + struct.pack(f"<2H{len(fields)}Q", 1, 8 * len(fields), *fields)
    struct.pack_into("<H", header, 30, len(extra))
    tail = bytearray(plain[end:])
    struct.pack_into("<L", tail, 12, len(header) + len(extra))
    return plain[:at] + bytes(header) + extra + bytes(tail)


@pytest.mark.parametrize("fields", [(5,), (5, 5), (5, 5, 0)])
@pytest.mark.parametrize("before", [b"", struct.pack("<2H3s", 0xCAFE, 3, b"abc")])
def test_zip64_fields(fields, before):
    """Sizes and offset of large archives, behind other fields as well."""
    assert content(Archive(wide(fields, before))) == {"a": b"12345"}


@pytest.mark.parametrize(
    "data", [wide((1 << 50,)), wide((5, 1 << 50)), wide((5, 5, 1 << 60)), wide((5, 5, (1 << 64) - 1))]
)
def test_zip64_fields_lie(data):
    """Sizes and offsets beyond the archive are reasons not to read it."""
    archive = Archive(data)
    [entry] = archive.entries(lambda _: True)
    for read in (archive.extent, lambda entry: archive.read(entry, 100)):
        with pytest.raises(ValueError, match=r"larger|beyond|local header|contradict"):
            read(entry)


def test_zip64_end_missing():
    """A locator that leads nowhere."""
    plain = jar({"a": "1"})
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 5, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    with pytest.raises(ValueError, match="zip64"):
        Archive(plain[: plain.rfind(b"PK\5\6")] + bytes(60) + locator + end)


def test_classes_are_not_asked_about():
    """Classes, most of any archive, are not offered."""
    asked = []
    list(Archive(jar({"a/B.class": "", "c": ""})).entries(asked.append))
    assert asked == [b"c"]


def test_holds():
    """A folder is held if a name begins with it, not if a name has it inside."""
    archive = Archive(jar({"shaded/org/a/B.class": "", "org/c/D.class": ""}))
    assert archive.holds(b"org/c/")
    assert not archive.holds(b"org/a/")
    assert not archive.holds(b"d/")
    assert archive.mentions(b"org/a/")


def test_extent():
    """What is stored can be read in place; what is deflated can't."""
    data = jar({"a": "12345"}, stored=True)
    [entry] = Archive(data).entries(lambda _: True)
    assert data[slice(*Archive(data).extent(entry))] == b"12345"
    deflated = Archive(jar({"a": "12345"}))
    assert deflated.extent(next(deflated.entries(lambda _: True))) is None


def edited(name, *, directory=None, local=None, data=b"1" * 1000):
    """An archive of one file with fields overwritten: {offset in the header: (format, value)}."""
    archive = bytearray(jar({name: data}))
    for at, fields in ((archive.rfind(b"PK\1\2"), directory), (0, local)):
        for offset, (form, value) in (fields or {}).items():
            struct.pack_into(form, archive, at + offset, value)
    return bytes(archive)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (edited("a", directory={8: ("<H", 1)}), "encrypted"),
        (edited("a", directory={10: ("<H", 14)}), "method 14"),
        (edited("a", directory={16: ("<L", 5)}), "checksum"),
        (edited("a", directory={24: ("<L", 999)}), "checksum"),
        (edited("a", directory={24: ("<L", 1001)}), "checksum"),
        (edited("a", directory={20: ("<L", 100_000)}), "reaches beyond"),
        (edited("a", directory={24: ("<L", 1 << 30)}), "larger than"),
        (edited("a", directory={42: ("<L", 3)}), "local header"),
        (edited("a", directory={42: ("<L", 1 << 31)}), "local header"),
        (edited("a", local={0: ("<L", 0)}), "local header"),
        (edited("a", local={31: ("<L", 0xFFFFFFFF)}), "inflate"),
    ],
)
def test_damaged_entries(data, reason):
    """What an entry states wrongly is a reason not to read it, and never more bytes than stated."""
    archive = Archive(data)
    [entry] = archive.entries(lambda _: True)
    with pytest.raises(ValueError, match=reason):
        archive.read(entry, 1 << 20)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"no zip", "not a zip archive"),
        (jar({"a": "1"})[:-5], "not a zip archive"),
        (jar({"a": "1"})[-30:], "not a zip archive"),
        (b"PK\5\6" + b"\xff" * 18, "central directory"),
        (b"PK\5\6" + bytes(8) + struct.pack("<2LH", DIRECTORY_LIMIT + 1, 0, 0), "central directory of more"),
    ],
)
def test_no_archives(data, reason):
    """What has no central directory is no archive."""
    with pytest.raises(ValueError, match=reason):
        Archive(data)


def test_directory_breaks_off():
    """Entries before the damage come, then the reason."""
    data = bytearray(jar({"a": "1", "b": "2"}))
    struct.pack_into("<L", data, data.rfind(b"PK\1\2"), 0)
    entries = Archive(bytes(data)).entries(lambda _: True)
    assert next(entries).name == "a"
    with pytest.raises(ValueError, match="breaks off"):
        next(entries)


def test_directory_is_cut_off():
    """A directory whose last header is cut off."""
    data = jar({"a": "1"})
    at, end = data.rfind(b"PK\1\2"), bytearray(data[data.rfind(b"PK\5\6") :])
    struct.pack_into("<L", end, 12, 20)
    with pytest.raises(ValueError, match="breaks off"):
        content(Archive(data[: at + 20] + bytes(end)))


def test_end_in_a_comment():
    """The end record is the one whose comment reaches to the end, not what looks like one in it."""
    data = jar({"a": "1"}, comment=b"PK\5\6" + bytes(30))
    assert content(Archive(data)) == {"a": b"1"}


def test_a_bomb_gives_what_it_states():
    """A stream that inflates to more than its entry states is cut off at that."""
    data = edited("a", directory={24: ("<L", 10)}, data=b"\0" * 10_000_000)
    archive = Archive(data)
    [entry] = archive.entries(lambda _: True)
    assert archive.head(entry, entry.size) == bytes(10)
    assert archive.head(entry, 0) == b""


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_500_000])
@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("filling", [b"\0", bytes(range(251))])
def test_large_content(size, stored, filling):
    """Content of any size comes back whole, whether it is unpacked or read, and in part as its head."""
    data = (filling * (size // len(filling) + 1))[:size]
    archive = Archive(jar({"a": data}, stored=stored))
    [entry] = archive.entries(lambda _: True)
    assert archive.unpack(entry, size)[:] == archive.read(entry, size) == data
    assert archive.head(entry, size // 2) == data[: size // 2]


@settings(max_examples=300)
@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 100))
def test_damage(noise, at, cut):
    """Noise anywhere: content or `ValueError`."""
    data = bytearray(jar({"META-INF/MANIFEST.MF": "A: b\n", "x/y.jar": jar({"z": "1"})}))
    data[at : at + cut] = noise
    try:
        content(Archive(bytes(data)))
    except ValueError:
        return

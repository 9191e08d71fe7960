"""The tar reader against Python's own writer, against old dialects, and against damage."""

import io
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.errors import CorruptImage, StellaError, Truncated
from stellaops_core.images import tar as images_tar
from stellaops_core.images.tar import DIRECTORY, FILE, HARD_LINK, OTHER, SPARSE, SYMLINK, Tar, clean
from tars import END, header, pax

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=300
).filter(lambda name: not name.endswith("/"))
FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def cut(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.property
@given(
    files=st.dictionaries(NAMES, st.binary(max_size=2000), max_size=5),
    dialect=st.sampled_from(FORMATS),
    piece=st.integers(1, 3000),
)
def test_reads_what_tarfile_writes(files: dict[str, bytes], dialect: int, piece: int) -> None:
    """Names of any length and alphabet, in all dialects, whatever the pieces the stream comes in."""
    buffer = io.BytesIO()
    written = {}
    with tarfile.open(fileobj=buffer, mode="w", format=dialect) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            try:
                tar.addfile(entry, io.BytesIO(data))
            except ValueError:  # ustar has no room for every name
                continue
            written[name.encode()] = data
    reader = Tar(cut(buffer.getvalue(), piece))
    assert {entry.path: reader.content(entry) for entry in reader if entry.kind == FILE} == written


@pytest.mark.parametrize("dialect", FORMATS)
def test_kinds(dialect: int) -> None:
    """Links keep their targets, devices and pipes have no content, long link names are joined."""
    buffer = io.BytesIO()
    target = "t" * 90 if dialect == tarfile.USTAR_FORMAT else "t" * 300
    with tarfile.open(fileobj=buffer, mode="w", format=dialect) as tar:
        for name, kind in (
            ("d", tarfile.DIRTYPE),
            ("s", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("c", tarfile.CHRTYPE),
            ("p", tarfile.FIFOTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
            tar.addfile(entry)
    entries = list(Tar([buffer.getvalue()]))
    assert [entry.kind for entry in entries] == [DIRECTORY, SYMLINK, HARD_LINK, OTHER, OTHER]
    assert [entry.link for entry in entries] == [b"", target.encode(), target.encode(), b"", b""]


def test_base_256_size() -> None:
    """GNU writes sizes over 8 GiB in binary; small ones may be, too."""
    data = header(b"big", b"\x80" + (5).to_bytes(11, "big")) + b"12345".ljust(512, b"\0") + END
    tar = Tar([data])
    assert [tar.content(entry) for entry in tar] == [b"12345"]


@pytest.mark.parametrize("size", [b"\xff" * 12, b"-1", b"99999999999x", b"zz"])
def test_impossible_sizes_are_refused(size: bytes) -> None:
    """A negative or unreadable size is damage."""
    with pytest.raises(CorruptImage):
        list(Tar([header(b"x", size) + END]))


def test_signed_checksum_of_old_tars() -> None:
    """Some tars added signed characters; names with high bytes tell."""
    block = bytearray(header("ü".encode()))
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(byte - 256 if byte > 127 else byte for byte in block)
    assert [entry.path for entry in Tar([bytes(block) + END])] == ["ü".encode()]


def test_wrong_checksum_is_refused() -> None:
    """One flipped bit in a header is seen."""
    block = bytearray(header(b"x"))
    block[0] ^= 1
    with pytest.raises(CorruptImage, match="checksum"):
        list(Tar([bytes(block) + END]))


def test_prefix_and_old_directories() -> None:
    """ustar's prefix is put before the name; a v7 name that ends with a slash is a directory."""
    data = header(b"name", _345=b"some/prefix") + header(b"dir/", kind=b"\0", magic=bytes(8)) + END
    assert [(entry.path, entry.kind) for entry in Tar([data])] == [(b"some/prefix/name", FILE), (b"dir", DIRECTORY)]


def test_gnu_sparse_files_are_passed_over_whole() -> None:
    """The map's further blocks and the stored content are skipped; the next entry is found."""
    extended = bytes(504) + b"\0" * 8
    data = header(b"holes", b"10", b"S", _482=b"\1") + extended + b"x" * 512 + header(b"next") + END
    assert [(entry.path, entry.kind) for entry in Tar([data])] == [(b"holes", SPARSE), (b"next", FILE)]


def test_pax_says_path_link_and_size() -> None:
    """Extended headers win over the header's own fields, for one entry."""
    data = pax(path="p" * 200, size="3") + header(b"short", b"7") + b"abc".ljust(512, b"\0") + header(b"after") + END
    tar = Tar([data])
    assert [(entry.path, entry.size) for entry in tar] == [(b"p" * 200, 3), (b"after", 0)]


def test_records_of_pax_headers_have_an_end(monkeypatch) -> None:
    """Ten a header cost nothing; what is beyond them is counted over the whole tar."""
    few, many = (pax(**{f"comment{number}": "x" for number in range(count)}) + header(b"x") for count in (10, 15))
    monkeypatch.setattr(images_tar, "RECORDS_LIMIT", 20)
    assert len(list(Tar([few * 10 + many * 4 + END]))) == 14
    with pytest.raises(CorruptImage, match="pax headers"):
        list(Tar([many * 5 + END]))


def test_pax_sparse_files_have_their_real_name() -> None:
    """GNU's pax sparse format hides the name in a record."""
    data = (
        pax(GNU__sparse__major="1", GNU__sparse__minor="0", GNU__sparse__name="real")
        + header(b"GNUSparseFile.0/real", b"0")
        + END
    )
    assert [(entry.path, entry.kind) for entry in Tar([data])] == [(b"real", SPARSE)]


@pytest.mark.parametrize("record", [b"5 a=b\n", b"99 a=b\n", b"x a=b\n", b"0 a=b\n", b"6 a b\n"])
def test_damaged_pax_headers_are_refused(record: bytes) -> None:
    """Lengths that lie, and records without an equals sign."""
    data = header(b"pax", b"%o" % len(record), b"x") + record.ljust(512, b"\0") + header(b"x") + END
    with pytest.raises(CorruptImage, match="pax"):
        list(Tar([data]))


def test_global_headers_change_nothing() -> None:
    """git archive writes one with a comment; a path in it would rename every file."""
    record = b"13 path=evil\n"
    data = header(b"g", b"%o" % len(record), b"g") + record.ljust(512, b"\0") + header(b"x") + END
    assert [entry.path for entry in Tar([data])] == [b"x"]


def test_huge_extended_headers_are_refused() -> None:
    """Their size is bounded before they are read."""
    with pytest.raises(CorruptImage, match="extended header"):
        list(Tar([header(b"x", b"77777777", b"L") + END]))


def test_extended_headers_do_not_pile_up() -> None:
    """Thousands of them before one entry are refused, not kept."""
    many = pax(**{f"GNU__sparse__{number}": "x" for number in range(200)})
    with pytest.raises(CorruptImage, match="too many"):
        list(Tar([many + header(b"x") + END]))
    assert len(list(Tar([pax(**{f"comment{number}": "x" for number in range(200)}) + header(b"x") + END]))) == 1


@pytest.mark.parametrize("kept", [100, 512, 600, 1023, 1030])
def test_ends_inside_something_is_truncation(kept: int) -> None:
    """Inside a header, inside content, inside padding: never a shorter list of files."""
    data = header(b"a", b"%o" % 300) + bytes(512) + header(b"b", b"%o" % 3) + b"abc".ljust(512, b"\0")
    if kept in {512, 600, 1030, 1023, 100}:
        with pytest.raises(Truncated):
            list(Tar([data[:kept]]))


def test_missing_end_mark_is_accepted_and_a_lone_zero_block_is_not() -> None:
    """Some builders write none; a zero block between headers hides files from some readers."""
    assert len(list(Tar([header(b"a")]))) == 1
    assert len(list(Tar([header(b"a") + bytes(512)]))) == 1
    with pytest.raises(CorruptImage, match="zeros"):
        list(Tar([header(b"a") + bytes(512) + header(b"b") + END]))


def test_reads_to_the_end_of_the_stream() -> None:
    """What follows the end mark belongs to the digest."""
    taken = []

    def pieces() -> Iterator[bytes]:
        for piece in (header(b"a") + END, bytes(5000), b"trailer"):
            taken.append(piece)
            yield piece

    list(Tar(pieces()))
    assert len(taken) == 3


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"a/b", "a/b"),
        (b"./a/b", "a/b"),
        (b"/a/b", "a/b"),
        (b"//a//b", "a/b"),
        (b"a/./b", "a/b"),
        (b".", ""),
        (b"/", ""),
        (b"a/../b", "b"),
        (b"../a", None),
        (b"a/../../b", None),
        (b"/..", None),
        (b"..a/b..", "..a/b.."),
        (b".config/x", ".config/x"),
        (b"caf\xc3\xa9", "café"),
        (b"bad\xff", "bad\\xff"),
    ],
)
def test_clean(raw: bytes, wanted: str | None) -> None:
    """Every spelling of a path gives one; none leaves the root."""
    assert clean(raw) == wanted


@pytest.mark.property
@given(st.data())
def test_damage_gives_our_errors_only(data: st.DataObject) -> None:
    """Any bytes for any headers: entries, or an error of ours."""
    blocks = data.draw(
        st.lists(
            st.binary(min_size=1, max_size=600)
            | st.builds(
                header,
                st.binary(max_size=100),
                st.binary(max_size=11),
                st.sampled_from([b"0", b"1", b"2", b"5", b"x", b"L", b"K", b"S", b"g"]),
            ),
            max_size=6,
        )
    )
    try:
        tar = Tar(cut(b"".join(blocks), data.draw(st.integers(1, 700))))
        for entry in tar:
            if entry.kind == FILE and entry.size < 10_000:
                tar.content(entry)
    except StellaError:
        pass

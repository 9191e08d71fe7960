"""Hostile layers: streams, tars and names in them."""

import gzip
import struct
import zlib
from collections.abc import Iterable, Iterator

from builders import Link, compress, digest
from hostile_case import FIRST, LAST, READ, REFUSED, UNKNOWN, Place, Stored, Target, between, case, packed
from tars import END, header, pax

PIECE = 1 << 20
ZEROS = bytes(PIECE)
SMALL = b"".join(between(header(b"a", b"1274") + b"a" * 700 + bytes(324), header(b"b", kind=b"2", _157=b"a")))


def raw(place: Place, stored: Iterable[bytes], tar: bytes | str = SMALL) -> Target:
    """An image of one layer as it is stored; `tar`: what it should be, or the digest of that."""
    diff_id = tar if isinstance(tar, str) else digest(tar)
    return place.layout([place.blob(stored)._replace(diff_id=diff_id)])


def octal(number: int) -> bytes:
    return b"%o" % number


# -- compression -----------------------------------------------------------------------------------------------------


@case("compression", "gzip bomb, a file of zeros", READ, full=4 << 30, quick=64 << 20, seconds=20)
def gzip_bomb(place: Place, size: int) -> Target:
    return place.image([FIRST, header(b"zeros", octal(size)), *[ZEROS] * (size // PIECE), LAST])


@case("compression", "zstd bomb, 300 GiB in 10 MB", REFUSED, "unpack to more", full=300 << 30)
def zstd_bomb(place: Place, size: int) -> Target:
    block = 1 << 17
    raw_block = (512 << 3).to_bytes(3, "little") + header(b"zeros", b"\x80" + size.to_bytes(11, "big"))
    run = (block << 3 | 2).to_bytes(3, "little") + b"\0"  # RFC 8878, 3.1.1.2.2: one byte, repeated
    head = b"\x28\xb5\x2f\xfd\x00\x50" + raw_block
    return raw(place, [head, run * (size // block), (1).to_bytes(3, "little")], "sha256:" + "0" * 64)


@case("compression", "gzip in gzip in gzip", REFUSED, "the tar", quick=0)
def nested_gzip(place: Place, _: int) -> Target:
    return raw(place, [gzip.compress(gzip.compress(gzip.compress(SMALL, mtime=0), mtime=0), mtime=0)])


@case("compression", "gzip of 10^6 empty members", READ, full=1_000_000, quick=10_000)
def empty_members(place: Place, count: int) -> Target:
    tar = b"".join(between())
    return raw(place, [gzip.compress(b"", mtime=0) * count, gzip.compress(tar, mtime=0)], tar)


@case("compression", "gzip with a member for every 10 bytes", READ, full=300_000, quick=3_000)
def small_members(place: Place, count: int) -> Target:
    tar = b"".join(between(header(b"x", octal(count * 10)), bytes(count * 10 + -count * 10 % 512)))
    return raw(place, (gzip.compress(tar[at : at + 10], 1, mtime=0) for at in range(0, len(tar), 10)), tar)


@case("compression", "gzip followed by garbage", REFUSED, "gzip stream is damaged", quick=0)
def gzip_garbage(place: Place, _: int) -> Target:
    return raw(place, [gzip.compress(SMALL, mtime=0), b"garbage" * 9])


@case("compression", "gzip followed by 1 GiB of zeros", READ, full=1 << 30, quick=1 << 20)
def gzip_zeros(place: Place, size: int) -> Target:
    tar = b"".join(between())
    return raw(place, [gzip.compress(tar, mtime=0), *[ZEROS] * (size // PIECE)], tar)


@case("compression", "gzip header with a name of 50 MB", READ, full=50 << 20)
def gzip_name(place: Place, size: int) -> Target:
    tar = b"".join(between())
    whole = gzip.compress(tar, mtime=0)
    return raw(place, [whole[:3], b"\x08", whole[4:10], b"n" * size, b"\0", whole[10:]], tar)


@case("compression", "gzip with a wrong CRC", REFUSED, "gzip stream is damaged", quick=0)
def gzip_crc(place: Place, _: int) -> Target:
    whole = gzip.compress(SMALL, mtime=0)
    return raw(place, [whole[:-8], bytes(4), whole[-4:]])


@case("compression", "gzip with a wrong length", REFUSED, "gzip stream is damaged")
def gzip_length(place: Place, _: int) -> Target:
    whole = gzip.compress(SMALL, mtime=0)
    return raw(place, [whole[:-4], struct.pack("<I", 7)])


@case("compression", "zstd with a wrong checksum", REFUSED, "zstd stream is damaged", quick=0)
def zstd_checksum(place: Place, _: int) -> Target:
    import zstandard  # noqa: PLC0415

    whole = zstandard.ZstdCompressor(write_checksum=True).compress(SMALL)
    return raw(place, [whole[:-4], bytes(4)])


@case("compression", "zstd frame that wants a window of 3.75 TiB", REFUSED, "window", quick=0)
def zstd_window(place: Place, _: int) -> Target:
    return raw(place, [b"\x28\xb5\x2f\xfd\x00\xff", (512 << 3 | 1).to_bytes(3, "little"), bytes(512)])


@case("compression", "zstd after 10^6 skippable frames", READ, full=1_000_000, quick=10_000)
def zstd_skippable(place: Place, count: int) -> Target:
    tar = b"".join(between())
    return raw(place, [b"\x50\x2a\x4d\x18\x00\x00\x00\x00" * count, compress(tar, "zstd")], tar)


@case("compression", "zstd of 10^6 empty frames", READ, full=1_000_000)
def zstd_frames(place: Place, count: int) -> Target:
    tar = b"".join(between())
    return raw(place, [compress(b"", "zstd") * count, compress(tar, "zstd")], tar)


@case("compression", "zstd skippable frame that claims 4 GiB", REFUSED, "ends")
def zstd_skippable_lie(place: Place, _: int) -> Target:
    return raw(place, [b"\x50\x2a\x4d\x18\xff\xff\xff\xff", compress(SMALL, "zstd")])


@case("compression", "layers of bzip2, xz, lz4", REFUSED, "is compressed with", quick=0)
def other_compression(place: Place, _: int) -> Target:
    return raw(place, [b"BZh9" + bytes(600)])


@case("compression", "a layer of random bytes", REFUSED, "neither a tar")
def noise(place: Place, _: int) -> Target:
    return raw(place, [bytes(zlib.crc32(bytes([one % 251, one // 251])) & 255 for one in range(5000))])


@case("compression", "an empty blob as layer", READ, quick=0)
def empty_blob(place: Place, _: int) -> Target:
    return place.layout([place.tar(between()), place.blob([b""])._replace(diff_id=digest(b""))])


def broken_off(compression: str) -> list[bytes]:
    """The small layer, broken off at each boundary of its own and of its compression."""
    whole = b"".join(packed([SMALL], compression))
    tars = range(512, len(SMALL.rstrip(b"\0")) + 512, 512)
    streams = {*range(1, 21), *range(len(whole) - 12, len(whole)), len(whole) // 2}
    return [whole[:end] for end in (tars if compression == "none" else sorted(streams))]


def cut(compression: str, stored: bytes, quick: int) -> None:
    @case(
        "truncated",
        f"{compression} layer cut at each boundary, true digest of the blob, with --strict",
        REFUSED,
        "",
        quick=quick,
        options=("--strict",),
    )
    def build(place: Place, _: int) -> Target:
        return raw(place, [stored])


@case("truncated", "blob shorter than the manifest states", REFUSED, "ends after", quick=0)
def short_blob(place: Place, _: int) -> Target:
    whole = gzip.compress(SMALL, mtime=0)
    kept = place.blob([whole])
    (place.path / "blobs/sha256" / kept.digest[7:]).write_bytes(whole[:-9])
    return place.layout([kept._replace(diff_id=digest(SMALL))])


@case("digests", "blob with another digest", REFUSED, "has the digest", quick=0)
def blob_digest(place: Place, _: int) -> Target:
    whole = gzip.compress(SMALL, mtime=0)
    kept = place.blob([whole])
    (place.path / "blobs/sha256" / kept.digest[7:]).write_bytes(whole[:4] + b"\1" + whole[5:])
    return place.layout([kept._replace(diff_id=digest(SMALL))])


@case("digests", "layer with another diffID, with --strict", REFUSED, "diffID", quick=0, options=("--strict",))
def diff_id(place: Place, _: int) -> Target:
    return raw(place, [gzip.compress(SMALL, mtime=0)], "sha256:" + "1" * 64)


@case("digests", "blob longer than the manifest states", REFUSED, "longer than")
def long_blob(place: Place, _: int) -> Target:
    stored = place.blob([gzip.compress(SMALL, mtime=0)])
    return place.layout([Stored(stored.digest, stored.size - 5, digest(SMALL))])


# -- structure of tars -----------------------------------------------------------------------------------------------


def many(count: int, kind: bytes, link: bytes = b"") -> Iterator[bytes]:
    """Headers of many entries, in pieces; names differ in seven digits."""
    sample = bytearray(header(b"many/0000000", kind=kind, _157=link))
    base = sum(sample[:148]) + 256 + sum(sample[156:]) - 7 * 48
    for start in range(0, count, 1000):
        piece = bytearray()
        for number in range(start, min(start + 1000, count)):
            digits = b"%07d" % number
            sample[5:12] = digits
            sample[148:156] = b"%06o\0 " % (base + sum(digits))
            piece += sample
        yield bytes(piece)


def crowd(place: Place, count: int, kind: bytes, link: bytes = b"") -> Target:
    return place.image(piece for part in ([FIRST], many(count, kind, link), [LAST]) for piece in part)


@case("tar", "10^6 empty files", READ, full=1_000_000, quick=3_000, seconds=20)
def many_files(place: Place, count: int) -> Target:
    return crowd(place, count, b"0")


@case("tar", "3 * 10^6 empty files", READ, full=3_000_000, seconds=60)
def more_files(place: Place, count: int) -> Target:
    return crowd(place, count, b"0")


@case("tar", "10^6 directories", READ, full=1_000_000, seconds=20)
def many_directories(place: Place, count: int) -> Target:
    return crowd(place, count, b"5")


@case("tar", "10^6 hard links", READ, full=1_000_000, seconds=20)
def many_hard_links(place: Place, count: int) -> Target:
    return crowd(place, count, b"1", b"etc/os-release")


@case("tar", "10^6 symbolic links", READ, full=1_000_000, quick=3_000, seconds=20, megabytes=400)
def many_links(place: Place, count: int) -> Target:
    return crowd(place, count, b"2", b"../etc/os-release")


@case("tar", "10^6 whiteouts", READ, full=1_000_000, quick=3_000, seconds=20)
def many_whiteouts(place: Place, count: int) -> Target:
    def pieces() -> Iterator[bytes]:
        yield FIRST
        for start in range(0, count, 1000):
            yield b"".join(header(b"w/.wh.%d" % number) for number in range(start, min(start + 1000, count)))
        yield LAST

    return place.image(pieces())


@case("tar", "10^6 devices and pipes", READ, full=1_000_000, seconds=20)
def many_devices(place: Place, count: int) -> Target:
    return crowd(place, count, b"6")


@case("tar", "one path 300,000 times, a file and a directory by turns", READ, full=300_000, quick=2_000)
def duplicates(place: Place, count: int) -> Target:
    pair = header(b"same", b"4") + b"text".ljust(512, b"\0") + header(b"same", kind=b"5")
    return place.image([FIRST, *[pair * 100] * (count // 200), LAST])


@case("tar", "a package's record 100,000 times", READ, full=100_000)
def duplicate_records(place: Place, count: int) -> Target:
    text = b"Metadata-Version: 2.1\nName: twice\nVersion: 1.0\n\n"
    one = header(b"usr/lib/python3/dist-packages/twice-1.0.dist-info/METADATA", octal(len(text))) + text.ljust(
        512, b"\0"
    )
    return place.image([FIRST, *[one * 100] * (count // 100), LAST])


@case("tar", "loops of links: to itself, in a circle, through a directory", READ, quick=0)
def loops(place: Place, _: int) -> Target:
    links = {
        "self": Link("self"),
        "a": Link("b"),
        "b": Link("a"),
        "d/e": Link("../d/e"),
        "up/up": Link(".."),
        "c/x/y": "below",
    }
    through = [("l", Link("l/l")), ("l/file", "x"), ("o", Link("up/up/up/up/o")), ("o/package.json", "{}")]
    return place.files([*links.items(), *through], Entrypoint=["/a"], Cmd=["/self/x"])


@case("tar", "hard links in a circle, to nothing, to wanted files", UNKNOWN, "hard link", quick=0)
def hard_loops(place: Place, _: int) -> Target:
    names = (b"x/package.json", b"node_modules/x/package.json", b"node_modules/y/package.json")
    pairs = zip(names, (*names[1:], names[0]), strict=True)
    return place.image(between(*(header(one, kind=b"1", _157=other) for one, other in pairs)))


@case("tar", "chain of 10^5 links, each to the next", READ, full=100_000, quick=2_000)
def chain(place: Place, count: int) -> Target:
    links = (header(b"c%d" % one, kind=b"2", _157=b"c%d" % (one + 1)) for one in range(count))
    return place.image([FIRST, b"".join(links), header(b"c0/file"), LAST])


@case("tar", "directories behind links that double with each step", READ, full=2_000, quick=60)
def doubling(place: Place, count: int) -> Target:
    links = (header(b"d%d" % one, kind=b"2", _157=b"d%d/d%d" % (one - 1, one - 1)) for one in range(1, count))
    return place.image(
        [FIRST, header(b"d0", kind=b"5"), *links, *(header(b"d%d/f" % one) for one in range(count)), LAST]
    )


@case("tar", "absolute paths and paths with `..` that stay inside", READ)
def inside(place: Place, _: int) -> Target:
    return place.files({"/abs/file": "x", "a/../b": "x", "//c//d": "x", "./e/./f": "x"})


@case("tar", "paths that lead out with `..`", UNKNOWN, "leads out", quick=0)
def outside(place: Place, _: int) -> Target:
    return place.files({"../../../../outside": "x", "a/../../outside": "x", "/../../outside": "x"})


@case("tar", "link to / and files below it that lead out", READ, quick=0)
def through_link(place: Place, _: int) -> Target:
    return place.files(
        [("root", Link("../../../../..")), ("root/tmp/outside", "x"), ("host", Link("/")), ("host/outside", "x")]
    )


@case("tar", "names that are not UTF-8", READ, quick=0)
def not_utf8(place: Place, _: int) -> Target:
    names = (b"\xff\xfe", b"caf\xe9", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"a\xc0\xaf..\xc0\xafb")
    return place.image(between(*(header(name) for name in names)))


ESCAPES = b"\x1b]0;owned\x07\x1b[2J\n\rstella: error: fake\n"


@case("tar", "names with newlines and terminal escapes, wanted and broken", UNKNOWN, "JSON", quick=0)
def escapes(place: Place, _: int) -> Target:
    name = b"node_modules/" + ESCAPES + b"/package.json"
    return place.image(between(header(name, b"4") + b"{\x1b[2".ljust(512, b"\0"), header(b"../" + ESCAPES)))


@case("tar", "package whose own name and version are terminal escapes", UNKNOWN, "package name", quick=0)
def escaping_package(place: Place, _: int) -> Target:
    text = b"Package: a\x1b]0;x\x07\nStatus: install ok installed\nVersion: 1\x1b[2J\nArchitecture: all\n\n"
    return place.files({"var/lib/dpkg/status": text + b"Package: b\nStatus: install ok installed\nVersion: 1\n\n"})


@case("tar", "names of 64 KiB, as pax and as GNU", UNKNOWN, "too long", quick=0)
def long_names(place: Place, _: int) -> Target:
    name = b"n" * 65536
    gnu = header(b"././@LongLink", octal(len(name)), b"L") + name
    return place.image(between(pax(path="p" * 65000), header(b"x"), gnu, header(b"y")))


@case("tar", "a NUL in a pax path", REFUSED, "null character")
def null_name(place: Place, _: int) -> Target:
    return place.image(between(pax(path="usr/\0bin"), header(b"x")))


@case(
    "tar", "2,000 directories within one another, 10,000 times", REFUSED, "paths have more than", full=10_000, quick=20
)
def deep(place: Place, count: int) -> Target:
    below = "/d" * 1990
    return place.image([FIRST, *(pax(path=f"{number:06d}{below}/f") + header(b"x") for number in range(count)), LAST])


@case("tar", "links through 2,000 directories, 10^5 times", READ, full=100_000, quick=1_000)
def long_walks(place: Place, count: int) -> Target:
    target = b"/".join([b"x", b".."] * 15) + b"/x"
    links = (header(b"l%d" % one, kind=b"2", _157=target) + header(b"l%d/f" % one) for one in range(count))
    return place.image([FIRST, b"".join(links), LAST])


@case("tar", "directories that files replace, 10^5 times", REFUSED, "replaces", full=100_000, seconds=20)
def replaced(place: Place, count: int) -> Target:
    def pieces() -> Iterator[bytes]:
        yield FIRST
        yield from many(count, b"0")
        for number in range(count):
            yield header(b"r%d/f" % number) + header(b"r%d" % number)
        yield LAST

    return place.image(pieces())


# -- numbers and extended headers ------------------------------------------------------------------------------------


SIZES = {
    "a negative size": (b"\xff" * 12, "with the size"),
    "a size of 2^80": (b"\x80\0" + b"\1" + bytes(9), "ends"),
    "a size of 8 GiB and no content": (b"77777777777\0", "ends"),
    "a size that is no number": (b"0x1f_+5 \0\0\0\0", "with the size"),
    "a size with a sign": (b"-0000000001\0", "with the size"),
}


def with_size(name: str, field: bytes, says: str) -> None:
    @case("tar", name, REFUSED, says, quick=0 if "negative" in name or "8 GiB" in name else -1)
    def build(place: Place, _: int) -> Target:
        return place.image(between(header(b"x", field)))


@case("tar", "a header with a wrong checksum", REFUSED, "wrong checksum", quick=0)
def checksum(place: Place, _: int) -> Target:
    broken = bytearray(header(b"x"))
    broken[3] ^= 64
    return place.image(between(bytes(broken)))


@case("tar", "zeros between headers", REFUSED, "block of zeros")
def zeros_between(place: Place, _: int) -> Target:
    return place.image(between(bytes(512), header(b"x")))


@case("tar", "10^5 entries after the end mark", READ, full=100_000, quick=100)
def after_end(place: Place, count: int) -> Target:
    return place.image([FIRST, LAST.rstrip(b"\0").ljust(512 * 3, b"\0"), END, *many(count, b"0"), END])


@case("tar", "pax size that claims 1 TiB", REFUSED, "ends", quick=0)
def pax_size(place: Place, _: int) -> Target:
    return place.image(between(pax(size=str(1 << 40)), header(b"x", b"4")))


@case("tar", "pax size that is negative or no number", REFUSED, "with the size")
def pax_odd_size(place: Place, _: int) -> Target:
    return place.image(between(pax(size="-5"), header(b"x", b"4")))


@case("tar", "pax header of 2 GiB", REFUSED, "extended header of", full=2 << 30, quick=2 << 20)
def pax_large(place: Place, size: int) -> Target:
    return place.image([FIRST, header(b"pax", octal(size), b"x"), *[b"9" * PIECE] * (size // PIECE), LAST])


@case("tar", "100 pax headers of 10^5 records each", REFUSED, "records too many", full=100)
def pax_records(place: Place, count: int) -> Target:
    body = b"".join(b"8 k%03d=\n" % (one % 1000) for one in range(100_000))
    one = header(b"pax", octal(len(body)), b"x") + body.ljust(-(-len(body) // 512) * 512, b"\0") + header(b"x")
    return place.image([FIRST, *[one] * count, LAST])


@case("tar", "10^6 pax headers for one entry", READ, full=1_000_000, quick=1_000)
def pax_chain(place: Place, count: int) -> Target:
    return place.image([FIRST, *[pax(path="a") * 100] * (count // 100), header(b"x"), LAST])


@case("tar", "pax record with a lying length", REFUSED, "damaged pax", quick=0)
def pax_lie(place: Place, _: int) -> Target:
    body = b"99999 path=etc/passwd\n"
    return place.image(between(header(b"pax", octal(len(body)), b"x") + body.ljust(512, b"\0"), header(b"x")))


@case("tar", "GNU sparse file with a map of 10^5 blocks", READ, full=100_000, quick=100)
def sparse(place: Place, count: int) -> Target:
    more = bytes(504) + b"\1" + bytes(7)
    one = header(b"s", b"0", b"S", _482=b"\1", magic=b"ustar  \0")
    return place.image([FIRST, one, *[more * 100] * (count // 100), bytes(512), LAST])


@case("tar", "GNU sparse file of 8 EiB that is wanted", UNKNOWN, "sparse", quick=0)
def sparse_wanted(place: Place, _: int) -> Target:
    huge = pax(
        GNU__sparse__major="1",
        GNU__sparse__minor="0",
        GNU__sparse__realsize=str(1 << 63),
        GNU__sparse__name="node_modules/x/package.json",
    )
    return place.image(between(huge, header(b"x", b"4") + b"1\n0\n".ljust(512, b"\0")))


for _compression in ("none", "gzip", "zstd"):
    for _number, _stored in enumerate(broken_off(_compression)):
        cut(_compression, _stored, -(_number % 19 != 7))
for _name, (_field, _says) in SIZES.items():
    with_size(_name, _field, _says)

"""Hostile zip archives, in a sound layer."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from hostile_case import READ, UNKNOWN, Place, Target, case
from jars import jar, library, properties

PIECE = 1 << 20


# -- zip archives ------------------------------------------------------------------------------------------------------


def deflated(pieces: Iterator[bytes]) -> tuple[bytes, int, int]:
    """Raw deflate of what comes, its CRC and size."""
    engine, crc, size, out = zlib.compressobj(9, wbits=-15), 0, 0, []
    for piece in pieces:
        out.append(engine.compress(piece))
        crc, size = zlib.crc32(piece, crc), size + len(piece)
    return b"".join([*out, engine.flush()]), crc, size


def row(name: bytes, at: int, packed: int, size: int, crc: int, method: int = 8) -> bytes:
    """A central directory's entry; APPNOTE 4.3.12."""
    fields = (0x02014B50, 20, 20, 0, method, 0, 33, crc, packed, size, len(name), 0, 0, 0, 0, 0, at)
    return struct.pack("<I6H3I5H2I", *fields) + name


def local(name: bytes, packed: int, size: int, crc: int, method: int = 8) -> bytes:
    """A local header; APPNOTE 4.3.7."""
    return struct.pack("<I5H3I2H", 0x04034B50, 20, 0, method, 0, 33, crc, packed, size, len(name), 0) + name


def zipped(body: bytes, rows: list[bytes], *, at: int | None = None, count: int | None = None) -> bytes:
    """A zip archive of a body and a directory, whose end may lie about both."""
    directory = b"".join(rows)
    number = min(len(rows) if count is None else count, 0xFFFF)
    end = struct.pack("<I4H2IH", 0x06054B50, 0, 0, number, number, len(directory), len(body) if at is None else at, 0)
    return body + directory + end


def overlapped(count: int) -> bytes:
    """An archive whose entries are all the same 10 MB; after D. Fifield, "A better zip bomb"."""
    data, crc, size = deflated(iter([bytes(PIECE)] * 10))
    name = b"x.jar"
    body = local(name, len(data), size, crc) + data
    rows = [row(b"%06d.jar" % one, 0, len(data), size, crc) for one in range(count)]
    return zipped(body, rows)


@case("archives", "flat zip bomb: 60,000 jars that overlap, 10 MB each", UNKNOWN, "", full=60_000, seconds=20)
def overlapping(place: Place, count: int) -> Target:
    return place.files({"app/bomb.jar": overlapped(count)})


@case("archives", "1,000 flat zip bombs of 200 jars of 10 MB each", UNKNOWN, "beyond", full=1_000, quick=3, seconds=120)
def many_overlapping(place: Place, count: int) -> Target:
    bomb = overlapped(200)
    return place.files({f"app/{one}.jar": bomb for one in range(count)})


@case("archives", "zip bomb like 42.zip: jars of 16 jars, five deep, of 4 GiB each", UNKNOWN, "", full=5, quick=2)
def forty_two(place: Place, depth: int) -> Target:
    data, crc, size = deflated(iter([bytes(PIECE)] * (4095 if depth > 2 else 64)))
    inner = zipped(local(b"0.jar", len(data), size, crc) + data, [row(b"0.jar", 0, len(data), size, crc)])
    for _ in range(depth):
        inner = jar({f"{one:x}.jar": inner for one in range(16)})
    return place.files({"app/42.jar": inner})


@case("archives", "jars within one another, 50 deep", UNKNOWN, "", full=50, quick=50)
def nested(place: Place, depth: int) -> Target:
    inner = jar(library("g", "a", "1.0"))
    for _ in range(depth):
        inner = jar({"inner.jar": inner, **library("g", "b", "1.0")})
    return place.files({"app/nested.jar": inner})


@case(
    "archives",
    "archive that holds itself: 400 headers, each one's content is the rest",
    UNKNOWN,
    "",
    full=400,
    quick=40,
)
def telescope(place: Place, count: int) -> Target:
    """Stored entries whose data runs on to the end of the file, its directory included."""
    name, step = b"%03d.jar", 30 + 7
    total = step * count + (46 + 7) * count + 22
    rows = [
        row(name % one, one * step, total - (one + 1) * step, total - (one + 1) * step, 0, 0) for one in range(count)
    ]
    body = b"".join(local(name % one, total - (one + 1) * step, total - (one + 1) * step, 0, 0) for one in range(count))
    return place.files({"app/quine.jar": zipped(body, rows)})


@case("archives", "pom.properties of 4 GiB in a jar of 4 MB", UNKNOWN, "", full=4095)
def large_member(place: Place, pieces: int) -> Target:
    name = b"META-INF/maven/g/a/pom.properties"
    data, crc, size = deflated(iter([b"#" * PIECE] * pieces))
    return place.files(
        {"app/x.jar": zipped(local(name, len(data), size, crc) + data, [row(name, 0, len(data), size, crc)])}
    )


@case("archives", "pom.properties that says 90 bytes and unpacks to 4 GiB", UNKNOWN, "", full=4095, quick=64)
def lying_member(place: Place, pieces: int) -> Target:
    name = b"META-INF/maven/g/a/pom.properties"
    data, crc, _ = deflated(iter([b"#" * PIECE] * pieces))
    return place.files(
        {"app/x.jar": zipped(local(name, len(data), 90, crc) + data, [row(name, 0, len(data), 90, crc)])}
    )


@case("archives", "jar of 65,000 entries", READ, full=65_000, quick=1_000)
def many_entries(place: Place, count: int) -> Target:
    known = jar(library("g", "a", "1.0"))
    rows = [row(b"%07d.class" % one, 0, 0, 0, 0, 0) for one in range(min(count, 65_000))]
    return place.files({"app/x.jar": zipped(local(b"0000000.class", 0, 0, 0, 0), rows), "app/y.jar": known})


@case("archives", "jar whose entries leave it: `..`, absolute, NUL", READ, quick=0)
def leaving(place: Place, _: int) -> Target:
    names = [b"../../../../etc/passwd", b"/etc/passwd", b"a\0b", b"\x1b[2J.class", b"..\\..\\x.class"]
    rows = [row(name, 0, 0, 0, 0, 0) for name in names]
    return place.files(
        {"app/x.jar": zipped(local(names[0], 0, 0, 0, 0), rows), "app/y.jar": jar(library("g", "a", "1"))}
    )


@case("archives", "jar whose directory lies beyond its end", UNKNOWN, "")
def beyond(place: Place, _: int) -> Target:
    return place.files({"app/x.jar": zipped(b"PK\3\4", [row(b"a.jar", 0xFFFFFFF0, 0xFFFFFFF0, 90, 0)], at=0xFFFFFF00)})


@case("archives", "jar with names that come twice", READ, quick=0)
def twice(place: Place, _: int) -> Target:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for version in ("1.0", "2.0"):
            archive.writestr(
                zipfile.ZipInfo(f"META-INF/maven/g/a{version}/pom.properties"), properties("g", "a", version)
            )
        archive.filelist[1].filename = archive.filelist[0].filename
    return place.files({"app/a.jar": out.getvalue()})


@case("archives", "zipped egg whose METADATA is 1 GiB", UNKNOWN, "", full=1024)
def egg(place: Place, pieces: int) -> Target:
    name = b"EGG-INFO/PKG-INFO"
    data, crc, size = deflated(iter([b"#" * PIECE] * pieces))
    body = zipped(local(name, len(data), size, crc) + data, [row(name, 0, len(data), size, crc)])
    return place.files({"usr/lib/python3/dist-packages/x-1.0-py3.11.egg": body})


@case("archives", "truncated jar", UNKNOWN, "")
def half_jar(place: Place, _: int) -> Target:
    whole = jar(library("g", "a", "1.0"))
    return place.files({"app/x.jar": whole[: len(whole) // 2]})

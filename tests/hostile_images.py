"""Hostile manifests, indexes and configurations."""

import json
from collections.abc import Callable, Iterator

from builders import layer
from hostile_case import READ, REFUSED, Place, Stored, Target, between, case
from tars import END, header

PIECE = 1 << 20
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def filled(begin: bytes, piece: bytes, end: bytes, size: int) -> Iterator[bytes]:
    piece *= PIECE // len(piece)
    yield begin
    yield from [piece] * (size // len(piece))
    yield end


# -- manifests and configurations --------------------------------------------------------------------------------------

SHAPES = {
    "500 MB in one text": (b'{"schemaVersion": 2, "x": "', b"x", b'"}', 500 << 20),
    "3 MB of numbers": (b'{"schemaVersion": 2, "x": [0', b",0", b"]}", 3 << 20),
    "10^5 lists within one another": (b'{"schemaVersion": 2, "x": ', b"[" * 100_000 + b"]" * 100_000, b"}", 0),
    "no JSON": (b"{", b"", b"", 0),
    "UTF-16": ("\ufeff{}".encode("utf-16-le"), b"", b"", 0),
    "a text": (b'"text"', b"", b"", 0),
}


def odd_document(what: str, shape: str, write: Callable[[Place, Iterator[bytes]], Target]) -> None:
    begin, piece, end, size = SHAPES[shape]

    @case(
        "manifests", f"{what}: {shape}", REFUSED, "", full=size, quick=0 if what == "manifest" and size < PIECE else -1
    )
    def build(place: Place, size: int) -> Target:
        return write(place, iter([begin, piece, end]) if size == 0 else filled(begin, piece, end, size))


def as_index(place: Place, pieces: Iterator[bytes]) -> Target:
    target = place.image(between())
    with (place.path / "index.json").open("wb") as file:
        file.writelines(pieces)
    return target


def as_manifest(place: Place, pieces: Iterator[bytes]) -> Target:
    return place.index([place.blob(pieces)])


def as_config(place: Place, pieces: Iterator[bytes]) -> Target:
    known = place.blob(pieces)
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": known.digest, "size": known.size}
    return place.layout([place.tar(between())], members={"config": config})


def as_saved(place: Place, pieces: Iterator[bytes]) -> Target:
    """manifest.json of `docker save`, written into a tar as it is made."""
    archive, content = place.path / "saved.tar", place.path / "document"
    with content.open("wb") as file:
        file.writelines(pieces)
    size = content.stat().st_size
    with archive.open("wb") as file, content.open("rb") as document:
        file.write(header(b"manifest.json", b"%o" % size))
        while piece := document.read(PIECE):
            file.write(piece)
        file.write(bytes(-size % 512) + END)
    return Target("docker-archive", str(archive))


for _what, _write in {
    "index.json": as_index,
    "manifest": as_manifest,
    "configuration": as_config,
    "manifest.json": as_saved,
}.items():
    for _shape in SHAPES:
        odd_document(_what, _shape, _write)


@case("manifests", "manifest of 10^5 layers", REFUSED, "", full=100_000, quick=10_000)
def many_layers(place: Place, count: int) -> Target:
    return place.layout([place.tar(between())] * count)


@case("manifests", "4,000 layers", READ, full=4_000, quick=50, seconds=30)
def some_layers(place: Place, count: int) -> Target:
    layers = [place.tar([layer({f"f{one}": str(one)})]) for one in range(count - 1)]
    return place.layout([place.tar(between()), *layers])


@case("manifests", "index of 10^5 images", REFUSED, "", full=100_000, quick=20_000)
def many_images(place: Place, count: int) -> Target:
    return place.index([Stored("sha256:" + f"{one:064x}", 1000) for one in range(count)])


@case("manifests", "300 indexes within one another", REFUSED, "nested more than", full=300, quick=20)
def nested_indexes(place: Place, count: int) -> Target:
    kind = "index"
    one = place.blob([b'{"schemaVersion": 2, "manifests": []}'])
    for _ in range(count):
        entry = {"mediaType": f"application/vnd.oci.image.{kind}.v1+json", "digest": one.digest, "size": one.size}
        one = place.blob([json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()])
    return place.index([one], kind)


DIGESTS = {
    "leads out of the layout": "sha256:../../../../../../etc/passwd",
    "is an absolute path": "/etc/passwd",
    "is of an unknown algorithm": "md5:d41d8cd98f00b204e9800998ecf8427e",
    "is 1 MB long": "sha256:" + "a" * (1 << 20),
    "holds terminal escapes": "sha256:\x1b[2J\x07" + "a" * 58,
    "is a number": 5,
    "is not there": "sha256:" + "a" * 64,
}


def odd_digest(name: str, digest: object) -> None:
    @case(
        "manifests", f"layer whose digest {name}", REFUSED, "", quick=0 if "leads" in name or "escapes" in name else -1
    )
    def build(place: Place, _: int) -> Target:
        return place.layout([Stored(digest, 100, "sha256:" + "0" * 64)])  # type: ignore[arg-type]


for _name, _digest in DIGESTS.items():
    odd_digest(_name, _digest)

SIZES = {"negative": -1, "2^63": 1 << 63, "1e999": float("inf"), "a text": "10"}


def odd_size(name: str, size: object) -> None:
    @case("manifests", f"layer whose size is {name}", REFUSED, "")
    def build(place: Place, _: int) -> Target:
        stored = place.tar(between())
        return place.layout([stored._replace(size=size)])  # type: ignore[arg-type]


for _name, _size in SIZES.items():
    odd_size(_name, _size)


@case("manifests", "an image and an index at once", REFUSED, "at once", quick=0)
def both(place: Place, _: int) -> Target:
    stored = place.tar(between())
    entry = {"mediaType": MANIFEST, "digest": stored.digest, "size": stored.size}
    return place.layout([stored], members={"manifests": [entry]})


@case("manifests", "members that come twice", REFUSED, "comes twice")
def members_twice(place: Place, _: int) -> Target:
    return as_manifest(place, iter([b'{"schemaVersion": 2, "layers": [], "layers": [{}], "config": {}}']))

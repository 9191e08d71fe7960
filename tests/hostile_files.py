"""Hostile documents, in a sound layer."""

from collections.abc import Iterator

from hostile_case import EITHER, FIRST, LAST, READ, UNKNOWN, Place, Target, case
from tars import header, pax

PIECE = 1 << 20


def large(place: Place, path: str, pieces: Iterator[bytes], size: int) -> Target:
    """An image with one large file, written as it is made."""

    def tar() -> Iterator[bytes]:
        yield FIRST
        yield pax(path=path, size=str(size)) + header(b"large", b"0")
        yield from pieces
        yield bytes(-size % 512) + LAST

    return place.image(tar())


def repeated(begin: bytes, piece: bytes, end: bytes, size: int) -> Iterator[bytes]:
    """A text of about a size, in pieces: the piece again and again between beginning and end."""
    piece *= max(1, PIECE // len(piece))
    yield begin
    for _ in range(size // len(piece)):
        yield piece
    yield end


def text(place: Place, path: str, begin: bytes, piece: bytes, end: bytes, size: int) -> Target:
    whole = (
        len(begin)
        + len(end)
        + size // (len(piece) * max(1, PIECE // len(piece))) * len(piece) * max(1, PIECE // len(piece))
    )
    return large(place, path, repeated(begin, piece, end, size), whole)


# -- large and deep documents ------------------------------------------------------------------------------------------

JSON = {
    "package.json": ("app/node_modules/x/package.json", 4),
    ".package-lock.json": ("app/node_modules/.package-lock.json", 16),
    "installed.json": ("app/vendor/composer/installed.json", 128),
    "deps.json": ("app/x.deps.json", 64),
    "conda record": ("opt/conda/conda-meta/x-1-0.json", 64),
    "Homebrew receipt": ("home/linuxbrew/.linuxbrew/Cellar/x/1/INSTALL_RECEIPT.json", 2),
    "Perl record": ("usr/local/lib/perl5/site_perl/5.36.0/x86_64-linux-gnu/.meta/X-1/install.json", 2),
    "CycloneDX document": ("opt/bitnami/x/.spdx-x.spdx", 64),
}


def large_json(name: str, path: str, limit: int) -> None:
    @case("documents", f"{name} of 500 MB", UNKNOWN, "", full=500 << 20)
    def build(place: Place, size: int) -> Target:
        return text(place, path, b'{"name": "x", "x": "', b"x", b'"}', size)

    @case(
        "documents",
        f"{name} as large as is read, of empty lists",
        EITHER if limit < 8 << 20 else UNKNOWN,
        "" if limit < 8 << 20 else "values",
        full=limit - (1 << 20),
    )
    def build_values(place: Place, size: int) -> Target:
        begin = b'{"name": "x", "version": "1", "installed": {}, "dependencies": [0'
        return text(place, path, begin, b",[]" * 50_000, b"]}", size)

    @case(
        "documents",
        f"{name}, 10^5 lists within one another",
        UNKNOWN,
        "",
        full=100_000,
        quick=100_000 if name == "package.json" else -1,
    )
    def build_deep(place: Place, count: int) -> Target:
        return place.files({path: b'{"name": "x", "dependencies": ' + b"[" * count + b"]" * count + b"}"})


for _name, (_path, _limit) in JSON.items():
    large_json(_name, _path, _limit << 20)


@case("documents", "package.json just under its limit: 400,000 keys", READ, full=4 << 20)
def many_keys(place: Place, size: int) -> Target:
    keys = b",".join(b'"%x":0' % one for one in range(size // 10))
    return place.files(
        {"node_modules/x/package.json": b'{"name": "x", "version": "1", "dependencies": {' + keys + b"}}"}
    )


@case("documents", "10^5 package.json files", READ, full=100_000, quick=500, seconds=40)
def many_documents(place: Place, count: int) -> Target:
    data = b'{"name": "x", "version": "1.0"}'

    def tar() -> Iterator[bytes]:
        yield FIRST
        for one in range(count):
            yield header(b"n/%d/node_modules/x/package.json" % one, b"%o" % len(data)) + data.ljust(512, b"\0")
        yield LAST

    return place.image(tar())


@case("documents", "dpkg status of 500 MB", UNKNOWN, "over the limit", full=500 << 20)
def large_status(place: Place, size: int) -> Target:
    return text(
        place,
        "var/lib/dpkg/status",
        b"Package: x\nStatus: install ok installed\nVersion: 1\nDescription: ",
        b"x",
        b"\n\n",
        size,
    )


@case("documents", "dpkg status of 31 MB in one line", READ, full=31 << 20, quick=1 << 20)
def long_line(place: Place, size: int) -> Target:
    return text(
        place,
        "var/lib/dpkg/status",
        b"Package: x\nStatus: install ok installed\nVersion: 1\nDescription: ",
        b"x",
        b"\n\n",
        size,
    )


@case("documents", "dpkg status of 20 MB: 300,000 packages", READ, full=300_000, quick=500, seconds=60, megabytes=2000)
def many_packages(place: Place, count: int) -> Target:
    row = "Package: x%d\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
    return place.files({"var/lib/dpkg/status": "".join(row % one for one in range(count))})


@case("documents", "dpkg status: 31 MB of empty lines", READ, full=31 << 20, quick=1 << 20)
def empty_lines(place: Place, size: int) -> Target:
    return text(
        place, "var/lib/dpkg/status", b"Package: x\nStatus: install ok installed\nVersion: 1\n", b"\n", b"", size
    )


@case("documents", "dpkg package with 10^6 dependencies", READ, full=1_000_000)
def many_relations(place: Place, count: int) -> Target:
    row = "Package: x\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nDepends: "
    return place.files({"var/lib/dpkg/status": row + ", ".join(f"y{one}" for one in range(count)) + "\n\n"})


@case("documents", "apk database of 31 MB in one line", READ, full=31 << 20)
def apk_line(place: Place, size: int) -> Target:
    return text(place, "lib/apk/db/installed", b"P:x\nV:1\nA:x86_64\nT:", b"x", b"\n\n", size)


@case("documents", "dpkg status of 200 MB of empty lines", UNKNOWN, "larger than", full=200 << 20)
def large_empty(place: Place, size: int) -> Target:
    return empty_lines(place, size)


@case("documents", "dpkg list of files of 200 MB of empty lines", UNKNOWN, "larger than", full=200 << 20)
def large_list(place: Place, size: int) -> Target:
    return text(place, "var/lib/dpkg/info/x.list", b"/.\n", b"\n", b"", size)


@case("documents", "METADATA of 500 MB", UNKNOWN, "", full=500 << 20)
def large_metadata(place: Place, size: int) -> Target:
    return text(
        place,
        "usr/lib/python3/dist-packages/x-1.dist-info/METADATA",
        b"Name: x\nVersion: 1\nSummary: ",
        b"x",
        b"\n\n",
        size,
    )


@case("documents", "RECORD of 50 MB: 900,000 rows", READ, full=50 << 20, quick=1 << 18, seconds=20)
def large_record(place: Place, size: int) -> Target:
    info = "usr/lib/python3/dist-packages/x-1.dist-info/"
    rows = "".join(f"x/{one:040d}.py,sha256=x,1\n" for one in range(size // 60))
    return place.files({info + "METADATA": "Name: x\nVersion: 1\n\n", info + "RECORD": rows})


@case("documents", "SBOM of 60 MB: 600,000 components", UNKNOWN, "", full=600_000)
def large_sbom(place: Place, count: int) -> Target:
    row = b'{"type":"library","name":"x","version":"1","purl":"pkg:npm/x@%d"}'
    head = b'{"bomFormat":"CycloneDX","specVersion":"1.5","components":['
    return place.files(
        {
            "usr/lib/python3/dist-packages/x-1.dist-info/sboms/x.cdx.json": head
            + b",".join(row % one for one in range(count))
            + b"]}",
            "usr/lib/python3/dist-packages/x-1.dist-info/METADATA": "Name: x\nVersion: 1\n\n",
        }
    )


# -- bombs in YAML and XML ---------------------------------------------------------------------------------------------

ALIASES = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{one}: &a{one} [{','.join([f'*a{one - 1}'] * 9)}]\n" for one in range(1, 40)
)
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "lol">'
    + "".join(f'<!ENTITY e{one} "{f"&e{one - 1};" * 10}">' for one in range(1, 40))
    + "]>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e39 SYSTEM "file:///etc/hostname">]>'
XML = {
    "pom.xml": (
        "app/META-INF/maven/g/a/pom.xml",
        "<project><groupId>g</groupId><artifactId>a</artifactId><version>&e39;</version></project>",
    ),
    "nuspec": (
        "root/.nuget/packages/a/1.0.0/a.nuspec",
        "<package><metadata><id>a</id><version>&e39;</version></metadata></package>",
    ),
    "plist": (
        "var/db/xbps/pkgdb-0.38.plist",
        '<plist version="1.0"><dict><key>a</key><string>&e39;</string></dict></plist>',
    ),
    "CycloneDX XML": (
        "usr/lib/python3/dist-packages/x-1.dist-info/sboms/x.cdx.xml",
        '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component><name>&e39;</name></component></components></bom>',
    ),
}


@case("documents", "YAML alias bomb in pnpm's lock.yaml", READ)
def alias_bomb(place: Place, _: int) -> Target:
    return place.files({"app/node_modules/.pnpm/lock.yaml": "lockfileVersion: '9.0'\n" + ALIASES + "packages: *a39\n"})


@case("documents", "YAML of 10^5 lists within one another", READ, full=100_000)
def deep_yaml(place: Place, count: int) -> Target:
    return place.files({"app/node_modules/.pnpm/lock.yaml": "packages: " + "[" * count + "]" * count})


def xml_bombs(name: str, path: str, body: str) -> None:
    near = {"usr/lib/python3/dist-packages/x-1.dist-info/METADATA": "Name: x\nVersion: 1\n\n"}

    @case("documents", f"XML entity bomb in {name}", UNKNOWN, "", quick=0 if name == "pom.xml" else -1)
    def build(place: Place, _: int) -> Target:
        return place.files({**near, path: ENTITIES + body})

    @case("documents", f"XML entity of an outer file in {name}", UNKNOWN, "", quick=0 if name == "nuspec" else -1)
    def build_outside(place: Place, _: int) -> Target:
        return place.files({**near, path: OUTSIDE + body})

    @case("documents", f"10^6 elements within one another in {name}", UNKNOWN, "", full=1_000_000)
    def build_deep(place: Place, count: int) -> Target:
        return place.files({**near, path: "<a>" * count + "</a>" * count})


for _name, (_path, _body) in XML.items():
    xml_bombs(_name, _path, _body)

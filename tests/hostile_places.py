"""Hostile places: layouts and archives on disk, directories."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from hostile_case import EITHER, READ, REFUSED, UNKNOWN, Place, Target, between, canary, case
from tars import END, header

# -- layouts and archives on disk --------------------------------------------------------------------------------------


def first_blob(place: Place) -> Path:
    """The layer of `sound`: what is no JSON."""
    return next(path for path in (place.path / "blobs/sha256").iterdir() if path.read_bytes()[:1] != b"{")


def replaced_blob(name: str, outcome: str, says: str, put: Callable[[Place, Path], None], quick: int = 0) -> None:
    @case("layouts", name, outcome, says, quick=quick)
    def build(place: Place, _: int) -> Target:
        target = place.image(between())
        blob = first_blob(place)
        kept = place.path.parent / "kept"
        blob.rename(kept)
        put(place, blob)
        return target


replaced_blob(
    "blob that is a link to the same file outside",
    REFUSED,
    "leads out",
    lambda place, blob: blob.symlink_to(place.path.parent / "kept"),
)
replaced_blob(
    "blob that is a link to /etc/passwd", REFUSED, "leads out", lambda place, blob: blob.symlink_to("/etc/passwd")
)
replaced_blob("blob that is a link to itself", REFUSED, "", lambda place, blob: blob.symlink_to(blob.name), quick=-1)
replaced_blob(
    "blob that is a link to /dev/zero", REFUSED, "leads out", lambda place, blob: blob.symlink_to("/dev/zero")
)
replaced_blob("blob that is a pipe", REFUSED, "no regular file", lambda place, blob: os.mkfifo(blob))
replaced_blob("blob that is a directory", REFUSED, "no regular file", lambda place, blob: blob.mkdir(), quick=-1)
replaced_blob(
    "blob that is a sparse file of 8 TiB",
    REFUSED,
    "longer than",
    lambda place, blob: (blob.touch(), os.truncate(blob, 8 << 40), None)[-1],
)


@case("layouts", "index.json that is a pipe", REFUSED, "no regular file", quick=0)
def piped_index(place: Place, _: int) -> Target:
    target = place.image(between())
    (place.path / "index.json").unlink()
    os.mkfifo(place.path / "index.json")
    return target


@case("layouts", "index.json that is a link to /dev/zero", REFUSED, "leads out", quick=0)
def endless_index(place: Place, _: int) -> Target:
    target = place.image(between())
    (place.path / "index.json").unlink()
    (place.path / "index.json").symlink_to("/dev/zero")
    return target


@case("layouts", "blobs that is a link to /", REFUSED, "leads out", quick=0)
def blobs_root(place: Place, _: int) -> Target:
    target = place.image(between())
    (place.path / "blobs").rename(place.path.parent / "kept")
    (place.path / "blobs").symlink_to("/")
    return target


def targeted(name: str, scheme: str, place_of: Callable[[Place], str], says: str) -> None:
    @case("layouts", name, REFUSED, says)
    def build(place: Place, _: int) -> Target:
        return Target(scheme, place_of(place))


def _pipe(place: Place) -> str:
    os.mkfifo(place.path / "pipe")
    return str(place.path / "pipe")


targeted("/dev/zero as an archive", "docker-archive", lambda _: "/dev/zero", "")
targeted("a pipe as an archive", "docker-archive", _pipe, "")
targeted("a pipe as a layout", "oci", _pipe, "")


def saved(place: Place, manifest: object, *entries: bytes) -> Target:
    """A `docker save` archive of any entries."""
    data = json.dumps(manifest).encode()
    (place.path / "saved.tar").write_bytes(
        header(b"manifest.json", b"%o" % len(data))
        + data.ljust(-(-len(data) // 512) * 512, b"\0")
        + b"".join(entries)
        + END
    )
    return Target("docker-archive", str(place.path / "saved.tar"))


CONFIG = json.dumps(
    {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}
).encode()
CONFIG_ENTRY = header(b"c.json", b"%o" % len(CONFIG)) + CONFIG.ljust(512, b"\0")


def odd_saved(name: str, layers: list[object], *entries: bytes, says: str = "") -> None:
    @case(
        "archives of images",
        name,
        REFUSED,
        says,
        quick=0 if "passwd" in name or "circle" in name or "escapes" in name else -1,
    )
    def build(place: Place, _: int) -> Target:
        return saved(place, [{"Config": "c.json", "RepoTags": ["a:1"], "Layers": layers}], CONFIG_ENTRY, *entries)


odd_saved("docker-archive whose layer is /etc/passwd", ["/etc/passwd"])
odd_saved("docker-archive whose layer is ../../../etc/passwd", ["../../../../../../etc/passwd"])
odd_saved(
    "docker-archive whose layer is a link to /etc/passwd", ["l.tar"], header(b"l.tar", kind=b"2", _157=b"/etc/passwd")
)
odd_saved(
    "docker-archive whose layers are links in a circle",
    ["a.tar"],
    header(b"a.tar", kind=b"2", _157=b"b.tar"),
    header(b"b.tar", kind=b"2", _157=b"a.tar"),
)
odd_saved("docker-archive whose layer is a device", ["d"], header(b"d", kind=b"3"))
odd_saved("docker-archive whose layer is the archive's own manifest", ["manifest.json"])
odd_saved("docker-archive with terminal escapes as a layer's name", ["\x1b[2J\n.tar"])
odd_saved("docker-archive whose layers are numbers", [1, 2])


@case("archives of images", "docker-archive of 10^6 members", REFUSED, "", full=1_000_000, quick=70_000)
def many_members(place: Place, count: int) -> Target:
    with (place.path / "saved.tar").open("wb") as file:
        file.writelines([header(b"x") * 1000] * (count // 1000))
        file.write(END)
    return Target("docker-archive", str(place.path / "saved.tar"))


@case("archives of images", "compressed archive that unpacks to 40 GiB", REFUSED, "unpack", full=40 << 30, seconds=30)
def spool_bomb(place: Place, size: int) -> Target:
    import zstandard  # noqa: PLC0415

    block = 1 << 17
    start = (512 << 3).to_bytes(3, "little") + header(b"manifest.json", b"\x80" + size.to_bytes(11, "big"))
    run = (block << 3 | 2).to_bytes(3, "little") + b"\0"
    assert zstandard.FRAME_HEADER == b"\x28\xb5\x2f\xfd"
    (place.path / "saved.tar").write_bytes(b"\x28\xb5\x2f\xfd\x00\x50" + start + run * (size // block) + b"\1\0\0")
    return Target("docker-archive", str(place.path / "saved.tar"))


@case("archives of images", "archive cut in half", REFUSED, "", quick=0)
def half_archive(place: Place, _: int) -> Target:
    return saved(place, [{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["l.tar"]}], header(b"l.tar", b"77777"))


# -- directories -------------------------------------------------------------------------------------------------------


def root(place: Place) -> Path:
    """A directory with both canaries."""
    for path, content in {**canary(0), **canary(1)}.items():
        file = place.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(content))
    return place.path


@case("directories", "pipes, sockets and devices, under names that are wanted", READ, quick=0)
def specials(place: Place, _: int) -> Target:
    top = root(place)
    (top / "node_modules/x").mkdir(parents=True)
    os.mkfifo(top / "node_modules/x/package.json")
    os.mkfifo(top / "a.jar")
    with socket.socket(socket.AF_UNIX) as end:
        where = os.getcwd()
        os.chdir(top)
        end.bind("b.jar")
        os.chdir(where)
    if os.getuid() == 0:
        os.mknod(top / "zero.jar", 0o20666, os.makedev(1, 5))
    return Target("dir", str(top))


@case("directories", "links out, to themselves, to /proc, to /dev/zero", READ, quick=0)
def out_links(place: Place, _: int) -> Target:
    top = root(place)
    (place.path.parent / "secret").write_text('{"name": "secret", "version": "1"}')
    (top / "node_modules/x").mkdir(parents=True)
    (top / "node_modules/x/package.json").symlink_to(place.path.parent / "secret")
    for name, target in {"self": "self", "proc": "/proc", "a.jar": "/dev/zero", "up": "..", "d": "d/d"}.items():
        (top / name).symlink_to(target)
    return Target("dir", str(top))


@case("directories", "wanted files of 8 TiB", UNKNOWN, "over the limit", quick=0)
def sparse_files(place: Place, _: int) -> Target:
    top = root(place)
    for path, begin in {
        "app/x.jar": b"PK\3\4",
        "usr/bin/x": b"\x7fELF" + bytes(60),
        "var/lib/dpkg/status": b"Package: x\n",
    }.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(begin)
        os.truncate(top / path, 8 << 40)
    return Target("dir", str(top))


@case("directories", "ELF of 3 GiB, sparse", READ, full=3 << 30, quick=64 << 20)
def sparse_program(place: Place, size: int) -> Target:
    import programs  # noqa: PLC0415

    top = root(place)
    (top / "usr/bin").mkdir(parents=True)
    (top / "usr/bin/x").write_bytes(programs.elf({".text": b""}))
    (top / "usr/bin/x").chmod(0o755)
    os.truncate(top / "usr/bin/x", size)
    return Target("dir", str(top))


@case("directories", "10,000 directories within one another", UNKNOWN, "", full=10_000)
def deep_directories(place: Place, count: int) -> Target:
    top = root(place)
    here = os.open(top, os.O_RDONLY)
    for _ in range(count):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    return Target("dir", str(top))


@case("directories", "10^6 files in one directory", READ, full=1_000_000, quick=2_000, seconds=40)
def many_files(place: Place, count: int) -> Target:
    top = root(place)
    (top / "many").mkdir()
    here = os.open(top / "many", os.O_RDONLY)
    for one in range(count):
        os.close(os.open(str(one), os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    return Target("dir", str(top))


@case("directories", "10^5 links in one directory", READ, full=100_000)
def many_links(place: Place, count: int) -> Target:
    top = root(place)
    for one in range(count):
        os.symlink(f"../l{one + 1}", top / f"l{one}")
    return Target("dir", str(top))


@case("directories", "names that are not UTF-8, or terminal escapes", READ, quick=0)
def odd_names(place: Place, _: int) -> Target:
    top = os.fsencode(root(place))
    for name in (b"\xff\xfe", b"caf\xe9", b"\x1b[2J\n\x07", b"a\nb", b" ", b"\xf0\x9f\x92\xa9" * 60):
        os.mkdir(os.path.join(top, name))
    return Target("dir", os.fsdecode(top))


def unrest(place: Place, step: Callable[[Path, int], None]) -> Target:
    """A directory in which something goes on until it is scanned."""
    top = root(place)
    stopped = threading.Event()

    def run() -> None:
        number = 0
        while not stopped.is_set():
            step(top, number)
            number += 1

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    place.open.callback(thread.join)
    place.open.callback(stopped.set)
    return Target("dir", str(top))


@case("directories", "a log that is written to, under a name that is wanted", READ, quick=0)
def growing(place: Place, _: int) -> Target:
    (place.path / "var/lib/dpkg").mkdir(parents=True)

    def step(top: Path, number: int) -> None:
        with (top / "var/lib/dpkg/status").open("a") as file:
            file.write(f"Package: x{number}\nStatus: install ok installed\nVersion: 1\n\n")
        time.sleep(0.0005)

    return unrest(place, step)


@case("directories", "files and directories that come and go", EITHER, "", quick=0)
def coming(place: Place, _: int) -> Target:
    def step(top: Path, number: int) -> None:
        folder = top / f"node_modules/n{number % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"name": "x", "version": "1"}')
        if number % 50 > 40:
            for path in sorted((top / "node_modules").rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()

    return unrest(place, step)


@case("directories", "a file that shrinks and is exchanged for links while it is read", EITHER, "", quick=0)
def shrinking(place: Place, _: int) -> Target:
    (place.path / "var/lib/dpkg").mkdir(parents=True)

    def step(top: Path, number: int) -> None:
        new, status = top / "new", top / "var/lib/dpkg/status"
        if number % 3:
            new.write_bytes(b"Package: x\nStatus: install ok installed\nVersion: 1\n" + b"Description: x\n" * 100_000)
        else:
            new.symlink_to("/etc/passwd")
        new.rename(status)
        if number % 3:
            os.truncate(status, 100)

    return unrest(place, step)

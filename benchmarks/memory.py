"""How much memory a scan takes, whatever the image: images made to be large in one way each.

    python benchmarks/memory.py [CASE...] [--scale N] [--images DIRECTORY]

Each image is made under `--images` (a temporary directory otherwise; the largest takes 1 GB of it) and scanned twice
without a cache, once for each view. What is printed: the peak of the memory that belongs to the scan's processes, all
together, as `Pss` of /proc/PID/smaps_rollup says, sampled every 20 ms: pages that forked workers share count once.
`own` is anonymous memory, which the system can't take back; `all` includes pages of files that are mapped at the
moment, which it can. Then wall and processor seconds, components and unknowns. `--scale 10` makes a tenth of
everything. Budget: `own` at most 300 MB.
"""

import argparse
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import zstandard

Pieces = Iterator[bytes]
MIB = 1 << 20
BUDGET = 300.0
_HEADER = struct.Struct("100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x")


def entry(path: str, size: int, kind: bytes = b"0", mode: bytes = b"0000644\0") -> bytes:
    """One header of a ustar; a long path is split."""
    raw, prefix = path.encode(), b""
    if len(raw) > 100:
        cut = raw.index(b"/", len(raw) - 101)
        prefix, raw = raw[:cut], raw[cut + 1 :]
    number = b"0000000\0"
    fields = (raw, mode, number, number, b"%011o\0" % size, b"00000000000\0", b" " * 8, kind, b"", b"ustar\0", b"00")
    block = _HEADER.pack(*fields, b"", b"", number, number, prefix)
    total = (zlib.adler32(block) - 1) & 0xFFFF
    return block[:148] + b"%06o\0 " % total + block[156:]


def member(path: str, content: bytes, mode: bytes = b"0000644\0") -> bytes:
    return entry(path, len(content), mode=mode) + content + bytes(-len(content) % 512)


def directory(path: str) -> bytes:
    return entry(path, 0, b"5", b"0000755\0")


def layout(place: Path, layers: list[Pieces], command: list[str]) -> Path:
    """Write an OCI layout whose layers come as tar pieces."""
    blobs = place / "blobs/sha256"
    blobs.mkdir(parents=True)
    descriptors, diff_ids = [], []
    for pieces in layers:
        part, size = blobs / "part", 0
        stored, plain = hashlib.sha256(), hashlib.sha256()
        with part.open("wb") as file:
            parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=25, enable_ldm=True)
            squeeze = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
            for piece in chain(pieces, [bytes(1024)]):
                plain.update(piece)
                out = squeeze.compress(piece)
                stored.update(out)
                size += file.write(out)
            out = squeeze.flush()
            stored.update(out)
            size += file.write(out)
        part.rename(blobs / stored.hexdigest())
        kind = "application/vnd.oci.image.layer.v1.tar+zstd"
        descriptors.append({"mediaType": kind, "digest": f"sha256:{stored.hexdigest()}", "size": size})
        diff_ids.append(f"sha256:{plain.hexdigest()}")
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": command}}
    rootfs = {"rootfs": {"type": "layers", "diff_ids": diff_ids}}
    kind = "application/vnd.oci.image.config.v1+json"
    manifest = {"schemaVersion": 2, "config": document(blobs, {**config, **rootfs}, kind), "layers": descriptors}
    kind = "application/vnd.oci.image.manifest.v1+json"
    index = {"schemaVersion": 2, "manifests": [document(blobs, manifest, kind)]}
    (place / "index.json").write_text(json.dumps(index))
    (place / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return place


def document(blobs: Path, value: object, kind: str) -> dict[str, object]:
    data = json.dumps(value).encode()
    name = hashlib.sha256(data).hexdigest()
    (blobs / name).write_bytes(data)
    return {"mediaType": kind, "digest": f"sha256:{name}", "size": len(data)}


def batched(parts: Pieces) -> Pieces:
    held, size = [], 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size > MIB:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


# --- the images ---


def base() -> Pieces:
    """A program to start from, so that the usage view has something to follow."""
    yield directory("etc")
    yield member("etc/os-release", b"ID=debian\nVERSION_ID=12\n")
    yield directory("usr") + directory("usr/bin")
    yield member("usr/bin/start", b"#!/bin/sh\nexec /usr/bin/node /srv/app/main.js\n", b"0000755\0")


def package(name: str, version: str) -> bytes:
    return json.dumps({"name": name, "version": version, "license": "MIT", "main": "index.js"}).encode()


def many_files(scale: int) -> list[Pieces]:
    """3,000,000 files, ten in a directory, with paths of 60 bytes; a layer above, so that tables are compared."""

    def files() -> Pieces:
        for number in range(300_000 // scale):
            place = f"srv/data/assets/{number % 997:03}/collection-{number // 997:05}"
            yield directory(place)
            for file in range(10):
                yield entry(f"{place}/picture-{number * 7919 % 1000003:07}-{file}.jpeg", 0)

    above = iter([member("srv/data/node_modules/left-pad/package.json", package("left-pad", "1.3.0"))])
    return [batched(base()), batched(files()), above]


def large_content(scale: int) -> list[Pieces]:
    """10 GB of content that nobody wants, in ten files."""
    block = random.Random(1).randbytes(8 * MIB)

    def files() -> Pieces:
        yield from base()
        for number in range(10):
            repeats = 128 // scale
            yield entry(f"srv/data/part-{number}.bin", repeats * len(block))
            for _ in range(repeats):
                yield block

    return [files()]


def many_packages(scale: int) -> list[Pieces]:
    """100,000 packages of Node.js."""

    def files() -> Pieces:
        yield from base()
        for number in range(100_000 // scale):
            place = f"srv/app/node_modules/package-{number}"
            yield member(f"{place}/package.json", package(f"package-{number}", f"1.{number % 50}.0"))
            yield member(f"{place}/index.js", b"module.exports = require('package-%d')\n" % (number // 2))

    return [batched(files())]


def many_system_packages(scale: int) -> list[Pieces]:
    """100,000 packages of Debian with ten files each."""
    count = 100_000 // scale

    def files() -> Pieces:
        yield from base()
        fields = "Status: install ok installed\nArchitecture: amd64\nMaintainer: A <a@example.org>\n"
        status = "".join(f"Package: library-{number}\n{fields}Version: 1.{number}\n\n" for number in range(count))
        yield member("var/lib/dpkg/status", status.encode())
        for number in range(count):
            paths = [f"/usr/share/library-{number}/file-{file}.dat" for file in range(10)]
            yield member(f"var/lib/dpkg/info/library-{number}.list", "\n".join(["/.", *paths, ""]).encode())
            yield b"".join(entry(path[1:], 0) for path in paths)

    return [batched(files())]


def many_layers(scale: int) -> list[Pieces]:
    """500 layers, each with 200 files and one package."""

    def files(number: int) -> Pieces:
        place = f"srv/app/node_modules/package-{number}"
        yield member(f"{place}/package.json", package(f"package-{number}", "1.0.0"))
        for file in range(200):
            yield entry(f"{place}/lib/file-{file}.js", 0)
        yield entry(f"srv/app/node_modules/package-{number - 1}/lib/.wh.file-7.js", 0)

    return [batched(base()), *(batched(files(number)) for number in range(500 // scale))]


def filled(path: str, first: bytes, size: int, last: bytes = b"", mode: bytes = b"0000755\0") -> Pieces:
    block = random.Random(2).randbytes(8 * MIB)
    yield entry(path, size, mode=mode)
    yield first
    left = size - len(first) - len(last)
    while left:
        yield block[: min(left, len(block))]
        left -= min(left, len(block))
    yield last + bytes(-size % 512)


def one_file(path: str, first: bytes, last: bytes = b"") -> Callable[[int], list[Pieces]]:
    def make(scale: int) -> list[Pieces]:
        return [batched(base()), filled(path, first, (2 << 30) // scale, last)]

    return make


def zip_end() -> tuple[bytes, bytes]:
    """What stands before and after the content of a stored member of 2 GB less both."""
    name = b"content.bin"
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0) + name
    return local, central


def archive(scale: int) -> list[Pieces]:
    """A jar of 2 GB."""
    size = (2 << 30) // scale
    local, central = zip_end()
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), size - len(central) - 22, 0)
    return [batched(base()), filled("srv/app/large.jar", local, size, central + end)]


CASES: dict[str, Callable[[int], list[Pieces]]] = {
    "files": many_files,
    "content": large_content,
    "packages": many_packages,
    "system": many_system_packages,
    "layers": many_layers,
    "program": one_file("usr/bin/node", Path(sys.executable).resolve().read_bytes()),
    "jar": archive,
    "lock": one_file(
        "srv/app/package-lock.json", b'{"name": "x", "lockfileVersion": 3, "packages": {"": {"a": "', b'"}}}'
    ),
}


# --- measuring ---


def family(root: int) -> list[int]:
    """A process and all its descendants."""
    found, at = [root], 0
    while at < len(found):
        try:
            tasks = Path(f"/proc/{found[at]}/task").iterdir()
            for task in tasks:
                found += map(int, (task / "children").read_text().split())
        except OSError:
            pass
        at += 1
    return found


def memory(process: int) -> tuple[int, int]:
    """(own, all) in kB."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return 0, 0
    found = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    return found["Pss_Anon"] + found["Pss_Shmem"], found["Pss"]


def measure(image: Path, view: str, jobs: int, spool: Path) -> dict[str, float]:
    out = spool / "out.json"
    arguments = ["scan", f"oci:{image}", "--no-cache", "--view", view, "-o", f"cdx-json={out}", "--jobs", str(jobs)]
    before, began = os.times(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "stellaops_cli", *arguments],
        env={**os.environ, "TMPDIR": str(spool)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    own = whole = 0
    while process.poll() is None:
        sizes = [memory(one) for one in family(process.pid)]
        own, whole = max(own, sum(size for size, _ in sizes)), max(whole, sum(size for _, size in sizes))
        time.sleep(0.02)
    after = os.times()
    said = process.stderr.read().decode() if process.stderr else ""
    if process.returncode:
        print(said.strip())
    found = json.loads(out.read_bytes())["components"] if process.returncode == 0 else []
    digest = hashlib.sha256(out.read_bytes()).hexdigest() if found else ""
    out.unlink(missing_ok=True)
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    result = {"own": own / 1024, "all": whole / 1024, "wall": time.perf_counter() - began, "processor": processor}
    return {**result, "components": len(found), "code": process.returncode, "digest": digest[:8]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--images", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        print(f"{'image':<10}{'view':<11}{'own MB':>8}{'all MB':>9}{'wall s':>8}{'CPU s':>8}{'components':>12}")
        for case in options.cases:
            image = (options.images or Path(temporary)) / f"{case}-{options.scale}"
            if not image.exists():
                layout(image, CASES[case](options.scale), ["/usr/bin/start"])
            for view in ("inventory", "usage"):
                one = measure(image, view, options.jobs, Path(temporary))
                note = "  OVER BUDGET" if one["own"] > BUDGET else ""
                figures = f"{one['own']:>8.0f}{one['all']:>9.0f}{one['wall']:>8.1f}{one['processor']:>8.1f}"
                print(f"{case:<10}{view:<11}{figures}{one['components']:>12}  {one['digest']}{note}", flush=True)


if __name__ == "__main__":
    main()

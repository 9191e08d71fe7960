"""Many scans on one cache, and whatever can happen to them: killed, stopped, collected, out of room, at another time.

    python benchmarks/torture.py [--seed N] [--kills N] [--at-once N] [--images LAYOUT...] [CHECK...]

The images are made here and share layers; those named after `--images` join them. Each document is compared with the
one that a scan without a cache gives. Nothing may be left behind but, after kill -9, files in the cache's `tmp/` (swept
an hour later) and at most one `.part` file beside a document. The exit code is the number of checks that failed.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from builders import layer, oci_layout  # noqa: E402
from stellaops_core.scan.cache import LayerCache, open_cache  # noqa: E402

NO_LOCKS = """
import sys
def refuse(event, arguments):
    if event in ("fcntl.flock", "fcntl.lockf"):
        raise RuntimeError("a lock was asked for")
sys.addaudithook(refuse)
from stellaops_cli.__main__ import main
sys.argv[0] = "stella"
sys.exit(main())
"""
NEWER = NO_LOCKS.replace(
    "from stellaops_cli", "import stellaops_core.scan.cache as c\nc.PACK_VERSION += 1\nfrom stellaops_cli"
)


class Failure(Exception):
    """What should not have happened."""


def demand(condition: object, what: str) -> None:
    if not condition:
        raise Failure(what)


def make_images(place: Path, seed: int, files: int, layers: int = 6) -> list[Path]:
    """Images of four layers each, out of a few: the base is everybody's, the others are shared by some."""
    chance = random.Random(seed)
    status = "Package: libexample1\nStatus: install ok installed\nVersion: 1:2.3-4\nArchitecture: amd64\n\n"
    base = layer({"etc/os-release": 'ID=debian\nVERSION_ID="12"\n', "var/lib/dpkg/status": status})
    made = []
    for number in range(layers):
        content: dict[str, bytes | str] = {}
        for file in range(files):
            name = f"p{number}-{file}"
            record = f'{{"name": "{name}", "version": "{number}.{file}.0"}}'
            content[f"srv/app{number}/node_modules/{name}/package.json"] = record
            content[f"srv/app{number}/node_modules/{name}/data.bin"] = chance.randbytes(4000)
        content[f"usr/bin/tool{number}"] = b"\x7fELF\2\1\1\0" + chance.randbytes(200_000)
        made.append(layer(content))
    return [oci_layout(place / f"image{number}", [base, *chance.sample(made, 3)]) for number in range(layers)]


class Stage:
    """A cache, images with their right documents, and places for what scans write."""

    def __init__(self, root: Path, images: list[Path], right: dict[Path, bytes], chance: random.Random) -> None:
        self.root, self.images, self.random = root, images, chance
        self.cache, self.spool, self.out = root / "cache", root / "spool", root / "out"
        for folder in (self.spool, self.out):
            folder.mkdir(parents=True, exist_ok=True)
        self.right = right

    def start(self, *arguments: str, program: str = NO_LOCKS, **options: object) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "STELLA_CACHE_DIR": str(self.cache), "TMPDIR": str(self.spool)}
        environment |= options.pop("environment", {})  # type: ignore[call-overload]
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            [sys.executable, "-c", program, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **options,
        )

    def run(self, *arguments: str, **options: object) -> tuple[int, bytes, str]:
        with self.start(*arguments, **options) as process:  # type: ignore[arg-type]
            try:
                out, err = process.communicate(timeout=600)
            finally:
                process.kill()
        return process.returncode, out, err.decode()

    def scan(self, image: Path, **options: object) -> subprocess.Popen[bytes]:
        return self.start("scan", f"oci:{image}", "-o", "cdx-json", "--jobs", "3", **options)  # type: ignore[arg-type]

    def finish(self, image: Path, process: subprocess.Popen[bytes], *, quiet: bool = True) -> str:
        with process:
            out, err = process.communicate(timeout=600)
        said = err.decode()
        demand(process.returncode == 0, f"exit code {process.returncode}: {said}")
        demand(out == self.wanted(image), f"another document of {image.name}")
        demand(not (quiet and said), f"it said: {said}")
        return said

    def wanted(self, image: Path) -> bytes:
        """The document that a scan without a cache gives."""
        if image not in self.right:
            self.right[image] = self.run("scan", f"oci:{image}", "-o", "cdx-json", "--no-cache")[1]
        return self.right[image]

    def check(self, image: Path, **options: object) -> str:
        quiet = bool(options.pop("quiet", True))
        return self.finish(image, self.scan(image, **options), quiet=quiet)

    def open(self) -> LayerCache:
        return open_cache(str(self.cache))

    def drop(self) -> None:
        shutil.rmtree(self.cache, ignore_errors=True)

    def is_whole(self) -> None:
        damaged = self.open().verify().damaged
        demand(not damaged, f"damaged: {damaged}")

    def is_clean(self, *, killed: bool = False) -> None:
        demand(not os.listdir(self.spool), f"left in TMPDIR: {os.listdir(self.spool)}")
        left = os.listdir(self.cache / "tmp") if (self.cache / "tmp").is_dir() else []
        demand(killed or not left, f"left in the cache: {left}")


def at_once(stage: Stage, options: argparse.Namespace) -> str:
    """So many scans begin together on an empty cache; then again on the full one."""
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        chosen = [stage.random.choice(stage.images) for _ in range(options.at_once)]
        for image, process in [(image, stage.scan(image)) for image in chosen]:
            stage.finish(image, process)
        seconds.append(time.perf_counter() - began)
    stage.is_whole()
    stage.is_clean()
    return f"{options.at_once} scans, {seconds[0]:.1f} s on an empty cache, {seconds[1]:.1f} s on a full one"


def stopped(stage: Stage, options: argparse.Namespace) -> str:
    """A scan that is stopped anywhere, in the middle of a write as well, keeps no other one waiting."""
    rounds = max(options.kills // 10, 3)
    for _ in range(rounds):
        stage.drop()
        image = stage.random.choice(stage.images)
        process = stage.scan(image)
        time.sleep(stage.random.uniform(0.05, 0.6))
        os.killpg(process.pid, signal.SIGSTOP)
        try:
            stage.check(image)
        finally:
            os.killpg(process.pid, signal.SIGCONT)
        stage.finish(image, process)
    stage.is_whole()
    return f"{rounds} times"


def killed(stage: Stage, options: argparse.Namespace) -> str:
    """SIGKILL at random moments to the parent, one worker or all: the cache holds, the next scan is right."""
    counts: dict[str, int] = {}
    leftovers = parts = 0
    longest = 0.8
    for number in range(options.kills):
        if number % 4 == 0:
            stage.drop()
        image, out = stage.random.choice(stage.images), stage.out / "bom.json"
        arguments = ("scan", f"oci:{image}", "-o", f"cdx-json={out}", "--jobs", "3")
        with stage.start(*arguments, stdout=subprocess.DEVNULL) as process:
            time.sleep(stage.random.uniform(0.05, longest))
            victim = stage.random.choice(["parent", "worker", "group"])
            counts[victim] = counts.get(victim, 0) + kill(process.pid, victim, stage.random)
            process.communicate(timeout=60)
        wait_until_gone(process.pid)
        demand(not out.exists() or out.read_bytes() == stage.wanted(image), "a document that is not whole")
        out.unlink(missing_ok=True)
        parts += sum(1 for part in stage.out.iterdir() if not part.unlink())  # type: ignore[func-returns-value]
        stage.is_whole()
        stage.is_clean(killed=True)
        began = time.perf_counter()
        stage.check(image)
        longest = time.perf_counter() - began  # so that the end of a scan gets its share
        leftovers += len(os.listdir(stage.cache / "tmp")) if (stage.cache / "tmp").is_dir() else 0
    stage.open().gc(max_size=None, older_than=None, now=time.time() + 7200)
    stage.is_clean()
    said = ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))
    return f"{options.kills} times ({said}); temporary files in the cache {leftovers}, beside documents {parts}"


def kill(process: int, victim: str, chance: random.Random) -> int:
    try:
        if victim == "group":
            os.killpg(process, signal.SIGKILL)
        else:
            children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
            target = process if victim == "parent" or not children else int(chance.choice(children))
            os.kill(target, signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError):
        return 0
    return 1


def wait_until_gone(group: int, seconds: float = 3.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        states = [state for one, state in group_states(group) if one != os.getpid()]
        if all(state in "ZX" for state in states):
            return
        time.sleep(0.01)
    raise Failure("a process was left behind")


def group_states(group: int) -> Iterator[tuple[int, str]]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                state, _, its_group = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(its_group) == group:
                yield int(entry), state


def collected(stage: Stage, options: argparse.Namespace) -> str:
    """`gc`, `clear` and `verify` go on all the time, by any clock, while scans and exports do."""
    rounds, exported = max(options.kills // 10, 2), 0
    stop = stage.root / "stop"
    collector = stage.start(str(stage.cache), str(stop), str(options.seed), program=COLLECTOR)
    try:
        for number in range(rounds):
            images = [stage.random.choice(stage.images) for _ in range(4)]
            for image, process in [(image, stage.scan(image)) for image in images]:
                stage.finish(image, process)
            if number % 2:
                code, _, err = stage.run("export", f"oci:{images[0]}", "-o", "purls")
                demand(code in {0, 4}, f"export: {code} {err}")
                exported += code == 0
    finally:
        stop.touch()
        out, err = collector.communicate(timeout=60)
    demand(collector.returncode == 0, f"the collector: {err.decode()}")
    stage.is_whole()
    return f"{rounds * 4} scans, {out.decode().strip()}, {exported} of {rounds // 2} exports found theirs"


COLLECTOR = """
import os, random, sys, time
from stellaops_core.scan.cache import open_cache
cache, stop, chance = open_cache(sys.argv[1]), sys.argv[2], random.Random(int(sys.argv[3]))
runs = 0
while not os.path.exists(stop):
    now = time.time() + chance.choice([0, 0, 7200, 10**9, -10**9])
    match chance.randrange(4):
        case 0: cache.clear(now=now)
        case 1: cache.gc(max_size=chance.randrange(10**6), older_than=None, now=now)
        case 2: cache.gc(max_size=None, older_than=chance.choice([0.0, 1.0, 10**8]), now=now)
        case 3:
            damaged = cache.verify().damaged
            assert not damaged, damaged
    cache.info()
    runs += 1
    time.sleep(chance.uniform(0, 0.02))
print(runs, "collections")
"""


def read_only(stage: Stage, _: argparse.Namespace) -> str:
    """A cache that can't be written to, not even to note its use, is read as any other."""
    image = stage.images[0]
    stage.check(image)
    before = shape(stage.cache)
    with mounted(stage.root / "ro", "--bind", str(stage.cache)) as place:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        options = {"environment": {"STELLA_CACHE_DIR": str(place)}}
        stage.check(image, **options)
        said = stage.check(stage.images[1], quiet=False, **options)
    demand(said.count("warning") == 1, f"not one warning: {said}")
    demand(shape(stage.cache) == before, "it was changed")
    return "known image in silence, another one with one warning"


def shape(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_size) for path in folder.rglob("*"))


def full(stage: Stage, _: argparse.Namespace) -> str:
    """No room left for the cache, temporary files or documents."""
    image, found = stage.images[0], []
    with mounted(stage.root / "small", "-t", "tmpfs", "-o", "size=300k", "tmpfs") as disk:
        said = stage.check(image, quiet=False, environment={"STELLA_CACHE_DIR": str(disk / "cache")})
        demand(said.count("warning") == 1 and "No space" in said, f"the cache: {said}")
        demand(not open_cache(str(disk / "cache")).verify().damaged, "a damaged cache")
        demand(not [*disk.rglob("tmp/*")], "a temporary file in the cache")
        found.append("cache: one warning")
    with mounted(stage.root / "small", "-t", "tmpfs", "-o", "size=100k", "tmpfs") as disk:
        code, _, err = stage.run("scan", f"oci:{image}", "-o", f"json={disk}/bom.json", "--no-cache")
        demand(code == 1 and "No space" in err and "internal" not in err, f"document: {code} {err}")
        demand(not os.listdir(disk), f"left: {os.listdir(disk)}")
        found.append(f"document: exit code {code}")
    large = oci_layout(stage.root / "large", [layer({"usr/bin/x": b"\x7fELF\2\1\1\0" + bytes(20 << 20), "a": b""})] * 2)
    for jobs in ("1", "2"):
        with mounted(stage.root / "small", "-t", "tmpfs", "-o", "size=1m", "tmpfs") as disk:
            arguments = ("scan", f"oci:{large}", "-o", "purls", "--no-cache", "--jobs", jobs)
            code, _, err = stage.run(*arguments, environment={"TMPDIR": str(disk)})
            demand(code > 1 and "internal" not in err, f"TMPDIR: {code} {err}")
            demand(not os.listdir(disk), f"left: {os.listdir(disk)}")
            found.append(f"TMPDIR: exit code {code}")
    shutil.rmtree(large)
    return "; ".join(found)


@contextmanager
def mounted(place: Path, *arguments: str) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    mount = ["mount", *arguments, str(place)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        raise Skipped("needs to mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


class Skipped(Exception):
    """A check that can't be made here."""


def versions(stage: Stage, _: argparse.Namespace) -> str:
    """Two versions use one cache: each finds its own; what the other one could have left under our keys is absent."""
    image = stage.images[0]
    stage.check(image)
    count = stage.open().info().layers
    stage.check(image, program=NEWER)
    demand(stage.open().info().layers == 2 * count, "the keys of two versions are the same")
    stage.check(image)
    for path in sorted((stage.cache / "layers").rglob("*.pack")):
        body = b"stellaF9" + path.read_bytes()[40:]
        path.write_bytes(hashlib.sha256(body).digest() + body)
    shutil.rmtree(stage.cache / "images")
    stage.check(image)
    return f"{count} layers each; packs that only a newer version reads are read anew"


def fleet(stage: Stage, options: argparse.Namespace) -> str:
    """A fleet's file is added to, asked and killed at once: it holds all of an addition or none of it."""
    indexes, file, counts = [], stage.root / "fleet.bin", [0, 0]
    for number, image in enumerate(stage.images):
        indexes.append(str(stage.root / f"{number}.index"))
        code, _, err = stage.run("index", "build", f"oci:{image}", "--to", indexes[-1])
        demand(code == 0, f"index build: {err}")
    code, out, err = stage.run("index", "add", str(file), indexes[0])
    demand(code == 0, f"index add: {err}")
    for _ in range(max(options.kills // 4, 3)):
        adding = stage.start("index", "add", str(file), *stage.random.sample(indexes, 3), program=PLAIN)
        asking = stage.start("index", "query", str(file), "pkg:deb/debian/libexample1", program=PLAIN)
        time.sleep(stage.random.uniform(0.02, 0.5))
        counts[0] += kill(adding.pid, "group", stage.random)
        adding.communicate(timeout=60)
        out, said = asking.communicate(timeout=60)
        demand(asking.returncode == 0 and out.strip(), f"index query: {asking.returncode} {said.decode()}")
        code, _, err = stage.run("index", "verify", str(file), program=PLAIN)
        demand(code == 0, f"index verify: {err}")
    adders = [stage.start("index", "add", str(file), one, program=PLAIN) for one in indexes * 2]
    for adder in adders:
        _, said = adder.communicate(timeout=120)
        demand(adder.returncode == 0, f"index add, many at once: {said.decode()}")
    left = [path.name for path in stage.root.glob("fleet.bin-*")]
    demand(not left, f"left beside the fleet: {left}")
    return f"{counts[0]} additions killed, then {len(adders)} at once"


PLAIN = NO_LOCKS.replace("sys.addaudithook(refuse)", "")
CHECKS: dict[str, Callable[[Stage, argparse.Namespace], str]] = {
    one.__name__: one for one in (at_once, stopped, killed, collected, read_only, full, versions, fleet)
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("checks", nargs="*", default=list(CHECKS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--small", action="store_true", help="images of few files")
    parser.add_argument("--images", nargs="*", type=Path, default=[])
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        images = [*make_images(Path(temporary), options.seed, files=40 if options.small else 400), *options.images]
        right: dict[Path, bytes] = {}
        for name in options.checks:
            place = Path(temporary) / name
            stage = Stage(place, images, right, random.Random(options.seed))
            began = time.perf_counter()
            try:
                said = CHECKS[name](stage, options)
            except Skipped as reason:
                said = f"skipped: {reason}"
            except Failure as failure:
                said, failed = f"FAILED: {failure}", failed + 1
            print(f"{name:<10} {time.perf_counter() - began:6.1f} s  {said}", flush=True)
            shutil.rmtree(place, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())

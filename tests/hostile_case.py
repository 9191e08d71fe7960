"""Hostile inputs: what a case is, where it is built, and how `stella` fared with it.

A case builds an image, an archive, a directory or a registry below a `Place` and says what is to come of it. Images
hold two packages, `canary-first` before whatever is hostile and `canary-last` behind it: an inventory without both has
lost something in silence. `run` starts a program on a target and measures it, `verdict` judges.
"""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from builders import MEDIA_TYPES, Content, image_config, layer

READ, UNKNOWN, EITHER, REFUSED, UNREACHED = "read", "unknown", "either", "refused", "unreached"
"""What is to come of it: an inventory; one that lists an unknown; either; an error about the target, or the server."""

CODES = {READ: 0, UNKNOWN: 0, EITHER: 0, REFUSED: 4, UNREACHED: 5}
CANARIES = ("canary-first", "canary-last")
SECONDS, MEGABYTES = 10, 300
"""What a case may take unless it says otherwise."""
TICK = 0.02


class Target(NamedTuple):
    """What is scanned."""

    scheme: str
    place: str


class Case(NamedTuple):
    """One hostile input."""

    group: str
    name: str
    build: Callable[["Place", int], Target]
    outcome: str
    says: str
    """What the error, or the reason of an unknown, has to say."""
    full: int
    """How large it is built; what that counts is the builder's business."""
    quick: int
    """How large for the ordinary tests; -1: not built there."""
    options: tuple[str, ...]
    seconds: float
    megabytes: float


CASES: list[Case] = []


def case(
    group: str,
    name: str,
    outcome: str,
    says: str = "",
    *,
    full: int = 0,
    quick: int = -1,
    options: Sequence[str] = (),
    seconds: float = SECONDS,
    megabytes: float = MEGABYTES,
) -> Callable[[Callable[["Place", int], Target]], Callable[["Place", int], Target]]:
    """Add what builds a target to the corpus; see `Case`."""

    def add(build: Callable[["Place", int], Target]) -> Callable[["Place", int], Target]:
        CASES.append(Case(group, name, build, outcome, says, full, quick, tuple(options), seconds, megabytes))
        return build

    return add


# -- building --------------------------------------------------------------------------------------------------------


class Stored(NamedTuple):
    """A blob that lies in a layout."""

    digest: str
    size: int
    diff_id: str = ""


class Place:
    """A directory to build in, and what has to be shut down afterwards. Large things are written as they are made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open = contextlib.ExitStack()

    def image(
        self, *layers: Iterable[bytes], compression: str = "gzip", config: Mapping[str, Any] | None = None
    ) -> Target:
        """An OCI layout of tars in pieces."""
        stored = [self.tar(pieces, compression) for pieces in layers]
        return self.layout(stored, MEDIA_TYPES[compression], config=config)

    def files(self, files: Mapping[str, Content] | Sequence[tuple[str, Content]], **config: Any) -> Target:
        """An image of one layer: the first canary, files, the last canary."""
        pairs = files.items() if isinstance(files, Mapping) else files
        return self.image([layer([*canary(0).items(), *pairs, *canary(1).items()])], config={"config": config})

    def layout(
        self,
        stored: Sequence[Stored],
        media_type: str = MEDIA_TYPES["gzip"],
        *,
        config: Mapping[str, Any] | None = None,
        members: Mapping[str, Any] = {},
    ) -> Target:
        """A layout of layers that lie there; `members` replace those of the manifest."""
        document = image_config(
            [], rootfs={"type": "layers", "diff_ids": [one.diff_id for one in stored]}, history=[], **(config or {})
        )
        known = self.blob([json.dumps(document).encode()])
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": known.digest,
                "size": known.size,
            },
            "layers": [{"mediaType": media_type, "digest": one.digest, "size": one.size} for one in stored],
            **members,
        }
        return self.index([self.blob([json.dumps(manifest).encode()])])

    def index(self, manifests: Sequence[Stored], kind: str = "manifest") -> Target:
        """index.json, over manifests that lie there."""
        entries = [
            {"mediaType": f"application/vnd.oci.image.{kind}.v1+json", "digest": one.digest, "size": one.size}
            for one in manifests
        ]
        document = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries}
        (self.path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (self.path / "index.json").write_text(json.dumps(document))
        return Target("oci", str(self.path))

    def blob(self, pieces: Iterable[bytes]) -> Stored:
        """Write a blob under its digest."""
        folder = self.path / "blobs/sha256"
        folder.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with (folder / "new").open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                size += file.write(piece)
        (folder / "new").rename(folder / digest.hexdigest())
        return Stored("sha256:" + digest.hexdigest(), size)

    def tar(self, pieces: Iterable[bytes], compression: str = "gzip") -> Stored:
        """Compress a tar and write it; its diffID is the right one."""
        diff = hashlib.sha256()
        stored = self.blob(packed(_hashed(pieces, diff), compression))
        return stored._replace(diff_id="sha256:" + diff.hexdigest())


def _hashed(pieces: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def packed(pieces: Iterable[bytes], compression: str) -> Iterator[bytes]:
    """`none`, `gzip` or `zstd`."""
    if compression == "none":
        yield from pieces
        return
    if compression == "gzip":
        engine: Any = zlib.compressobj(1, wbits=31)
    else:
        import zstandard  # noqa: PLC0415  # few cases need it

        engine = zstandard.ZstdCompressor(level=1).compressobj()
    for piece in pieces:
        yield engine.compress(piece)
    yield engine.flush()


def canary(number: int) -> dict[str, Content]:
    """Files of a package that has to be found."""
    name = CANARIES[number]
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\n"
    files: dict[str, Content] = {f"usr/lib/python3/dist-packages/{name.replace('-', '_')}-1.0.dist-info/METADATA": text}
    return {"etc/os-release": 'ID=debian\nVERSION_ID="12"\n', **files} if not number else files


FIRST, LAST = layer(canary(0)).rstrip(b"\0"), layer(canary(1))
"""Tars of the canaries; the first one ends with its last header or content, so that more can follow."""
FIRST += bytes(-len(FIRST) % 512)


def between(*pieces: bytes) -> list[bytes]:
    """A tar with the canaries around what is hostile."""
    return [FIRST, *pieces, LAST]


# -- running ---------------------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """What a program made of a target."""

    code: int
    """Exit code; negative: ended by a signal."""
    killed: str
    """Why we ended it: `time`, `memory` or nothing."""
    seconds: float
    cpu: float
    """Seconds of all its processes, user and system."""
    megabytes: float
    """Largest sum over all its processes of memory in proportion to who shares it."""
    out: bytes
    err: str


def run(command: Sequence[str], environ: Mapping[str, str], where: Path, *, seconds: float, megabytes: float) -> Run:
    """Run a program within bounds; its output goes through files so that it can't fill ours."""
    with (where / "out").open("w+b") as out, (where / "err").open("w+b") as err:
        began = time.monotonic()
        child = subprocess.Popen(
            command,
            env=dict(environ),
            cwd=where,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        killed, peak = "", 0.0
        while not killed and not os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            peak = max(peak, _memory(child.pid))
            killed = "memory" if peak > megabytes else "time" if time.monotonic() - began > seconds else ""
            time.sleep(TICK)
        took = time.monotonic() - began
        if killed:
            os.killpg(child.pid, signal.SIGKILL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Run(
            child.returncode,
            killed,
            took,
            usage.ru_utime + usage.ru_stime,
            peak,
            out.read(64 << 20),
            err.read(1 << 20).decode(errors="replace"),
        )


def _memory(process: int) -> float:
    """MB of a process and of those that it started, pages that several share counted once in all."""
    total, ahead = 0, [process]
    while ahead:
        one = ahead.pop()
        with contextlib.suppress(OSError, IndexError, ValueError):
            total += int(Path(f"/proc/{one}/smaps_rollup").read_text().split("\nPss:")[1].split()[0])
        with contextlib.suppress(OSError):
            ahead += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
    return total / 1024


# -- judging ---------------------------------------------------------------------------------------------------------


def stella(
    program: Sequence[str], case: Case, target: Target, home: Path, *, patience: float = 1.0
) -> tuple[Run, list[str]]:
    """Scan a target with `stella` in a home of its own; give what it took and everything that is wrong with it."""
    temporary = home / "temporary"
    temporary.mkdir(parents=True)
    environ = {
        name: text for name, text in os.environ.items() if name in {"PATH", "PYTHONPATH"} or name.startswith("COV")
    }
    environ |= {"HOME": str(home), "STELLA_CACHE_DIR": str(home / "cache"), "TMPDIR": str(temporary)}
    insecure = ("--insecure-registry", target.place.partition("/")[0]) if target.scheme == "registry" else ()
    command = [
        *program,
        "scan",
        f"{target.scheme}:{target.place}",
        "-o",
        "json=document.json",
        "-o",
        "table",
        *insecure,
        *case.options,
    ]
    ran = run(command, environ, home, seconds=6 * case.seconds * patience, megabytes=4096)
    document = home / "document.json"
    flaws = [*verdict(case, ran, document.read_bytes() if document.exists() else b"")]
    left = [str(path.relative_to(home)) for path in (*temporary.rglob("*"), *home.rglob("*.tmp"), *home.rglob(".tmp*"))]
    flaws += [f"leaves {left[:3]} behind"] if left else []
    if max(ran.cpu, ran.seconds / 3) > case.seconds * patience and not ran.killed:
        flaws.append(f"takes {ran.seconds:.1f} s, {ran.cpu:.1f} s of processors")
    if ran.megabytes > case.megabytes and not ran.killed:
        flaws.append(f"takes {ran.megabytes:.0f} MB")
    return ran, flaws


def verdict(case: Case, ran: Run, document: bytes) -> Iterator[str]:
    """Say what is wrong with an outcome."""
    if ran.killed:
        yield f"had to be ended for its {ran.killed}"
        return
    if ran.code != CODES[case.outcome]:
        yield f"ends with {ran.code}"
    if "Traceback" in ran.err or "internal error" in ran.err:
        yield "crashes"
    if any(byte < 32 and byte != 10 for byte in ran.out + ran.err.encode()):
        yield "writes control characters to the terminal"
    if ran.code:
        yield from _of_error(case, ran, document)
    elif document:
        yield from _of_document(case, ran, json.loads(document))
    else:
        yield "writes no document"


def _of_error(case: Case, ran: Run, document: bytes) -> Iterator[str]:
    lines = [line for line in ran.err.splitlines() if not line.startswith("stella: warning:")]
    if (
        not 1 <= len(lines) <= 2
        or not lines[0].startswith("stella: error: ")
        or not all(x.startswith("hint: ") or "hint: " in x for x in lines[1:])
    ):
        yield f"does not say it in one line: {ran.err[:300]!r}"
    if case.says not in ran.err:
        yield f"says something else: {ran.err[:300]!r}"
    if max(map(len, lines), default=0) > 1000:
        yield "says it in too long a line"
    if document or ran.out:
        yield "writes half a result"


def _of_document(case: Case, ran: Run, document: Any) -> Iterator[str]:
    names = {component["name"] for component in document["components"]}
    if lost := [name for name in CANARIES if name not in names]:
        yield f"loses {', '.join(lost)}"
    reasons = sorted({one["reason"] for one in document["unknowns"]})
    if case.outcome == READ and reasons:
        yield f"has unknowns: {reasons[:3]}"
    if case.outcome == UNKNOWN and not any(case.says in reason for reason in reasons):
        yield f"has other unknowns: {reasons[:3]}"
    if (b"unknown  none" in ran.out) == bool(reasons):
        yield "says something else of its unknowns to people"

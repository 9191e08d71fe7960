"""Scan hostile inputs with `stella`, and with other scanners where they are, and see that each ends as it should.

`python benchmarks/hostile.py [--only TEXT]... [--quick] [--peers DIRECTORY] [--write]` builds one case of the corpus
(tests/hostile_*.py) after the other in a temporary directory, scans it, and takes it away. It prints a line for each:
what came of it, seconds on the clock, seconds of processors, peak memory. Ends with 1 if anything is wrong.

`--peers` is a directory with the programs `trivy` and `syft`; each has PEER_SECONDS and PEER_MEMORY for an input.
`--write` puts the table into docs/explanation/robustness.md. Memory and processes are told from /proc: Linux only.
"""

import argparse
import datetime as dt
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import hostile_corpus  # noqa: E402
from hostile_case import CANARIES, Case, Place, Run, Target, run, stella  # noqa: E402

PAGE = ROOT / "docs/explanation/robustness.md"
BEGIN, END = "<!-- hostile: begin -->", "<!-- hostile: end -->"
PEER_SECONDS = 60
PEER_MEMORY = 4096
"""MB, over which a program is ended."""
TRIVY_CACHE = os.environ.get("TRIVY_CACHE_DIR")
"""With an index of Java archives, without which Trivy refuses every image that holds one."""
PROGRAM = (sys.executable, "-m", "stellaops_cli")


class Row(NamedTuple):
    """What came of one case: `stella` first, then the peers, and what is wrong."""

    case: Case
    runs: dict[str, tuple[str, Run]]
    flaws: list[str]


# -- other scanners --------------------------------------------------------------------------------------------------


def trivy(program: str, target: Target, home: Path) -> list[str]:
    offline = ["--offline-scan", "--skip-db-update", "--skip-java-db-update", "--format", "cyclonedx", "-q"]
    if TRIVY_CACHE:  # a copy: it believes layers that it has seen before by the diffID that an image claims
        shutil.copytree(TRIVY_CACHE, home / "cache")
    common = [*offline, "--cache-dir", str(home / "cache"), "-o", "document.json"]
    if target.scheme == "dir":
        return [program, "rootfs", *common, target.place]
    if target.scheme == "registry":
        return [program, "image", *common, "--insecure", "--image-src", "remote", target.place]
    return [program, "image", *common, "--input", target.place]


def syft(program: str, target: Target, _: Path) -> list[str]:
    scheme = {"oci": "oci-dir"}.get(target.scheme, target.scheme)
    return [program, "scan", "-q", f"{scheme}:{target.place}", "-o", "cyclonedx-json=document.json"]


PEERS = {"trivy": trivy, "syft": syft}


def peer(name: str, folder: Path, target: Target, home: Path) -> tuple[str, Run]:
    """Scan with another scanner; what came of it in a few words."""
    (home / "temporary").mkdir(parents=True)
    quiet = {
        "SYFT_CHECK_FOR_APP_UPDATE": "false",
        "SYFT_REGISTRY_INSECURE_USE_HTTP": "true",
        "TRIVY_DISABLE_VEX_NOTICE": "true",
        "TRIVY_NON_SSL": "true",
        "DOCKER_CONFIG": str(home),
    }
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home / "temporary"), **quiet}
    command = PEERS[name](str(folder / name), target, home)
    ran = run(command, environ, home, seconds=PEER_SECONDS, megabytes=PEER_MEMORY)
    return _outcome(ran, home), ran


def _outcome(ran: Run, home: Path) -> str:
    if ran.killed:
        return {"time": f"no end in {PEER_SECONDS} s", "memory": f"over {PEER_MEMORY // 1024} GB"}[ran.killed]
    if re.search(r"^(panic:|fatal error:|goroutine \d+|runtime: )", ran.err, re.MULTILINE):
        return "crash"
    if ran.code:
        return "refused" if ran.code > 0 else f"signal {-ran.code}"
    try:
        components = json.loads((home / "document.json").read_bytes()).get("components", [])
    except (OSError, ValueError):
        return "no document"
    found = {component.get("name") for component in components}
    lost = len([name for name in CANARIES if name not in found])
    return f"read, {lost} of {len(CANARIES)} packages lost" if lost else "read"


# -- the corpus ------------------------------------------------------------------------------------------------------


def scan(case: Case, size: int, peers: Path | None) -> Row:
    """Build one case, scan it with everything, take it away."""
    folder = Path(tempfile.mkdtemp(prefix="stella-hostile-"))
    try:
        place = Place(folder / "case" / "input")
        place.path.mkdir(parents=True)
        with place.open:
            target = case.build(place, size)
            home = folder / "stella"
            ran, flaws = stella(PROGRAM, case, target, home)
            runs = {"stella": (case.outcome if not flaws else "wrong", ran)}
            for name in PEERS if peers else ():
                assert peers
                runs[name] = peer(name, peers, target, folder / name)
        return Row(case, runs, flaws)
    finally:  # shutil's own way recurses into directories
        subprocess.run(["rm", "-rf", str(folder)], check=False)


def chosen(only: list[str], *, quick: bool) -> Iterator[tuple[Case, int]]:
    for case in hostile_corpus.CASES:
        if (not only or any(text in f"{case.group}: {case.name}" for text in only)) and not (quick and case.quick < 0):
            yield case, case.quick if quick else case.full


def shown(one: tuple[str, Run]) -> str:
    outcome, ran = one
    return f"{outcome}, {ran.seconds:.1f} s ({ran.cpu:.1f}), {ran.megabytes:.0f} MB"


# -- the page --------------------------------------------------------------------------------------------------------


def table(rows: list[Row], machine: str) -> Iterator[str]:
    """Yield the lines of the page; cases of one name become one row with the worst of each figure."""
    merged: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        merged.setdefault((row.case.group, row.case.name), []).append(row)
    yield f"{len(rows)} inputs on {machine}."
    group = ""
    for (at, name), same in merged.items():
        if at != group:
            group = at
            names = [name for name in ("stella", *PEERS) if any(name in row.runs for row in rows)]
            yield (
                f"\n### {group[0].upper()}{group[1:]}\n\n| input | "
                + " | ".join(names)
                + " |\n|---|"
                + "---|" * len(names)
            )
        title = name.replace("|", "\\|") + (f" ({len(same)} inputs)" if len(same) > 1 else "")
        cells = [_cell([row.runs[name] for row in same if name in row.runs]) for name in names]
        yield f"| {title} | " + " | ".join(cells) + " |"


def _cell(runs: list[tuple[str, Run]]) -> str:
    """Outcomes, and the longest and largest run."""
    if not runs:
        return "not tried"
    counts: dict[str, int] = {}
    for outcome, _ in runs:
        counts[outcome] = counts.get(outcome, 0) + 1
    words = " · ".join(
        outcome + (f" ({count})" if len(counts) > 1 else "") for outcome, count in sorted(counts.items())
    )
    longest, largest = max(ran.seconds for _, ran in runs), max(ran.megabytes for _, ran in runs)
    cpu = max(ran.cpu for _, ran in runs)
    return f"{words}; {longest:.1f} s ({cpu:.1f}), {largest:.0f} MB"


def machine(peers: Path | None) -> str:
    known = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    text = f"{os.cpu_count()} cores of {known[1] if known else platform.machine()}, Python {platform.python_version()}"
    for name in PEERS if peers else ():
        said = subprocess.run([str(peers / name), "--version"], capture_output=True, text=True, check=False).stdout
        if version := re.search(r"\d+\.\d+\.\d+", said):
            text += f", {name.capitalize()} {version[0]}"
    return f"{text}, {dt.datetime.now(dt.UTC):%Y-%m-%d}"


def write(rows: list[Row], peers: Path | None) -> None:
    text = PAGE.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    PAGE.write_text(text[:begin] + "\n" + "\n".join(table(rows, machine(peers))) + "\n" + text[end:])


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="part of `group: name`; repeats")
    parser.add_argument("--quick", action="store_true", help="the small subset that the ordinary tests run")
    parser.add_argument("--peers", type=Path, metavar="DIRECTORY", help="where the programs trivy and syft are")
    parser.add_argument("--write", action="store_true", help="put the table into the documentation")
    options = parser.parse_args()
    rows, began = [], time.monotonic()
    for case, size in chosen(options.only, quick=options.quick):
        row = scan(case, size, options.peers)
        rows.append(row)
        said = " | ".join(f"{name}: {shown(one)}" for name, one in row.runs.items())
        print(f"{case.group}: {case.name} | {said} | {'; '.join(row.flaws) or 'ok'}", flush=True)
        if options.write:  # what is there by now survives an end in the middle
            write(rows, options.peers)
    wrong = sum(bool(row.flaws) for row in rows)
    print(f"{len(rows)} inputs, {wrong} wrong, {time.monotonic() - began:.0f} s")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main())

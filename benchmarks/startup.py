"""What it costs to start: `stella --version`, a scan of a known image, and help, beside a bare interpreter.

    python benchmarks/startup.py [REF] [RUNS]

Runs are interleaved, so that a noisy machine is noisy for all; medians and their ratio to the bare interpreter are
printed. Budget: `--version` at most 1.6 times the interpreter.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median


def commands(ref: str) -> dict[str, list[str]]:
    stella = str(Path(sys.executable).parent / "stella")
    known = {
        "bare interpreter": [sys.executable, "-c", "pass"],
        "python -m stellaops_cli --version": [sys.executable, "-m", "stellaops_cli", "--version"],
        "stella --version": [stella, "--version"],
        "stella scan (usage error)": [stella, "scan"],
        "stella --help": [stella, "--help"],
    }
    if ref:
        known["stella scan, image known"] = [stella, "scan", ref, "-o", "cdx-json"]
    return known


def measure(command: list[str], environ: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return 1000 * (time.perf_counter() - started)


def main() -> None:
    ref = sys.argv[1] if len(sys.argv) > 1 else ""
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 25
    with tempfile.TemporaryDirectory() as cache:
        environ = {**os.environ, "STELLA_CACHE_DIR": cache}
        known = commands(ref)
        times = {name: [] for name in known}
        for command in known.values():
            measure(command, environ)
        for _ in range(runs):
            for name, command in known.items():
                times[name].append(measure(command, environ))
    bare = median(times["bare interpreter"])
    print(f"{'':36} median ms   min ms   ratio")
    for name, taken in times.items():
        print(f"{name:36} {median(taken):9.1f} {min(taken):8.1f} {median(taken) / bare:7.2f}")


if __name__ == "__main__":
    main()

"""All benchmarks in one run, and the page that tells of them.

    python benchmarks/report.py [--runs N] [--fleet IMAGES] [--json FILE] [--from FILE] [LAYOUT...]

Writes docs/reference/performance.md, between its markers, and performance.svg beside it. What is measured, with what
and on which images: see scan.py, startup.py, emit.py and index.py. `--from` writes the page of figures that `--json`
kept. PATH should have `trivy` and `syft`; the machine should have nothing else to do.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

sys.path.insert(0, str(Path(__file__).parent))

from charts import bars
from scan import Image, corpus, measure_all, public, table

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs/reference/performance.md"
BEGIN, END = "<!-- figures: written by benchmarks/report.py -->\n", "<!-- end of figures -->\n"
SERIES = ("stella cold", "stella warm", "trivy cold", "syft")
PROCESSORS = "processors of this process"
SMALL = 40_000_000
"""Bytes from which a cold scan has half of Trivy's time."""


class Report(Struct):
    """Everything that the page is made of."""

    date: str
    machine: dict[str, str]
    runs: int
    tools: dict[str, str]
    images: list[Image]
    outputs: dict[str, str]
    """Script to what it printed."""


def describe_machine() -> dict[str, str]:
    """What figures depend on."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal: +(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return {
        "processor": cpu[1] if cpu else platform.machine(),
        PROCESSORS: str(len(os.sched_getaffinity(0))),
        "memory": f"{int(memory[1]) / 1e6:.1f} GB" if memory else "unknown",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "load before the run": f"{os.getloadavg()[0]:.1f}",
    }


def printed(script: str, *arguments: str) -> str:
    """Run one of the other benchmarks; what it printed."""
    print(f"{script} {' '.join(arguments)}", file=sys.stderr, flush=True)
    command = [sys.executable, str(HERE / script), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def verdicts(report: Report) -> Iterator[str]:
    """Markdown: each budget, and what was measured."""
    yield "| what | budget | measured | held |"
    yield "|---|---|---|---|"
    for what, budget, limit, value in measured(report):
        held = "" if value is None else ("yes" if value <= limit else "no")
        yield f"| {what} | {budget} | {'' if value is None else f'{value:.2f}'} | {held} |"


def measured(report: Report) -> Iterator[tuple[str, str, float, float | None]]:
    """(what, budget, limit, value); of images the worst one's."""
    large = [image for image in report.images if image.size >= SMALL]

    def worst(images: Sequence[Image], case: str, other: str) -> float | None:
        return max((ratio for image in images if (ratio := image.ratio(case, other)) is not None), default=None)

    def number(script: str, pattern: str) -> float | None:
        found = re.search(pattern, report.outputs.get(script, ""), re.MULTILINE)
        return float(found[1].replace(",", "")) if found else None

    formats = re.findall(r"^(?!table)\S+ +5,000 +([\d.]+)", report.outputs.get("emit.py", ""), re.MULTILINE)
    memory = [image.memory["stella"] / 1e6 for image in report.images if image.memory.get("stella")]
    yield (
        "`stella --version`",
        "≤ 1.6 times a bare interpreter",
        1.6,
        number("startup.py", r"^stella --version .* ([\d.]+)$"),
    )
    yield "known image", "≤ 0.6 times Trivy, cached", 0.6, worst(report.images, "stella warm", "trivy warm")
    yield "cold, from 40 MB", "≤ 0.5 times Trivy", 0.5, worst(large, "stella cold", "trivy cold")
    yield "cold, any image", "≤ 1 times Trivy", 1, worst(report.images, "stella cold", "trivy cold")
    yield "cold, any image", "≤ 0.1 times Syft", 0.1, worst(report.images, "stella cold", "syft")
    yield "memory, cold, all processes", "≤ 300 MB", 300, max(memory, default=None)
    yield "5,000 components, slowest format", "≤ 150 ms", 150, max(map(float, formats), default=None)
    select = r"^select 100 products, at random +[\d.,]+ +([\d.,]+)"
    yield "images that have any of 100 products", "≤ 10 ms", 10, number("index.py", select)


def page(report: Report) -> Iterator[str]:
    """The generated part."""
    tools = ", ".join(f"{name} {version}" for name, version in report.tools.items())
    yield f"Measured on {report.date}: {tools}. Medians of {report.runs} (Syft: 1)."
    yield ""
    load, processors = (float(report.machine.get(name, "0")) for name in ("load before the run", PROCESSORS))
    if 2 * load > processors:
        yield f"The machine had other work, a load of {load}: seconds on the clock and their ratios mean little here."
        yield ""
    yield from ("| machine | |", "|---|---|", *(f"| {name} | {text} |" for name, text in report.machine.items()))
    yield from ("", "## Budgets", "", "Of images, the worst one counts.", "", *verdicts(report))
    yield from ("", "## Scans", "", "![seconds on the clock of each image](performance.svg)", "", *table(report.images))
    for script, text in report.outputs.items():
        yield from ("", f"## {HEADINGS[script]}", "", "```text", *text.rstrip().splitlines(), "```")


HEADINGS = {"startup.py": "Start", "emit.py": "Writing documents", "index.py": "BOM-Index and fleets"}


def write_page(report: Report) -> None:
    """Put the figures between the page's markers, and draw the bars."""
    text = PAGE.read_text()
    head, mark, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"{PAGE.name} has lost its markers")
    PAGE.write_text(head + BEGIN + "\n" + "\n".join(page(report)) + "\n\n" + END + tail)
    groups = {
        image.name: {case: value for case in SERIES if (value := image.figure(case, "wall"))} for image in report.images
    }
    PAGE.with_suffix(".svg").write_text(bars("Seconds on the clock, less is better", "s", groups, SERIES))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("layouts", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--fleet", default="10000", metavar="IMAGES", help="size of the fleet of index.py")
    parser.add_argument("--json", type=Path, help="keep all figures there")
    parser.add_argument("--from", dest="kept", type=Path, help="measure nothing; write the page of kept figures")
    options = parser.parse_args()
    if options.kept:
        write_page(msgspec.json.decode(options.kept.read_bytes(), type=Report))
        return
    date, machine = datetime.now(UTC).strftime("%Y-%m-%d"), describe_machine()
    outputs = {
        name: printed(name, *more)
        for name, more in (("startup.py", ()), ("emit.py", ("5000",)), ("index.py", (options.fleet,)))
    }
    tools, images = measure_all(options.layouts or corpus(), options.runs)
    report = Report(date, machine, options.runs, tools, [public(image) for image in images], outputs)
    if options.json:
        options.json.write_bytes(msgspec.json.encode(report))
    write_page(report)


if __name__ == "__main__":
    main()

"""What it costs to scan images, beside Trivy and Syft where they are on PATH.

    python benchmarks/scan.py [--runs N] [--json FILE] [LAYOUT...]

LAYOUT: OCI layouts; else those in the directory STELLA_CORPUS names. Besides, images that tests/sample_images.py makes,
with gzip and zstd. Of each image: cold (the tool's cache is empty, the image's files are in the page cache) and warm
(the same again), with all components and with the usage view; and cold where another of the images, with half of its
layers or more, is known. Tools and cases take turns, N times (Syft once); medians count. Memory is taken in a run of
its own, Syft's in its only one. Trivy runs without its databases (an empty one of jars, as it refuses images with jars
without): it lists packages, as the others do. All write CycloneDX JSON.
"""

import argparse
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from msgspec import Struct

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tests")]

from processes import Taken, run  # noqa: E402

from sample_images import write_image  # noqa: E402

PACKAGES = 300
"""Of each kind, in the made images."""


class Image(Struct):
    """An image, and what it took: case, such as `stella cold`, to runs."""

    name: str
    path: str
    layers: list[str]
    size: int
    runs: dict[str, list[Taken]] = {}
    memory: dict[str, int] = {}
    components: dict[str, int] = {}

    def figure(self, case: str, what: str) -> float | None:
        """Median of `wall`, `cpu` or `read`."""
        taken = self.runs.get(case)
        return median(getattr(one, what) for one in taken) if taken else None

    def ratio(self, case: str, other: str, what: str = "wall") -> float | None:
        """Ratio of medians."""
        ours, theirs = self.figure(case, what), self.figure(other, what)
        return ours / theirs if ours is not None and theirs else None


def read_image(path: Path) -> Image:
    """Layers and size of the only image in a layout."""

    def blob(digest: str) -> Any:
        return json.loads((path / "blobs" / digest.replace(":", "/")).read_text())

    manifest = blob(json.loads((path / "index.json").read_text())["manifests"][0]["digest"])
    layers = manifest["layers"]
    return Image(path.name, str(path), [one["digest"] for one in layers], sum(one["size"] for one in layers))


class Bench:
    """Tools, their caches and their outputs."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.stella = str(Path(sys.executable).parent / "stella")
        self.trivy, self.syft = shutil.which("trivy"), shutil.which("syft")
        self.environ = {
            **{name: text for name, text in os.environ.items() if not name.startswith(("STELLA_", "TRIVY_", "SYFT_"))},
            "STELLA_CACHE_DIR": str(place / "stella"),
            "SYFT_CHECK_FOR_APP_UPDATE": "false",
            "TRIVY_DISABLE_VEX_NOTICE": "true",
        }

    def tools(self) -> dict[str, str]:
        """Name to version of those that are there."""
        known = {
            "stella": (self.stella, "--version"),
            "trivy": (self.trivy, "--version"),
            "syft": (self.syft, "--version"),
        }
        return {name: _version([program, flag]) for name, (program, flag) in known.items() if program}

    def clear(self) -> None:
        """Empty all caches; Trivy's gets its database of jars."""
        for name in ("stella", "trivy"):
            shutil.rmtree(self.place / name, ignore_errors=True)
        write_jar_database(self.place / "trivy/java-db")

    def command(self, tool: str, image: Image) -> list[str]:
        """Return a tool's command line; `stella usage` is one of them."""
        out = str(self.place / f"{tool}.json")
        if tool == "syft":
            return [str(self.syft), "scan", "-q", f"oci-dir:{image.path}", "-o", f"cyclonedx-json={out}"]
        if tool == "trivy":
            flags = ("-q", "--format", "cyclonedx", "--offline-scan", "--skip-db-update", "--skip-java-db-update")
            cache = str(self.place / "trivy")
            return [str(self.trivy), "image", *flags, "--cache-dir", cache, "-o", out, "--input", image.path]
        view = "usage" if tool == "stella usage" else "inventory"
        return [self.stella, "scan", "-q", f"oci:{image.path}", "--view", view, "-o", f"cdx-json={out}"]

    def measure(self, image: Image, base: Image | None, runs: int) -> None:
        """Fill an image's figures."""
        tools = ["stella", "stella usage", *(["trivy"] if self.trivy else [])]
        taken: defaultdict[str, list[Taken]] = defaultdict(list)
        for number in range(runs):
            for tool in tools:
                self.clear()
                for case in ("cold", "warm"):
                    taken[f"{tool} {case}"].append(run(self.command(tool, image), self.environ))
                    say(image, f"{tool} {case}", taken, number)
            if base:
                self.clear()
                run(self.command("stella", base), self.environ)
                taken["stella on known base"].append(run(self.command("stella", image), self.environ))
                say(image, "stella on known base", taken, number)
            if self.syft and not number:
                taken["syft"].append(run(self.command("syft", image), self.environ, memory=True))
                image.memory["syft"] = taken["syft"][-1].memory
                say(image, "syft", taken, number)
        for tool in tools:
            self.clear()
            image.memory[tool] = run(self.command(tool, image), self.environ, memory=True).memory
        for tool in (*tools, "syft"):
            if (path := self.place / f"{tool}.json").exists():
                image.components[tool] = len(json.loads(path.read_text()).get("components", ()))
                path.unlink()
        image.runs = dict(taken)


def say(image: Image, case: str, taken: Mapping[str, Sequence[Taken]], number: int) -> None:
    """Tell how it goes on."""
    last = taken[case][-1]
    print(
        f"{image.name:<22}{case:<24}run {number + 1}  {last.wall:8.2f} s {last.cpu:8.2f} s", file=sys.stderr, flush=True
    )


def _version(command: list[str]) -> str:
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+\.\d+\.\d+\S*", text)
    return found[0] if found else ""


def write_jar_database(place: Path) -> None:
    """An empty database of jars in the form that Trivy 0.5x to 0.7x asks for: schema 1 of trivy-java-db."""
    place.mkdir(parents=True)
    with sqlite3.connect(place / "trivy-java.db") as database:
        database.execute("CREATE TABLE artifacts (id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT)")
        database.execute("CREATE TABLE indices (artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT)")
    database.close()
    later = "2100-01-01T00:00:00Z"
    (place / "metadata.json").write_text(json.dumps({"Version": 1, "NextUpdate": later, "UpdatedAt": later}))


def with_bases(images: Sequence[Image]) -> Iterator[tuple[Image, Image | None]]:
    """Each image with an earlier one that has its first layers, if there is one."""
    for at, image in enumerate(images):
        shared = [one for one in images[:at] if 2 * common(one.layers, image.layers) >= len(image.layers)]
        yield image, shared[-1] if shared else None


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many first items two lists share."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


def measure_all(paths: Sequence[Path], runs: int) -> tuple[dict[str, str], list[Image]]:
    """Measure layouts and made images; versions of the tools, and the images with their figures."""
    with tempfile.TemporaryDirectory() as folder:
        place, bench = Path(folder), Bench(Path(folder))
        made = [
            write_image(place / "made-gzip", PACKAGES),
            write_image(place / "made-gzip-2", PACKAGES, release=2),
            write_image(place / "made-zstd", PACKAGES, compression="zstd"),
        ]
        images = sorted(map(read_image, paths), key=lambda image: (image.size, image.name))
        images = [*map(read_image, made), *images]
        started = time.monotonic()
        for number, (image, base) in enumerate(with_bases(images), 1):
            bench.measure(image, base, runs)
            passed = time.monotonic() - started
            print(f"{number} of {len(images)} images, {passed:.0f} s", file=sys.stderr, flush=True)
        return bench.tools(), images


CASES = (
    "stella cold",
    "stella warm",
    "stella on known base",
    "stella usage cold",
    "stella usage warm",
    "trivy cold",
    "trivy warm",
    "syft",
)


def table(images: Sequence[Image]) -> Iterator[str]:
    """Markdown: a row for each image and case."""
    figures = ("wall s", "CPU s", "read MB", "memory MB", "components", "wall ÷ Trivy", "CPU ÷ Trivy", "wall ÷ Syft")
    yield f"| image | case | {' | '.join(figures)} |"
    yield "|---|---|" + "--:|" * len(figures)
    for image in images:
        for case in CASES:
            if case not in image.runs:
                continue
            tool = re.sub(" (cold|warm|on known base)$", "", case)
            other = "trivy warm" if case.endswith("warm") else "trivy cold"
            ours = tool.startswith("stella")
            cells = [
                image.name,
                case,
                f"{image.figure(case, 'wall'):.2f}",
                f"{image.figure(case, 'cpu'):.2f}",
                f"{(image.figure(case, 'read') or 0) / 1e6:,.1f}",
                f"{image.memory[tool] / 1e6:,.0f}" if tool in image.memory and case in {tool, f"{tool} cold"} else "",
                f"{image.components[tool]:,}" if tool in image.components and "base" not in case else "",
                _ratio(image.ratio(case, other) if ours else None),
                _ratio(image.ratio(case, other, "cpu") if ours else None),
                _ratio(image.ratio(case, "syft") if ours else None),
            ]
            yield "| " + " | ".join(cells) + " |"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("layouts", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write all figures there")
    options = parser.parse_args()
    tools, images = measure_all(options.layouts or corpus(), options.runs)
    print("\n".join(table(images)))
    if options.json:
        options.json.write_bytes(msgspec.json.encode({"tools": tools, "images": [public(image) for image in images]}))


def corpus() -> list[Path]:
    """Layouts in STELLA_CORPUS."""
    place = os.environ.get("STELLA_CORPUS")
    return sorted(path.parent for path in Path(place).glob("*/oci-layout")) if place else []


def public(image: Image) -> Image:
    """Leave out where the image lies."""
    return Image(image.name, "", image.layers, image.size, image.runs, image.memory, image.components)


if __name__ == "__main__":
    main()

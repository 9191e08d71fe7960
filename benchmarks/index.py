"""What a BOM-Index and a fleet of images cost, on synthetic images.

    python benchmarks/index.py [IMAGES] [--components N,N]

First one image with 5,000 and 20,000 components: writing, opening, asking. Then a fleet, 10,000 images by default:
building it, its size, asking it with and without SQLite's pages in memory, changing it. The images: 195 packages on
average from some 100,000 package URLs; half come from one of 60 base images, the others are chosen with the popularity
of Zipf's law; repositories of 50 images of which each changes three packages of the one before. Budgets: 0.15 s to
write 5,000 components; 10 ms to select the images for a delta of 100 product keys among 1,000,000 images.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from stellaops_core.component import Component, Evidence, Use
from stellaops_core.sbom.fleet import Fleet, Reach, Wanted
from stellaops_core.sbom.fleet_check import check_fleet
from stellaops_core.sbom.fleet_writer import FleetWriter, ImageParts
from stellaops_core.sbom.index import encode
from stellaops_core.sbom.index_reader import open_index
from stellaops_core.sbom.sbom import LayerOrigin, Sbom, Subject, Usage

if TYPE_CHECKING:
    from pyroaring import BitMap

PRODUCTS, VERSIONS, BASES, PER_REPOSITORY = 20_000, 5, 60, 50
OWN, FROM_BASE = 97, 98


def purl(product: int, version: int) -> str:
    if product % 2:
        return f"pkg:npm/package-{product}@1.{version}.{product % 10}"
    source = f"&upstream=source-{product // 6}" if product % 6 else ""
    return f"pkg:deb/debian/library-{product}@2.{version}-1?arch=amd64&distro=debian-12{source}"


class Images:
    """The images, made one after another; the same every time."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.random = random.Random(1)
        self.weights = list(accumulate(1 / (rank + 10) for rank in range(PRODUCTS)))
        self.bases = [self.draw(FROM_BASE) for _ in range(BASES)]

    def draw(self, size: int) -> dict[int, int]:
        chosen = self.random.choices(range(PRODUCTS), cum_weights=self.weights, k=size)
        return {product: self.random.randrange(VERSIONS) for product in chosen}

    def __iter__(self) -> Iterator[ImageParts]:
        for number in range(self.count):
            if number % PER_REPOSITORY == 0:
                packages = self.random.choice(self.bases) | self.draw(self.random.randrange(OWN // 2, OWN * 3 // 2))
                used = set(range(0, len(packages), 3))
                unused = set(range(1, len(packages), 3)) | set(range(2, len(packages), 6))
            for product in self.random.sample(sorted(packages), 3):
                packages[product] = (packages[product] + 1) % VERSIONS
            yield self.parts(number, packages, used, unused)

    def parts(self, number: int, packages: dict[int, int], used: set[int], unused: set[int]) -> ImageParts:
        refs = [purl(product, version) for product, version in packages.items()]
        digest = number.to_bytes(32, "big")
        name = f"registry.example/team/app-{number // PER_REPOSITORY}:{number}"
        return ImageParts(f"sha256:{digest.hex()}", name, "linux/amd64", "", digest, refs, used, unused, True)


def timed(work: Callable[[], Any], runs: int = 1) -> tuple[float, float, Any]:
    """Least and median milliseconds, and the last result."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        result = work()
        taken.append((time.perf_counter() - began) * 1000)
    return min(taken), median(taken), result


def show(what: str, least: float, middle: float, note: str = "") -> None:
    print(f"{what:<52}{least:>10.3f}{middle:>10.3f}  {note}", flush=True)


def sample(count: int) -> Sbom:
    """A bill of materials of that many components."""
    levels = ("used", "maybe", "undetermined", "not-reached")
    refs = sorted({purl(number % PRODUCTS, number // PRODUCTS) for number in range(count)})
    components = tuple(
        Component(
            ref, "npm", "x", "1", (Evidence("app/x", "node", number % 12),), number % 12, use=Use(levels[number % 4])
        )
        for number, ref in enumerate(refs)
    )
    layers = tuple(LayerOrigin(number, "", f"sha256:{number:064x}", 1, "") for number in range(12))
    subject = Subject("container", "shop:1", "sha256:" + "a" * 64, "", "linux/amd64", "", (), (), layers)
    usage = Usage((), (), tuple((level, count // 4) for level in levels))
    return Sbom(subject, None, components, (), (), "1", "1970-01-01T00:00:00Z", usage)


def one_image(count: int, place: Path) -> None:
    sbom = sample(count)
    least, middle, data = timed(lambda: encode(sbom), 9)
    show(f"write {count:,} components", least, middle, f"{len(data):,} bytes")
    assert encode(replace(sbom)) == data
    place.write_bytes(data)
    wanted = sbom.components[count // 3].ref

    def ask() -> bool:
        with open_index(place) as index:
            return index.used(wanted)

    show(f"open {count:,} and ask for one", *timed(ask, 99)[:2])
    with open_index(place) as index:
        show(f"ask {count:,} again", *timed(lambda: index.level(wanted), 999)[:2])
        show(f"check all of {count:,}", *timed(index.check, 3)[:2])


def drop_cached(path: str) -> None:
    """Ask the system to forget the file's pages."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def ask_fleet(path: str) -> None:
    """Select with a fresh connection, then again: one product, 100, 1,000; hot ones and random ones."""
    chosen = random.Random(2)
    spread = [chosen.randrange(PRODUCTS) for _ in range(1000)]
    questions = {
        "1 product, the most popular": [0],
        "100 products, at random": spread[:100],
        "100 products, the most popular": range(100),
        "1,000 products, at random": spread,
    }
    for what, products in questions.items():
        wanted = [Wanted(purl(product, 0).partition("@")[0]) for product in products]
        ask(path, what, wanted)
    exact = [
        Wanted(purl(product, 0).partition("@")[0], purl(product, 1).partition("@")[2].partition("?")[0])
        for product in spread[:100]
    ]
    ask(path, "100 versions, at random", exact)
    ask(path, "100 products, at random, surely used", [Wanted(one.product) for one in exact], "used")
    ask(path, "100 products, at random, possibly used", [Wanted(one.product) for one in exact], "possible")


def ask(path: str, what: str, wanted: list[Wanted], reach: Reach = "installed") -> None:
    drop_cached(path)
    cold, _, _ = timed(lambda: select(path, wanted, reach))
    new, middle, _ = timed(lambda: select(path, wanted, reach), 9)
    with Fleet(path) as fleet:
        warm, usual, found = timed(lambda: fleet.select(wanted, reach), 19)
    show(
        f"select {what}",
        warm,
        usual,
        f"{len(found):,} images; opened anew {new:.1f}/{middle:.1f}, from disk {cold:.1f}",
    )


def select(path: str, wanted: list[Wanted], reach: Reach) -> "BitMap":
    with Fleet(path) as fleet:
        return fleet.select(wanted, reach)


def change_fleet(path: str, images: list[ImageParts]) -> None:
    with FleetWriter(path) as writer:
        known = [replace(parts, sha256=b"x" * 32) for parts in images[:20]]
        show("put one image in its place again", *timed(lambda: writer.add([known.pop()]), 20)[:2])
        more = [
            replace(parts, image=f"more {number}", name="registry.example/new:1") for number, parts in enumerate(images)
        ]
        show("add one image", *timed(lambda: writer.add([more.pop()]), 20)[:2])
        gone = [parts.image for parts in images[20:]]
        show("take one image out", *timed(lambda: writer.remove([gone.pop()]), 20)[:2])
        show(
            "put 100 images in their places again",
            *timed(lambda: writer.add(replace(one, sha256=b"y" * 32) for one in images[:100]))[:2],
        )


def memory(path: str) -> float:
    """Peak megabytes of a process that selects the images of the 100 most popular products, and does nothing else."""
    text = (
        "import sys\n"
        "from stellaops_core.sbom.fleet import Fleet, Wanted\n"
        "with Fleet(sys.argv[1]) as fleet: fleet.select(map(Wanted, sys.argv[2:]))\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    products = [purl(product, 0).partition("@")[0] for product in range(100)]
    ran = subprocess.run([sys.executable, "-c", text, path, *products], capture_output=True, check=True)
    return int(ran.stdout) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("images", type=int, nargs="?", default=10_000)
    parser.add_argument("--verify", action="store_true", help="check the whole fleet as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'':<52}{'least ms':>10}{'median':>10}")
        for count in (5_000, 20_000):
            one_image(count, Path(folder) / "bom-index.bin")
        path = f"{folder}/fleet.bomx"
        with FleetWriter(path) as writer:
            took, _, added = timed(lambda: writer.add(Images(options.images)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        show(
            f"build a fleet of {added.new:,} images",
            took,
            took,
            f"{1000 * added.new / took:,.0f}/s, peak {peak:,.0f} MB",
        )
        print(
            f"its file: {os.path.getsize(path) / 1e6:,.1f} MB, {os.path.getsize(path) / added.new:,.0f} bytes an image"
        )
        ask_fleet(path)
        print(f"a process that asks for 100 products has a peak of {memory(path):.0f} MB")
        some = [one for number, one in enumerate(Images(min(options.images, 5000))) if number % 45 == 0][:111]
        change_fleet(path, some)
        if options.verify:
            show("verify", *timed(lambda: check_fleet(path))[:2])


if __name__ == "__main__":
    main()

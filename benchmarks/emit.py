"""Time of writing documents, without scanning.

`python benchmarks/emit.py [COMPONENTS...]` prints, for each format, the median and best of seven runs, the size, and
the time per component relative to the first count: near 1 means linear. The collector is off, as it is in a scan.
"""

import gc
import statistics
import sys
import time

from stellaops_core.component import Component, Distribution, Evidence
from stellaops_core.sbom.formats import FORMATS
from stellaops_core.sbom.sbom import LayerOrigin, Sbom, Subject

ROUNDS = 7
LICENSES = ("MIT", "GPL-2.0-or-later", "MIT OR Apache-2.0", "see copyright file")


def make_sbom(count: int) -> Sbom:
    """Half Debian packages, half npm packages in 12 layers; three dependencies, one URL and two facts each."""
    layers = tuple(
        LayerOrigin(index, f"sha256:{index:064x}", f"sha256:{index:064x}", 1000, "RUN x") for index in range(12)
    )
    subject = Subject(
        "container", "registry.example.com/shop/api:2.4", f"sha256:{1:064x}", f"sha256:{2:064x}", "linux/amd64",
        "2025-01-02T03:04:05Z", (), (), layers,
    )  # fmt: skip
    made = sorted((make_component(number, count) for number in range(count)), key=lambda one: one.purl)
    return Sbom(subject, Distribution("debian", "12"), tuple(made), (), (), "0", "2025-01-02T03:04:05Z")


def make_component(number: int, count: int) -> Component:
    kind = "deb" if number % 2 else "npm"
    layer = number % 12
    path = "var/lib/dpkg/status" if kind == "deb" else f"app/node_modules/p{number}/package.json"
    return Component(
        ref=make_purl(number),
        type=kind,
        name=f"p{number}",
        version=f"1.{number}",
        evidence=(Evidence(path, "dpkg" if kind == "deb" else "node", layer),),
        layer=layer,
        licenses=(LICENSES[number % 4],),
        hashes=(("SHA-256", f"{number:064x}"),),
        depends=tuple(sorted(make_purl((number * 7 + step) % count) for step in (1, 2, 3))),
        supplier=f"Maintainer {number % 300}",
        urls=(("website", f"https://example.com/p{number}"),),
        properties=((f"stella:{kind}:source", f"src{number}"), (f"stella:{kind}:section", "libs")),
    )


def make_purl(number: int) -> str:
    if number % 2:
        return f"pkg:deb/debian/p{number}@1.{number}?arch=amd64&distro=debian-12"
    return f"pkg:npm/%40acme/p{number}@1.{number}"


def measure(counts: list[int]) -> None:
    first: dict[str, float] = {}
    print(f"{'format':<10}{'components':>11}{'median ms':>11}{'best ms':>9}{'MB':>7}{'per component':>15}")
    for count in counts:
        sbom = make_sbom(count)
        for name, one in FORMATS.items():
            times = []
            for _ in range(ROUNDS):
                gc.collect()
                gc.disable()
                started = time.perf_counter()
                data = one.encode(sbom)
                times.append(time.perf_counter() - started)
                gc.enable()
            best = min(times)
            each = best / count
            first.setdefault(name, each)
            print(
                f"{name:<10}{count:>11,}{statistics.median(times) * 1000:>11.1f}{best * 1000:>9.1f}"
                f"{len(data) / 1e6:>7.1f}{each / first[name]:>14.2f}x"
            )


if __name__ == "__main__":
    measure([int(count) for count in sys.argv[1:]] or [5_000, 20_000])

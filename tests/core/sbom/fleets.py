"""Images for fleets, and what a fleet should answer, worked out by going through all of them."""

import hashlib

from hypothesis import strategies as st

from stellaops_core.sbom.fleet_writer import ImageParts
from stellaops_core.sbom.products import products_of

REFS = (
    *(f"pkg:npm/{name}@{version}" for name in "abc" for version in ("1.0.0", "1.1.0", "2.0.0")),
    *(f"pkg:deb/debian/lib{name}@1.{name}-1?arch=amd64&upstream=ssl%401.{name}" for name in range(3)),
    "pkg:deb/debian/ssl@1.9-1?arch=amd64",
    "pkg:deb/debian/ssl@1.9-1?arch=arm64",
    "pkg:golang/example.org/a@v1.0.0#cmd/b",
    "bin:" + "b" * 64,
)
PRODUCTS = sorted({product for ref in REFS for product in products_of(ref)})


def digest(number):
    return f"sha256:{number:064x}"


def parts(number, refs=(), *, used=(), unused=(), usage=None, name=None, version=0):
    """What a fleet takes of the image with that number; another version of it has another index."""
    refs = sorted(refs)
    return ImageParts(
        image=digest(number),
        name=name or f"registry.example/app-{number % 3}:{number}",
        platform="linux/amd64",
        created="2025-01-02T03:04:05Z",
        sha256=hashlib.sha256(repr((refs, sorted(used), sorted(unused), name, version)).encode()).digest(),
        refs=refs,
        used={refs.index(ref) for ref in used},
        unused={refs.index(ref) for ref in unused},
        has_usage=bool(used or unused) if usage is None else usage,
    )


@st.composite
def images(draw, numbers=12):
    """Draw one image's parts."""
    levels = draw(st.dictionaries(st.sampled_from(REFS), st.sampled_from(["used", "maybe", "unused"]), max_size=8))
    used = [ref for ref, level in levels.items() if level == "used"]
    unused = [ref for ref, level in levels.items() if level == "unused"]
    number = draw(st.integers(0, numbers - 1))
    name = draw(st.sampled_from([None, "registry.example:5000/other@sha256:abc", ""]))
    return parts(number, levels, used=used, unused=unused, usage=True, name=name)


def expected(known, wanted, reach):
    """Digests of the images that have any of what is wanted, found one by one."""
    return {
        image
        for image, one in known.items()
        if any(_has(one, position, wanted, reach) for position in range(len(one.refs)))
    }


def _has(one, position, wanted, reach):
    if (reach == "used" and position not in one.used) or (reach == "possible" and position in one.unused):
        return False
    ref = one.refs[position]
    return any(this.product in products_of(ref) and this.fits(ref) for this in wanted)

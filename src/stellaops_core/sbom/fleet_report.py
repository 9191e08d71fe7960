"""What a question to a fleet finds, for people and for programs: `stella index query`.

Comes in: an open fleet, and what is wanted. Goes out: a table of the first images, or JSON of all. Names in an index
were chosen by strangers: the table is ASCII, and nothing in it steers a terminal.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.json import encode as write
from msgspec.json import format as indent

from stellaops_core.sbom.fleet import Fleet, FleetImage, Hit, Reach, Wanted
from stellaops_core.sbom.text import plain

if TYPE_CHECKING:
    from pyroaring import BitMap

SHOWN = 50
"""Images that the table shows; `-o json` has all."""

Use = Literal["used", "possible", "not-reached", "unknown"]
"""Whether a package is in use in an image: surely, perhaps, by nothing that is known, or nobody asked."""


class FoundPackage(Struct, frozen=True):
    """A package that fits, in one image."""

    ref: str
    use: Use


class FoundImage(Struct, frozen=True):
    """An image that has such packages."""

    image: str
    name: str
    platform: str
    created: str
    packages: tuple[FoundPackage, ...]


class Found(Struct, frozen=True, rename="camel"):
    """The answer to a question, as `-o json` writes it."""

    images: int
    """How many there are in the fleet."""
    selected: int
    """How many have any of what is wanted."""
    found: tuple[FoundImage, ...]
    """In the order of their numbers: by repository, then by when they were added."""


def answer(fleet: Fleet, wanted: Sequence[Wanted], reach: Reach, *, shown: int = 0) -> Found:
    """Find the images, all or the first `shown`."""
    hits = {hit.ref: hit for one in wanted for hit in fleet.hits(one)}
    ordered = [(hit, hit.reached(reach)) for _, hit in sorted(hits.items())]
    selected = fleet.select(wanted, reach)
    numbers = selected[:shown] if shown else selected
    found = tuple(_found_image(image, ordered) for image in fleet.images(numbers))
    return Found(len(fleet), len(selected), found)


def encode(found: Found) -> bytes:
    """Write JSON: UTF-8, two spaces of indentation, a newline at the end."""
    return indent(write(found), indent=2) + b"\n"


def render(found: Found) -> str:
    """Write the table."""
    lines = [f"{found.selected} of {found.images} images"]
    for image in found.found:
        lines += ["", *_rows(image)]
    if (more := found.selected - len(found.found)) > 0:
        lines += ["", f"... and {more} more; -o json lists them all"]
    return "".join(line + "\n" for line in lines)


def _found_image(image: FleetImage, hits: "Sequence[tuple[Hit, BitMap]]") -> FoundImage:
    packages = tuple(FoundPackage(hit.ref, _use(image, hit)) for hit, reached in hits if image.number in reached)
    return FoundImage(image.image, image.name, image.platform, image.created, packages)


def _use(image: FleetImage, hit: Hit) -> Use:
    if not image.has_usage:
        return "unknown"
    return "used" if image.number in hit.used else "not-reached" if image.number in hit.unused else "possible"


def _rows(image: FoundImage) -> Iterator[str]:
    about = [plain(one) for one in (image.name, image.platform) if one]
    yield "  ".join(about or [plain(image.image)])
    if about and image.image != image.name:
        yield f"  {plain(image.image)}"
    for package in image.packages:
        yield f"  {package.use:<12}{plain(package.ref)}"

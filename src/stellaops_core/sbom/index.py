"""BOM-Index: one image's components, so packed that questions about them are answered without unpacking.

Comes in: an `Sbom`. Goes out: the bytes of `bom-index.bin`. Components are numbered in the order of their `ref`s; all
else are sets of such numbers. Equal `Sbom`s give equal bytes. Of a usage view without what nothing leads to, the
inventory is left out; without any usage, the three sets of what is in use are.
"""

from array import array
from collections.abc import Iterable, Sequence
from sys import byteorder

from stellaops_core.component import Component, Level
from stellaops_core.sbom import index_format as form
from stellaops_core.sbom.bitmaps import write_bitmap
from stellaops_core.sbom.index_subject import write_subject
from stellaops_core.sbom.index_texts import write_texts
from stellaops_core.sbom.products import products_of
from stellaops_core.sbom.sbom import Sbom

LEVEL_SECTIONS: tuple[tuple[Level, int], ...] = (
    ("used", form.USED),
    ("maybe", form.MAYBE),
    ("undetermined", form.UNDETERMINED),
)


def encode(sbom: Sbom) -> bytes:
    """Write the index."""
    components = sorted(sbom.components, key=lambda component: component.ref)
    products = _products(components)
    flags = _flags(sbom)
    sections = {
        form.SUBJECT: write_subject(sbom),
        form.REFS: write_texts([component.ref.encode() for component in components]),
        form.PRODUCTS: write_texts([product.encode() for product in products]),
        form.MEMBERS: _members(list(products.values())),
        form.LAYERS: _layers(components, len(sbom.subject.layers)),
    }
    if flags & form.HAS_INVENTORY:
        sections[form.INVENTORY] = write_bitmap(range(len(components)))
    if flags & form.HAS_USAGE:
        levels = [component.use.level if component.use else None for component in components]
        for level, kind in LEVEL_SECTIONS:
            sections[kind] = write_bitmap(number for number, one in enumerate(levels) if one == level)
    header = form.Header(flags, len(components), len(products), len(sbom.subject.layers))
    return form.write_container(header, sections)


def _flags(sbom: Sbom) -> int:
    """Say what is known: all that is installed, unless some was left out; what is in use, if that was asked."""
    if not sbom.usage:
        return form.HAS_INVENTORY
    whole = sum(count for _, count in sbom.usage.counts) <= len(sbom.components)
    return form.HAS_USAGE | (form.HAS_INVENTORY if whole else 0)


def _products(components: Sequence[Component]) -> dict[str, list[int]]:
    """Product key to the numbers of its components, both in order."""
    products: dict[str, list[int]] = {}
    for number, component in enumerate(components):
        for product in products_of(component.ref):
            products.setdefault(product, []).append(number)
    return dict(sorted(products.items()))


def _members(products: Sequence[Sequence[int]]) -> bytes:
    """Where each product's numbers begin and the last one's end, then all numbers."""
    starts = [0]
    for numbers in products:
        starts.append(starts[-1] + len(numbers))
    return write_numbers([*starts, *(number for numbers in products for number in numbers)])


def _layers(components: Iterable[Component], count: int) -> bytes:
    """Where each layer's bitmap begins and the last one's ends, then all bitmaps."""
    numbers: list[list[int]] = [[] for _ in range(count)]
    for number, component in enumerate(components):
        if 0 <= component.layer < count:
            numbers[component.layer].append(number)
    starts, bitmaps = [0], bytearray()
    for one in numbers:
        bitmaps += write_bitmap(one)
        starts.append(len(bitmaps))
    return write_numbers(starts) + bitmaps


def write_numbers(numbers: Iterable[int]) -> bytes:
    """Pack unsigned numbers, four bytes each, the lowest first."""
    packed = array("I", numbers)
    if byteorder == "big":
        packed.byteswap()
    return packed.tobytes()

"""Reading a BOM-Index: a file or bytes in, answers out.

Comes in: the path of a `bom-index.bin`, or its bytes. Goes out: a `BomIndex`, which looks up what is asked and nothing
else; a file is mapped into memory, not read. Whatever a question touches is checked first, so that a damaged file is
refused and never answers; `check` goes through all of it.
"""

import contextlib
import os
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from struct import Struct as Layout
from types import TracebackType
from typing import TYPE_CHECKING, Self

from stellaops_core.component import Level
from stellaops_core.errors import TargetNotFound
from stellaops_core.sbom import index_format as form
from stellaops_core.sbom.bitmaps import read_bitmap
from stellaops_core.sbom.index import LEVEL_SECTIONS
from stellaops_core.sbom.index_format import Container, corrupt
from stellaops_core.sbom.index_subject import IndexSubject, read_subject
from stellaops_core.sbom.index_texts import Texts
from stellaops_core.sbom.products import products_of

if TYPE_CHECKING:
    from pyroaring import BitMap

_NUMBER = Layout("<I")


def open_index(source: "str | os.PathLike[str] | bytes | memoryview") -> "BomIndex":
    """Open an index. Raises `TargetError` where it isn't one, `TargetNotFound` where there is no such file.

    Who replaces a file that is open must do so by renaming: cutting it short would pull the memory away.
    """
    if isinstance(source, (bytes, memoryview)):
        return BomIndex(memoryview(source))
    try:
        with open(source, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                corrupt("it is empty")
            mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file"
        raise TargetNotFound(f"cannot open {os.fspath(source)}: {reason}") from None
    return BomIndex(memoryview(mapped))


class BomIndex:
    """An open index. Use it in a `with` statement, or close it."""

    def __init__(self, data: memoryview) -> None:
        self._container = Container(data)
        header = self._container.header
        self.has_inventory = bool(header.flags & form.HAS_INVENTORY)
        """Whether everything that is installed is listed; else only what is in use is."""
        self.has_usage = bool(header.flags & form.HAS_USAGE)
        """Whether it is known what is in use."""
        self._layers = header.layers
        self._refs: Texts | None = None
        self._products: Texts | None = None
        self._bitmaps: dict[int, BitMap] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._refs = self._products = None
        with contextlib.suppress(BufferError):  # somebody still holds a view; it goes with them
            self._container.release()

    def __len__(self) -> int:
        return self._container.header.refs

    def __iter__(self) -> Iterator[str]:
        """Yield all `ref`s, in order: number 0 first."""
        return iter(self._ref_table())

    def __contains__(self, ref: str) -> bool:
        return self.number_of(ref) is not None

    @property
    def digest(self) -> str:
        """What names this very index: `sha256:` and the header's digest in hex, which covers the whole file."""
        return "sha256:" + self._container.digest.hex()

    @property
    def subject(self) -> IndexSubject:
        """The image."""
        subject = read_subject(self._container.section(form.SUBJECT))
        if len(subject.layers) != self._layers:
            corrupt("it states two numbers of layers")
        return subject

    def number_of(self, ref: str) -> int | None:
        """Return the number of the component with that `ref`, or None."""
        return self._ref_table().find(ref)

    def ref(self, number: int) -> str:
        """Return the `ref` of the component with that number. Raises `IndexError`."""
        return self._ref_table()[number]

    def products(self) -> Iterator[str]:
        """Yield all product keys, in order."""
        return iter(self._product_table())

    def find(self, product: str) -> tuple[str, ...]:
        """Return the `ref`s of a product key, in order: packages of that name, and built from a source of that name."""
        at = self._product_table().find(product)
        return () if at is None else tuple(map(self.ref, self._members(at)))

    def level(self, ref: str) -> Level | None:
        """Return whether a component is in use; None where it is not listed, or usage is not known."""
        number = self.number_of(ref)
        if number is None or not self.has_usage:
            return None
        for level, kind in LEVEL_SECTIONS:
            if number in self.bitmap(kind):
                return level
        return "not-reached"

    def used(self, ref: str) -> bool:
        """Whether the entry point surely leads to a component."""
        return self.level(ref) == "used"

    def layer_of(self, ref: str) -> int:
        """Return the index of the lowest layer that introduced a component; -1 for none, or none of that `ref`."""
        number = self.number_of(ref)
        if number is None:
            return -1
        return next((layer for layer in range(self._layers) if number in self.layer(layer)), -1)

    def bitmap(self, kind: int) -> "BitMap":
        """Return a section that is a set of numbers, such as `index_format.USED`; empty where the index lacks it."""
        if kind not in self._bitmaps:
            flag = form.HAS_INVENTORY if kind == form.INVENTORY else form.HAS_USAGE
            known = self._container.header.flags & flag
            self._bitmaps[kind] = self._numbers(self._container.section(kind) if known else memoryview(_EMPTY))
        return self._bitmaps[kind]

    def not_reached(self) -> "BitMap":
        """Return the numbers of the components that nothing leads to; empty where that is not known."""
        reached = [self.bitmap(kind) for _, kind in LEVEL_SECTIONS]
        return self.bitmap(form.INVENTORY).difference(*reached) if self.has_usage else reached[0]

    def layer(self, layer: int) -> "BitMap":
        """Return the numbers of the components that a layer introduced first."""
        section = self._container.section(form.LAYERS)
        if not 0 <= layer < self._layers:
            raise IndexError(layer)
        start, end = _slot(section, self._layers, layer)
        return self._numbers(section[start:end])

    def check(self) -> None:
        """Go through everything. Raises `TargetError` at the first thing that does not hold."""
        self._container.check()
        _ = self.subject
        self._ref_table().check()
        self._product_table().check()
        self._check_products()
        if self.has_inventory and len(self.bitmap(form.INVENTORY)) != len(self):
            corrupt("its inventory leaves something out")
        _check_apart([self.bitmap(kind) for _, kind in LEVEL_SECTIONS])
        _check_apart([self.layer(layer) for layer in range(self._layers)])
        _check_slots(self._container.section(form.LAYERS), self._layers, 1)

    # --- inside ---

    def _ref_table(self) -> Texts:
        if self._refs is None:
            self._refs = Texts(self._container.section(form.REFS), self._container.header.refs)
        return self._refs

    def _product_table(self) -> Texts:
        if self._products is None:
            self._products = Texts(self._container.section(form.PRODUCTS), self._container.header.products)
        return self._products

    def _members(self, product: int) -> tuple[int, ...]:
        """Return the numbers of a product's components."""
        section = self._container.section(form.MEMBERS)
        count = self._container.header.products
        start, end = _slot(section, count, product, _NUMBER.size)
        numbers = tuple(number for (number,) in _NUMBER.iter_unpack(section[start:end]))
        if numbers and max(numbers) >= len(self):
            corrupt("a product key names a component that is not there")
        return numbers

    def _numbers(self, data: memoryview) -> "BitMap":
        try:
            bitmap = read_bitmap(data)
        except ValueError:
            corrupt("a bitmap is not one")
        if bitmap and bitmap.max() >= len(self):
            corrupt("a bitmap names a component that is not there")
        return bitmap

    def _check_products(self) -> None:
        """Hold the product keys against what the `ref`s give."""
        expected: dict[str, list[int]] = {}
        for number, ref in enumerate(self):
            for product in products_of(ref):
                expected.setdefault(product, []).append(number)
        _check_slots(self._container.section(form.MEMBERS), self._container.header.products, _NUMBER.size)
        found = {product: list(self._members(at)) for at, product in enumerate(self.products())}
        if found != expected:
            corrupt("its product keys are not those of its components")


_EMPTY = bytes.fromhex("3a30000000000000")
"""The bitmap of no numbers."""


def _slot(section: memoryview, count: int, slot: int, width: int = 1) -> tuple[int, int]:
    """Return where one slot is, in a section that begins with the starts of its slots and the last one's end."""
    top = (count + 1) * _NUMBER.size
    if len(section) < top:
        corrupt("a list is cut short")
    (start,), (end,) = (_NUMBER.unpack_from(section, (slot + more) * _NUMBER.size) for more in (0, 1))
    if not start <= end <= (len(section) - top) // width:
        corrupt("a list leads out of its section")
    return top + start * width, top + end * width


def _check_slots(section: memoryview, count: int, width: int) -> None:
    """Slots follow one another, from the first byte after their starts to the last byte of the section."""
    end = (count + 1) * _NUMBER.size
    if any(section[: _NUMBER.size]):
        corrupt("a list does not start at its section's first")
    for slot in range(count):
        start, after = _slot(section, count, slot, width)
        if start != end:
            corrupt("a list does not follow the one before")
        end = after
    if end != len(section):
        corrupt("a section goes on after its last list")


def _check_apart(bitmaps: "list[BitMap]") -> None:
    """No number is in two of them."""
    if bitmaps and len(bitmaps[0].union(*bitmaps)) != sum(map(len, bitmaps)):
        corrupt("a component is in two sets of which it can be in one")

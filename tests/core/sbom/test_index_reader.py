"""Reading an index: what it answers is what the bill of materials says, and a damaged one answers nothing."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.index_files import places, rebuilt, signed, views
from core.sbom.samples import LIBC, SAMPLE
from core.sbom.strategies import PURLS
from stellaops_core.component import Use
from stellaops_core.errors import TargetError, TargetNotFound
from stellaops_core.sbom import index_format as form
from stellaops_core.sbom.bitmaps import write_bitmap
from stellaops_core.sbom.index import encode, write_numbers
from stellaops_core.sbom.index_reader import open_index
from stellaops_core.sbom.index_texts import write_texts
from stellaops_core.sbom.products import products_of
from stellaops_core.sbom.sbom import Usage

USES = ("used", "maybe", "undetermined", "not-reached")
FULL = replace(
    SAMPLE,
    components=tuple(replace(one, use=Use(use)) for one, use in zip(SAMPLE.components, USES, strict=True)),
    usage=Usage((), (), tuple((use, 1) for use in USES)),
)
DATA = encode(FULL)
MUTATIONS = 10_000


@settings(max_examples=50)
@given(views(), st.lists(PURLS, max_size=5))
def test_equals_the_bill_of_materials(sbom, others):
    """Every question, about what is listed and about what isn't."""
    index = open_index(encode(sbom))
    index.check()
    refs = [component.ref for component in sbom.components]
    assert list(index) == refs == [index.ref(number) for number in range(len(index))]
    for component in sbom.components:
        assert component.ref in index
        assert index.layer_of(component.ref) == component.layer
        assert index.level(component.ref) == (component.use.level if component.use else None)
        assert index.used(component.ref) == (component.use is not None and component.use.level == "used")
    for ref in set(others) - set(refs):
        assert (ref in index, index.level(ref), index.layer_of(ref)) == (False, None, -1)
    products = {product for ref in (*refs, *others) for product in products_of(ref)}
    assert {product: index.find(product) for product in products} == {
        product: tuple(ref for ref in refs if product in products_of(ref)) for product in products
    }
    assert list(index.products()) == sorted({product for ref in refs for product in products_of(ref)})
    assert index.has_usage == bool(sbom.usage)
    assert {index.ref(number) for number in index.not_reached()} == {
        component.ref for component in sbom.components if component.use and component.use.level == "not-reached"
    }


def test_from_a_file(tmp_path):
    """A file is mapped, not read, and closed again; bytes and views do as well."""
    place = tmp_path / "bom-index.bin"
    place.write_bytes(DATA)
    with open_index(place) as index, open_index(memoryview(DATA)) as other:
        assert index.level(LIBC) == other.level(LIBC) == "used"
        assert index.subject == other.subject
        assert index.digest == other.digest
    with pytest.raises(ValueError, match="released"):
        index.level(LIBC)


def test_what_is_no_file(tmp_path):
    """Missing, a directory, empty, or a name that can't be one."""
    (tmp_path / "empty").touch()
    for name, error in (
        ("missing", TargetNotFound),
        (".", TargetNotFound),
        ("empty", TargetError),
        ("\0", TargetError),
    ):
        with pytest.raises(error):
            open_index(f"{tmp_path}/{name}")


def ask_everything(data):
    """Whatever can be asked of an index; raises `TargetError` or answers."""
    with open_index(data) as index:
        for ref in index:
            index.level(ref)
            index.layer_of(ref)
        for product in index.products():
            index.find(product)
        index.not_reached()
        _ = index.subject


def test_damage_is_refused():
    """Bytes changed and digests made to fit: one error, or answers; never another exception, and never a crash."""
    chosen = random.Random(7)
    starts = [start for start, _ in places(DATA).values()]
    refused = 0
    for _ in range(MUTATIONS):
        damaged = bytearray(DATA)
        for _ in range(chosen.choice((1, 1, 2, 8))):
            at = min(chosen.choice(starts) + chosen.randrange(64), len(DATA) - 1)
            damaged[chosen.choice((at, chosen.randrange(len(DATA))))] = chosen.choice(
                (0, 1, 0x7F, 0x80, 0xFF, at & 255)
            )
        if chosen.random() < 0.1:
            del damaged[chosen.randrange(len(DATA)) :]
        data = signed(damaged)
        try:
            ask_everything(data)
            open_index(data).check()
        except TargetError:
            refused += 1
    assert refused > MUTATIONS * 0.8


REFS = [component.ref.encode() for component in FULL.components]
PRODUCTS = [products_of(component.ref)[0].encode() for component in FULL.components]


@pytest.mark.parametrize(
    ("changes", "header", "reason"),
    [
        ({form.USED: write_bitmap([4])}, {}, "names a component that is not there"),
        ({form.USED: write_bitmap([0, 1])}, {}, "in two sets"),
        ({form.USED: b""}, {}, "a bitmap is not one"),
        ({form.INVENTORY: write_bitmap([0, 1, 2])}, {}, "leaves something out"),
        ({form.REFS: write_texts(REFS[::-1])}, {}, "not in order"),
        ({form.PRODUCTS: write_texts([b"pkg:a/a", *PRODUCTS[1:]])}, {}, "not those of its components"),
        ({form.MEMBERS: write_numbers([0, 1, 2, 3, 4, 0, 1, 3, 2])}, {}, "not those of its components"),
        ({form.MEMBERS: write_numbers([0, 1, 2, 3, 4, 0, 1, 2, 4])}, {}, "product key names"),
        ({form.MEMBERS: write_numbers([0, 1, 2, 3, 5, 0, 1, 2, 3])}, {}, "out of its section"),
        ({form.MEMBERS: write_numbers([0, 1, 2, 3, 4, 0, 1, 2, 3, 3])}, {}, "after its last list"),
        ({form.MEMBERS: write_numbers([0, 1])}, {}, "cut short"),
        ({form.LAYERS: write_numbers([0, 8, 16]) + write_bitmap([0]) + write_bitmap([1])}, {}, "bitmap is not one"),
        ({form.LAYERS: write_numbers([0, 18, 36]) + 2 * write_bitmap([0])}, {}, "in two sets"),
        ({}, {"layers": 1}, "two numbers of layers"),
        ({}, {"layers": 2**32 - 1}, "two numbers of layers"),
        ({}, {"refs": 2**32 - 1}, "cut short"),
        ({}, {"products": 2**32 - 1}, "cut short"),
        ({form.SUBJECT: b"{}"}, {}, "does not fit"),
    ],
)
def test_lies(changes, header, reason):
    """Each structural lie is refused by the check, though all digests are right."""
    with pytest.raises(TargetError, match=reason):
        open_index(rebuilt(DATA, changes, **header)).check()


def test_an_index_of_nothing():
    """No components, no layers."""
    nothing = replace(SAMPLE, components=(), subject=replace(SAMPLE.subject, layers=()), unknowns=(), removed=())
    data = encode(nothing)
    index = open_index(data)
    index.check()
    assert (len(index), list(index), index.find("pkg:npm/a"), "pkg:npm/a@1" in index) == (0, [], (), False)
    with pytest.raises(TargetError, match="start at its section"):
        open_index(rebuilt(data, {form.MEMBERS: write_numbers([1])})).check()


def test_numbers_out_of_range():
    """Of components and layers."""
    index = open_index(DATA)
    for ask in (lambda: index.ref(4), lambda: index.layer(2), lambda: index.layer(-1)):
        with pytest.raises(IndexError):
            ask()

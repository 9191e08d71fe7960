"""One way to ask for all orders."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stellaops_core.versions as package
from stellaops_core.versions.scheme import SCHEMES, VERSION_LIMIT, compare, sort_key

TYPES = sorted(SCHEMES)
VERSIONS = st.one_of(
    st.text("0123456789", max_size=3),
    st.text("0019abrc.-_+~^: vV", max_size=12),
    st.lists(
        st.sampled_from(
            [*"0123.-_+~", "rc", "alpha", "beta", "post", "dev", "RC1", "-r1", "SNAPSHOT", "Final", "1:", "!"]
        ),
        max_size=7,
    ).map("".join),
    st.text(max_size=8),
)
HOSTILE = [
    "1" * VERSION_LIMIT, "0" * VERSION_LIMIT, "1." * 512, "1-" * 512, "-" * 1024, "~" * 1024, "_" * 1024, "1a" * 512,
    "1_alpha" * 146, "1.0" + "-a" * 500, "+" * 1024, "." * 1024, "\0", "1\0", "\ud800", "1.\udcff", "\u0661.2",
    "\u00b2", " ", "1.0\n", "\n1.0", "v", "=", "!", ":", "1:", "dev", "-r1", "%", "1.0-\u00e9",
]  # fmt: skip


@pytest.mark.parametrize("type_", TYPES)
@given(versions=st.lists(VERSIONS, min_size=2, max_size=6))
def test_total_order(type_, versions):
    """Antisymmetric and transitive on whatever has a key: what is sorted is sorted in every pair, not only in steps."""
    keyed = sorted((one for one in versions if sort_key(type_, one) is not None), key=lambda one: sort_key(type_, one))
    for low, one in enumerate(keyed):
        for other in keyed[low:]:
            assert compare(type_, one, other) in {-1, 0}
            assert compare(type_, other, one) == -compare(type_, one, other)


@pytest.mark.parametrize("type_", TYPES)
def test_hostile_versions(type_):
    """Huge numbers, thousands of parts, odd characters: a key or none, the same one every time, and of bounded size."""
    for version in HOSTILE:
        key = sort_key(type_, version)
        assert key == sort_key(type_, version)
        assert key is None or len(key) < 8 * VERSION_LIMIT
    assert sort_key(type_, "1" * (VERSION_LIMIT + 1)) is None
    assert compare(type_, "1" * 100_000, "2" * 100_000) is None


@pytest.mark.parametrize("type_", TYPES)
def test_plain_versions_everywhere(type_):
    """Numbers between dots mean the same in all ecosystems, and numbers are numbers."""
    steps = ["0.1.2", "0.2.0", "0.10.0", "1.2.3", "1.2.10", "1.10.0", "2.0.0", "10.0.0", f"{10**30}.0.0"]
    for one, other in pairwise(steps):
        assert compare(type_, one, other) == -1
        assert compare(type_, other, one) == 1


@pytest.mark.parametrize("type_", ["generic", "oci", "github", "bin", "no such type", ""])
def test_no_order(type_):
    """Where none is defined nothing is claimed but that equal is equal."""
    assert sort_key(type_, "1.0") is None
    assert compare(type_, "1.0", "2.0") is None
    assert compare(type_, "1.0", "1.0") == 0


@pytest.mark.parametrize("type_", TYPES)
def test_the_empty_version(type_):
    """It is equal to itself and to nothing else."""
    assert compare(type_, "", "") == 0
    assert compare(type_, "", "1") is None


def test_every_module_is_used():
    """Each file but the two that all share is some type's order."""
    names = {path.stem for path in Path(package.__file__).parent.glob("*.py")}
    assert names - {"__init__", "scheme", "key"} == set(SCHEMES.values())

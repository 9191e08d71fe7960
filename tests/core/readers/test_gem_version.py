"""Order of gem versions and what requirements mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.gem_version import compare, satisfies, segments_of

ORDERED = ["0", "1.0.a", "1.0.b1", "1.0.rc.1", "1.0", "1.0.1", "1.0.9", "1.0.10", "1.1.pre", "1.1", "2", "10"]
VERSIONS = st.lists(st.integers(0, 12).map(str) | st.sampled_from(["a", "rc", "pre"]), min_size=1, max_size=4).map(
    lambda parts: ".".join(["1", *parts])
)


def test_order():
    """As RubyGems sorts them."""
    signs = [[compare(segments_of(one), segments_of(other)) for other in ORDERED] for one in ORDERED]
    assert signs == [[(a > b) - (a < b) for b in range(len(ORDERED))] for a in range(len(ORDERED))]


@given(VERSIONS, VERSIONS)
def test_comparing_is_consistent(one, other):
    """Both ways; zeros at the end are nothing; a dash makes a pre-release."""
    left, right = segments_of(one), segments_of(other)
    assert compare(left, right) == -compare(right, left)
    assert compare(segments_of("1.2"), segments_of("1.2.0.0")) == 0
    assert segments_of("1-2") == (1, "pre", 2)


@pytest.mark.parametrize(
    ("version", "requirement", "answer"),
    [
        ("1.2", "", True),
        ("1.2", ">= 0", True),
        ("1.2", "1.2", True),
        ("1.2", "= 1.2.0", True),
        ("1.2", "!= 1.2", False),
        ("1.2", "> 1.2", False),
        ("1.2", "< 1.10", True),
        ("1.2", "<= 1.2, >= 1.1", True),
        ("1.2", ">= 1.1, < 1.2", False),
        ("2.8.4", "~> 2.8.0", True),
        ("2.9.0", "~> 2.8.0", False),
        ("2.9.0", "~> 2.8", True),
        ("3.0", "~> 2.8", False),
        ("3.0.a", "~> 2.8", False),
        ("2.8.1.a", "~> 2.8.1", False),
        ("4", "~> 3", False),
        ("3.9", "~> 3", True),
        ("1.0.rc2", "~> 1.0.rc1", True),
        ("1", "what?", False),
    ],
)
def test_requirements(version, requirement, answer):
    """`~>` lets the last number stated grow, and means no pre-release of what comes after."""
    assert satisfies(version, requirement) is answer

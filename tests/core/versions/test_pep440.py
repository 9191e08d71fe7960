"""Python's order."""

from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from core.versions.orders import check_ladder, check_refused
from stellaops_core.versions.scheme import compare, sort_key

NUMBERS = st.sampled_from(["0", "1", "01", "2", "10"])
VERSIONS = st.tuples(
    st.sampled_from(["", "", "1!", "v"]),
    st.lists(NUMBERS, min_size=1, max_size=3).map(".".join),
    st.sampled_from(["", "", "a1", ".b2", "-rc", "_C.3", "alpha1", "preview_2"]),
    st.sampled_from(["", "", ".post1", "-1", "r2", ".REV"]),
    st.sampled_from(["", "", ".dev0", "dev3"]),
    st.sampled_from(["", "", "+a", "+1", "+a.1", "+1-a", "+01"]),
).map("".join)


def test_ladder():
    """The specification's list, with spellings."""
    check_ladder(
        "pypi",
        """
        1.dev0 < 1.0.dev456 < 1.0a1 == 1.0-ALPHA.1 < 1.0a2.dev456 < 1.0a12.dev456 < 1.0a12 <
        1.0b1.dev456 < 1.0b2 < 1.0b2.post345.dev456 < 1.0b2.post345 < 1.0rc1.dev456 < 1.0rc1 == 1c1
        == 1.0pre1 < 1.0 == 1 == v1.0.0 == 01.0 < 1.0+abc.5 < 1.0+abc.7 < 1.0+5 == 1.0+05 <
        1.0.post456.dev34 < 1.0.post456 == 1.0-456 < 1.0.15 < 1.1.dev1 < 1!0.1
        """,
    )


@given(VERSIONS, VERSIONS)
def test_packaging_agrees(one, other):
    """On every pair."""
    left, right = Version(one), Version(other)
    assert compare("pypi", one, other) == (left > right) - (left < right)


@given(st.text("01a.b-+!dev \u0661_", max_size=8))
def test_packaging_refuses_the_same(text):
    """What has a key is what `packaging` takes."""
    try:
        Version(text)
    except InvalidVersion:
        assert sort_key("pypi", text) is None
    else:
        assert sort_key("pypi", text) is not None


def test_refused():
    """Versions of the time before."""
    check_refused("pypi", ["0.7.10p1", "2013-01-21T20:33:09", "1.0-git", "french toast"])

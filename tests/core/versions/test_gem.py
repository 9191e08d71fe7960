"""RubyGems' order."""

from hypothesis import given
from hypothesis import strategies as st

from core.versions.orders import check_ladder, check_refused, sign
from stellaops_core.readers import gem_version
from stellaops_core.versions.scheme import compare

VERSIONS = st.lists(st.sampled_from(["0", "0", "1", "2", "10", "a", "b", "a1"]), max_size=5).map(
    lambda parts: ".".join(["1", *parts])
)


def test_ladder():
    """Letters make a pre-release, zeros at the end of the numbers are nothing."""
    check_ladder(
        "gem",
        """
        0.9 < 1.a < 1.0.a.2 == 1.a2 < 1.0.b1 < 1.0.rc1 == 1.rc.1 < 1 == 1.0 == 1.0.0 == 01 < 1.0.0.1
        < 1.0.1 < 1.1.pre < 1.1 < 1.9 < 1.10 < 2
        """,
    )
    check_ladder("gem", "1-1 == 1.pre.1 < 1")


@given(VERSIONS, VERSIONS)
def test_the_requirements_reader_agrees(one, other):
    """Which compares segment by segment; but for zeros before letters, which it counts."""
    texts = [version.replace(".0", ".3") for version in (one, other)]
    segments = [gem_version.segments_of(text) for text in texts]
    assert compare("gem", *texts) == sign(gem_version.compare(*segments))


def test_refused():
    """What RubyGems calls malformed."""
    check_refused("gem", ["1beta", "a.1", "1..2", "1.0\nx", "junk"])

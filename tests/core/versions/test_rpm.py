"""rpm's order."""

from hypothesis import given
from hypothesis import strategies as st

from core.versions.orders import check_ladder
from stellaops_core.versions.rpm import runs
from stellaops_core.versions.scheme import compare


def test_ladder():
    """Tilde, end, caret; letters before numbers; what stands between runs does not count."""
    check_ladder(
        "rpm",
        """
        1.0~rc1 < 1.0~rc1-1 < 1.0~rc2^git1 < 1.0 == 0:1.0 == 1.00 == 1_0 == 1..0 == :1.0 < 1.0- <
        1.0-1 == 1.0-01 < 1.0-1.el9 < 1.0-1.el9_4 < 1.0-1.1.el9 < 1.0-2 < 1.0^git1~pre < 1.0^git1 <
        1.0^git2 < 1.0a == 1.0.a < 1.0aa < 1.0.1 < 1.1 < 1.10 < 2 < 1:0.1-1 < 10:0-1
        """,
    )


@given(st.text("01a.~^\u03b1", max_size=8), st.text("01a.~^\u03b1", max_size=8), st.text("01a.~^", max_size=8))
def test_parts_are_ordered_alone(one, other, more):
    """Between parts that differ, what follows them in the whole version decides nothing."""
    if runs(one) != runs(other):
        assert (runs(one) < runs(other)) == (runs(one) + b"\1" + runs(more) < runs(other))


def test_colons_that_are_no_epochs():
    """Only digits before the colon are one."""
    assert compare("rpm", "1.m+e2:1", "4.m+e1:1") == -1
    assert compare("rpm", "a:1", "a:2") == -1

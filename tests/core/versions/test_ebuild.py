"""Gentoo's order."""

from core.versions.orders import check_ladder, check_refused


def test_ladder():
    """Components, letters, suffixes one after another, revisions."""
    check_ladder(
        "ebuild",
        """
        1_alpha_p1 < 1_beta < 1_pre1 < 1_rc1_alpha < 1_rc1 < 1 == 1-r0 == 01 < 1-r1 < 1_p == 1_p0 <
        1_p0_p0 < 1_p1_rc1 < 1_p1 < 1a_beta < 1a < 1b-r2 < 1.0 == 1.00 < 1.01 == 1.010 < 1.02 < 1.1
        < 1.1.0 < 1.1.1 < 1.2 < 1.10 < 2
        """,
    )


def test_refused():
    """What the specification does not allow."""
    check_refused("ebuild", ["a", "1.", "1_git", "1-r", "1-1", "1A", "1.0\n", "1a1"])

"""Alpine's order."""

from core.versions.orders import check_ladder, check_refused


def test_ladder():
    """Suffixes that come before and after a release, commits, revisions, letters, leading zeros."""
    check_ladder(
        "apk",
        """
        1.0_alpha < 1.0_alpha0 < 1.0_alpha2 < 1.0_alpha10 < 1.0_beta1 < 1.0_pre1 < 1.0_rc1 <
        1.0_rc1-r1 < 1.0 < 1.0-r0 == 1.0-r00 < 1.0-r2 < 1.0-r10 < 1.0~abc < 1.0~abc-r1 < 1.0~abd <
        1.0_cvs1 < 1.0_svn1 < 1.0_git1 < 1.0_hg1 < 1.0_p < 1.0_p1_alpha1 < 1.0_p1 < 1.0_p1-r1 <
        1.0_p1_p1 < 1.0a < 1.0a-r1 < 1.0b < 1.0p1-r0 < 1.0p2 < 1.0.0 < 1.0.01 < 1.0.09 < 1.0.1 <
        1.0.2 < 1.0.10 < 1.1 < 1.10 < 2 == 02
        """,
    )


def test_refused():
    """What apk calls invalid."""
    check_refused("apk", ["a", ".1", "1..2", "1.0A", "1.0bc", "1_foo", "1-r", "1-r-1", "1-r1-r2", "1.0\n", "1-1"])

"""Maven's order."""

from core.versions.orders import check_ladder, check_refused


def test_ladder():
    """Words by rank, other words after the release, a dashed number before a dotted one."""
    check_ladder(
        "maven",
        """
        1-alpha-1-SNAPSHOT < 1-alpha-1 == 1a1 == 1.0-alpha1 == 1.0.0.Alpha-1 < 1-alpha2 < 1-beta-1
        == 1b1 == 1.0.Beta1 < 1-milestone-1 == 1m1 < 1.0.RC1 == 1-rc-1 == 1.0-CR1 < 1.0-RC2-SNAPSHOT
        < 1.0-rc2 < 1-SNAPSHOT < 1 == 1.0 == 1.0.0 == 1-ga == 1.0.Final == 1.0.RELEASE == 1- == 1.
        == 01 == 1.0-0 < 1-sp < 1.0.SP1 < 1-android < 1-jre < 1-xyz < 1-1 < 1-2 < 1-10 <
        1.0.1-SNAPSHOT < 1.0.1 < 1.1 < 1.1.0.jre8 < 1.2 < 1.10 < 20190126.230843 <
        12345678901234567890
        """,
    )


def test_letters_alone():
    """`a`, `b` and `m` are short for words only before a number."""
    check_ladder("maven", "1-a1 == 1-alpha-1 < 1 < 1-a == 1a")


def test_refused():
    """Everything else has an order."""
    check_refused("maven", ["1\0"])

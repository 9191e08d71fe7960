"""Composer's order, and WordPress's."""

from core.versions.orders import check_ladder, check_refused


def test_ladder():
    """Words by rank, four numbers at least."""
    check_ladder(
        "composer",
        """
        1.0-dev == 1.0.0.0-dev < 1.0-alpha1 == 1.0.0a1 == 1.0.0-a.1 < 1.0-alpha2 < 1.0-beta2.1 ==
        1.0.0b2.1 < 1.0RC1 == v1.0.0-rc1 < 1.0 == 1 == V1.0.0 == 1.0.0.0+build < 1.0pl1 ==
        1.0-patch1 < 1.0.0.1 < 1.0.1 < 1.10 < 2
        """,
    )
    check_ladder("wordpress-plugin", "6.4-beta1 < 6.4 == 6.4.0 < 6.4.1 < 6.10")


def test_refused():
    """Branches are no versions."""
    check_refused("composer", ["dev-main", "2.x-dev", "1.0.x-dev", "main", "\u0661"])

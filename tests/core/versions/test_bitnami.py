"""Bitnami's order."""

from core.versions.orders import check_ladder, check_refused


def test_ladder():
    """The number after the dash is a revision."""
    check_ladder("bitnami", "1.2.3-rc.1 < 1.2.3 == 1.2.3-0 < 1.2.3-1 < 1.2.3-10 < 1.2.4 < 1.10")


def test_refused():
    """No Semantic Version before the dash."""
    check_refused("bitnami", ["x-1", "1.2.3.4-1"])

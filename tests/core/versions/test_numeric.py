"""R's and Haskell's order."""

from core.versions.orders import check_ladder, check_refused


def test_ladder():
    """Numbers one by one; the longer is newer."""
    check_ladder("cran", "0.1 == 0-1 == 0.01 < 0.1-0 < 0.9 < 0.75 < 1 < 1.0 < 1.0-1 < 1.0.1.1 < 1.2")
    check_ladder("hackage", "0 < 0.11.3 < 1 < 1.0 < 1.0.0 < 1.1")


def test_refused():
    """Letters."""
    check_refused("cran", ["1.a.2", "!", "1..2"])
    check_refused("hackage", ["1.2.3-notallowed"])

"""Conan's order."""

from core.versions.orders import check_ladder, check_refused


def test_ladder():
    """Pre-releases, builds, words, zeros at the end."""
    check_ladder(
        "conan",
        """
        1-a < 1.0-b < 1.0.0-b.1 < 1 == 1.0 == 1.0.0 < 1+a < 1.0+b < 1.0.1 < 1.1 < 1.10 < 1.a < 1.b <
        2-rc-1 < 2-rc < 2 < cci.2020
        """,
    )


def test_refused():
    """Everything else has an order, thousands of dashes included."""
    check_refused("conan", ["1\0"])
    check_ladder("conan", f"1{'-1' * 500} < 1{'-1' * 499}")

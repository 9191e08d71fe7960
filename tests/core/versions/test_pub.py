"""Dart's order."""

from core.versions.orders import check_ladder, check_refused


def test_ladder():
    """Build metadata counts, by the same rules as pre-releases."""
    check_ladder(
        "pub",
        """
        1.0.0-a < 1.0.0-a+1 < 1.0.0 < 1.0.0+1 < 1.0.0+2 < 1.0.0+10 < 1.0.0+2a < 1.0.0+a < 1.0.0+a.1
        < 1.0.1
        """,
    )


def test_refused():
    """As for Semantic Versions."""
    check_refused("pub", ["1.0.0+", "1.0.0+a+b", "x", "1.2.3.4+5"])

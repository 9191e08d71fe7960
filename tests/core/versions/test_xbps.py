"""Void Linux's order."""

from core.versions.orders import check_ladder, check_refused


def test_ladder():
    """Modifiers before the end, letters after it, revisions last."""
    check_ladder(
        "xbps",
        """
        1.0alpha1_1 < 1.0alpha2_1 < 1.0beta1_1 < 1.0pre1_1 == 1.0rc1_1 < 1.0_1 == 1_1 == 1.0.0_1 <
        1.0_2 < 1.0_10 < 1.0a_1 == 1.0.1_1 < 1.0b_1 == 1.0.2_1 < 1.1_1 < 1.10_1
        """,
    )


def test_refused():
    """No number."""
    check_refused("xbps", ["a", "_1", "."])

"""NuGet's order."""

from core.versions.orders import check_ladder, check_refused


def test_ladder():
    """Four numbers, case does not count, build metadata neither."""
    check_ladder(
        "nuget",
        """
        1.0.0-1 < 1.0.0-ALPHA == 1.0.0-alpha == 1.0-alpha+x < 1.0.0-alpha.1 < 1.0.0-beta2 < 1.0.0 ==
        1 == 1.0 == 1.0.0.0 == 1.00.0+x < 1.0.0.1-a < 1.0.0.1 < 1.0.1 == 1.0.01 < 2.0
        """,
    )


def test_refused():
    """Five numbers, wildcards."""
    check_refused("nuget", ["1.2.3.4.5", "1.*", "", "1.0-"])

"""Go's order."""

from core.versions.orders import check_ladder, check_refused


def test_modules():
    """Pseudo-versions come before the release that they lead to, by time."""
    check_ladder(
        "golang",
        """
        v0.0.0-20190101000000-ffffffffffff < v0.0.0-20200101000000-000000000000 < v0.0.0 <
        v1.2.3-pre < v1.2.3-pre.0.20200101000000-000000000000 < v1.2.3 <
        v1.2.4-0.20200101000000-000000000000 < v1.2.4-rc1 < v1.2.4 < v2.0.0+incompatible == v2.0.0 <
        v2.0.1+incompatible < v10.0.0
        """,
    )


def test_toolchain():
    """Of the standard library, the spellings of `go version`."""
    check_ladder(
        "golang",
        """
        1.20.14 < 1.21rc2 == go1.21rc2 < 1.21rc10 < 1.21 == go1.21.0 == 1.21.0 == go1.21.0-custom <
        1.21.1
        """,
    )


def test_refused():
    """What names no version."""
    check_refused("golang", ["(devel)", "unknown", "devel +abc", "v1.2.3.4", "go"])

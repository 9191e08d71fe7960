"""pacman's order."""

import pytest

from core.versions.orders import check_ladder
from stellaops_core.versions.scheme import compare


def test_ladder():
    """The two lists of vercmp(8), and releases."""
    check_ladder("alpm", "1.0a < 1.0b < 1.0beta < 1.0p < 1.0pre < 1.0rc < 1.0 < 1.0.a < 1.0.1")
    check_ladder("alpm", "1 == 0:1 == 01 < 1.0 < 1.1 < 1.1.1 < 1.2 < 2.0 < 3.0.0 < 1:0.1")
    check_ladder("alpm", "1-1 < 1-1.1 < 1-2 == 1-02 < 1-10 < 1.0-1 < 1:0-1")


def test_what_makes_no_order_in_pacman():
    """A missing release comes first, and equals nothing; separators at the end are as one."""
    check_ladder("alpm", "1.0 < 1.0-1 < 1.0-2")
    check_ladder("alpm", "1.0 < 1.0.a < 1.0. == 1.0.. < 1.0.5 < 1.0..a")


@pytest.mark.parametrize("version", ["", "~", ":", "-", ":-", "\u0661", "a" * 5])
def test_everything_has_an_order(version):
    """pacman compares any text with any other."""
    assert compare("alpm", version, "1.0-1") in ({None} if not version else {-1, 0, 1})

"""What `echo` and `printf` print."""

import pytest

from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN
from stellaops_core.entrytrace.shell.printf import PRINT_LIMIT, echoed, formatted

PRINTED = [
    (["%s\\n", "a", "b"], "a\nb\n"),
    (["%s-%d|", "a", "1", "b"], "a-1|b-0|"),
    (["100%%"], "100%"),
    (["%5s", "a"], UNKNOWN),
    (["%s", UNKNOWN], UNKNOWN),
    (["x", MANY], UNKNOWN),
    (["%b", "a\\tb"], "a\tb"),
    ([], UNKNOWN),
    (["x"] + ["y"] * 3, "x"),
]


@pytest.mark.parametrize(("fields", "text"), PRINTED)
def test_printf(fields, text):
    """The format is used until the arguments are."""
    assert formatted(fields) == text


def test_echo():
    """Options, escapes, unknown words."""
    assert echoed(["-n", "a", "b"]) == "a b"
    assert echoed(["-e", "a\\nb"]) == "a\nb\n"
    assert echoed(["a", MANY]) == "a \0\n"


def test_what_is_too_long_is_not_known():
    """The bound of one command's output."""
    assert echoed(["x" * PRINT_LIMIT]) == UNKNOWN
    assert formatted(["%s" + "x" * 100, *["y"] * PRINT_LIMIT]) == UNKNOWN

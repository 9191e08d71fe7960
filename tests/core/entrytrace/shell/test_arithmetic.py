"""Whole numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.entrytrace.shell.arithmetic import EXPRESSION_LIMIT, calculate, change

VALUES = {"a": "4", "o": "010", "x": "\0"}


def read(name):
    return VALUES.get(name, "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("a * $a - ${a}", 12),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("1 << 4 | 1", 17),
        ("a > 3 && a != 5", 1),
        ("!a || 0", 0),
        ("a ? 1 : 2", 1),
        ("0x1f", 31),
        ("o", 8),
        ("", 0),
        ("unset + 1", 1),
        ("x + 1", None),
        ("1 / 0", None),
        ("1 +", None),
        ("9" * 30, None),
        ("1 << 99", None),
        ("(" * 100 + "1" + ")" * 100, None),
        ("1" + "+1" * EXPRESSION_LIMIT, None),
    ],
)
def test_expressions(text, value):
    """A number, or None where it can't be known."""
    assert calculate(text, read) == value


@given(st.text("0123456789+-*/%()<>=!&|~^?: abx$", max_size=30))
def test_any_text_gives_a_number_or_none(text):
    """Nothing is raised."""
    assert isinstance(calculate(text, read), int | None)


def test_changes():
    """`++`, `+=` and `=` set variables; unknown ones become unknown."""
    written = {}
    assert change("a++", read, written.__setitem__) == 4
    assert change("++a, b = a * 2, x += 1", read, written.__setitem__) is None
    assert written == {"a": "5", "b": "8", "x": "\0"}

"""The tree of errors."""

import re

import pytest

from stellaops_core import errors
from stellaops_core.errors import StellaError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StellaError)]


def test_the_drawing_is_the_tree():
    """The module's docstring draws every class below its base; codes that it states are right."""
    drawn, above = {}, []
    for line in errors.__doc__.splitlines():
        match = re.match(r"(?: {4})([│ ├└─]*)([A-Z]\w+)(?: +(\d) +(\d{3}))?", line)
        if match:
            depth = len(match[1]) // 4
            above[depth:] = [match[2]]
            drawn[match[2]] = (above[depth - 1] if depth else "Exception", match[3], match[4])
    assert sorted(drawn) == sorted(kind.__name__ for kind in KINDS)
    for kind in KINDS:
        base, code, status = drawn[kind.__name__]
        assert kind.__base__.__name__ == base
        assert code in {None, str(kind.exit_code)}
        assert status in {None, str(kind.http_status)}


@pytest.mark.parametrize("kind", KINDS)
def test_message_and_hint(kind):
    """Every error is made alike, speaks its message alone, and carries the hint beside it."""
    error = kind("what is wrong", hint="what to do")
    assert (str(error), error.message, error.hint) == ("what is wrong", "what is wrong", "what to do")
    assert kind("x").hint == ""
    assert kind.exit_code in range(1, 9)
    assert kind.http_status in range(400, 600)

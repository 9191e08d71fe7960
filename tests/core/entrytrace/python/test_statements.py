"""Import statements, taken apart."""

import time
from operator import eq, ge, gt, le, lt, ne

import pytest

from stellaops_core.entrytrace.python.statements import holds, read_statements
from stellaops_core.readers.python_imports import LAZY, OTHERWISE, TRIED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a, b.c as d", [(0, "a", None), (0, "b.c", None)]),
        ("from . import a as b, c", [(0, ".", ("a", "c"))]),
        ("from .import (a)", [(0, ".", ("a",))]),
        ("from . a import b", [(0, ".a", ("b",))]),
        ("import a  # from b import c\n\nfrom d import (e,  # f)\n  g)", [(0, "a", None), (2, "d", ("e", "g"))]),
        ("importance", []),
        ("from import a", []),
    ],
)
def test_read(text, expected):
    """Modules and names come with the line on which their statement begins."""
    assert read_statements(text) == tuple(expected)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (TRIED, True),
        (LAZY, None),
        (OTHERWISE, None),
        ("x", None),
        ("TYPE_CHECKING", False),
        ("typing.TYPE_CHECKING", False),
        ("not t.TYPE_CHECKING", True),
        ("not (TYPE_CHECKING)", True),
        ("TYPE_CHECKING and x", None),
        ("sys.version_info >= (3, 8)", True),
        ("sys.version_info < (3, 11)", False),
        ("sys.version_info[:2] == (3, 11)", True),
        ("sys.version_info[0] == 2", False),
        ("sys.version_info[0] >= 3", True),
        ("sys.version_info > (3,)", True),
        ("not sys.version_info >= (3, 12)", True),
        ("sys.version_info >= (3, 8) or x", None),
        ('sys.platform == "win32"', False),
        ("sys.platform.startswith('linux')", True),
        ("os.name == 'nt'", False),
        ("os.name != 'nt'", True),
        ("x.name == 'y'", None),
        ("sys.version_info >= (3, 11, 4)", None),
        ("sys.version_info >= (3, 10, 4)", True),
        ("sys.version_info.major == 3", True),
        ("sys.version_info >= 3", None),
        ('__name__ == "__main__"', False),
        ('"__main__" == __name__', False),
    ],
)
def test_holds(condition, expected):
    """What is known of version and platform decides; all else is not known."""
    assert holds((condition,), (3, 11), main=False) is expected


def test_holds_together():
    """One false condition is enough; one unknown makes all unknown; a main program runs its own part."""
    assert holds((), (3, 11), main=False) is True
    assert holds((LAZY, "TYPE_CHECKING"), (3, 11), main=False) is False
    assert holds((TRIED, LAZY), (3, 11), main=False) is None
    assert holds(("__name__ == '__main__'",), (3, 11), main=True) is True


@pytest.mark.parametrize(
    ("operator", "compare"), [("<", lt), ("<=", le), (">", gt), (">=", ge), ("==", eq), ("!=", ne)]
)
@pytest.mark.parametrize("right", [(2,), (3,), (4,), (3, 10), (3, 11), (3, 12)])
def test_versions_compare_as_python_does(operator, compare, right):
    """A comparison of `version_info` has the result that it has in the interpreter of that version."""
    version = (3, 11, 2, "final", 0)
    text = f"sys.version_info {operator} ({', '.join(map(str, right))},)"
    short = f"sys.version_info[:2] {operator} ({', '.join(map(str, right))},)"
    assert holds((text,), (3, 11), main=False) is compare(version, right)
    assert holds((short,), (3, 11), main=False) is compare(version[:2], right)


def test_hostile():
    """Long runs of blanks and dots cost no more than their length."""
    start = time.process_time()
    for piece in (
        "from " + " " * 16_000 + "x",
        "from " + "." * 16_000,
        "from " + "\t" * 16_000 + "a import b",
        "(" * 16_000,
    ):
        read_statements(piece)
    assert time.process_time() - start < 2

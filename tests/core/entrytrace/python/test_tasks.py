"""What is worked out of a file's texts."""

import importlib.util

import pytest

from stellaops_core.entrytrace.python.tasks import absolute, is_builtin, literals, rest_of
from stellaops_core.readers.python_imports import Import


@pytest.mark.parametrize("written", [".", ".a", ".a.b", "..", "..a", "...a", "....a"])
@pytest.mark.parametrize("package", ["p", "p.q", "p.q.r", ""])
def test_absolute(written, package):
    """Relative names lead where the interpreter takes them."""
    try:
        expected = importlib.util.resolve_name(written, package).rstrip(".")
    except ImportError:
        expected = None
    assert absolute(written, package) == expected


def test_rest():
    """What stands behind a statement keeps its lines and conditions."""
    one = Import(7, "import a\nimport b\n\nimport c", ("x",))
    assert rest_of(one, 1) == Import(9, "\nimport c", ("x",))


def test_names():
    """Compiled-in modules, and texts in quotes."""
    assert [is_builtin(name) for name in ("_json", "sys", "os.path", "time.x")] == [True, True, False, True]
    assert literals("x('a', \"b\" + c)") == ["a", "b"]

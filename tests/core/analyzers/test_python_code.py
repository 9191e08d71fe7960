"""What is kept of Python files for tracing."""

import pytest

from pythons import installation
from stellaops_core.analyzers.python_code import ANALYZER, CODE_LIMIT, LIBRARY, TEXT_LIMIT, PythonText
from stellaops_core.readers.python_imports import PythonCode


def test_facts():
    """Sources give their imports; texts are kept as they are; of an application's own files all names are kept."""
    root = installation(
        {
            "app/a.py": "import b\nx = ['c.d']\n",
            "usr/lib/python3/dist-packages/a.py": "import b\nx = ['c.d']\n",
            "venv/pyvenv.cfg": "home = /usr/bin\n",
            "x/entry_points.txt": "[g]\n",
            "x/y.pth": "z\n",
            "x/__editable___p_finder.py": "MAPPING = {}\n",
        }
    )
    code = root.facts("app/a.py", PythonCode)
    assert [one.text for one in code.imports] == ["import b"]
    assert code.names == ("c.d",)
    assert root.facts("usr/lib/python3/dist-packages/a.py", PythonCode).names == ()
    assert root.facts("app/a.py", PythonText) is None
    for path in ("venv/pyvenv.cfg", "x/entry_points.txt", "x/y.pth", "x/__editable___p_finder.py"):
        assert root.facts(path, PythonText).content


@pytest.mark.parametrize(("path", "limit"), [("a.py", CODE_LIMIT), ("a.pth", TEXT_LIMIT), ("pyvenv.cfg", TEXT_LIMIT)])
def test_limits(path, limit):
    """Larger files are left alone; what they import is then told as not known."""
    assert ANALYZER.wants(path, limit)
    assert not ANALYZER.wants(path, limit + 1)


@pytest.mark.parametrize(
    ("path", "installed"),
    [
        ("usr/lib/python3.11/os.py", True),
        ("usr/lib64/python3.9/os.py", True),
        ("usr/lib/python3/dist-packages/a.py", True),
        ("opt/conda/lib/python3.12/site-packages/a/b.py", True),
        ("app/lib/python/a.py", False),
        ("app/a.py", False),
    ],
)
def test_library(path, installed):
    """What was installed is told from what is the application's own by its place."""
    assert (LIBRARY.search(path) is not None) == installed

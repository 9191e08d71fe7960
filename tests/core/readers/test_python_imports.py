"""Import statements, found without a parser."""

import ast
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stellaops_core.entrytrace.python.statements import read_statements
from stellaops_core.readers import python_imports
from stellaops_core.readers.python_imports import BY_NAME, LAZY, OTHERWISE, TRIED, read_python


def statements(source: str) -> list[tuple[int, str, tuple[str, ...]]]:
    """(line, `module` or `module:name`, conditions)."""
    found = []
    for one in read_python(source.encode()).imports:
        if not one.called:
            for line, module, names in read_statements(one.text):
                texts = [module] if names is None else [f"{module}:{name}" for name in names]
                found += [(one.line + line, text, one.conditions) for text in texts]
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a", [(1, "a", ())]),
        ("\ufeffimport a\nimport b", [(1, "a", ()), (2, "b", ())]),
        ("import a.b as c, d\n", [(1, "a.b", ()), (1, "d", ())]),
        ("from a import *\nfrom . import b\n", [(1, "a:*", ()), (2, ".:b", ())]),
        ("from ..a.b import (\n  c as d,  # one)\n  e,\n)\n", [(1, "..a.b:c", ()), (1, "..a.b:e", ())]),
        ("from a \\\n  import b, \\\n  c\n", [(1, "a:b", ()), (1, "a:c", ())]),
        ("import a; import b\r\nimport c\r\n", [(1, "a", ()), (1, "b", ()), (3 - 1, "c", ())]),
        ("def f():\n  x = 1\n\n  import a\n", [(4, "a", (LAZY,))]),
        ("class A:\n  import a\n", [(2, "a", ())]),
        ("class A:\n  def f(self,\n    x,\n  ):\n    import a\n", [(5, "a", (LAZY,))]),
        ("try:\n    import a\nexcept E:\n    import b\n", [(2, "a", (TRIED,)), (4, "b", (OTHERWISE,))]),
        ("try: import a\nexcept E: from b import c\n", [(1, "a", (TRIED,)), (2, "b:c", (OTHERWISE,))]),
        ("if TYPE_CHECKING:  # types\n\tfrom a import b\n", [(2, "a:b", ("TYPE_CHECKING",))]),
        ("if x:\n  try:\n    import a\n  finally:\n    import b\n", [(3, "a", (TRIED, "x")), (5, "b", ("x",))]),
        ("for x in y:\n\n# no\n  import a\n", [(4, "a", (OTHERWISE,))]),
        ('"""\nimport a\n"""\nimport b\n', [(4, "b", ())]),
        ("x = '''\nimport a\n''' + \"\"\"\nimport b'''\n\"\"\"\nimport c\n", [(6, "c", ())]),
        ('x = \'"""\'\nimport a\n', [(2, "a", ())]),
        ('# it\'s """\nimport a\n', [(2, "a", ())]),
        ("# import a\nx = 'import b'\nsubprocess.run('x; import c')\nimportant = 1\n", []),
        (">>> import a\nfoo.import_it\nhimport (b)\n", []),
        ("from x.himport import (a)\n", [(1, "x.himport:a", ())]),
        ("from .import importlib\n", [(1, ".:importlib", ())]),
        ("import été\n", [(1, "été", ())]),
    ],
)
def test_statements(source, expected):
    """Every form of import statement is found once, with its line and what it stands in; strings are not code."""
    assert statements(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import_module('a.b')", ("import_module", "a.b", "")),
        ('__import__ ("a")', None),
        ('__import__("a")', ("__import__", "a", "")),
        ("importlib.import_module(\n  '.a', __name__)", ("import_module", ".a", "")),
        ("import_module(f'a.b.{x}')", ("import_module", "", "a.b.")),
        ("import_module('a.%s' % x)", ("import_module", "", "a.")),
        ("import_module('a.' + x)", ("import_module", "", "a.")),
        ("import_module(x)", ("import_module", "", "")),
        ("z = import_string('a:b')", ("import_string", "a:b", "")),
        ("def import_module(x): pass", None),
        ("import_module('x y')", None),
        ("important('a')", ("important", "a", "")),
    ],
)
def test_calls(source, expected):
    """Calls that import by name tell their literal, or how a name that is put together begins."""
    found = [(one.called, one.text, one.prefix) for one in read_python(source.encode()).imports]
    assert found == ([expected] if expected else [])


def test_names():
    """Texts that look like modules are kept where something imports by name, or when all are wanted."""
    source = b"x = ['a.b:c', \"d\", 'no name', '.rel', 'a-b']\n"
    assert read_python(source).names == ()
    assert read_python(source, whole=True).names == (".rel", "a.b", "d")
    assert read_python(source + b"import_module(x)").names == (".rel", "a.b", "d")


def test_entry_points():
    """Groups are kept where a file asks for entry points; whether it asks by name as well is told."""
    ask = b"from importlib.metadata import entry_points\n"
    assert read_python(ask + b"entry_points(group='a.b')").groups == ("a.b",)
    assert read_python(ask + b"entry_points(group='g', name=x)").groups == (BY_NAME, "g")
    assert read_python(b"import os\nx = 'entry_points'").groups == ()


def test_paths():
    """Changes of the search path are kept with their lines."""
    source = b"import sys\nsys.path.insert(0, 'lib')\nsite.addsitedir('x')\n  sys.path += ['y']\nprint(sys.path)\n"
    assert read_python(source, whole=True).paths == (
        (2, "sys.path.insert(0, 'lib')"),
        (3, "site.addsitedir('x')"),
        (4, "sys.path += ['y']"),
    )


def _by_ast(tree: ast.AST) -> set[tuple[int, str]]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(node.lineno, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.lineno, f"{'.' * node.level}{node.module or ''}:{alias.name}") for alias in node.names}
    return found


@pytest.mark.parametrize("module", ["argparse", "asyncio.base_events", "typing", "unittest.mock", "doctest", "pydoc"])
def test_agrees_with_ast(module):
    """On real modules of the running interpreter, it finds exactly what the parser finds."""
    path = Path(ast.__file__).parent / (module.replace(".", "/") + ".py")
    source = path.read_text(encoding="utf-8")
    assert {one[:2] for one in statements(source)} == _by_ast(ast.parse(source))


_LINES = st.sampled_from(
    ["import a", "from b import (c,", " d)", '"""', "'''", "def f():", "    import e", "if x:", "  from f import g",
     "x = 'import h'", "# import i '''", "class A:", "    x = '\"\"\"'", "", 'y = "\\""', "try:", "except E: import j"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_LINES, max_size=12))
@pytest.mark.property
def test_agrees_with_ast_on_anything_that_parses(lines):
    """Whatever lines are put together: if that is a program, its imports are those that the parser sees."""
    source = "\n".join(lines) + "\n"
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    assert {one[:2] for one in statements(source)} >= _by_ast(tree)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
@pytest.mark.property
def test_any_bytes(data):
    """No input raises."""
    read_python(data, whole=True)
    read_python(b"import a\n" + data + b"\n import b\nimport_module(x)", whole=True)


@pytest.mark.parametrize(
    "piece",
    [b"import ", b"import(", b"from x import (\n", b"\\'''", b'"""\nimport a\n', b"'''\n import x\n", b" import x\n",
     b"import_module(", b": import a ", b"x" * 9_000 + b"\n import a\n", b"\n\n from a\\\n import", b"'a.", b"\t\n"],
)  # fmt: skip
def test_hostile(piece):
    """Time grows with the size, whatever is repeated: half a megabyte takes less than some seconds."""
    start = time.process_time()
    read_python(piece * (500_000 // len(piece)), whole=True)
    assert time.process_time() - start < 5


def test_limits(monkeypatch):
    """Beyond the limits, an import is conditional or left out, never wrong."""
    monkeypatch.setattr(python_imports, "BLOCK_LIMIT", 3)
    assert statements("def f():\n\n\n\n\n  import a\n") == [(6, "a", (OTHERWISE,))]
    monkeypatch.setattr(python_imports, "IMPORT_LIMIT", 2)
    assert len(read_python(b"x()\nimport a\n" * 5).imports) == 2

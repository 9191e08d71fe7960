"""What Python modules import, surely and perhaps."""

import subprocess
import sys

import pytest

from pythons import LIBRARY, SITE, installation, process, reached, untold, ways
from stellaops_core.entrytrace.python import closure as python_closure

P = f"{SITE}/p"


def run(files, code="import p", **more):
    return reached(installation(files), process("-c", code, **more))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a", "used"),
        ("from . import a as b", None),
        ("try:\n  import a\nexcept ImportError:\n  a = None", "used"),
        ("try:\n  import gone\nexcept ImportError:\n  import a", "maybe"),
        ("if x:\n  import a", "maybe"),
        ("def f():\n  import a", "maybe"),
        ("class C:\n  import a", "used"),
        ("if TYPE_CHECKING:\n  import a", None),
        ("if sys.version_info >= (3, 8):\n  import a", "used"),
        ("if sys.platform == 'win32':\n  import a", None),
        ("if __name__ == '__main__':\n  import a", None),
        ('"""\nimport a\n"""', None),
        ("import_module('a')", "maybe"),
        ("__import__('a')", "maybe"),
        ("x = 'a.b'", None),
        ("for x in ('a', 'no'):\n  __import__(x)", "maybe"),
        ("x = import_string('a:B')", "maybe"),
    ],
)
def test_levels(source, expected):
    """What always runs is used; what runs on a condition is maybe; what never runs is not there."""
    found = run({f"{SITE}/p.py": source, f"{SITE}/a.py": ""})
    assert found.get(f"{SITE}/a.py") == expected


def test_packages():
    """Packages on the way are loaded, submodules behind `from`, relative imports, extension modules, each told once."""
    files = {
        f"{P}/__init__.py": "from .a.b import c, d",
        f"{P}/a/__init__.py": "",
        f"{P}/a/b/__init__.py": "d = 1",
        f"{P}/a/b/c.py": "from ...x import y\nfrom ..... import z",
        f"{P}/x.cpython-311-x86_64-linux-gnu.so": b"\x7fELF",
        f"{P}/unused.py": "",
    }
    root = installation(files)
    found = ways(root, process("-c", "import p"))
    assert found[f"{P}/a/b/c.py"] == (f"{P}/__init__.py", "import p.a.b.c", 1)
    assert found[f"{P}/x.cpython-311-x86_64-linux-gnu.so"] == (f"{P}/a/b/c.py", "import p.x", 1)
    levels = reached(root, process("-c", "import p"))
    assert levels.pop(f"{P}/unused.py") == "maybe"  # compiled code may import anything of its package
    assert set(levels.values()) == {"used"}


def test_compiled_code():
    """Compiled code may import what runs it."""
    files = {f"{SITE}/p.abi3.so": b"\x7fELF", f"{SITE}/_cffi_backend.so": b"\x7fELF", f"{SITE}/a.py": ""}
    assert run(files) == {f"{SITE}/p.abi3.so": "used", f"{SITE}/_cffi_backend.so": "maybe"}


def test_surest_way():
    """A file that is reached in both ways is used, whichever comes first."""
    files = {f"{SITE}/p.py": "def f():\n  import a\nimport b", f"{SITE}/b.py": "import a", f"{SITE}/a.py": ""}
    assert run(files)[f"{SITE}/a.py"] == "used"


def test_below_maybe():
    """What hangs below something that may be loaded may be loaded."""
    files = {f"{SITE}/p.py": "def f():\n  import a", f"{SITE}/a.py": "import b", f"{SITE}/b.py": ""}
    assert run(files)[f"{SITE}/b.py"] == "maybe"


def test_loops():
    """Modules that import one another are no trouble, and neither are 3,000 in a row."""
    files = {f"{SITE}/p.py": "import a", f"{SITE}/a.py": "import p"}
    assert set(run(files)) == set(files)
    chain = {f"{SITE}/m{number}.py": f"import m{number + 1}" for number in range(3_000)}
    assert len(run(chain, "import m0")) == 3_000


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import_module(x)", ["d/__init__", "d/e", "f"]),
        ("import_module('p.d.' + x)", ["d/__init__", "d/e"]),
        ("import_module(f'.d.{x}', __name__)", ["d/__init__", "d/e"]),
        ("T = {'k': 'p.d.e:K'}\nimport_module(T[x])", ["d/__init__", "d/e"]),
        ("T = ['.f']\nimport_module(T[0], __name__)", ["f"]),
        ("T = ['f']\nimport_module(T[0], __name__)", ["f"]),
        ("x = 'p.f'", []),
    ],
)
def test_by_name(source, expected):
    """A name that is put together is one of the file's texts, or begins as it says, or is any module of the package."""
    files = {f"{P}/{name}.py": "" for name in ("d/__init__", "d/e", "f", "tests/__init__")}
    found = run({**files, f"{P}/__init__.py": source})
    assert sorted(found) == sorted([f"{P}/__init__.py", *(f"{P}/{name}.py" for name in expected)])
    assert {level for path, level in found.items() if path != f"{P}/__init__.py"} <= {"maybe"}


def test_own_names():
    """An application's own texts name modules wherever they stand; a name that it puts together is told."""
    root = installation({"app/main.py": "X = ['a', 'b.c']\nimport_module(y)\n", f"{SITE}/a.py": "", f"{SITE}/b.py": ""})
    run = process("/app/main.py")
    assert reached(root, run) == {"app/main.py": "used", f"{SITE}/a.py": "maybe", f"{SITE}/b.py": "maybe"}
    assert [(one.place, one.line) for one in untold(root, run)] == [("app/main.py", 2)]


def test_search_path_changes():
    """A file that changes `sys.path` finds what lies around it and where it says."""
    files = {
        "app/bin/run.py": "import sys\nsys.path.insert(0, '../lib')\nimport a, b\n",
        "app/a.py": "",
        "app/lib/b.py": "",
    }
    found = reached(installation(files), process("/app/bin/run.py"))
    assert set(found) == set(files)


def test_plugins():
    """Plugins of a group that a file asks for may be loaded."""
    files = {
        f"{SITE}/p.py": "from importlib.metadata import entry_points\nentry_points(group='p.more')\n",
        f"{SITE}/x.dist-info/entry_points.txt": "[p.more]\none = a:A\n[other]\ntwo = b\n",
        f"{SITE}/a.py": "",
        f"{SITE}/b.py": "",
    }
    root = installation(files)
    assert ways(root, process("-c", "import p"))[f"{SITE}/a.py"] == (f"{SITE}/p.py", "entry point p.more:one", 0)
    assert f"{SITE}/b.py" not in reached(root, process("-c", "import p"))


def test_configured():
    """Extensions that configuration names may be loaded, once the server is."""
    files = {f"{SITE}/jupyter_server/__init__.py": "", f"{SITE}/lsp.py": "",
             "etc/jupyter/jupyter_server_config.d/a.json": '{"x": {"lsp": true}}'}  # fmt: skip
    root = installation(files)
    found = ways(root, process("-c", "import jupyter_server"))
    how = "named by etc/jupyter/jupyter_server_config.d/a.json"
    assert found[f"{SITE}/lsp.py"] == (f"{SITE}/jupyter_server/__init__.py", how, 0)
    assert f"{SITE}/lsp.py" not in run(files, "import os")


def test_by_tests():
    """What only the interpreter's own tests have imported is left out."""
    files = {
        f"{LIBRARY}/multiprocessing/__init__.py": "",
        f"{LIBRARY}/multiprocessing/util.py": "def f():\n  from test import support\n",
        f"{LIBRARY}/test/__init__.py": "",
        f"{LIBRARY}/test/support.py": "import a",
        f"{SITE}/a.py": "",
    }
    assert run(files, "import multiprocessing.util") == {}
    assert run(files, "import test.support") == {f"{SITE}/a.py": "used"}


def test_hooks():
    """An import hook imports only once what it is for is imported."""
    hook = {f"{SITE}/d.pth": "import _distutils_hack", f"{SITE}/_distutils_hack.py": "def f():\n  import setuptools",
            f"{SITE}/setuptools.py": "", f"{LIBRARY}/distutils/__init__.py": ""}  # fmt: skip
    assert f"{SITE}/setuptools.py" not in run(hook, "")
    assert run(hook, "import distutils")[f"{SITE}/setuptools.py"] == "maybe"


def test_bundled():
    """A module that isn't found may be bundled with the package that asks for it."""
    files = {
        f"{P}/__init__.py": "import six\nfrom p.extern.seven import x\n",
        f"{P}/_vendor/__init__.py": "",
        f"{P}/_vendor/six.py": "",
        f"{P}/_vendor/seven.py": "",
    }
    assert set(run(files)) == set(files)


def test_missing():
    """A module that must be there and isn't may be in a place that isn't known; one that is tried may be missing."""
    root = installation({f"{SITE}/p.py": "import gone.x\nimport time, _thread\n"})
    assert [(one.place, one.line) for one in untold(root, process("-c", "import p"))] == [(f"{SITE}/p.py", 1)]
    tried = installation({f"{SITE}/p.py": "try:\n  import gone\nexcept E:\n  pass\nif x:\n  import more\n"})
    assert untold(tried, process("-c", "import p")) == []


def test_fails_where_something_is_missing():
    """What stands behind a missing import doesn't run where the module may fail."""
    files = {f"{SITE}/p.py": "try:\n  import a\nexcept E: pass\n", f"{SITE}/a.py": "import b\nimport gone\nimport c\n",
             f"{SITE}/b.py": "", f"{SITE}/c.py": ""}  # fmt: skip
    found = run(files)
    assert (found[f"{SITE}/b.py"], found[f"{SITE}/c.py"]) == ("used", "maybe")


def test_compiled_alone():
    """Of a module without its source it is told that its imports aren't known."""
    root = installation({f"{SITE}/p.pyc": b"\0\0\0\0"})
    assert [one.place for one in untold(root, process("-c", "import p"))] == [f"{SITE}/p.pyc"]


def test_limits(monkeypatch):
    """Each limit holds."""
    files = {f"{P}/__init__.py": "import_module(x)", **{f"{P}/m{number}.py": "" for number in range(9)}}
    monkeypatch.setattr(python_closure, "PACKAGE_LIMIT", 3)
    assert len(run(files)) == 1 + 3
    monkeypatch.setattr(python_closure, "MISSING_LIMIT", 2)
    root = installation({f"{SITE}/p.py": "\n".join(f"import gone{number}" for number in range(9))})
    assert len(untold(root, process("-c", "import p"))) == 2
    monkeypatch.setattr(python_closure, "MODULE_LIMIT", 0)
    assert run(files) == {}
    assert "imports more than 0 modules" in untold(root, process("-c", "import p"))[0].reason


def test_agrees_with_a_real_run(tmp_path):
    """Everything that a real interpreter loads from a small application is reached."""
    files = {
        "main.py": "import pk.a\nfrom pk import b as c\nimport importlib\nimportlib.import_module('pk.' + 'd')\n",
        "pk/__init__.py": "from .e import *\n",
        "pk/a.py": "def f():\n    from . import f as g\nf()\n",
        "pk/b.py": "try:\n    import nothing\nexcept ImportError:\n    import other\n",
        "pk/d.py": "", "pk/e.py": "", "pk/f.py": "", "other.py": "", "much.py": "",
        "pk/unused/__init__.py": "import much\n",
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    code = "import sys, runpy; runpy.run_path('main.py', run_name='__main__')\n"
    code += "print(*[getattr(m, '__file__', None) for m in list(sys.modules.values())], sep='\\n')"
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = {line.removeprefix(f"{tmp_path}/") for line in told.stdout.split("\n") if line.startswith(f"{tmp_path}/")}
    found = reached(installation({f"app/{name}": content for name, content in files.items()}), process("/app/main.py"))
    assert {f"app/{name}" for name in loaded} <= set(found)
    assert len(loaded) == 7
    assert "app/much.py" not in found or found["app/much.py"] == "maybe"

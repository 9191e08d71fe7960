"""From names of modules to files."""

import importlib.machinery
import random

import pytest

from builders import Link
from pythons import installation
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.python.modules import DEPTH_LIMIT, Module, Modules


def modules(files, *paths):
    return Modules(installation(dict.fromkeys(files, "")), paths or ("a", "b"), (3, 11), Bounds("p"))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a/m.py", "b/m.py"], "a/m.py"),
        (["b/m.py"], "b/m.py"),
        (["a/m.py", "a/m/__init__.py"], "a/m/__init__.py"),
        (["a/m.py", "a/m.cpython-311-x86_64-linux-gnu.so"], "a/m.cpython-311-x86_64-linux-gnu.so"),
        (["a/m.abi3.so", "a/m.py"], "a/m.abi3.so"),
        (["a/m.so"], "a/m.so"),
        (["a/m.cpython-39-x86_64-linux-gnu.so", "b/m.py"], "b/m.py"),
        (["a/m.pyc", "a/m.py"], "a/m.py"),
        (["a/m.pyc"], "a/m.pyc"),
        (["a/m/x.py", "b/m.py"], "b/m.py"),
        (["a/m/x.py", "a/m.py"], "a/m.py"),
        (["a/m/__init__.cpython-311-x86_64-linux-gnu.so", "a/m/__init__.py"],
         "a/m/__init__.cpython-311-x86_64-linux-gnu.so"),
        (["a/m.txt", "a/m.pyi", "a/n.py"], None),
        (["a/__pycache__/m.cpython-311.pyc"], None),
    ],
)  # fmt: skip
def test_find(files, expected):
    """The first entry of the path wins; packages, compiled code, sources, byte code in one directory."""
    found = modules(files).find("m")
    assert (found.file if found else None) == expected


def test_agrees_with_the_machinery(tmp_path):
    """Over random trees, the file is that which the interpreter's own finder names."""
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    version = tuple(int(part) for part in (suffix.split("-")[1][0], suffix.split("-")[1][1:]))
    choices = ["m.py", f"m{suffix}", "m.abi3.so", "m.pyc", "m/__init__.py", "m/__init__.pyc", "m/x.py", "n.py"]
    dice = random.Random(7)
    for number in range(60):
        paths = [f"{number}/a", f"{number}/b"]
        files = [f"{path}/{name}" for path in paths for name in dice.sample(choices, dice.randrange(4))]
        for file in files:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_bytes(b"")
        spec = importlib.machinery.PathFinder.find_spec("m", [str(tmp_path / path) for path in paths])
        found = Modules(installation(dict.fromkeys(files, "")), paths, version, Bounds("p")).find("m")
        origin = None if spec is None else "" if spec.origin is None else spec.origin.removeprefix(f"{tmp_path}/")
        assert (found.file if found else None) == origin, files


def test_packages():
    """A chain goes as far as modules are found; relative imports start from the package."""
    found = modules(["a/p/__init__.py", "a/p/q/__init__.py", "a/p/q/r.py"])
    assert [one.file for one in found.chain("p.q.r.s")] == ["a/p/__init__.py", "a/p/q/__init__.py", "a/p/q/r.py"]
    assert [one.package for one in found.chain("p.q.r")] == ["p", "p.q", "p.q"]
    assert found.chain("x.y") == []
    assert found.below(found.find("p")) == ["p.q"]


def test_namespaces():
    """Directories without `__init__` are one package over the whole path, and so are those spread by old means."""
    found = modules(["a/n/x.py", "b/n/y.py", "a/o/__init__.py", "b/o/z.py"])
    assert found.find("n") == Module("n", "", ("a/n", "b/n"))
    assert found.find("n.y").file == "b/n/y.py"
    assert found.find("o.z").file == "b/o/z.py"


def test_links():
    """A module's file is its real path, so that each is one file."""
    root = installation({"a/m.py": Link("../etc/m.py"), "etc/m.py": "", "a/p": Link("/src/p"), "src/p/__init__.py": ""})
    found = Modules(root, ("a",), (3, 11), Bounds("p"))
    assert found.find("m").file == "etc/m.py"
    assert found.find("p").file == "src/p/__init__.py"


def test_paths():
    """Directories may be added in front or behind; single modules may have places of their own."""
    found = modules(["a/m.py", "b/m.py", "c/n.py", "dev/p/__init__.py"], "b")
    assert found.find("m").file == "b/m.py"
    found.add_path("a", first=True)
    found.add_path("c")
    assert found.find("m").file == "a/m.py"
    assert found.find("n").file == "c/n.py"
    assert found.find("p") is None
    found.map("q", "dev/p")
    assert found.find("q").file == "dev/p/__init__.py"
    assert found.starting("m") == ["m"]


def test_depth():
    """A name without end is no module, and no recursion."""
    assert modules(["a/a/a.py"]).find("a." * (DEPTH_LIMIT + 1) + "a") is None
    assert len(modules(["a/a/a.py"]).chain("a." * 100_000)) == 2

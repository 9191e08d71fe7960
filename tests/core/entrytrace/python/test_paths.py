"""Where an interpreter looks for modules."""

import pytest

from builders import Link
from pythons import LIBRARY, PROGRAM, SITE, installation, process, untold
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Process
from stellaops_core.entrytrace.python import paths as python_paths
from stellaops_core.entrytrace.python.paths import Flags, find_search, is_python


def paths(root, run, **flags):
    return search_of(root, run, **flags).paths


def search_of(root, run, **flags):
    return find_search(root, run, Flags(**flags), Bounds("p"))


@pytest.mark.parametrize(
    ("program", "expected"),
    [("usr/bin/python3.11", True), ("python", True), ("pypy3", True), ("opt/python3.13t", True), ("pythonic", False),
     ("bin/sh", False)],
)  # fmt: skip
def test_is_python(program, expected):
    """Interpreters are told by their names."""
    assert is_python(program) == expected


def test_debian():
    """The library, its compiled part, then what pip and what apt installed."""
    root = installation(
        {
            f"{LIBRARY}/lib-dynload/x.so": "",
            f"{SITE}/a.py": "",
            "usr/local/lib/python3.11/dist-packages/b.py": "",
            "usr/lib/python311.zip": "PK",
        }
    )
    search = search_of(root, process())
    assert search.version == (3, 11)
    assert search.paths == (LIBRARY, f"{LIBRARY}/lib-dynload", "usr/local/lib/python3.11/dist-packages", SITE)
    assert search.archives == ("usr/lib/python311.zip",)


@pytest.mark.parametrize(("sees", "expected"), [("false", False), ("true", True)])
def test_virtual_environment(sees, expected):
    """It is found by how the interpreter was called, directly or by PATH; its base's packages only if it says so."""
    root = installation(
        {
            "venv/bin/python": Link("/usr/bin/python3"),
            "venv/pyvenv.cfg": f"home = /usr/bin\ninclude-system-site-packages = {sees}\n",
            "venv/lib/python3.11/site-packages/a.py": "",
            f"{SITE}/b.py": "",
        }
    )
    by_path = Process(PROGRAM, ("python",), environment={"PATH": "/venv/bin:/usr/bin"})
    by_name = Process(PROGRAM, ("/venv/bin/python",))
    for run in (by_path, by_name):
        found = paths(root, run)
        assert "venv/lib/python3.11/site-packages" in found
        assert (SITE in found) == expected
    assert "venv/lib/python3.11/site-packages" not in paths(root, Process(PROGRAM, ("/usr/bin/python3",)))


def test_environment_and_flags():
    """PYTHONPATH comes first, PYTHONHOME moves everything, each option takes its part away."""
    root = installation(
        {f"{SITE}/a.py": "", "x/b.py": "", "work/y/c.py": "", "srv/me/.local/lib/python3.11/site-packages/d.py": "",
         "else/lib/python3.11/os.py": ""}
    )  # fmt: skip
    run = process(directory="work", PYTHONPATH="/x:y:/nowhere", HOME="/srv/me")
    user = "srv/me/.local/lib/python3.11/site-packages"
    assert paths(root, run) == ("x", "work/y", LIBRARY, user, SITE)
    assert paths(root, run, environment=False) == (LIBRARY, user, SITE)
    assert paths(root, run, user=False) == ("x", "work/y", LIBRARY, SITE)
    assert paths(root, run, site=False) == ("x", "work/y", LIBRARY)
    assert paths(root, process(PYTHONHOME="/else")) == ("else/lib/python3.11",)
    assert paths(root, process(PYTHONNOUSERSITE="1", HOME="/srv/me")) == (LIBRARY, SITE)


def test_pth():
    """Lines of .pth files are directories or code; finders of editable packages tell where those are."""
    root = installation(
        {
            f"{SITE}/a.pth": "# no\nmore\n/src\n/nowhere\nimport x; x.y()\n",
            f"{SITE}/more/m.py": "",
            "src/s.py": "",
            "dev/p/__init__.py": "",
            f"{SITE}/__editable___p_1_finder.py": "MAPPING: dict = {'p': '/dev/p', 'q': '/gone'}\n",
        }
    )
    search = search_of(root, process())
    assert search.paths == (LIBRARY, SITE, f"{SITE}/more", "src")
    assert search.code == ((f"{SITE}/a.pth", 5, "import x; x.y()"),)
    assert search.mapped == (("p", "dev/p"),)


def test_versions():
    """A numbered program takes its own library, another one the newest; without one nothing is known."""
    root = installation({"usr/lib/python3.9/os.py": "", "usr/bin/python3.9": b"\x7fELF", "usr/bin/python": b"\x7fELF"})
    assert search_of(root, Process("usr/bin/python3.9", ("python3.9",))).version == (3, 9)
    assert search_of(root, Process("usr/bin/python", ("python",))).version == (3, 11)
    assert search_of(root, Process("usr/bin/python3.7", ("python3.7",))) is None


def test_elsewhere():
    """Interpreters under their own prefix (conda, pyenv, the official images) find the library beside them."""
    root = installation(
        {"opt/conda/bin/python3.12": b"\x7fELF", "opt/conda/lib/python3.12/os.py": "",
         "opt/conda/lib/python3.12/site-packages/a.py": "", f"{SITE}/b.py": ""}
    )  # fmt: skip
    found = paths(root, Process("opt/conda/bin/python3.12", ("/opt/conda/bin/python3.12",)))
    assert found == ("opt/conda/lib/python3.12", "opt/conda/lib/python3.12/site-packages")


def test_limits(monkeypatch):
    """A path that grows without end, and a .pth file, are cut; that is told."""
    root = installation({f"{SITE}/a.pth": "/x\n/y\n/z\n", "x/b.py": "", "y/b.py": "", "z/b.py": ""})
    assert untold(root, process("-c", "1")) == []
    monkeypatch.setattr(python_paths, "PTH_LIMIT", 2)
    assert paths(root, process())[-2:] == ("x", "y")
    monkeypatch.setattr(python_paths, "PATH_LIMIT", 3)
    assert len(paths(root, process(PYTHONPATH="/x"))) == 3
    assert [(one.place, one.reason, one.scope) for one in untold(root, process("-c", "1"))] == [
        (f"{SITE}/a.pth", "more than 2 lines", "pypi"),
        (PROGRAM, "more than 3 directories on the search path", "pypi"),
    ]

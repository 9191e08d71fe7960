"""What a Python process starts."""

import pytest

from builders import Link
from pythons import LIBRARY, PROGRAM, SITE, installation, levels, process, reached, untold, ways
from stellaops_core.entrytrace.process import Process, Undetermined
from stellaops_core.entrytrace.python.imports import follow_python

APP = {"app/main.py": "import one\n", "app/one.py": "", f"{SITE}/two.py": ""}


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (process("main.py", directory="app"), ["app/main.py", "app/one.py"]),
        (process("/app/main.py"), ["app/main.py", "app/one.py"]),
        (process("-P", "/app/main.py"), ["app/main.py"]),
        (process("-m", "main", directory="app"), ["app/main.py", "app/one.py"]),
        (process("-c", "import main, two", directory="app"), ["app/main.py", "app/one.py", f"{SITE}/two.py"]),
        (process("-S", "-c", "import two"), []),
        (process("/app"), ["app/__main__.py", "app/one.py"]),
        (process("-m", "pack"), [f"{SITE}/pack/__init__.py", f"{SITE}/pack/__main__.py", f"{SITE}/two.py"]),
        (process("-m", "pack.sub"), [f"{SITE}/pack/__init__.py", f"{SITE}/pack/sub.py"]),
        (process("-"), []),
        (process(), []),
    ],
)
def test_forms(run, expected):
    """Scripts, modules, packages, directories and code are run with the search path that each form gives."""
    root = installation(
        {
            **APP,
            "app/__main__.py": "import one",
            f"{SITE}/pack/__init__.py": "",
            f"{SITE}/pack/__main__.py": "import two",
            f"{SITE}/pack/sub.py": "",
        }
    )
    assert sorted(reached(root, run)) == sorted(expected)


def test_start_up():
    """The interpreter's own modules come first, with the reason; `-S` leaves `site` out."""
    root = installation(
        {"etc/sitecustomize.py": "import two", f"{LIBRARY}/sitecustomize.py": Link("/etc/sitecustomize.py"), **APP}
    )
    found = ways(root, process("-c", ""))
    assert found[f"{LIBRARY}/encodings/__init__.py"] == (PROGRAM, "start-up: encodings", 0)
    assert found["etc/sitecustomize.py"] == (PROGRAM, "start-up: sitecustomize", 0)
    assert found[f"{SITE}/two.py"] == ("etc/sitecustomize.py", "import two", 1)
    assert "etc/sitecustomize.py" not in ways(root, process("-S", "-c", ""))


def test_pth_code():
    """Code in a .pth file runs at start-up."""
    root = installation({f"{SITE}/x.pth": "# no\nimport two; two.go()\n", **APP})
    assert ways(root, process("-c", ""))[f"{SITE}/two.py"] == (f"{SITE}/x.pth", "import two", 2)


def test_console_script():
    """A script with `#!` is a source without an ending; an old one looks its function up."""
    script = "#!/usr/bin/python3\nfrom pack.cli import main\n"
    old = "#!/usr/bin/python3\nfrom pkg_resources import load_entry_point\n"
    old += "load_entry_point('p==1', 'console_scripts', 'old')()\n"
    root = installation(
        {
            "usr/bin/new": script,
            "usr/bin/old": old,
            f"{SITE}/pack/__init__.py": "",
            f"{SITE}/pack/cli.py": "",
            f"{SITE}/pkg_resources.py": "",
            f"{SITE}/p.dist-info/entry_points.txt": "[console_scripts]\nold = pack.cli:main\nnew = pack.cli:main\n",
        }
    )
    for name in ("new", "old"):
        found = levels(root, Process(PROGRAM, ("/usr/bin/python3", f"/usr/bin/{name}"), f"usr/bin/{name}"))
        assert found[f"usr/bin/{name}"] == found[f"{SITE}/pack/cli.py"] == "used"


SERVER = {
    f"{SITE}/gunicorn/__init__.py": "",
    f"{SITE}/gunicorn/__main__.py": "",
    "usr/bin/gunicorn": "#!/usr/bin/python3\n",
}


def test_application():
    """A server loads the application that it is told, from its working directory, and says so."""
    root = installation({**SERVER, **APP, "app/gunicorn.conf.py": "import two", "app/workers/fast.py": ""})
    script = Process(
        PROGRAM,
        ("/usr/bin/python3", "/usr/bin/gunicorn", "-k", "workers.fast.Worker", "--bind", ":80", "main:app"),
        "usr/bin/gunicorn",
        directory="app",
    )
    found = ways(root, script)
    assert found["app/main.py"] == ("usr/bin/gunicorn", "gunicorn app spec main:app", 0)
    assert found["app/workers/fast.py"] == ("usr/bin/gunicorn", "gunicorn -k workers.fast.Worker", 0)
    assert found["app/gunicorn.conf.py"][1] == "gunicorn loads gunicorn.conf.py"
    assert set(reached(root, script).values()) == {"used"}
    module = process("-m", "gunicorn", "main:app", directory="app")
    assert ways(root, module)["app/main.py"][0] == f"{SITE}/gunicorn/__main__.py"


def test_django():
    """Settings and what they name are used; other modules of the applications may be."""
    root = installation(
        {
            "srv/manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')\n",
            "srv/site_/__init__.py": "",
            "srv/site_/settings.py": "INSTALLED_APPS = ['shop', 'plug.apps.PlugConfig']\nX = ['os', 'nothing.here']\n",
            "srv/shop/__init__.py": "",
            "srv/shop/models.py": "",
            f"{SITE}/plug/__init__.py": "",
            f"{SITE}/plug/apps.py": "",
            f"{SITE}/plug/tests/__init__.py": "",
            f"{SITE}/rest/__init__.py": "",
        }
    )
    expected = {
        "srv/manage.py": "used",
        "srv/site_/__init__.py": "used",
        "srv/site_/settings.py": "used",
        "srv/shop/__init__.py": "used",
        "srv/shop/models.py": "maybe",
        f"{SITE}/plug/__init__.py": "used",
        f"{SITE}/plug/apps.py": "used",
    }
    assert reached(root, process("manage.py", "runserver", directory="srv")) == expected
    told = process("-c", "import os", directory="srv", DJANGO_SETTINGS_MODULE="site_.settings")
    assert reached(root, told) == {path: level for path, level in expected.items() if path != "srv/manage.py"}


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (process(None), "what Python is to run is not known"),
        (process("-m", "gone"), "python -m gone: no such module"),
        (process("gone.py"), "no such script: gone.py"),
        (process("/usr"), "no such script: /usr"),
        (process("/app.pyz"), "what it imports is not known: it can't be read as source"),
        (Process("usr/bin/python3.7", ("python3.7",)), "its standard library is not found"),
    ],
)
def test_undetermined(run, reason):
    """What can't be followed is told, never taken for nothing."""
    root = installation({"app.pyz": b"PK\x03\x04"})
    assert [one.reason for one in untold(root, run)] == [reason]
    assert {one.scope for one in untold(root, run)} == {"pypi"}


def test_unknown_argument():
    """A server with an argument that is not known may serve anything."""
    root = installation({**SERVER, **APP})
    told = untold(root, process("-m", "gunicorn", None, directory="app"))
    assert told == [Undetermined("CMD", 0, "an argument of gunicorn is not known", "pypi")]


def test_archive():
    """An archive on the search path is told."""
    root = installation({"usr/lib/python311.zip": b"PK\x03\x04"})
    assert [one.place for one in untold(root, process("-c", ""))] == ["usr/lib/python311.zip"]


def test_same_every_time():
    """The same root gives the same edges in the same order."""
    root = installation({**SERVER, **APP})
    run = process("-m", "gunicorn", "main:app", directory="app")
    assert list(follow_python(root, run)) == list(follow_python(root, run))

"""Command lines of Python and of what it serves."""

import pytest

from pythons import process
from stellaops_core.entrytrace.python.programs import find_directories, find_named, read_launch


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("a.py", "-c", "x"), {"script": "a.py", "arguments": ("-c", "x")}),
        (("-u", "-W", "error", "-Xdev", "a.py"), {"script": "a.py"}),
        (("-m", "a.b", "-x"), {"module": "a.b", "arguments": ("-x",)}),
        (("-Ima.b",), {"module": "a.b"}),
        (("-c", "import a", "b"), {"code": "import a", "arguments": ("b",)}),
        (("-cimport a",), {"code": "import a"}),
        (("--check-hash-based-pycs", "never", "a.py"), {"script": "a.py"}),
        (("-",), {"nothing": True}),
        (("-V",), {"nothing": True}),
        ((), {"nothing": True}),
        ((None, "a.py"), {"unknown": True}),
        (("-m", None), {"unknown": True}),
        (("-m",), {"unknown": True}),
    ],
)
def test_launch(arguments, expected):
    """Options of the interpreter end at what it is to run."""
    launch = read_launch(process(*arguments))
    assert {name: getattr(launch, name) for name in expected} == expected
    found = (launch.script, launch.module, launch.code, launch.unknown, launch.nothing)
    assert sum(bool(one) for one in found) == 1


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ((), {}, (True, True, True, True)),
        (("-I",), {}, (False, False, True, False)),
        (("-E",), {"PYTHONSAFEPATH": "1"}, (False, True, True, True)),
        ((), {"PYTHONSAFEPATH": "1"}, (True, True, True, False)),
        (("-sSP",), {}, (True, False, False, False)),
    ],
)
def test_flags(arguments, environment, expected):
    """What takes parts of the search path away."""
    flags = read_launch(process(*arguments, "a.py", **environment)).flags
    assert (flags.environment, flags.user, flags.site, flags.script) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "environment", "expected"),
    [
        ("gunicorn", "-b :80 app.main:app -k uvicorn.workers.UvicornWorker", {},
         ["app.main", "uvicorn.workers.UvicornWorker", "gunicorn.conf.py"]),
        ("gunicorn", "-kgevent --config=python:conf.prod app:create()", {},
         ["gevent", "conf.prod", "app", "gunicorn.conf.py"]),
        ("gunicorn", "-c my/conf.py", {"GUNICORN_CMD_ARGS": "-k 'tornado'"},
         ["tornado", "my/conf.py", "gunicorn.conf.py"]),
        ("celery", "-A proj.tasks worker -P gevent", {}, ["proj.tasks", "gevent"]),
        ("celery", "worker", {"CELERY_APP": "proj"}, ["proj"]),
        ("flask", "--app web run", {}, ["web"]),
        ("flask", "run", {}, ["wsgi", "app"]),
        ("flask", "run", {"FLASK_APP": "web.py"}, ["web.py"]),
        ("manage", "runserver --settings=a.b", {}, ["a.b"]),
        ("uvicorn", "app:app --port 80", {}, ["app"]),
        ("fastapi", "run api/main.py", {}, ["api/main.py"]),
        ("mine", "x", {"DJANGO_SETTINGS_MODULE": "s"}, ["s"]),
    ],
)  # fmt: skip
def test_named(name, arguments, environment, expected):
    """Servers are told what to load by arguments, by options in their several spellings, and by variables."""
    found = find_named(name, tuple(arguments.split()), environment)
    assert [one.text for one in found if one.surely] == expected


def test_perhaps():
    """An argument of an unknown program that looks like a module may be one."""
    found = find_named("mine", ("a.b:c", "d", None, "-x"), {})
    assert [(one.text, one.surely) for one in found] == [("a.b", False)]


def test_directories():
    """Options may add to the search path."""
    assert find_directories("gunicorn", ("--chdir", "/a", "--pythonpath=b,c", None)) == ["/a", "b", "c"]
    assert find_directories("uvicorn", ("--app-dir", "src", "a:b")) == ["src"]

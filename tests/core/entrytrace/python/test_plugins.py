"""Entry points, and who gets them."""

import pytest

from pythons import SITE, installation
from stellaops_core.analyzers.python_code import TEXT_LIMIT
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.python import plugins as python_plugins
from stellaops_core.entrytrace.python.plugins import choose_plugins, find_script, read_configured, read_plugins
from stellaops_core.readers.python_imports import BY_NAME

POINTS = """\
[console_scripts]
tool = tool.cli:main
# no = no
[tool.plugins]
a = tool.a:A
b = other.b [extra]
;c = c
[x]
nonsense
d=deep.d
"""
ROOT = installation(
    {f"{SITE}/tool-1.dist-info/entry_points.txt": POINTS, f"{SITE}/y.egg-info/entry_points.txt": "[x]\ne=e"}
)


def chosen(*groups, package="", own=False, told=()):
    plugins = read_plugins(ROOT, [SITE], Bounds("p"))
    return [one.name for one in choose_plugins(plugins, groups, package, own=own, told=told)]


def test_read():
    """Groups and modules are read; attributes, extras, comments and nonsense are left out."""
    found = read_plugins(ROOT, ["usr", SITE], Bounds("p"))
    assert {group: [(one.name, one.module) for one in points] for group, points in found.items()} == {
        "console_scripts": [("tool", "tool.cli")],
        "tool.plugins": [("a", "tool.a"), ("b", "other.b")],
        "x": [("d", "deep.d"), ("e", "e")],
    }


@pytest.mark.parametrize(
    ("groups", "more", "expected"),
    [
        (["x"], {}, ["d", "e"]),
        (["console_scripts"], {}, []),
        ([], {"package": "tool"}, ["a", "b"]),
        ([], {"package": "strange"}, []),
        ([], {"own": True}, ["a", "b", "d", "e"]),
        (["x", BY_NAME], {}, []),
        (["x", BY_NAME], {"told": [None, "use=e"]}, ["e"]),
        (["tool.plugins", BY_NAME], {"package": "tool"}, ["a"]),
    ],
)
def test_choose(groups, more, expected):
    """A file gets the groups it names, else its own package's; plugins asked for by name are those that are told."""
    assert chosen(*groups, **more) == expected


def test_script():
    """An old script finds its own function by its name."""
    plugins = read_plugins(ROOT, [SITE], Bounds("p"))
    assert [one.module for one in find_script(plugins, {"tool==1", "console_scripts", "tool"})] == ["tool.cli"]
    assert list(find_script(plugins, {"tool"})) == []


def test_limit(monkeypatch):
    """That there are entry points beyond the limit is told."""
    monkeypatch.setattr(python_plugins, "PLUGIN_LIMIT", 2)
    bounds = Bounds("p", "pypi")
    assert sum(map(len, read_plugins(ROOT, [SITE], bounds).values())) == 2
    assert {(one.reason, one.scope) for one in bounds.gaps} == {("more than 2 entry points", "pypi")}


def test_lists_that_were_not_kept():
    """A list of entry points that is too large is told."""
    root, bounds = installation({f"{SITE}/a.dist-info/entry_points.txt": "#" * (TEXT_LIMIT + 1)}), Bounds("p")
    assert read_plugins(root, [SITE], bounds) == {}
    assert [one.place for one in bounds.gaps] == [f"{SITE}/a.dist-info/entry_points.txt"]


def test_configured():
    """What Jupyter's own files name is read from the environment's and the system's directories."""
    root = installation(
        {
            "venv/etc/jupyter/jupyter_server_config.d/a.json": '{"ServerApp": {"jpserver_extensions": {"lsp": true}}}',
            "etc/jupyter/jupyter_server_config.d/b.json": '["x y", "c.d"]',
            "etc/jupyter/other/e.json": '["e"]',
        }
    )
    found = [name for _, name in read_configured(root, "venv", ["jupyter_server_config.d"], Bounds("p"))]
    assert found == ["ServerApp", "jpserver_extensions", "lsp", "c.d"]

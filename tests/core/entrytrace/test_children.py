"""Programs that running code starts by itself."""

import pytest

from builders import Link
from loader_roots import LINKER, MULTIARCH, library, program
from roots import root_of
from stellaops_core.entrytrace import children
from stellaops_core.entrytrace.children import Children
from stellaops_core.entrytrace.closure import chain_of, close
from stellaops_core.entrytrace.node.modules import follow_node
from stellaops_core.entrytrace.process import Edge, Process, Step, Undetermined

FILES = {
    "usr/bin/python3": program(),
    "usr/bin/tool": program("liba.so.1"),
    "usr/bin/script": "#!/usr/bin/env perl\n",
    "usr/bin/perl": program("libp.so.1"),
    "opt/env": "",
    "usr/bin/env": program(),
    f"{MULTIARCH}/liba.so.1": library("liba.so.1", "libb.so.1"),
    f"{MULTIARCH}/libb.so.1": library("libb.so.1"),
    f"{MULTIARCH}/libp.so.1": library("libp.so.1"),
    f"{MULTIARCH}/libz.so.1": library("libz.so.1"),
    LINKER: library("ld-linux-x86-64.so.2"),
    "lib64": Link("usr/lib64"),
    "usr/lib64/ld-linux-x86-64.so.2": Link("/" + LINKER),
}
STEP = Step("CMD", 0, "python3 /srv/app.py")


def process(*arguments, program="usr/bin/python3"):
    return Process(program, (program, *arguments), environment={"PATH": "/usr/bin"}, steps=(STEP,))


def children_of(root):
    return Children(root, process(), lambda program: [follow_node] if program.endswith("/node") else [])


def started(code, **more):
    """Targets of edges, and reasons of gaps, of one Python source."""
    root = root_of({**FILES, "srv/app.py": "import subprocess\n" + code, **more})
    found = list(children_of(root).started_by("srv/app.py"))
    return [one.target if isinstance(one, Edge) else one.reason for one in found]


def test_a_program_and_its_libraries():
    """They may be loaded; the chain tells file and line."""
    files = {
        **FILES, "usr/lib/python3.11/os.py": "", "srv/app.py": "import subprocess\n\nsubprocess.run(['tool', x])\n",
    }  # fmt: skip
    one = process("/srv/app.py")
    reached = close(root_of(files), [one]).reached
    assert {path: how.level for path, how in reached.items() if path in FILES and "python" not in path} == {
        "usr/bin/tool": "maybe",
        f"{MULTIARCH}/liba.so.1": "maybe",
        f"{MULTIARCH}/libb.so.1": "maybe",
        LINKER: "used",
    }
    assert [(step.place, step.line, step.text) for step in chain_of((one,), reached[f"{MULTIARCH}/liba.so.1"])] == [
        ("CMD", 0, "python3 /srv/app.py"),
        ("usr/bin/python3", 0, "script /srv/app.py"),
        ("srv/app.py", 3, "starts tool"),
        ("usr/bin/tool", 0, "DT_NEEDED liba.so.1"),
    ]


@pytest.mark.parametrize(
    ("code", "targets"),
    [
        ("run(['none'])", []),
        ("run(['python3'])", []),
        ("run(['/usr/bin/perl'])", ["usr/bin/perl", LINKER, f"{MULTIARCH}/libp.so.1"]),
        (
            "run(['script'])",
            ["usr/bin/script", "usr/bin/env", LINKER, "usr/bin/perl", LINKER, f"{MULTIARCH}/libp.so.1"],
        ),
    ],
)
def test_what_is_started(code, targets):
    """What is not there starts nothing; a script brings its interpreter, and what `env` finds."""
    assert started(code) == targets


def test_what_an_interpreter_loads_by_itself():
    """Node's own modules; that nobody knows what it is to run is not told."""
    node = {"usr/bin/node": program("liba.so.1"), "usr/share/nodejs/undici/undici-fetch.js": ""}
    found = started("run(['node', path])", **node)
    assert found[0] == "usr/bin/node"
    assert f"{MULTIARCH}/libb.so.1" in found
    assert "usr/share/nodejs/undici/undici-fetch.js" in found
    assert [one for one in found if " " in one] == []


def test_scripts_without_endings():
    """A script that is started by its `#!` is read from its text, for both languages."""
    files = {
        "srv/a": "#!/usr/bin/python3\nimport subprocess\nsubprocess.run(['tool'])\n",
        "srv/b": "#!/usr/bin/node\nrequire('child_process')\nexec('tool')\n",
        "srv/c": "#!/bin/sh\nrun(['tool'])\n",
    }
    root = root_of(FILES | files)
    assert [bool(list(children_of(root).started_by(path))) for path in files] == [True, True, False]


def test_there_is_an_end(monkeypatch):
    """Bounds that are met are told; a circle of interpreters ends."""
    loop = {"usr/bin/a": "#!/usr/bin/b\n", "usr/bin/b": "#!/usr/bin/a\n"}
    assert started("run(['a'])", **loop) == ["usr/bin/a", "usr/bin/b", "usr/bin/a"]
    monkeypatch.setattr(children, "CHILD_LIMIT", 1)
    root = root_of({**FILES, "srv/app.py": "import subprocess\nrun(['tool'])\nrun(['perl'])\n"})
    some = children_of(root)
    list(some.started_by("srv/app.py"))
    assert list(some.finish()) == [Undetermined("usr/bin/python3", 0, "more than 1 programs that it starts")]
    assert list(some.started_by("srv/app.py")) == []

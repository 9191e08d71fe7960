"""Commands that a shell does by itself."""

import pytest

from stellaops_core.entrytrace.shell.builtins import BUILTINS, CHANGING
from traces import told, traced

BUILTIN = {
    "shift": ("set -- a b c; shift 2; web $@", "web c"),
    "set keeps options": ("set -e; set -u -- a; web $1", "web a"),
    "noglob": ("set -f; web /*", "web /*"),
    "cd": ("cd /d; exec ./run", "/usr/bin/python3 ./run"),
    "printf": ("web $(printf '%s-%d' a 1)", "web a-1"),
    "printf -v": ("printf -v A '%s' x; web $A", "web x"),
    "unset": ("A=1; unset A; web ${A:-none}", "web none"),
    "readonly": ("readonly A=1; web $A", "web 1"),
    "getopts without options": ("set -- x; while getopts a: o; do other; done; web $1", "web x"),
    "mapfile": ("mapfile -t a <<< 'x'; web ${a[0]}", "web x"),
    "exec -a": ("exec -a name web x", "web x"),
    "exec of redirections": ("exec 3>&1; web", "web"),
    "umask": ('[ "$(umask)" = 0022 ] && web', "web"),
    "trap": ("trap other TERM; web", "web"),
}


@pytest.mark.parametrize("name", BUILTIN)
def test_builtins(name):
    """The command that comes of it; the built-in command itself is no program."""
    script, expected = BUILTIN[name]
    found = traced({"entry.sh": f"#!/bin/bash\n{script}", "d/run": "#!/usr/bin/python3\n"}, "/entry.sh")
    lines = told(found)
    assert lines == [f"used {expected}"]


def test_each_may_be_called_with_anything():
    """No arguments, unknown ones, too many: none raises, and the script goes on."""
    for name in BUILTINS:
        if name in {"exit", "return", "exec", "break", "continue"}:
            continue
        for arguments in ("", '"$(date)"', "a b c -x --", "-n 1 2 3", "-a", "'' ''"):
            found = traced({"entry.sh": f"{name} {arguments}\nexec web"}, "/entry.sh")
            assert any(line.endswith(" web") or " web" in line for line in told(found)), (name, arguments)


def test_what_changes_the_state_is_never_only_asked():
    """A condition may be answered without its own branch only where nothing changes."""
    assert {"cd", "set", "shift", "export", "read", "exec", "exit", ".", "eval", "unset", "local"} <= CHANGING
    assert not {"[", "test", "echo", "true", ":"} & CHANGING

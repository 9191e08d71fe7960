"""Functions, sourced files, evaluated texts."""

import pytest

from stellaops_core.entrytrace.shell.functions import CALL_DEPTH_LIMIT
from traces import told, traced

FUNCTIONS = {
    "arguments": ('f() { web "$1" $#; }; set -- x; f a b; web $1', ["used web a 2", "used web x"]),
    "local": ("f() { local A=1; web $A; }; A=2; f; web $A", ["used web 1", "used web 2"]),
    "global": ("f() { A=1; }; f; web $A", ["used web 1"]),
    "return": ("f() { web; return; other; }; f; server", ["used web", "used server"]),
    "eval": ("eval 'A=1; web $A'; eval other", ["used web 1", "used other"]),
    "sourced with arguments": (". /lib.sh one; web $1", ["used other one", "used web"]),
    "main": ('#!/bin/bash\nf() { [ "${FUNCNAME[1]}" = source ]; }\nmain() { web "$@"; }\nf || main x', ["used web x"]),
    "absent file": (". /absent.sh; web", ["used web"]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    """What runs, in order."""
    script, expected = FUNCTIONS[name]
    found = traced({"entry.sh": script, "lib.sh": "other $1"}, "/entry.sh")
    assert told(found, helpers=True)[1:] == expected
    assert found.undetermined == ()


@pytest.mark.parametrize("script", ['eval "$(date)"', '. "$(date)"', ". /usr/bin/other"])
def test_what_is_not_known_is_told(script):
    """A text or file that can't be read has its place; the script goes on."""
    found = traced({"entry.sh": f"{script}; web"}, "/entry.sh")
    assert [(gap.place, gap.line) for gap in found.undetermined] == [("entry.sh", 2)]
    assert told(found) == ["used web"]


def test_recursion_ends():
    """A function that calls itself without end is undetermined."""
    found = traced({"entry.sh": "f() { web $1; f x$1; }; f a"}, "/entry.sh")
    assert [gap.reason for gap in found.undetermined] == [f"functions nested deeper than {CALL_DEPTH_LIMIT}"]

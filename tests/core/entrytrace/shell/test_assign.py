"""Assignments, redirections, the words of a command."""

import pytest

from traces import told, traced

ASSIGNMENTS = {
    "append": ("A=a; A+=b; web $A", "web ab"),
    "element": ("a=(x y); a[1]=z; web ${a[@]}", "web x z"),
    "by name": ("declare -A m=([k]=v); m[n]=w; web ${m[k]} ${m[n]} ${!m[@]}", "web v w k n"),
    "default": (': "${A:=x}"; web $A', "web x"),
    "export by name": ('n=A; export "$n=v"; web $A', "web v"),
    "no splitting": ("A='x  y'; B=$A; web \"$B\"", "web x  y"),
    "here-string": ("read -r a b <<< 'x y z'; web $a $b", "web x y z"),
    "file": ("read -r a < /f.env; web $a", "web one"),
    "lost output": ('A=$(echo x >/dev/null); web "$A"', "web "),
}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_assignments(name):
    """The command that comes of it."""
    script, expected = ASSIGNMENTS[name]
    found = traced({"entry.sh": f"#!/bin/bash\n{script}", "f.env": "one\ntwo\n"}, "/entry.sh")
    assert told(found) == [f"used {expected}"]


def test_a_file_that_is_written_may_be_there():
    """After a redirection the test of that file isn't known any more."""
    assert told(traced({"entry.sh": "[ -e /x ] || exec web\nexec other"}, "/entry.sh"))[0] == "used web"
    lines = told(traced({"entry.sh": "echo > /x\n[ -e /x ] || exec web\nexec other"}, "/entry.sh"))
    assert [line.split(" if ")[0] for line in lines] == ["maybe web", "maybe other"]

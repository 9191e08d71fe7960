"""Scripts run without running them: the programs of each, by the line that comes of it."""

import pytest

from traces import told, traced

FLOW = {
    "sequence": ("touch x; web", ["used touch x", "used web"]),
    "exec ends it": ("exec web; other", ["used web"]),
    "exit ends it": ("web; exit 0; other", ["used web"]),
    "the name is not known": ('"$(date)" x; web', ["used date", "used web"]),
    "temporary variable": ("A=1 web", ["used web"]),
    "a function hides a program": ("web() { other; }; web", ["used other"]),
    "command passes a function": ("web() { other; }; command web", ["used web"]),
    "arithmetic": ("i=1; i=$((i+1)); web $i; if ((i > 1)); then other; fi", ["used web 2", "used other"]),
    "variables": ('A=b; A=${A}c; web $A ${#A} ${A%c} ${A#b} ${A/b/x} "${A:0:1}"', ["used web bc 2 b c xc b"]),
    "arrays": (
        "#!/bin/bash\na=(one 'two x'); a+=(three); web \"${a[@]}\" ${#a[@]} ${a[1]}",
        ["used web one two x three 3 two x"],
    ),
    "here-document": ("sh <<X\nweb one\nX", ["used sh", "used web one"]),
    "redirected test": ("[ a = a ] >/dev/null 2>&1 && web", ["used web"]),
}


@pytest.mark.parametrize("name", FLOW)
def test_flow(name):
    """What runs, in order."""
    script, expected = FLOW[name]
    lines = told(traced({"entry.sh": script}, "/entry.sh"), helpers=True)[1:]
    assert lines == expected


def test_an_unknown_command_is_told():
    """A command word that isn't known has its place; the rest of the script goes on."""
    found = traced({"entry.sh": '"$(date)" x\nexec web'}, "/entry.sh")
    assert [(gap.place, gap.line) for gap in found.undetermined] == [("entry.sh", 2)]
    assert told(found) == ["used web"]


def test_programs_are_told_once_for_all_ways():
    """A command behind a branch is one process, whichever way led there."""
    script = 'if [ -e "$(date)" ]; then A=1; else A=2; fi\nexec web\n'
    assert told(traced({"entry.sh": script}, "/entry.sh")) == ["used web"]

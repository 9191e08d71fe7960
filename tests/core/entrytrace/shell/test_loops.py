"""Loops: over known words one by one, else once and perhaps."""

import pytest

from stellaops_core.entrytrace.shell.loops import LOOP_LIMIT
from traces import told, traced

LOOPS = {
    "words": ("for i in a b; do web $i; done", ["used web a", "used web b"]),
    "arguments": ("set -- a b; for i; do web $i; done", ["used web a", "used web b"]),
    "unknown words": (
        "for i in $(date); do web $i; done; other",
        ["used date", "maybe web ? if for i in $(date)", "used other"],
    ),
    "break": ("for i in a b c; do web $i; if [ $i = b ]; then break; fi; done", ["used web a", "used web b"]),
    "continue": ("for i in a b c; do [ $i = b ] && continue; web $i; done", ["used web a", "used web c"]),
    "break 2": (
        "for i in a b; do for j in x y; do web $i$j; break 2; done; done; other",
        ["used web ax", "used other"],
    ),
    "while counts": (
        "i=0; while [ $i -lt 2 ]; do web $i; i=$((i+1)); done; other",
        ["used web 0", "used web 1", "used other"],
    ),
    "while waits": (
        "until grep x y; do sleep 1; done; exec web",
        ["used grep x y", "maybe sleep 1 if grep x y", "used web"],
    ),
    "forever": ("while true; do web; done; other", ["used web"]),
    "many numbers": ("for i in 1 2 3 4 5 6 7 8 9 10; do grep x y && break; done; web $i", None),
    "lines of a pipe": ("printf 'a\\nb\\n' | while read -r x; do web $x; done", ["used web a", "used web b"]),
    "too many lines": (
        "printf '%s\\n' " + " ".join(["a"] * (LOOP_LIMIT + 5)) + " |\nwhile read -r x; do web $x; done",
        ["used web a", "maybe web ? if read -r x"],
    ),
    "no file fits": ("for f in /nothing/*; do web $f; done; other", ["used other"]),
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops(name):
    """What runs, in order."""
    script, expected = LOOPS[name]
    lines = told(traced({"entry.sh": script}, "/entry.sh"), helpers=True)[1:]
    if expected is None:
        assert lines[0] == "used grep x y"
        assert {line.split()[1] for line in lines[1:]} == {"web"}
    else:
        assert lines == expected


def test_files_of_a_directory():
    """A pattern gives the image's files in order; only executable ones are run, others sourced."""
    files = {
        "entry.sh": (
            'for f in /d/*; do\n case "$f" in\n *.sh) if [ -x "$f" ]; then "$f"; else . "$f"; fi;;\n esac\ndone\n'
            "exec web"
        ),
        "d/1.sh": "other one",
        "d/2.txt": "#!/bin/sh\nserver",
    }
    assert told(traced(files, "/entry.sh"), helpers=True)[1:] == ["used /bin/sh /d/1.sh", "used other one", "used web"]


def test_long_loops_are_told():
    """What lies beyond the bound is undetermined."""
    words = " ".join(f"w{n}" for n in range(LOOP_LIMIT + 1))
    found = traced({"entry.sh": f"for i in {words}; do :; done"}, "/entry.sh")
    assert [gap.reason for gap in found.undetermined] == [f"a loop over more than {LOOP_LIMIT} words"]

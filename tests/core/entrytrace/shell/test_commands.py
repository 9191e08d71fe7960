"""What well-known programs print."""

import pytest

from stellaops_core.entrytrace.shell.commands import output_of, parts_of, user_number
from stellaops_core.entrytrace.shell.state import State
from traces import root_with

FILES = {"d/b.sh": "x", "d/a-10.sh": "x", "d/a-9.sh": "x", "d/sub/c.sh": "x", "v.env": "1.2\n"}
OUTPUT = {
    "id -u": "0\n",
    "id -g": "0\n",
    "id -un": "root\n",
    "whoami": "root\n",
    "basename /a/b.c .c": "b\n",
    "dirname /a/b": "/a\n",
    "dirname b": ".\n",
    "cat /v.env": "1.2\n",
    "cat /absent": None,
    "readlink -f /link": "/d\n",
    "uname -s": "Linux\n",
    "uname -m": None,
    "find /d -maxdepth 1 -name a*": "/d/a-10.sh\n/d/a-9.sh\n",
    "find /d -type d": "/d\n/d/sub\n",
    "find /d -mindepth 2": "/d/sub/c.sh\n",
    "find /d -newer x": None,
    "ls /d": "a-10.sh\na-9.sh\nb.sh\nsub\n",
    "ls -l /d": None,
    "sort -V": "a-9\na-10\n",
    "sort": "a-10\na-9\n",
    "head -n 1": "a-9\n",
    "cut -d - -f 2": "9\n10\n",
    "tr a-z A-Z": "A-9\nA-10\n",
    "date": None,
}


@pytest.mark.parametrize("command", OUTPUT)
def test_output(command):
    """As the program does; None where the image doesn't tell."""
    state = State({}, (), "/")
    state.stdin = "a-9\na-10\n"
    assert output_of(root_with(FILES, links={"link": "/d"}), command.split(), state, "") == OUTPUT[command]


def test_users():
    """By number, or not root; more only where the list of users was kept."""
    root = root_with({})
    assert [user_number(root, user) for user in ("", "root", "12:3", "app")] == ["0", "0", "12", "1\0"]


def test_parts():
    """`run-parts` passes over names with dots, unless it is told otherwise."""
    root = root_with({"p/10-a": "x", "p/20.sh": "x", "p/b/c": "x"})
    assert parts_of(root, "/p", []) == ["/p/10-a"]
    assert parts_of(root, "/p", ["--regex=^.*\\.sh$"]) == ["/p/20.sh"]

"""Any script, however damaged, gives a trace: no exception, no hang, the same each time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traces import root_with, traced

pytestmark = pytest.mark.property

PIECES = st.sampled_from([
    "if", "then", "else", "fi", "for i in", "do", "done", "while", "case", "in", "esac", ";", ";;", "\n", "&&",
    "||", "|", "&", "(", ")", "{ ", " }", "[ ", " ]", "[[ ", " ]]", "((", "))", "$(", "`", "$1", '"$@"',
    "${A:-x}", "${A#*/}", "A=1", "$((i++))", "export B=$A", "f() { ", "f", "local C", "return", "exit 1",
    "exit 0", "exec", "set --", "shift", "eval", ". /lib.sh", "cd /d", "web", "other -x", "id -u", "read x",
    "printf %s", "echo", "break", "continue", "<<E\n", "E\n", "< /lib.sh", "> x", "'", '"', " ", "date", "*",
    "a)", "*)", "trap", "wait", "sleep 1", "gosu a", "env -i", "xargs", "find . -exec", "{} +", "npm start",
    "sh -c",
])  # fmt: skip


@given(st.lists(PIECES, max_size=40).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_any_script_gives_a_trace(script):
    """There is a shell at least, every process has a chain, and nothing changes the second time."""
    files = {"e.sh": f"#!/bin/sh\n{script}\n", "lib.sh": "#!/bin/sh\nA=$(date)\nset -- $A\n"}
    root = root_with(files)
    found = traced({}, "/e.sh", cmd=("a", "b"), root=root)
    assert found.processes
    assert all(process.steps and process.arguments for process in found.processes)
    assert all(process.level == "used" or process.conditions is not None for process in found.processes)
    assert found == traced({}, "/e.sh", cmd=("a", "b"), root=root)

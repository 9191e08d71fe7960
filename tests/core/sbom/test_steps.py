"""Steps and commands as one line."""

import shlex

from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.component import Step
from stellaops_core.sbom.steps import command_text, place_text, step_text


def test_lines():
    """A place has its line where it has one."""
    assert step_text(Step("a b.sh", 3, 'exec "$@"')) == 'a b.sh:3  exec "$@"'
    assert place_text("ENTRYPOINT", 0) == "ENTRYPOINT"
    assert place_text("a\n", 1) == "a%0A:1"


def test_unknown_arguments():
    """What is not known is a question mark, and one that is meant is quoted."""
    assert command_text(["a", None, "?"]) == "a ? '?'"


@given(st.lists(st.text()))
def test_a_shell_reads_the_command_back(words):
    """Quoting is what a POSIX shell undoes."""
    assert shlex.split(command_text(words)) == words

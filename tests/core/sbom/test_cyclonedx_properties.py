"""Text of properties: every writer has its inverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sbom.usages import ARGUMENTS, PLACES, STEPS
from stellaops_core.component import Step
from stellaops_core.sbom.cyclonedx_properties import (
    command_property,
    exact,
    make_property,
    place_property,
    read_command,
    read_place,
    read_step,
    step_property,
)
from stellaops_core.sbom.text import unescape_path


@given(PLACES, st.integers(0, 2**40))
def test_places_come_back(place, line):
    """Also those that end like a line number."""
    text, number = read_place(place_property(place, line))
    assert (unescape_path(text), number) == (place, line)


@given(STEPS)
def test_steps_come_back(step):
    """Whatever spaces the place holds, or the text begins with."""
    item = read_step(step_property(step))
    assert Step(unescape_path(item["place"]), item["line"], item["text"]) == step


@given(ARGUMENTS)
def test_commands_come_back(arguments):
    """An argument that is not known is told from a question mark."""
    assert read_command(command_property(tuple(arguments))) == arguments


@pytest.mark.parametrize("text", ["'", "a  b", "a'b'", "`a`", "'a'\\'", "a\n", "$x"])
def test_other_command_lines_are_refused(text):
    """A guess would be another command."""
    with pytest.raises(ValueError, match="not a command line"):
        read_command(text)


def test_plain_text():
    """What people read is not disturbed by what makes it exact."""
    assert step_property(Step("usr/bin/run.sh", 12, 'exec "$@"')) == 'usr/bin/run.sh:12  exec "$@"'
    assert place_property("CMD", 0) == "CMD"
    assert make_property("a", "b") == {"name": "a", "value": "b"}
    assert exact("licenses", ("a", "\ud800")) == {"name": "stella:exact:licenses", "value": '["a","\ufffd"]'}

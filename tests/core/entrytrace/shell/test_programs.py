"""A shell's command line."""

import pytest

from stellaops_core.entrytrace.shell.programs import Invocation, read_arguments
from traces import told, traced

INVOCATIONS = {
    ("sh", "-c", "web", "name", "a"): Invocation("web", "", "name", ("a",)),
    ("bash", "-lc", "web"): Invocation("web", "", "bash", (), login=True),
    ("bash", "--login", "-c", "web"): Invocation("web", "", "bash", (), login=True),
    ("sh", "-ec", "web"): Invocation("web", "", "sh"),
    ("bash", "-o", "pipefail", "-c", "web"): Invocation("web", "", "bash"),
    ("sh", "-e", "/x.sh", "a"): Invocation(None, "/x.sh", "/x.sh", ("a",)),
    ("sh", "--", "/x.sh"): Invocation(None, "/x.sh", "/x.sh"),
    ("bash", "--rcfile", "f", "x.sh"): Invocation(None, "x.sh", "x.sh"),
    ("sh", "-s", "a"): Invocation(None, "", "sh", ("a",), reads=True),
    ("sh",): Invocation(None, "", "sh", (), reads=True),
}


@pytest.mark.parametrize("argv", INVOCATIONS)
def test_command_lines(argv):
    """Text, file, or standard input; `$0` and the arguments."""
    assert read_arguments(argv) == INVOCATIONS[argv]


def test_a_login_shell_reads_its_profile():
    """What `/etc/profile` sets counts, where its text is known."""
    files = {"etc/profile": "#!/bin/sh\nexport MODE=other\n"}
    assert told(traced(files, "bash", "-lc", "$MODE x")) == ["used other x"]


def test_a_damaged_script_is_run_up_to_the_damage():
    """The commands before it count; the damage is told."""
    found = traced({"entry.sh": "web\nif ((("}, "/entry.sh")
    assert told(found) == ["used web"]
    assert len(found.undetermined) == 1

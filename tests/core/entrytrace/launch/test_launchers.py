"""Programs that run other programs."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.entrytrace.launch.launchers import FUNCTIONS, ROWS, rest_of
from traces import PROGRAMS, root_with, told, traced

LAUNCHERS = {
    "tini -- web a": "web a",
    "tini -g -p SIGTERM -- web": "web",
    "dumb-init --rewrite 15:3 web": "web",
    "gosu app:app web": "web",
    "su-exec app web -x": "web -x",
    "setpriv --reuid=app --clear-groups web": "web",
    "setpriv --reuid app --regid app -- web": "web",
    "chroot --userspec=1000 / web": "web",
    "nice -n 5 web": "web",
    "nice -10 web": "web",
    "timeout -k 5 10 web": "web",
    "env -i A=1 web": "web",
    "env -u A web": "web",
    "env -C /d web": "web",
    "flock -n /lock web a": "web a",
    "flock /lock -c 'web a'": "web a",
    "su app -s /bin/sh -c 'web a'": "web a",
    "su - app -c web": "web",
    "busybox env web": "web",
    "tini gosu app env A=1 nice web": "web",
}


@pytest.mark.parametrize("line", LAUNCHERS)
def test_launchers(line):
    """What is left of the command line is what the container becomes."""
    assert told(traced({}, *shlex.split(line))) == [f"used {LAUNCHERS[line]}"]


def test_helpers_wait():
    """`xargs` and `find -exec` run something, and go on."""
    lines = told(
        traced({"e.sh": "echo a | xargs other\nfind . -name x -exec chown app {} +\nexec web"}, "/e.sh"), helpers=True
    )
    assert lines[1:] == [
        "used xargs other",
        "used other",
        "used find . -name x -exec chown app {} +",
        "maybe chown app ? if find . -name x",
        "used web",
    ]


def test_the_user_changes():
    """What runs behind a change of user sees it."""
    script = '[ "$(id -u)" = 7 ] && exec web\nexec other'
    for line in ("gosu 7", "su-exec 7:7", "setpriv --reuid=7", "chpst -u 7", "sudo -u 7", "runuser -u 7 --"):
        root = root_with({"e.sh": f"#!/bin/sh\n{script}"}, programs=[*PROGRAMS, "chpst", "sudo", "runuser"])
        assert told(traced({}, *line.split(), "/e.sh", root=root)) == ["used web"], line


def test_the_environment_changes():
    """`env` sets and drops variables for what it runs."""
    process = traced({}, "env", "-i", "A=1", "/usr/bin/web", environment={"B": "2"}).processes[-1]
    assert process.environment == {"A": "1"}


def test_run_parts():
    """Each file of the directory, in order; none of them is what the container becomes."""
    files = {"p/10-a": "#!/bin/sh\nother a", "p/20-b": "#!/bin/sh\nother b", "e.sh": "run-parts /p\nexec web"}
    lines = told(traced(files, "/e.sh"), helpers=True)
    assert lines[1:] == [
        "used run-parts /p",
        "used /bin/sh /p/10-a",
        "used other a",
        "used /bin/sh /p/20-b",
        "used other b",
        "used web",
    ]


@pytest.mark.parametrize("name", sorted({**ROWS, **FUNCTIONS}))
def test_a_launcher_alone_is_a_program(name):
    """Without a command it is what it is, and nothing is raised."""
    root = root_with({}, programs=[*PROGRAMS, name])
    assert traced({}, name, root=root).processes
    script = f"#!/bin/sh\nexec {name} $(date) web"
    root = root_with({"e.sh": script}, programs=[*PROGRAMS, name])
    assert traced({}, "/e.sh", root=root).processes


@given(
    st.sampled_from(sorted(ROWS)),
    st.lists(st.sampled_from(["-n", "--", "-", "--user=x", "a", "-u", "", "-abc", "+1"]), max_size=6),
)
def test_any_command_line_is_read(name, words):
    """Where the command begins is never before the first word, and reading ends."""
    at, _ = rest_of((name, *words), ROWS[name])
    assert at >= 1

"""Entry points to programs: lookup, interpreters, users, arguments, chains, and what can't be followed."""

import pytest

from stellaops_core.analyzers.texts import TEXT_LIMIT
from stellaops_core.entrytrace.trace import CALL_LIMIT, SHEBANG_LIMIT, STEP_LIMIT, EntryConfig, trace
from traces import root_with, told, traced


def places(process):
    return [(step.place, step.line) for step in process.steps]


def test_arguments_follow_the_entry_point_and_decide():
    """An option as the first argument gets the program before it; the script becomes it, and the chain says so."""
    script = 'if [ "${1#-}" != "$1" ]; then\n  set -- web "$@"\nfi\nexec "$@"\n'
    found = traced({"entry.sh": script}, "/entry.sh", cmd=("--port", "1"))
    shell, web = found.processes
    assert told(found) == ["used web --port 1"]
    assert places(web) == [("ENTRYPOINT", 0), ("CMD", 0), ("entry.sh", 5)]
    assert web.steps[-1].text == 'exec "$@"'
    assert (web.program, web.script) == ("usr/bin/web", "")
    assert (shell.program, shell.script, shell.terminal) == ("usr/bin/dash", "entry.sh", False)
    assert found.undetermined == ()


def test_a_script_runs_itself_again_as_another_user():
    """The second pass sees the other user, and goes on behind the change of user."""
    script = 'if [ "$(id -u)" = 0 ]; then\n  chown web .\n  exec gosu web "$0" "$@"\nfi\nexec "$@"\n'
    found = traced({"entry.sh": script}, "/entry.sh", cmd=("web",))
    assert told(found) == ["used web"]
    assert [step.line for step in found.processes[-1].steps] == [0, 0, 4, 6]
    assert "used chown web ." in told(found, helpers=True)
    assert told(traced({"entry.sh": script}, "/entry.sh", cmd=("web",), user="1000:1000"), helpers=True)[1:] == [
        "used id -u",
        "used web",
    ]


@pytest.mark.parametrize(
    ("shebang", "program", "arguments"),
    [
        ("#!/usr/bin/python3 -I", "usr/bin/python3", ("/usr/bin/python3", "-I", "/tool", "x")),
        ("#!/usr/bin/env python3", "usr/bin/python3", ("python3", "/tool", "x")),
        ("#!/usr/bin/env -S python3 -I -u", "usr/bin/python3", ("python3", "-I", "-u", "/tool", "x")),
    ],
)
def test_interpreters(shebang, program, arguments):
    """A `#!` line gives one option; `env` finds the interpreter on the path; the script is named either way."""
    process = traced({"tool": f"{shebang}\nprint()\n"}, "/tool", cmd=("x",)).processes[-1]
    assert (process.program, process.arguments, process.script) == (program, arguments, "tool")
    assert process.terminal


def test_the_path_and_the_directory_find_programs():
    """PATH of the image counts, its first match, links followed; a relative name is in the working directory."""
    root = root_with(
        {"opt/bin/web": b"\x7fELF", "srv/run": "#!/bin/sh\nexec ./here\n", "srv/here": b"\x7fELF"},
        links={"opt/bin/alias": "/etc/alternatives/x", "etc/alternatives/x": "/usr/bin/other"},
    )
    environment = {"PATH": "/nowhere:/opt/bin:/usr/bin"}
    assert traced({}, "web", root=root, environment=environment).processes[0].program == "opt/bin/web"
    assert traced({}, "alias", root=root, environment=environment).processes[0].program == "usr/bin/other"
    last = traced({}, "./run", root=root, working_dir="/srv").processes[-1]
    assert (last.program, last.directory) == ("srv/here", "srv")


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (EntryConfig(("absent",)), "no such program in the image: absent"),
        (EntryConfig(("bash",)), "a shell that runs what it is told while the container runs"),
        (EntryConfig(), "the image says neither ENTRYPOINT nor CMD"),
        (EntryConfig(("x.exe",), os="windows"), "programs of Windows images are not followed"),
    ],
)
def test_what_cannot_be_followed_is_said(config, reason):
    """Never a guess: each has its reason and place."""
    found = trace(config, root_with({}))
    assert [gap.reason for gap in found.undetermined] == [reason]


def test_an_absent_program_is_a_process_without_a_file():
    """It runs from somewhere, but not from the image."""
    (process,) = trace(EntryConfig(("absent", "x")), root_with({})).processes
    assert (process.program, process.arguments, process.level) == ("", ("absent", "x"), "used")


def test_the_shell_form_is_followed():
    """Its text stands in the configuration, line by line."""
    found = traced({}, "/bin/sh", "-c", "touch x\nexec web --all")
    assert told(found, helpers=True)[1:] == ["used touch x", "used web --all"]
    assert found.processes[-1].steps[-1].text == "exec web --all"
    assert places(found.processes[-1])[-1] == ("ENTRYPOINT", 2)


def test_without_exec_the_last_command_and_the_background_stay():
    """The shell waits for them: they are what the container is."""
    found = traced({"entry.sh": "touch x\nworker &\nserver\n"}, "/entry.sh")
    assert told(found) == ["used worker", "used server"]
    assert told(traced({"entry.sh": "worker &\nkill $!\nexec web\n"}, "/entry.sh")) == ["used web"]


def test_what_is_not_known_of_the_environment_is_null():
    """Variables and arguments that hang on the outside are not made up."""
    found = traced({"entry.sh": 'export A="$(date)" B=2\nexec web "$A" $(date)\n'}, "/entry.sh", environment={"C": "3"})
    process = found.processes[-1]
    assert process.arguments == ("web", None, None)
    assert process.more_arguments
    assert {name: process.environment[name] for name in "ABC"} == {"A": None, "B": "2", "C": "3"}


def test_endless_chains_end():
    """Scripts that call themselves, or one another in ever new ways, stop at a bound."""
    assert told(traced({"entry.sh": 'exec "$0" "$@"\n'}, "/entry.sh", cmd=("x",))) == ["used /bin/sh /entry.sh x"]
    growing = traced({"entry.sh": 'exec "$0" "$@" more\n'}, "/entry.sh")
    assert [gap.reason for gap in growing.undetermined] == [f"more than {CALL_LIMIT} programs start one another"]
    many = (
        "for i in "
        + " ".join(f"a{n}" for n in range(150))
        + "; do for j in "
        + " ".join(f"b{n}" for n in range(150))
        + "; do :; done; done"
    )
    assert [gap.reason for gap in traced({"entry.sh": many}, "/entry.sh").undetermined] == [
        f"scripts run more than {STEP_LIMIT:,} commands"
    ]


def test_scripts_that_cannot_be_read_are_said():
    """One that is too large to be kept, and interpreters that are scripts without end."""
    large = traced({"entry.sh": "#!/bin/sh\n" + "#" * TEXT_LIMIT}, "/entry.sh")
    assert [(gap.place, gap.scope, gap.reason) for gap in large.undetermined] == [
        ("entry.sh", "", f"a script of more than {TEXT_LIMIT:,} bytes")
    ]
    ring = traced({f"bin{number}": f"#!/bin{(number + 1) % 3}\n" for number in range(3)}, "/bin0")
    assert [gap.reason for gap in ring.undetermined] == [
        f"more than {SHEBANG_LIMIT} scripts are each other's interpreters"
    ]


def test_sourced_files_are_told():
    """A file that a script reads into itself is reached, and what it defines counts."""
    files = {"entry.sh": ". /lib.sh\nrun web\n", "lib.sh": 'run() { exec "$@"; }\n'}
    found = traced(files, "/entry.sh")
    assert [(edge.source, edge.target, edge.line) for edge in found.sourced] == [("entry.sh", "lib.sh", 2)]
    assert places(found.processes[-1])[1:] == [("entry.sh", 3), ("lib.sh", 2)]


def test_the_same_image_gives_the_same_trace():
    """Order and numbers do not hang on chance."""
    script = 'for f in a b c; do [ -f "/x/$f" ] && "$f"; done\n[ "$A" ] && exec web\nexec other $B\n'
    assert traced({"entry.sh": script}, "/entry.sh") == traced({"entry.sh": script}, "/entry.sh")


HOSTILE = {
    "arguments double": 'set -- "$@" "$@"\n' * 40 + 'exec web "$@"',
    "array doubles": "#!/bin/bash\na=(x)\n" + 'a=("${a[@]}" "${a[@]}")\n' * 40 + 'exec web "${a[@]}"',
    "text doubles": "A=x\n" + 'A="$A$A"\n' * 60 + "exec web $A",
    "elif": "if grep a b; then web; " + "elif grep x y; then web; " * 1500 + "fi",
    "case": 'case "$(date)" in ' + "x*) web;; " * 1500 + "esac",
    "and": "web " + "&& web " * 1500,
    "nested": "web " + "$(" * 45 + "web" + ")" * 45,
    "launchers": "env " * 3000 + "web",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_scripts_end(name):
    """What grows without bound is cut, and the rest is undetermined; nothing is raised."""
    found = traced({"e.sh": HOSTILE[name]}, "/e.sh", cmd=("a",))
    assert found.processes

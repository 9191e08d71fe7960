"""Programs that run other programs: what is left of a command line once they have read their part.

Comes in: a call of a program. Goes out: what it runs, or None where the program is no launcher. Rules: a launcher is a
row of a table (which of its options take values, how many words come before the command); what is more is a function
here or in `launch.services` (supervisors) and `launch.scripts` (npm and its kin).

Source: the manual page of each program.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.component import Step
from stellaops_core.entrytrace.calls import Call, Caller, Found, first
from stellaops_core.entrytrace.launch.scripts import SCRIPT_LAUNCHERS
from stellaops_core.entrytrace.launch.services import SERVICE_LAUNCHERS, is_overlay, overlay
from stellaops_core.entrytrace.process import Undetermined
from stellaops_core.entrytrace.shell.commands import home_of, parts_of
from stellaops_core.entrytrace.shell.files import absolute, text_of
from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN

EXEC_LIMIT = 100
"""Commands of one `find -exec`, and files of one `run-parts`."""


class Row(Struct, frozen=True):
    """How a launcher's command line is read."""

    values: str = ""
    """Letters of options that take a value."""
    longs: frozenset[str] = frozenset()
    """Long options, with their dashes, that take the next word as their value."""
    skip: int = 0
    """Words between the options and the command."""
    user: str = ""
    """Where the user stands: `1` for the first of those words, else an option."""
    helper: bool = False
    """It waits for the command, which is not what the container becomes."""
    dashed: bool = False
    """The command stands behind `--`."""


def _longs(*names: str) -> frozenset[str]:
    return frozenset(f"--{name}" for name in names)


# fmt: off
_PLAIN = Row()
_AFTER_USER = Row(skip=1, user="1")
ROWS: dict[str, Row] = {
    **dict.fromkeys(("tini", "tini-static", "docker-init", "tini-amd64"), Row("pe")),
    **dict.fromkeys(("gosu", "su-exec", "setuidgid", "s6-setuidgid", "s6-applyuidgid"), _AFTER_USER),
    **dict.fromkeys(("catatonit", "nohup", "setsid", "catchsegv", "linux64", "linux32", "eatmydata", "pid1"), _PLAIN),
    **dict.fromkeys(("with-contenv", "fixuid", "dbus-run-session", "dumb-init-alt", "unbuffer", "s6-fghack"), _PLAIN),
    **dict.fromkeys(("opentelemetry-instrument", "ddtrace-run", "nice19", "x86_64", "i386", "uname26"), _PLAIN),
    "dumb-init": Row("r", _longs("rewrite")),
    "chpst": Row("uUebdmnoprtfclas/", user="-u"),
    "softlimit": Row("admsoptlfcr"),
    "s6-softlimit": Row("admsoptlfcrh"),
    "envdir": Row(skip=1),
    "s6-envdir": Row("m", skip=1),
    "s6-notifyoncheck": Row("dstTwn3c"),
    "setlock": Row(skip=1),
    "s6-setlock": Row("t", skip=1),
    "pidproxy": Row(skip=1),
    "nice": Row("n", _longs("adjustment")),
    "ionice": Row("cn", _longs("class", "classdata")),
    "chrt": Row("TPD", _longs("sched-runtime", "sched-period", "sched-deadline"), skip=1),
    "stdbuf": Row("ioe", _longs("input", "output", "error")),
    "timeout": Row("ks", _longs("kill-after", "signal"), skip=1),
    "time": Row("fo", _longs("format", "output")),
    "taskset": Row(skip=1),
    "numactl": Row("iNmCpPw", _longs("interleave", "cpunodebind", "membind", "physcpubind", "preferred")),
    "prlimit": Row("", _longs("pid")),
    "setarch": Row(skip=1),
    "unshare": Row("RwSGm", _longs("root", "wd", "setuid", "setgid", "map-user", "map-group")),
    "faketime": Row(skip=1),
    "xvfb-run": Row("enfpsw", _longs("error-file", "server-num", "auth-file", "xauth-protocol", "server-args", "wait")),
    "setpriv": Row(
        "",
        _longs(
            "reuid", "regid", "ruid", "euid", "rgid", "egid", "groups", "inh-caps", "ambient-caps", "bounding-set",
            "securebits", "pdeathsig", "selinux-label", "apparmor-profile",
        ),
        user="--reuid",
    ),
    "chroot": Row("", _longs("userspec", "groups"), user="--userspec"),
    "strace": Row("eopsPEuaOSXIb"),
    "ltrace": Row("eopsPunaADFl"),
    "cgexec": Row("g"),
    "xargs": Row("aEIiLlnPsd", _longs("arg-file", "delimiter", "max-args", "max-procs", "replace"), helper=True),
    "dockerize": Row("", frozenset({
        "-wait", "-template", "-timeout", "-stdout", "-stderr", "-wait-retry-interval", "-wait-http-header", "-delims",
        "-env", "-env-section", "-exit-code", "-multiline", "-retry",
    })),
    "envconsul": Row("", frozenset({
        "-config", "-consul-addr", "-consul-token", "-prefix", "-secret", "-vault-addr", "-vault-token", "-log-level",
        "-kill-signal", "-kill-timeout", "-splay", "-wait", "-exec",
    })),
    "vault-env": _PLAIN,
    "watchexec": Row(dashed=True),
    **dict.fromkeys(
        ("wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh", "wait4x", "waitforit", "summon", "chamber",
         "doppler", "infisical", "op", "teller", "aws-vault", "berglas", "sops", "konf", "ssm-env", "secretly"),
        Row(dashed=True),
    ),
}
# fmt: on

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
Launch = Callable[[Caller, Call], "Iterator[Found] | None"]


def launch_of(caller: Caller, path: str, real: str, call: Call) -> list[Found] | None:
    """Tell what a program runs; None where it is no launcher."""
    names = dict.fromkeys((path.rpartition("/")[2], real.rpartition("/")[2], call.argv[0].rpartition("/")[2]))
    if "init" in names and is_overlay(caller.root):
        return list(overlay(caller, call))
    for name in names:
        function = FUNCTIONS.get(name) or SERVICE_LAUNCHERS.get(name) or SCRIPT_LAUNCHERS.get(name)
        if function:
            found = function(caller, call)
            return None if found is None else list(found)
        if name in ROWS:
            found = _by_row(caller, call, ROWS[name])
            return None if found is None else list(found)
    return None


def rest_of(argv: Sequence[str], row: Row) -> tuple[int, str]:
    """Where a launcher's own part ends, and the user that it names."""
    at, user = 1, ""
    while at < len(argv) and len(argv[at]) > 1 and argv[at][0] in "-+" and argv[at] != "--":
        word = argv[at]
        name, equals, value = word.partition("=")
        taken = not equals and (
            word in row.longs or (word[1] != "-" and word[-1] in row.values and not row.longs & {word})
        )
        if row.user and (name == row.user or (len(row.user) == 2 and word.startswith(row.user))):
            user = value if equals else argv[at + 1] if taken and at + 1 < len(argv) else word[2:]
        at += 2 if taken else 1
    if row.dashed:
        at = argv.index("--") if "--" in argv else len(argv)
    at += argv[at : at + 1] in (["--"], ("--",))
    if row.user == "1" and at < len(argv):
        user = argv[at]
    at += row.skip
    at += row.skip > 0 and argv[at : at + 1] in (["--"], ("--",))
    return at, user


def _by_row(caller: Caller, call: Call, row: Row) -> Iterator[Found] | None:
    at, user = rest_of(call.argv, row)
    if MANY in call.argv[:at]:
        caller.note(Undetermined(call.place, call.line, f"the command that {call.argv[0]} runs is not known"))
        return iter(())
    if at >= len(call.argv):
        return None
    return _then(caller, call, call.argv[at:], user=user, tip=not row.helper)


def _then(
    caller: Caller, call: Call, argv: Sequence[str], *, user: str = "", tip: bool = True, steps: tuple[Step, ...] = ()
) -> Iterator[Found]:
    """Run the command that is left."""
    inner = call.then(*argv)
    if user:
        home = home_of(caller.root, user)
        inner = replace(inner, user=user, environment={**call.environment, **({"HOME": home} if home else {})})
    for one in caller.run(inner):
        yield one.within(steps, ((),), tip=tip)


# --- those that are more than a row ---


def _env(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`env`: options, assignments, command; `-S` splits one word into several."""
    argv, environment, at = list(call.argv), dict(call.environment), 1
    directory = call.directory
    while at < len(argv) and argv[at].startswith("-") and argv[at] != "--":
        word = argv[at]
        if word in {"-i", "-", "--ignore-environment"}:
            environment = {}
        elif word.startswith(("-S", "--split-string", "-vS", "-iS")):
            _, _, joined = word.partition("=") if word.startswith("--") else word.partition("S")
            argv[at : at + 1 + (not joined)] = [
                "env",
                *_split(joined or argv[at + 1 : at + 2][0] if joined or argv[at + 1 :] else ""),
            ]
        elif word in {"-u", "--unset"} and at + 1 < len(argv):
            at += 1
            environment.pop(argv[at], None)
        elif word.startswith(("-u", "--unset=")):
            environment.pop(word.partition("=")[2] or word[2:], None)
        elif word in {"-C", "--chdir"} and at + 1 < len(argv):
            at += 1
            directory = absolute(directory, argv[at])
        at += 1
    at += argv[at : at + 1] == ["--"]
    while at < len(argv) and _ASSIGNMENT.match(argv[at]):
        name, _, value = argv[at].partition("=")
        environment[name] = value
        at += 1
    if at >= len(argv):
        return None
    return _then(caller, replace(call, environment=environment, directory=directory), argv[at:])


def _split(text: str) -> list[str]:
    """Split words as `env -S` does, nearly: quotes count, variables stay."""
    import shlex  # noqa: PLC0415  # rarely needed

    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _su(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`su`, `runuser`: a shell with `-c`, or a command behind `-u USER`."""
    argv, at = call.argv, 1
    values: dict[str, str] = {}
    operands: list[str] = []
    login = False
    takes = {"-c": "c", "--command": "c", "-s": "s", "--shell": "s", "-u": "u", "--user": "u", "-g": "g", "-G": "g"}
    while at < len(argv):
        name, equals, value = argv[at].partition("=")
        if argv[at] == "--" and "u" in values:
            operands.extend(argv[at + 1 :])
            break
        if name in takes and (equals or at + 1 < len(argv)):
            at += not equals
            values[takes[name]] = value if equals else argv[at]
        elif argv[at] in {"-", "-l", "--login"}:
            login = True
        elif not argv[at].startswith("-") or (operands and "u" in values):
            operands.append(argv[at])
        at += 1
    if "u" in values:
        return _then(caller, call, operands, user=values["u"]) if operands else None
    user = operands[0] if operands else "root"
    shell = values.get("s") or _shell_of(caller, user)
    command = ("-c", values["c"]) if "c" in values else ()
    return _then(caller, call, (shell, *(("-l",) if login else ()), *command, *operands[1:]), user=user)


def _shell_of(caller: Caller, user: str) -> str:
    for line in (text_of(caller.root, "/etc/passwd") or "").splitlines():
        fields = line.split(":")
        if fields[0] == user and len(fields) > 6 and fields[6]:
            return fields[6]
    return "/bin/sh"


def _sudo(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`sudo`, `doas`: options, assignments, command; `-i` and `-s` run a shell."""
    row = Row("ughpCrtTUDR", _longs("user", "group", "host", "prompt", "chdir"), user="-u")
    at, user = rest_of(call.argv, row)
    environment = dict(call.environment)
    while at < len(call.argv) and _ASSIGNMENT.match(call.argv[at]):
        name, _, value = call.argv[at].partition("=")
        environment[name] = value
        at += 1
    if at >= len(call.argv):
        return None
    return _then(caller, replace(call, environment=environment), call.argv[at:], user=user or "root")


def _chroot(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`chroot`: into the same root only."""
    at, user = rest_of(call.argv, ROWS["chroot"])
    if at >= len(call.argv):
        return None
    if call.argv[at] != "/":
        caller.note(Undetermined(call.place, call.line, "a program runs in another root directory"))
        return iter(())
    argv = call.argv[at + 1 :] or ("/bin/sh", "-i")
    return _then(caller, call, argv, user=user)


def _flock(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`flock FILE COMMAND`, `flock FILE -c TEXT`; with a number alone it runs nothing."""
    at, _ = rest_of(call.argv, Row("wEc", _longs("timeout", "wait", "conflict-exit-code"), skip=1))
    rest = call.argv[at:]
    if rest[:1] in {("-c",), ("--command",)}:
        return _then(caller, call, ("/bin/sh", *rest[:2]))
    return _then(caller, call, rest) if rest else None


def _find(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`find … -exec COMMAND ;`."""
    return _executed(caller, call)


def _executed(caller: Caller, call: Call) -> Iterator[Found]:
    argv = call.argv
    starts = [at for at, word in enumerate(argv) if word in {"-exec", "-execdir", "-ok", "-okdir"}]
    for start in first(caller, call, starts, EXEC_LIMIT, "commands"):
        end = next((at for at in range(start + 1, len(argv)) if argv[at] in {";", "+"}), len(argv))
        command = [UNKNOWN if "{}" in word else word for word in argv[start + 1 : end]]
        ways = ((caller.forks.new(f"find {' '.join(argv[1:start])}"[:120].replace(UNKNOWN, "…")),),)
        for one in caller.run(call.then(*command)) if command else ():
            yield one.within((), ways, tip=False)


def _run_parts(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`run-parts DIRECTORY`."""
    flags = [word for word in call.argv[1:] if word.startswith("-")]
    operands = [word for word in call.argv[1:] if not word.startswith("-")]
    if {"--list", "--test"} & set(flags) or not operands:
        return None
    return _parts(caller, call, absolute(call.directory, operands[-1]), flags)


def _parts(caller: Caller, call: Call, directory: str, flags: Sequence[str]) -> Iterator[Found]:
    if UNKNOWN in directory:
        caller.note(Undetermined(call.place, call.line, "the directory of run-parts is not known"))
        return
    for path in first(caller, call, parts_of(caller.root, directory, flags), EXEC_LIMIT, "scripts"):
        yield from _then(caller, call, (path,), tip=False)


def _daemon(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`start-stop-daemon --start --exec PROGRAM -- ARGUMENTS`."""
    argv = call.argv
    named = {word: argv[at + 1] for at, word in enumerate(argv[:-1])}
    program = next((named[name] for name in ("-a", "--startas", "-x", "--exec") if name in named), "")
    starts = {"-S", "--start"} & set(argv) or any(re.fullmatch(r"-\w*S\w*", word) for word in argv)
    if not program or not starts:
        return None
    rest = argv[argv.index("--") + 1 :] if "--" in argv else ()
    return _then(caller, call, (program, *rest), user=named.get("--chuid", named.get("-c", "")))


def _execline(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`execlineb SCRIPT`: one long command line, unless it has blocks."""
    files = [word for word in call.argv[1:] if not word.startswith("-")]
    text = text_of(caller.root, absolute(call.directory, files[0])) if files and UNKNOWN not in files[0] else None
    if text is None:
        return None
    place = caller.root.real(absolute(call.directory, files[0])) or ""
    lines = [(number, line.split("#", 1)[0]) for number, line in enumerate(text.split("\n"), 1)]
    words = _split("\n".join(line for _, line in lines))
    first = next((number for number, line in lines if line.strip()), 0)
    while words[:1] in (["exec"], ["foreground"]) or (words and words[0] in {"fdmove", "importas"}):
        words = words[1:] if words[0] == "exec" else words[4 if words[1:2] == ["-c"] else 3 :]
    if not words or {"{", "}", "if", "foreground", "background", "ifelse"} & set(words):
        caller.note(Undetermined(place, first, "a script of execline that has blocks"))
        return iter(())
    step = Step(place, first, " ".join(words)[:120])
    return _then(caller, replace(call, place=place, line=first), words, steps=(step,))


FUNCTIONS: dict[str, Launch] = {
    "env": _env,
    **dict.fromkeys(("su", "runuser"), _su),
    **dict.fromkeys(("sudo", "doas"), _sudo),
    "chroot": _chroot,
    "flock": _flock,
    "find": _find,
    "run-parts": _run_parts,
    "start-stop-daemon": _daemon,
    "execlineb": _execline,
}

"""A shell as a program: its command line, and the script that it runs.

Comes in: a call of `sh` and its kin. Goes out: the shell itself, and what its script runs.

Source: POSIX.1-2024, XCU "sh"; Bash Reference Manual 6.1, 6.2 "Bash Startup Files".
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from stellaops_core.entrytrace.calls import Call, Found
from stellaops_core.entrytrace.process import Undetermined
from stellaops_core.entrytrace.shell.files import absolute, text_of
from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN
from stellaops_core.entrytrace.shell.script import parse
from stellaops_core.entrytrace.shell.text import Source

if TYPE_CHECKING:
    from stellaops_core.entrytrace.trace import Tracer

SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "yash", "rbash", "hush"})
_LONG_WITH_VALUE = frozenset({"--rcfile", "--init-file"})


class Invocation(Struct, frozen=True):
    """What a shell's command line says."""

    text: str | None = None
    """Of `-c`."""
    file: str = ""
    name: str = ""
    """`$0`."""
    positional: tuple[str, ...] = ()
    login: bool = False
    reads: bool = False
    """Whether it reads commands from standard input."""


def read_arguments(argv: tuple[str, ...]) -> Invocation:
    """Read a shell's command line."""
    at, text, login, reads = 1, False, argv[0].startswith("-"), False
    while at < len(argv) and argv[at][:1] in {"-", "+"} and argv[at] not in {"-", "--"}:
        word = argv[at]
        if word.startswith("--"):
            login = login or word == "--login"
            at += word in _LONG_WITH_VALUE
        else:
            text = text or "c" in word
            login = login or "l" in word
            reads = reads or "s" in word
            at += "o" in word or "O" in word
        at += 1
    at += argv[at : at + 1] in {("-",), ("--",)}
    rest = argv[at:]
    if text:
        return Invocation(rest[0] if rest else "", "", rest[1] if len(rest) > 1 else argv[0], rest[2:], login)
    if reads or not rest:
        return Invocation(None, "", argv[0], rest, login, reads=True)
    return Invocation(None, rest[0], rest[0], rest[1:], login)


def run_shell(tracer: "Tracer", program: str, call: Call, script: str) -> Iterator[Found]:
    """Run a shell: itself first, then what its script runs."""
    from stellaops_core.entrytrace.trace import found_of  # noqa: PLC0415  # they call each other

    asked = read_arguments(call.argv)
    place, line, text = call.place, call.line, asked.text
    if asked.file:
        path = absolute(call.directory, asked.file)
        place, line = tracer.root.real(path) or "", 0
        text = None if UNKNOWN in path else text_of(tracer.root, path)
    elif asked.reads:
        text = call.stdin
    elif place in {"ENTRYPOINT", "CMD"}:
        line = 0
    ours = script or (place if asked.file else "")
    if text is None or UNKNOWN in text or MANY in call.argv[:2]:
        tracer.note(Undetermined(call.place, call.line, _why(asked, text)))
        yield found_of(call, program, ours)
        return
    found = run_script(tracer, text, place, line, call, asked)
    yield found_of(call, program, ours, tip=not any(one.tip for one in found))
    yield from found


def _why(asked: Invocation, text: str | None) -> str:
    if asked.reads:
        return "a shell that runs what it is told while the container runs"
    if asked.file:
        return f"the text of the script is not known: {asked.file.replace(UNKNOWN, '…')[:80]}"
    return (
        "the command that the shell runs is not known" if text is not None else "the shell's command line is not known"
    )


def run_script(tracer: "Tracer", text: str, place: str, line: int, call: Call, asked: Invocation) -> tuple[Found, ...]:
    """Run a script's text."""
    from stellaops_core.entrytrace.shell.run import Shell  # noqa: PLC0415  # they call each other

    script = parse(text)
    source = Source(place, tuple(text.split("\n")), line)
    if script.damage:
        tracer.note(
            Undetermined(place, line or script.damage.line, f"the script can't be read: {script.damage.reason}")
        )
    shell = Shell(tracer, source, call, asked.name)
    before = [place for place in _startup(call, asked) if tracer.root.is_file(place)]
    return shell.start(script.body, asked.positional, before)


def _startup(call: Call, asked: Invocation) -> list[str]:
    """Files that the shell reads first."""
    named = call.environment.get("BASH_ENV", "")
    return [*(["/etc/profile"] if asked.login else []), *([named] if named and UNKNOWN not in named else [])]

"""Shell scripts: text in, tree out.

Comes in: a script for sh (POSIX, dash, busybox ash) or bash. Goes out: `Script`. Rules: nothing is evaluated; time and
memory grow with the text; what can't be parsed is said to be so, with its line, and what stands before it is kept.
Aliases are not followed, nor is a line's end that is escaped in the middle of an operator.

Source: POSIX.1-2024, XCU chapter 2; Bash Reference Manual, chapter 3.
"""

from stellaops_core.entrytrace.shell.compound import Commands
from stellaops_core.entrytrace.shell.source import Unreadable
from stellaops_core.entrytrace.shell.syntax import Damage, Node, Script, Sequence

SCRIPT_LIMIT = 1 << 20
"""Characters of a shell script that are parsed; the rest is damage."""

LINE_LIMIT = 120
"""Characters of a script's line that are shown."""


def parse(text: bytes | str, *, bash: bool = True) -> Script:
    """Return a script's tree. Other shells than bash expand no braces, and have `time` as a program."""
    text = decode(text)
    read = text[:SCRIPT_LIMIT]
    reader = Commands(read if read.endswith("\n") else read + "\n", bash=bash)
    commands: list[Node] = []
    damage = None
    try:
        reader.read_into(commands)
        if reader.gap() != "\0":
            reader.fail_here()
    except Unreadable as broken:
        damage = Damage(broken.line, broken.reason)
    if len(text) > SCRIPT_LIMIT:
        damage = damage or Damage(reader.line(SCRIPT_LIMIT), f"longer than {SCRIPT_LIMIT} characters")
    return Script(Sequence(tuple(commands)), damage)


def decode(text: bytes | str) -> str:
    """Return a script as text, in which lines count: UTF-8, without NUL, and with LF where all lines end with CR LF."""
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig", "replace")
    if "\0" in text:
        text = text.replace("\0", "")
    if "\r\n" in text and text.count("\r\n") == text.count("\n"):
        text = text.replace("\r\n", "\n")
    return text


def line_text(text: bytes | str, line: int) -> str:
    """Return a line, from 1, as a step shows it: without blanks around it, and shortened where it is long."""
    lines = decode(text).split("\n", line)
    shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return shown if len(shown) <= LINE_LIMIT else shown[: LINE_LIMIT - 1] + "…"

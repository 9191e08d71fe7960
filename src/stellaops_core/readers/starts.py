"""Programs that a Python or JavaScript source starts by itself, where it names them.

Comes in: the bytes of a source. Goes out: each program with its line. Rules: only what a call has in quotes counts: the
first word of a command line, the first item of a list. Nothing is parsed, so that a call in a text or of another
function of that name counts as well: such a name leads nowhere where no program is called so.

Source: Python documentation, `subprocess`, `os` "Process Management", `shutil.which`, `asyncio` "Subprocesses";
nodejs.org/api/child_process.html; the README pages of execa, cross-spawn and which.
"""

import re
from collections.abc import Iterable
from typing import Final

START_LIMIT: Final = 500
"""Places of one source that name a program which it starts."""

Start = tuple[str, int]
"""(program: a name, or an absolute path; line from 1)."""

_CALL = re.compile(
    rb"""\(\s*(?:os\.P_\w+\s*,\s*)?(?:\w+\s*=\s*)?([\[(]?)\s*[bfrBFR]{0,2}["'`]([^"'`\n]{1,400})["'`\n]"""
)  # that it begins with one plain character makes it several times as fast as one that begins with names
_PYTHON = re.compile(
    rb"\b(?:run|Popen|(?:check_)?call|check_output|get(?:status)?output|system|popen|posix_spawnp?|exec[lv]p?e?"
    rb"|spawn[lv]p?e?|which|[A-Z]\w*Process|create_subprocess_(?:exec|shell))\Z"
)
_NODE = re.compile(rb"(?<![\w$])(?:exec|execFile|spawn|execa\w*|which|sync)(?:Sync)?\Z")
_WORD_BYTES: Final = 40  # before a parenthesis; more than the longest of those names
_OS_CALL = re.compile(rb"os\.(?:system|exec|popen|spawn|posix)")
_RUNNERS: Final = frozenset({"child_process", "node:child_process", "cross-spawn", "execa", "which", "shelljs"})
_ASSIGNED = re.compile(r"(?:\w+=[^\s'\"]*\s+)+")
_PROGRAM = re.compile(r"(?:/[\w.+/-]*)?[\w.+-]{1,100}")


def read_python_starts(data: bytes, imports: str) -> list[Start]:
    """Return the programs that a Python source names. `imports`: the text of its import statements."""
    if not _may_start(data, imports):
        return []
    return _read(_PYTHON, data, b"#")


def _may_start(data: bytes, imports: str) -> bool:
    """Whether it is worth searching: most sources start nothing, and that is told by their imports."""
    return (
        "subprocess" in imports
        or ("asyncio" in imports and b"create_subprocess" in data)
        or (("shutil" in imports or "which" in imports) and b"which(" in data)
        or (("import os" in imports or ", os" in imports) and _OS_CALL.search(data) is not None)
    )


def read_node_starts(data: bytes, mentioned: Iterable[str]) -> list[Start]:
    """Return the programs that a JavaScript source names. `mentioned`: the modules that it loads."""
    return [] if _RUNNERS.isdisjoint(mentioned) else _read(_NODE, data, b"//")


def _read(names: "re.Pattern[bytes]", data: bytes, comment: bytes) -> list[Start]:
    """Return one more than START_LIMIT where there are more."""
    found: dict[Start, None] = {}
    line, counted = 1, 0
    for match in _CALL.finditer(data):
        at = match.start()
        if names.search(data, max(0, at - _WORD_BYTES), at) is None:
            continue
        name = _program(match[2].decode("utf-8", "replace"), is_item=bool(match[1]))
        before = data[data.rfind(b"\n", max(0, at - 1000), at) + 1 : at].lstrip()
        if name and not before.startswith((comment, b"def ", b"*")):
            line += data.count(b"\n", counted, at)
            counted = at
            found[name, line] = None
            if len(found) > START_LIMIT:
                break
    return list(found)


def _program(text: str, *, is_item: bool) -> str:
    """Return the program of a command line, or of a list's first item; empty where none is named."""
    if not is_item:
        words = _ASSIGNED.sub("", text, count=1).split() if "=" in text else text.split()
        text = words[0] if words else ""
    return text if _PROGRAM.fullmatch(text) else ""

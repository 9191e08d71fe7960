"""Files as a script names them: paths, file name patterns, and the tests of `[`.

Comes in: paths, relative or absolute, in which something may be unknown. Goes out: absolute paths, names, answers.
Rule: what the image lacks may still be there when it runs. It is unknown below volumes and /proc, and where the script
itself may have made it; elsewhere it is assumed to be absent, and that is noted as for variables.
"""

import re
from collections.abc import Iterable
from typing import Protocol

from stellaops_core.analyzers.texts import Text
from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN, fits, join, parse_pattern
from stellaops_core.entrytrace.shell.state import State, Variable

GLOB_LIMIT = 1024
"""Names that a pattern may come to; of further ones only that there may be some is known."""
SHEBANG = re.compile(r"#![ \t]*([^\s\0]+)(?:[ \t]+([^\r\n]*?))?[ \t\r]*(?:\n|$)")
"""The first line of a script: its interpreter, and what that gets."""
MADE = "file "
"""Before a path, in place of a variable's name: a file that may be there."""
OUTSIDE = ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/run")  # noqa: S108
"""What the image holds there says little of the container."""


class Files(Protocol):
    """What is known of files."""

    root: Root
    volumes: tuple[str, ...]


def absolute(directory: str, path: str) -> str:
    """Make a path absolute, without `.`, `..` and doubled slashes."""
    if not path.startswith("/"):
        if path.startswith(UNKNOWN):
            return path
        path = join(directory, "/", path)
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/" + "/".join(parts) if not path.startswith(UNKNOWN) else path


def find_names(root: Root, directory: str, pattern: str) -> list[str]:
    """Expand a file name pattern, sorted; none where nothing fits or the directory isn't known.

    `MANY` stands last where there are more than GLOB_LIMIT.
    """
    if UNKNOWN in pattern or (UNKNOWN in directory and not pattern.startswith("/")):
        return []
    found = [""] if pattern.startswith("/") else [directory.rstrip("/") + "/"]
    cut = 0 if pattern.startswith("/") else len(found[0])
    parts = [part for part in pattern.split("/") if part]
    if pattern.startswith("/"):
        found = ["/"]
    more = False
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        found = [name for base in found for name in _within(root, base, part)]
        more = more or len(found) > GLOB_LIMIT
        del found[GLOB_LIMIT:]
        if not last:
            found = [f"{name}/" for name in found if root.is_directory(name)]
    return [name[cut:] + ("/" if pattern.endswith("/") else "") for name in found] + [MANY] * more


def _within(root: Root, base: str, part: str) -> list[str]:
    pieces = parse_pattern(part)
    plain = part.replace("\\", "")
    if not any(wild in part for wild in "*?["):
        return [base + plain] if root.real(base + plain) is not None else []
    names = root.names(base)
    return [base + name for name in names if fits(pieces, name) and (part[0] == "." or name[0] != ".")]


def text_of(root: Root, path: str) -> str | None:
    """Return a small file's text, where it was kept."""
    kept = None if UNKNOWN in path else root.facts(path, Text)
    return kept.content.decode("utf-8", "replace").replace("\0", "") if kept else None


def is_executable(root: Root, path: str) -> bool | None:
    """Whether a file's mode allows execution; None where that wasn't kept."""
    kept = root.facts(path, Text)
    if kept is not None:
        return kept.executable
    from stellaops_core.analyzers.native import Native  # noqa: PLC0415  # not needed for most questions

    program = root.facts(path, Native)
    return program.executable if program else None


def find_program(root: Root, name: str, path: str, directory: str) -> str | None:
    """Look a program up along a PATH as the shell does: absolute path, or None."""
    places = [""] if "/" in name else [f"{absolute(directory, place).rstrip('/')}/" for place in path.split(":")]
    for place in places:
        there = place + name if place else absolute(directory, name)
        if UNKNOWN not in there and root.is_file(there) and is_executable(root, there) is not False:
            return there
    return None


def is_outside(path: str, volumes: tuple[str, ...] = ()) -> bool:
    """Whether the container brings its own in this place."""
    return any(path == place or path.startswith(f"{place}/") for place in (*OUTSIDE, *volumes))


MAKERS = frozenset({"touch", "mkdir", "install", "cp", "mv", "ln", "tee", "rsync", "mkfifo", "rm", "openssl", "chown"})
"""Programs after which the files that they are told of may be there, or not."""


def make_files(state: State, names: Iterable[str]) -> None:
    """Note that a script may have made these files."""
    for name in names:
        if name and UNKNOWN not in name and not name.startswith(("-", "/dev/")):
            path = absolute(state.directory, name)
            state.variables.setdefault(f"{MADE}{path}", Variable(UNKNOWN))


def examine(host: Files, state: State, operator: str, name: str, reads: set[str]) -> bool | None:  # noqa: PLR0911  # one for each sort
    """Answer a test of one file (`-e`, `-f`, `-d`, `-x` …)."""
    if not name:
        return False
    path = absolute(state.directory, name)
    if UNKNOWN in path or f"{MADE}{path}" in state.variables or is_outside(path, host.volumes):
        return None
    root = host.root
    if root.real(path) is None:
        reads.add(f"{MADE}{path}")
        return False
    if operator in {"-e", "-a", "-r"}:
        return True
    if operator == "-f":
        return root.is_file(path)
    if operator == "-d":
        return root.is_directory(path)
    if operator == "-x":
        return True if root.is_directory(path) else is_executable(root, path)
    if operator in {"-h", "-L"}:
        place, _, last = path.rpartition("/")
        return root.real(path) != f"{root.real(place)}/{last}".lstrip("/")
    if operator == "-s":
        text = text_of(root, path)
        return bool(text) if text is not None else None
    return False if operator in {"-p", "-S", "-b", "-c"} else None

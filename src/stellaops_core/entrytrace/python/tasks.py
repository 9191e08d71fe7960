"""Files whose imports are to be followed, and what is worked out of their texts.

Comes in: what `python.closure` knows of a file. Goes out: records, and names of modules. Rule: nothing here asks the
root.
"""

from msgspec import Struct

from stellaops_core.entrytrace.python.rules import BUILTIN
from stellaops_core.readers.python_imports import Import, PythonCode


class Task(Struct, frozen=True):
    """One file whose imports are to be followed."""

    name: str
    """`__main__` for what is started."""
    package: str
    """What its relative imports start from."""
    file: str
    code: PythonCode
    own: bool = False
    """Whether it is the application's own, not a library's."""
    tried: bool = False
    """Whether nothing happens if it can't be imported."""


class Later(Struct, frozen=True):
    """Something that may be imported."""

    task: Task
    one: Import
    how: str = ""


def absolute(written: str, package: str) -> str | None:
    """`..a` from within `b.c.d` is `b.c.a`; None where that leads out of the package."""
    name = written.lstrip(".")
    for _ in range(len(written) - len(name) - 1):
        package = package.rpartition(".")[0]
    if not package:
        return None
    return f"{package}.{name}" if name else package


def is_builtin(name: str) -> bool:
    """Whether a module may be compiled into the interpreter."""
    return name[:1] == "_" or name.partition(".")[0] in BUILTIN


def rest_of(one: Import, offset: int) -> Import:
    """What stands behind the statement at an offset."""
    lines = one.text.split("\n")
    return Import(one.line + offset + 1, "\n".join(lines[offset + 1 :]), one.conditions)


def literals(text: str) -> list[str]:
    """Return what stands in quotes on one line."""
    parts = text.replace('"', "'").split("'")
    return parts[1::2]

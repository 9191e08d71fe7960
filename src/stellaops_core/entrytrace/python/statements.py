"""Python's import statements, taken apart; and whether the conditions around them hold.

Comes in: the text and the conditions of a `readers.python_imports.Import`. Goes out: modules and names; true, false or
None for a condition that is not known. Rule: what is no import statement is passed over.

Source: The Python Language Reference, section 7.11 "The import statement".
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from stellaops_core.readers.python_imports import TRIED

_STATEMENT: Final = re.compile(
    r"^(?:from\b\s*([.\s\w]*?)\s*\bimport\b\s*(\([^()]*\)|[^()\n;]*)|import\b\s*([^\n;]*))", re.MULTILINE
)
_SPACE: Final = re.compile(r"[ \t]+")
_COMMENT: Final = re.compile(r"#[^\n]*")
_VERSION: Final = re.compile(
    r"(?:\w+\.)?version_info(?:\[:(\d)\]|\[(0)\]|(\.major))?\s*(<=|>=|==|!=|<|>)\s*(\d+|\(\s*\d+(?:\s*,\s*\d+)*\s*,?\s*\))"
)
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_PLATFORM: Final = re.compile(r"(?:\w+\.)?(platform|name)(?:\s*(==|!=)\s*|(\.startswith\())[\"'](\w+)[\"']\)?")
_NEVER: Final = frozenset({"TYPE_CHECKING", "MYPY", "False", "0", "PY2", "PYPY", "IS_PYPY"})
_ALWAYS: Final = frozenset({"True", "1", "PY3"})


@lru_cache(maxsize=4096)
def read_statements(text: str) -> tuple[tuple[int, str, tuple[str, ...] | None], ...]:
    """Return (line from 0, module, names imported from it) of each; names are None for `import module`."""
    return tuple(_statements(text))


def _statements(text: str) -> Iterator[tuple[int, str, tuple[str, ...] | None]]:
    if "#" in text:
        text = _COMMENT.sub("", text)
    if "  " in text or "\t" in text:
        text = _SPACE.sub(" ", text)
    many = "\n" in text
    for match in _STATEMENT.finditer(text):
        line = text.count("\n", 0, match.start()) if many else 0
        module, names, modules = match.groups()
        if modules is not None:
            for name in _listed(modules):
                yield line, name, None
        else:
            module = "".join(module.split())
            if module:
                yield line, module, _listed(names.strip().strip("()"))


def _listed(text: str) -> tuple[str, ...]:
    """`a, b as c` without what they are called here."""
    return tuple(words[0] for part in text.split(",") if (words := part.split()))


def holds(conditions: Sequence[str], version: tuple[int, int], *, main: bool) -> bool | None:
    """Whether an import with these conditions runs when its module does; None where that is not known."""
    result: bool | None = True
    for condition in conditions:
        one = _holds(condition, version, main=main)
        if one is False:
            return False
        if one is None:
            result = None
    return result


def _holds(condition: str, version: tuple[int, int], *, main: bool) -> bool | None:
    result: bool | None = None
    if condition == TRIED:
        result = True
    elif condition.startswith("not ") and " and " not in condition and " or " not in condition:
        inner = condition[4:].strip()
        one = _holds(inner[1:-1] if inner[:1] == "(" and inner[-1:] == ")" else inner, version, main=main)
        result = None if one is None else not one
    elif condition.rpartition(".")[2] in _NEVER:
        result = False
    elif condition.rpartition(".")[2] in _ALWAYS:
        result = True
    elif "__name__" in condition and "__main__" in condition and "==" in condition:
        plain = " or " not in condition and " and " not in condition
        result = main if plain else None if main or " or " in condition else False
    elif match := _VERSION.fullmatch(condition):
        result = _compared(match, version)
    elif match := _PLATFORM.fullmatch(condition):
        result = _platform(match)
    return result


def _compared(match: "re.Match[str]", version: tuple[int, int]) -> bool | None:
    """`sys.version_info` is longer than what it is compared with, and its third number is not known."""
    length, first, major, sign, text = match.groups()
    numbers = [int(part) for part in text.strip("() ,").split(",")]
    compare = _COMPARE[sign]
    if first or major or not text.startswith("("):
        return compare(version[0], numbers[0]) if (first or major) and len(numbers) == 1 else None
    left: tuple[int, ...] = (*version, 0)
    if length:
        left = left[: int(length)]
    if (not length or int(length) > 2) and len(numbers) > 2 and numbers[:2] == list(version):
        return None
    return compare(left, tuple(numbers))


def _platform(match: "re.Match[str]") -> bool | None:
    """Images are Linux's; Windows' aren't traced."""
    which, operator, _, value = match.groups()
    is_it = value in {"linux", "posix"} if which == "platform" or value in {"posix", "nt", "java"} else None
    return None if is_it is None else is_it if operator != "!=" else not is_it

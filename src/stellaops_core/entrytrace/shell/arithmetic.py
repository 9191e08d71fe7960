"""Whole numbers in shell scripts.

Comes in: the text of `$((…))` or `((…))`, and ways to read and set variables. Goes out: a number, or None where it is
not known. Rule: what this does not know (assignments within others, other bases, overflow) is None.

Source: POSIX.1-2024, XCU 2.6.4 "Arithmetic Expansion".
"""

import re
from collections.abc import Callable

from stellaops_core.entrytrace.shell.patterns import UNKNOWN

DEPTH_LIMIT = 40
"""Parentheses within one another."""
EXPRESSION_LIMIT = 4096
"""Characters of an expression."""

_TOKEN = re.compile(
    r"\s*(0[xX][0-9a-fA-F]+|\d+|\$?\{?[A-Za-z_]\w*\}?|\*\*|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>!~&|^?:()])"
)
_LEVELS = (
    {"||"},
    {"&&"},
    {"|"},
    {"^"},
    {"&"},
    {"==", "!="},
    {"<", "<=", ">", ">="},
    {"<<", ">>"},
    {"+", "-"},
    {"*", "/", "%"},
)
_WIDTH = 63
Read = Callable[[str], str]


_CHANGE = re.compile(
    r"\s*(?:(\+\+|--)\s*([A-Za-z_]\w*)|([A-Za-z_]\w*)\s*(?:(\+\+|--)|([-+*/%]?=)(?!=)(.*)))\s*", re.DOTALL
)


class _Unknown(Exception):
    """The number can't be known."""


def calculate(text: str, read: Read) -> int | None:
    """Work out an expression; `read` gives a variable's text, "" where it is not set."""
    if len(text) > EXPRESSION_LIMIT:
        return None
    try:
        return _Reader(text, read).whole()
    except _Unknown:
        return None


def change(text: str, read: Read, write: Callable[[str, str], None]) -> int | None:
    """Work out `((…))`, which may change variables: `n++`, `n += 2`, `n = m`; several of them, by commas."""
    value: int | None = 0
    for part in text[:EXPRESSION_LIMIT].split(","):
        found = _CHANGE.fullmatch(part)
        value = _change_one(found, read, write) if found else calculate(part, read)
    return value


def _change_one(found: re.Match[str], read: Read, write: Callable[[str, str], None]) -> int | None:
    name = found[2] or found[3]
    old = calculate(name, read)
    if found[5]:
        new = calculate(found[6] if found[5] == "=" else f"{name}{found[5][0]}({found[6]})", read)
    else:
        step = 1 if (found[1] or found[4]) == "++" else -1
        new = None if old is None else old + step
    write(name, UNKNOWN if new is None else str(new))
    return old if found[4] else new


class _Reader:
    """One expression being read, from left to right."""

    def __init__(self, text: str, read: Read) -> None:
        self.read = read
        self.tokens: list[str] = []
        self.at = self.depth = 0
        place = 0
        text = text.strip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if not match:
                raise _Unknown
            self.tokens.append(match[1])
            place = match.end()

    def whole(self) -> int:
        if not self.tokens:
            return 0
        value = self.choice()
        if self.at < len(self.tokens):
            raise _Unknown
        return value

    def next(self, *wanted: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at] in wanted:
            self.at += 1
            return self.tokens[self.at - 1]
        return ""

    def choice(self) -> int:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise _Unknown
        value = self.level(0)
        if self.next("?"):
            yes = self.choice()
            if not self.next(":"):
                raise _Unknown
            no = self.choice()
            value = yes if value else no
        self.depth -= 1
        return value

    def level(self, number: int) -> int:
        if number == len(_LEVELS):
            return self.single()
        value = self.level(number + 1)
        while sign := self.next(*_LEVELS[number]):
            value = _apply(sign, value, self.level(number + 1))
        return value

    def single(self) -> int:
        signs = []
        while sign := self.next("-", "+", "!", "~"):
            signs.append(sign)
        value = self.atom()
        for sign in reversed(signs):
            value = {"-": -value, "+": value, "!": int(not value), "~": ~value}[sign]
        return value

    def atom(self) -> int:
        if self.next("("):
            value = self.choice()
            if not self.next(")"):
                raise _Unknown
            return value
        if self.at >= len(self.tokens):
            raise _Unknown
        token = self.tokens[self.at].strip("${}")
        self.at += 1
        return _number(token if token[:1].isdigit() else self.read(token) or "0")


def _number(text: str) -> int:
    text = text.strip()
    if re.fullmatch(r"-?(0|[1-9]\d{0,17})", text):
        return int(text)
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,15}", text):
        return int(text, 16)
    if re.fullmatch(r"0[0-7]{1,15}", text):
        return int(text, 8)
    raise _Unknown


def _apply(sign: str, left: int, right: int) -> int:
    if sign in {"/", "%"}:
        if not right:
            raise _Unknown
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if sign == "/" else left - right * quotient
    if sign in {"<<", ">>"} and not 0 <= right < _WIDTH:
        raise _Unknown
    value = int(_SIGNS[sign](left, right))
    if abs(value) >> _WIDTH:
        raise _Unknown
    return value


_SIGNS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "&": lambda a, b: a & b,
    "^": lambda a, b: a ^ b,
    "|": lambda a, b: a | b,
    "&&": lambda a, b: bool(a) and bool(b),
    "||": lambda a, b: bool(a) or bool(b),
}

"""Conditions: `[`, `test` and `[[`.

Comes in: the fields of `[ … ]`, or the tree of `[[ … ]]`. Goes out: True, False, or None where it isn't known.

Source: POSIX.1-2024, XCU "test"; Bash Reference Manual 6.4 "Bash Conditional Expressions".
"""

import re
from collections.abc import Sequence

from stellaops_core.entrytrace.shell.expand import Expander
from stellaops_core.entrytrace.shell.files import examine
from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN, fits, is_empty, same
from stellaops_core.entrytrace.shell.state import State
from stellaops_core.entrytrace.shell.syntax import Binary, Condition, Logical, Not, Parameter, Unary, Word

TERM_LIMIT = 200
"""Words of one `[`, and conditions of one `[[`; what is longer is not known."""

_ORDER = {
    "-eq": lambda a, b: a == b,
    "-ne": lambda a, b: a != b,
    "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b,
    "-ge": lambda a, b: a >= b,
}
_EQUAL = {"=", "=="}
_BINARY = {*_ORDER, *_EQUAL, "!=", "<", ">", "-nt", "-ot", "-ef"}
_UNARY = frozenset("-" + letter for letter in "abcdefghknoprstuvwxzGLNORS")
_INTEGER = re.compile(r"\s*[-+]?\d{1,18}\s*")


def both(left: bool | None, right: bool | None) -> bool | None:
    """`and` of what may not be known."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: bool | None, right: bool | None) -> bool | None:
    """`or` of what may not be known."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def invert(value: bool | None) -> bool | None:
    """`not` of what may not be known."""
    return None if value is None else not value


class Tester:
    """Answers conditions in one state."""

    def __init__(self, expander: Expander, state: State) -> None:
        self.expander = expander
        self.state = state
        self.terms = 0

    # --- [ ---

    def brackets(self, fields: Sequence[str]) -> bool | None:
        """Answer `test` with these arguments."""
        if MANY in fields or len(fields) > TERM_LIMIT:
            return None
        return self._any(list(fields)) if len(fields) > 4 else self._few(list(fields))

    def _few(self, words: list[str]) -> bool | None:  # noqa: PLR0911  # one for each sort
        """POSIX's rules for up to four arguments."""
        if len(words) == 3 and words[1] in _BINARY:
            return self.compare(words[1], words[0], words[2])
        if len(words) == 3 and words[1] in {"-a", "-o"}:
            join = both if words[1] == "-a" else either
            return join(invert(is_empty(words[0])), invert(is_empty(words[2])))
        if len(words) == 3 and words[0] == "(" and words[2] == ")":
            return self._few(words[1:2])
        if len(words) == 4 and words[0] == "(" and words[3] == ")":
            return self._few(words[1:3])
        if len(words) > 1 and words[0] == "!":
            return invert(self._few(words[1:]))
        if len(words) == 2:
            return self.single(words[0], words[1])
        if not words:
            return False
        return invert(is_empty(words[0])) if len(words) == 1 else None

    def _any(self, words: list[str]) -> bool | None:
        """`-o` binds least, then `-a`."""
        value: bool | None = False
        part: bool | None = True
        at = 0
        while at < len(words):
            term, at = self._term(words, at)
            part = both(part, term)
            sign = words[at] if at < len(words) else ""
            if sign == "-o":
                value, part = either(value, part), True
            elif sign not in {"-a", ""}:
                return None
            at += 1
        return either(value, part)

    def _term(self, words: list[str], at: int) -> tuple[bool | None, int]:
        negated = False
        while at < len(words) and words[at] == "!":
            negated, at = not negated, at + 1
        rest = words[at:]
        if len(rest) > 2 and rest[1] in _BINARY:
            value, used = self.compare(rest[1], rest[0], rest[2]), 3
        elif rest[:1] == ["("] and ")" in rest:
            used = rest.index(")") + 1
            value = self._any(rest[1 : used - 1])
        elif len(rest) > 1 and rest[0] in _UNARY:
            value, used = self.single(rest[0], rest[1]), 2
        else:
            value, used = (invert(is_empty(rest[0])), 1) if rest else (None, 1)
        return invert(value) if negated else value, at + used

    # --- [[ ---

    def condition(self, condition: Condition) -> bool | None:
        """Answer `[[ … ]]`."""
        self.terms += 1
        if self.terms > TERM_LIMIT:
            return None
        if isinstance(condition, Not):
            return invert(self.condition(condition.operand))
        if isinstance(condition, Logical):
            left = self.condition(condition.left)
            if left is (condition.operator == "||"):
                return left
            join = both if condition.operator == "&&" else either
            return join(left, self.condition(condition.right))
        if isinstance(condition, Unary):
            return self.single(condition.operator, self.expander.text(condition.operand))
        return self._pair(condition)

    def _pair(self, condition: Binary) -> bool | None:
        left = self.expander.text(condition.left)
        if condition.operator in {"=", "==", "!="}:
            value = fits(self.expander.pattern(condition.right), left)
            return invert(value) if condition.operator == "!=" else value
        if condition.operator == "=~":
            return self._regular(condition.right, left)
        if condition.operator in _ORDER:
            return self._order(
                condition.operator, *(self._number(text) for text in (left, self.expander.text(condition.right)))
            )
        return self.compare(condition.operator, left, self.expander.text(condition.right))

    def _number(self, text: str) -> str:
        return text if _INTEGER.fullmatch(text) or UNKNOWN in text else self.expander.number(text)

    def _regular(self, word: Word, text: str) -> bool | None:
        """Only what has no room for long searches: anchors, plain text, and single sets."""
        pattern = self.expander.text(word)
        plain = all(not isinstance(part, Parameter) for part in word.parts)
        simple = re.fullmatch(r"\^?(?:[\w/ :@,-]|\\[.+*?$]|\.(?![*+?{])|\[[\w^-]+\](?![{]))*\+?\$?", pattern)
        if not plain or not simple or UNKNOWN in text or len(text) > 256 or pattern.count("+") > 1:
            return None
        try:
            return bool(re.search(pattern, text))
        except re.error:
            return None

    # --- operators ---

    def compare(self, operator: str, left: str, right: str) -> bool | None:
        """Answer an operator of two texts."""
        if operator in _EQUAL:
            return same(left, right)
        if operator == "!=":
            return invert(same(left, right))
        if operator in _ORDER:
            return self._order(operator, left, right)
        if operator in {"<", ">"} and UNKNOWN not in left + right:
            return left < right if operator == "<" else left > right
        return None

    @staticmethod
    def _order(operator: str, left: str, right: str) -> bool | None:
        if not _INTEGER.fullmatch(left) or not _INTEGER.fullmatch(right):
            return _positive(operator, left, right)
        return bool(_ORDER[operator](int(left), int(right)))

    def single(self, operator: str, text: str) -> bool | None:
        """Answer an operator of one text or file."""
        if operator in {"-n", "-z"}:
            empty = is_empty(text)
            return empty if operator == "-z" else invert(empty)
        if operator in {"-v", "-R"}:
            return self._is_set(text)
        if operator in {"-t", "-o", "-N"}:
            return None
        if operator == "!":
            return is_empty(text)
        return examine(self.expander.host, self.state, operator, text, self.expander.reads)

    def _is_set(self, name: str) -> bool | None:
        name, bracket, subscript = name.partition("[")
        if UNKNOWN in name + subscript:
            return None
        value = self.expander.parameters.value(name, subscript.rstrip("]") if bracket else "")
        return value is not None and value != []


def _positive(operator: str, left: str, right: str) -> bool | None:
    """A number of which only the first digit is known is above 0 at least."""
    known = left[:1].isdigit() and left[:1] != "0" and left.strip("0123456789") == UNKNOWN
    if not known or right.strip() != "0":
        return None
    return {"-eq": False, "-ne": True, "-gt": True, "-ge": True, "-lt": False, "-le": False}.get(operator)

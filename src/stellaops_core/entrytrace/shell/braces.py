"""Brace expansion: `a{b,c}d` is two words, `{1..3}` is three.

Comes in: a word. Goes out: words. Rules: only what is unquoted counts; it is all text, so nothing need be known of
parameters; more than `EXPANSION_LIMIT` words become one that says that its text isn't known.

Source: Bash Reference Manual 3.5.1.
"""

import re
from collections.abc import Iterator
from itertools import product

from stellaops_core.entrytrace.shell.syntax import Literal, Parameter, Part, Word

EXPANSION_LIMIT = 1000
"""Words that one word with braces stands for."""

BRACE_LIMIT = 64
"""Opening braces in one word of a shell script."""

_TOKEN = re.compile(r"[{},]|[^{},]+")
_RANGE = re.compile(
    r"(-?[0-9]{1,15})\.\.(-?[0-9]{1,15})(?:\.\.(-?[0-9]{1,15}))?|([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?[0-9]{1,9}))?"
)


class _TooMany(Exception):
    """More words than are allowed."""


class _Choices:
    """What stands between braces: the alternatives, each a row of parts and further choices."""

    def __init__(self) -> None:
        self.rows: list[list[Part | _Choices]] = [[]]
        self.dotted = False

    def add(self, token: "str | Part") -> None:
        self.rows[-1].append(Literal(token) if isinstance(token, str) else token)
        self.dotted = self.dotted or (isinstance(token, str) and ".." in token[:-1] and not token.endswith(".."))

    @property
    def closes(self) -> bool:
        """Whether `}` ends it even when it is the outermost: `{}` aside, bash looks on for a comma or a range."""
        return self.dotted or len(self.rows) > 1 or not self.rows[0]


def expand_braces(word: Word, room: int = EXPANSION_LIMIT) -> list[Word]:
    """Return the words that a word stands for, in order; those that are empty are none. `room` is a lower limit."""
    opening = sum(part.text.count("{") for part in word.parts if isinstance(part, Literal) and not part.quoted)
    closing = any("}" in part.text for part in word.parts if isinstance(part, Literal) and not part.quoted)
    if not opening or not closing:
        return [word]
    try:
        row = _parsed(word, opening, min(room, EXPANSION_LIMIT))
    except _TooMany:
        return [Word((Parameter(""),), word.line)]
    return [Word(merged, word.line) for parts in _expanded(row) if (merged := _merged(parts))]


def _parsed(word: Word, opening: int, limit: int) -> list[Part | _Choices]:
    """Match braces; those without a partner, a comma or a range are text."""
    if opening > BRACE_LIMIT:
        raise _TooMany
    rows: list[_Choices] = [_Choices()]
    for piece in _tokens(word):
        if piece == "{":
            rows.append(_Choices())
        elif piece == "," and len(rows) > 1:
            rows[-1].rows.append([])
        elif piece == "}" and (len(rows) > 2 or (len(rows) > 1 and rows[-1].closes)):
            rows[-2].rows[-1].extend(_closed(rows.pop(), limit))
        else:
            rows[-1].add(piece)
    row = rows[0].rows[0]
    for unclosed in rows[1:]:
        row.append(Literal("{"))
        row.extend(_with_commas(unclosed))
    if _count(row, limit) > limit:
        raise _TooMany
    return row


def _tokens(word: Word) -> Iterator[str | Part]:
    for part in word.parts:
        if isinstance(part, Literal) and not part.quoted:
            yield from _TOKEN.findall(part.text)
        else:
            yield part


def _with_commas(choices: _Choices) -> Iterator[Part | _Choices]:
    for at, row in enumerate(choices.rows):
        if at:
            yield Literal(",")
        yield from row


def _closed(choices: _Choices, limit: int) -> list[Part | _Choices]:
    if len(choices.rows) > 1:
        return [choices]
    row = choices.rows[0]
    if len(row) == 1 and isinstance(row[0], Literal) and not row[0].quoted:
        found = _RANGE.fullmatch(row[0].text)
        if found:
            ranged = _Choices()
            ranged.rows = [[Literal(text)] for text in _range(found, limit)]
            return [ranged]
    return [Literal("{"), *row, Literal("}")]


def _range(found: re.Match[str], limit: int) -> list[str]:
    first, last, step, first_letter, last_letter, letter_step = found.groups()
    if first_letter:
        return [chr(code) for code in _numbers(ord(first_letter), ord(last_letter), int(letter_step or 1), limit)]
    padded = any(re.match("-?0[0-9]", end) for end in (first, last))
    width = max(len(first), len(last)) if padded else 0
    return [f"{number:0{width}d}" for number in _numbers(int(first), int(last), int(step or 1), limit)]


def _numbers(first: int, last: int, step: int, limit: int) -> range:
    step = abs(step) or 1
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    if abs(last - first) // step >= limit:
        raise _TooMany
    return numbers


def _count(row: list[Part | _Choices], limit: int) -> int:
    """Return how many words a row makes, or some number beyond the limit."""
    total = 1
    for item in row:
        if isinstance(item, _Choices):
            total *= sum(_count(inner, limit) for inner in item.rows)
            if total > limit:
                break
    return total


def _expanded(row: list[Part | _Choices]) -> Iterator[list[Part]]:
    """Yield all ways through a row, the last choice changing fastest."""
    ways = [
        [way for inner in item.rows for way in _expanded(inner)] if isinstance(item, _Choices) else [[item]]
        for item in row
    ]
    for chosen in product(*ways):
        yield [part for way in chosen for part in way]


def _merged(parts: list[Part]) -> tuple[Part, ...]:
    """Join neighbouring literals."""
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, Literal) and isinstance(last, Literal) and last.quoted is part.quoted:
            merged[-1] = Literal(last.text + part.text, part.quoted)
        else:
            merged.append(part)
    return tuple(merged)

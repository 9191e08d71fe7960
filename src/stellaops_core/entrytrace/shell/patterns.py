"""Texts of which parts may be unknown, and patterns on them.

Comes in: texts and patterns. Goes out: what is certain of them; None where it isn't. Rule: `UNKNOWN` stands in a text
for any text, the empty one included. No shell's text can hold that character.

Source: POSIX.1-2024, XCU 2.14 "Pattern Matching Notation", and 2.6.2 for the removal of prefixes and suffixes.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

UNKNOWN = "\0"
"""Any text."""
MANY = "\0\0"
"""As a whole field: any number of fields. Texts never hold two `UNKNOWN` in a row."""
MATCH_LIMIT = 1 << 20
"""Product of the lengths of a text and a pattern that are compared; what is longer is not known to fit."""
TRIM_LIMIT = 2048
"""Characters of a text of which a pattern's prefix or suffix is removed, or in which it is replaced."""

_RUNS = re.compile("\0\0+")
_CLASSES: dict[str, Callable[[str], bool]] = {
    "alpha": str.isalpha,
    "digit": str.isdigit,
    "alnum": str.isalnum,
    "upper": str.isupper,
    "lower": str.islower,
    "space": str.isspace,
    "blank": " \t".__contains__,
    "punct": lambda c: c.isascii() and c.isprintable() and not c.isalnum() and c != " ",
    "xdigit": "0123456789abcdefABCDEF".__contains__,
    "print": str.isprintable,
    "graph": lambda c: c.isprintable() and c != " ",
    "cntrl": lambda c: not c.isprintable(),
}
_CLASS = re.compile(r"\[:(\w+):\]")


class One(NamedTuple):
    """A pattern's `?` or `[…]`: one character for which `fits` says yes."""

    fits: Callable[[str], bool]


STAR = "*"
"""As a piece of a pattern: `*`. A single character within `Same` stands for itself."""


class Same(NamedTuple):
    """A pattern's ordinary character."""

    character: str


Piece = str | One | Same
"""`STAR`, `UNKNOWN`, one of a set, or a character itself."""
Pattern = tuple[Piece, ...]


def join(*texts: str) -> str:
    """Put texts together; runs of what is unknown become one."""
    text = "".join(texts)
    return _RUNS.sub(UNKNOWN, text) if MANY in text else text


def is_known(text: str) -> bool:
    """Whether all of a text is known."""
    return UNKNOWN not in text


def is_empty(text: str) -> bool | None:
    """Whether a text is empty."""
    if not text:
        return True
    return False if text.strip(UNKNOWN) else None


def literal(text: str) -> Pattern:
    """Make a pattern that fits this text alone."""
    return tuple(UNKNOWN if character == UNKNOWN else Same(character) for character in text)


def is_plain(pattern: Pattern) -> bool:
    """Whether a pattern fits one text alone."""
    return all(isinstance(piece, Same) for piece in pattern)


def plain_text(pattern: Pattern) -> str:
    """Return the text of a plain pattern."""
    return "".join(piece.character for piece in pattern if isinstance(piece, Same))


@lru_cache(512)
def parse_pattern(text: str) -> Pattern:
    """Read unquoted text as a pattern; a backslash quotes."""
    pieces: list[Piece] = []
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character in {"*", UNKNOWN}:
            pieces.append(character)
        elif character == "?":
            pieces.append(One(lambda c: c != UNKNOWN))
        elif character == "\\" and at < len(text):
            pieces.append(Same(text[at]))
            at += 1
        elif character == "[" and (end := _closing(text, at)):
            pieces.append(One(_set_of(text[at:end])))
            at = end + 1
        else:
            pieces.append(Same(character))
    return tuple(pieces)


def _closing(text: str, at: int) -> int:
    """Where the `]` of a bracket expression is; 0 if there is none."""
    at += text[at : at + 1] in {"!", "^"}
    at += text[at : at + 1] == "]"
    while (end := text.find("]", at)) > 0 and text.rfind("[:", at, end) >= 0 and text[end - 1] == ":":
        at = end + 1
    return max(end, 0)


def _set_of(text: str) -> Callable[[str], bool]:
    """Read the inside of a bracket expression."""
    negated = text[:1] in {"!", "^"}
    text = text[negated:]
    tests = [_CLASSES[name] for name in _CLASS.findall(text) if name in _CLASSES]
    text = _CLASS.sub("", text)
    ranges: list[tuple[str, str]] = re.findall(r"(.)-(.)", text, re.DOTALL)
    single = re.sub(r".-.", "", text, flags=re.DOTALL)

    def fits(character: str) -> bool:
        found = (
            character in single
            or any(low <= character <= high for low, high in ranges)
            or any(test(character) for test in tests)
        )
        return character != UNKNOWN and found != negated

    return fits


def fits(pattern: Pattern, text: str) -> bool | None:
    """Say whether a whole text fits a pattern."""
    if len(pattern) * len(text) > MATCH_LIMIT:
        return None
    if UNKNOWN not in pattern and _surely(pattern, text):
        return True
    if UNKNOWN not in pattern and UNKNOWN not in text:
        return False
    return None if _possibly(pattern, text) else False


def _surely(pattern: Pattern, text: str) -> bool:
    """Match with one step back to the last star, so in time of the product at most; unknown text fits a star alone."""
    at = star = 0
    retry = -1
    i = 0
    while i < len(text):
        piece = pattern[at] if at < len(pattern) else None
        if piece == STAR:
            star, retry = at, i
            at += 1
        elif piece is not None and _takes(piece, text[i]):
            at += 1
            i += 1
        elif retry >= 0:
            retry += 1
            i, at = retry, star + 1
        else:
            return False
    return all(piece == STAR for piece in pattern[at:])


def _takes(piece: Piece, character: str) -> bool:
    if isinstance(piece, Same):
        return piece.character == character
    return isinstance(piece, One) and piece.fits(character)


def _possibly(pattern: Pattern, text: str) -> bool:
    """Whether some text in place of what is unknown fits, of pattern and text alike."""
    row = _starts(text)
    for piece in pattern:
        row = _advance(row, piece, text)
        if not any(row):
            return False
    return row[-1]


def _starts(text: str) -> list[bool]:
    row = [True]
    row.extend(row[0] and not text[:i].strip(UNKNOWN) for i in range(1, len(text) + 1))
    return row


def _advance(row: list[bool], piece: Piece, text: str) -> list[bool]:
    """Which prefixes of the text fit once the pattern is one piece longer."""
    wild = piece in {STAR, UNKNOWN} if isinstance(piece, str) else False
    new = [row[0] and wild]
    for i, character in enumerate(text, 1):
        if wild:
            new.append(row[i] or new[i - 1])
        elif character == UNKNOWN:
            new.append(row[i] or row[i - 1] or new[i - 1])
        else:
            new.append(row[i - 1] and _takes(piece, character))
    return new


def same(left: str, right: str) -> bool | None:
    """Say whether two texts are equal."""
    if UNKNOWN not in left and UNKNOWN not in right:
        return left == right
    return fits(literal(right), left) if UNKNOWN in left else fits(literal(left), right)


def trim(text: str, pattern: Pattern, operator: str) -> str:
    """Remove what fits from the start (`#`, longest `##`) or the end (`%`, `%%`) of a text."""
    if UNKNOWN in text or UNKNOWN in pattern:
        return _trim_unknown(text, pattern, operator)
    if len(text) > TRIM_LIMIT:
        return UNKNOWN
    if is_plain(pattern):
        cut = plain_text(pattern)
        return text.removeprefix(cut) if operator[0] == "#" else text.removesuffix(cut)
    sizes = range(len(text) + 1)
    for size in reversed(sizes) if len(operator) > 1 else sizes:
        part = text[:size] if operator[0] == "#" else text[len(text) - size :]
        if fits(pattern, part):
            return text[size:] if operator[0] == "#" else text[: len(text) - size]
    return text


def _trim_unknown(text: str, pattern: Pattern, operator: str) -> str:
    """The same for a text that is known in part: sure only where the known end tells."""
    if not is_plain(pattern):
        return UNKNOWN
    cut = plain_text(pattern)
    if operator[0] == "#":
        known = text.partition(UNKNOWN)[0]
        if known.startswith(cut):
            return text[len(cut) :]
        return UNKNOWN if cut.startswith(known) else text
    known = text.rpartition(UNKNOWN)[2]
    if known.endswith(cut):
        return text[: len(text) - len(cut)]
    return UNKNOWN if cut.endswith(known) else text


def replace(text: str, pattern: Pattern, new: str, operator: str) -> str:
    """Do `${text/pattern/new}` and its kin."""
    if UNKNOWN in text or UNKNOWN in pattern or len(text) > TRIM_LIMIT:
        return UNKNOWN
    if operator in {"/#", "/%"}:
        kept = trim(text, pattern, "##" if operator == "/#" else "%%")
        return text if kept == text else join(new, kept) if operator == "/#" else join(kept, new)
    if is_plain(pattern):
        old = plain_text(pattern)
        return join(text.replace(old, new, -1 if operator == "//" else 1)) if old else text
    return _replace_longest(text, pattern, new, everywhere=operator == "//")


def _replace_longest(text: str, pattern: Pattern, new: str, *, everywhere: bool) -> str:
    if len(text) * len(text) * len(pattern) > MATCH_LIMIT:
        return UNKNOWN
    done, at = "", 0
    while at < len(text):
        size = next((n for n in range(len(text) - at, 0, -1) if fits(pattern, text[at : at + n])), 0)
        if size:
            done, at = done + new, at + size
            if not everywhere:
                break
        else:
            done, at = done + text[at], at + 1
    return join(done, text[at:])

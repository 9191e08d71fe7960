"""Quoting in shell scripts, and whatever else can be part of a word.

Comes in: a `Source` that stands within a word. Goes out: parts. Rules: quotes go, what they mean stays; a context says
which characters are special, and the text ends at the first that is neither plain nor special in it.

Source: POSIX.1-2024, XCU 2.2 and 2.6.3; Bash Reference Manual 3.1.2 and 3.5.8.1.
"""

import re
from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct

from stellaops_core.entrytrace.shell.source import Source
from stellaops_core.entrytrace.shell.syntax import Literal, Part, ProcessSubstitution, Sequence, Substitution, Word

_BACKQUOTED = re.compile(r"`((?:[^`\\\0]++|\\[^\0])*+)`")


class Context(Struct, frozen=True):
    """How text is read at a place. It ends at the first character that is neither plain nor special."""

    plain: re.Pattern[str]
    special: str
    quoted: bool = False
    escapes: str = ""
    """What a backslash takes the meaning from, besides line ends; empty: everything."""


def _outside(ends: str, special: str = "\\'\"$`", *, quoted: bool = False, escapes: str = "") -> Context:
    return Context(re.compile(f"[^{re.escape(ends + special)}\0]+"), special, quoted, escapes)


WORD = _outside(" \t\n|&;)", "\\'\"$`<>(")
REGEX = _outside(" \t\n&;)<>", "\\'\"$`(")
DOUBLE = _outside('"', "\\$`", quoted=True, escapes='$`"\\')
BODY = _outside("", "\\$`", quoted=True, escapes="$`\\")
ARGUMENT = _outside("}")
QUOTED_ARGUMENT = _outside("}", '\\"$`', quoted=True, escapes='$`"\\}')
PATTERN = _outside("/}")
OFFSET = _outside(":}")
SUBSCRIPT = _outside("]", "\\'\"$`[")
KEY = _outside("]\n", "\\'\"$`[")
SQUARE = _outside("]", "[")
PARENTHESIZED = _outside(")", "\\'\"$`(")


class Parts:
    """Parts of a word, where neighbouring literals become one."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._texts: list[str] = []
        self._quoted = False

    def text(self, text: str, *, quoted: bool) -> None:
        """Append text."""
        if self._texts and self._quoted is not quoted:
            self._flush()
        self._quoted = quoted
        self._texts.append(text)

    def part(self, part: Part) -> None:
        """Append a part."""
        if isinstance(part, Literal):
            self.text(part.text, quoted=part.quoted)
            return
        self._flush()
        self.parts.append(part)

    def done(self) -> tuple[Part, ...]:
        """Return all of them."""
        self._flush()
        return tuple(self.parts)

    def _flush(self) -> None:
        if self._texts:
            text = "".join(self._texts)
            if text or self._quoted:
                self.parts.append(Literal(text, self._quoted))
            self._texts = []


class Quoting(Source):
    """Reads parts of words."""

    def sequence(self) -> Sequence:
        """Read commands up to a character or reserved word that can't start one."""
        raise NotImplementedError

    def dollar(self, context: Context, into: Parts) -> bool:
        """Read what begins with `$`."""
        raise NotImplementedError

    def word_of(self, context: Context) -> Word:
        """Read a word, perhaps empty, as the context says."""
        start = self.at
        return Word(self.parts(context), self.line(start))

    def parts(self, context: Context) -> tuple[Part, ...]:
        """Read the parts of a word, as the context says."""
        into = Parts()
        self.read(context, into)
        return into.done()

    def read(self, context: Context, into: Parts) -> None:
        """Read parts into those that have been read."""
        text = self.text
        while True:
            found = context.plain.match(text, self.at)
            if found:
                into.text(found[0], quoted=context.quoted)
                self.at = found.end()
            char = text[self.at]
            if char not in context.special or not self._readers[char](self, context, into):
                return

    def enclosed(self, closing: str) -> Sequence:
        """Read commands and what closes them. Here-documents that begin in them have their bodies there as well."""
        start = self.at
        outer, self.waiting = self.waiting, []
        self.enter()
        self.substituted += 1
        commands = self.sequence()
        if self.gap() != closing:
            if self.text[self.at] == "\0":
                self.fail(f"substitution without {closing}", start)
            self.fail_here()
        self.at += 1
        self.substituted -= 1
        self.leave()
        self.waiting = outer + self.waiting
        return commands

    # --- what starts with a special character: these return whether reading goes on -----------------------------------

    def _backslash(self, context: Context, into: Parts) -> bool:
        after = self.text[self.at + 1]
        if after == "\n":
            self.at += 2
        elif after == "\0" or (context.escapes and after not in context.escapes):
            into.text("\\", quoted=True)
            self.at += 1
        else:
            into.text(after, quoted=True)
            self.at += 2
        return True

    def _single(self, _context: Context, into: Parts) -> bool:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            self.fail("quote without an end")
        into.text(self.text[self.at + 1 : end], quoted=True)
        self.at = end + 1
        return True

    def _double(self, _context: Context, into: Parts) -> bool:
        start = self.at
        self.at += 1
        parts = self.parts(DOUBLE)
        if self.text[self.at] != '"':
            self.fail("quote without an end", start)
        self.at += 1
        for part in parts or (Literal("", quoted=True),):
            into.part(part)
        return True

    def _backquote(self, context: Context, into: Parts) -> bool:
        found = _BACKQUOTED.match(self.text, self.at)
        if not found:
            self.fail("backquote without an end")
        escaped = r'\\([$`"\\])' if context.quoted else r"\\([$`\\])"
        body = re.sub(escaped, r"\1", found[1])
        inner = self.inner(body + "\n", self.line(self.at))
        commands = inner.sequence()
        if inner.gap() != "\0":
            inner.fail_here()
        self.come_back(inner)
        into.part(Substitution(commands, context.quoted))
        self.at = found.end()
        return True

    def _angle(self, _context: Context, into: Parts) -> bool:
        direction = self.text[self.at]
        if self.text[self.at + 1] != "(":
            return False
        self.at += 2
        into.part(ProcessSubstitution(self.enclosed(")"), direction))
        return True

    def _parenthesis(self, context: Context, into: Parts) -> bool:
        """`@(a|b)` and its kin; in a regex, and within parentheses, any."""
        if context is WORD and self.text[self.at - 1] not in "?*+@!":
            return False
        return self._paired(PARENTHESIZED, into)

    def _bracket(self, context: Context, into: Parts) -> bool:
        return self._paired(context, into)

    def _paired(self, context: Context, into: Parts) -> bool:
        """Read a pair of parentheses or brackets as literal text, with whatever stands between them."""
        start = self.at
        closing = ")" if self.text[start] == "(" else "]"
        self.enter()
        into.text(self.text[start], quoted=context.quoted)
        self.at += 1
        self.read(context, into)
        if self.text[self.at] != closing:
            self.fail(f"{self.text[start]} without {closing}", start)
        into.text(closing, quoted=context.quoted)
        self.at += 1
        self.leave()
        return True

    def _dollar(self, context: Context, into: Parts) -> bool:
        return self.dollar(context, into)

    _readers: ClassVar[dict[str, Callable[["Quoting", Context, Parts], bool]]] = {
        "\\": _backslash,
        "'": _single,
        '"': _double,
        "`": _backquote,
        "$": _dollar,
        "<": _angle,
        ">": _angle,
        "(": _parenthesis,
        "[": _bracket,
    }

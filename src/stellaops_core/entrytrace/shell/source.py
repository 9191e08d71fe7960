"""A shell script's text and a place in it: lines, blanks, comments, here-documents that wait for their bodies.

Comes in: text. Goes out: `Source`, which the readers of words and commands build upon. Rules: reading only moves
forward, but for a bounded look ahead; what can't be read is `Unreadable`, which `shell.parse` alone catches.
"""

import re
from bisect import bisect_left
from typing import NoReturn, Self

from msgspec import Struct
from msgspec.structs import force_setattr

from stellaops_core.entrytrace.shell.syntax import Part, Word

DEPTH_LIMIT = 50
"""Commands, substitutions and parameters of a shell script within one another."""

EXPANDED_LIMIT = 1 << 20
"""Characters of all words that a shell script's braces stand for."""

EXPRESSION_LIMIT = 16 << 10
"""Characters between `((` and `))`; what is longer is taken for commands."""

END = "\0"
"""Stands behind the last character. Shells drop NUL, so no script contains one."""

_BLANKS = re.compile(r"(?:[ \t]++|\\\n)*+")
_GAP = re.compile(r"(?:[ \t\n]++|\\\n|#[^\n\0]*+)*+")
_COMMENT = re.compile(r"(?:#[^\n\0]*+)?")
_PARENTHESES = re.compile(r"[()\0]|\\.|'[^']*'|\"(?:[^\"\\]++|\\.)*+\"", re.DOTALL)
_QUOTING = re.compile(r"\\(.)|'([^']*)'|\"((?:[^\"\\]++|\\.)*+)\"", re.DOTALL)
_DELIMITER = re.compile(r"(?:[^ \t\n|&;()<>\\'\"\0]++|\\[^\0]|'[^']*'|\"(?:[^\"\\]++|\\.)*+\")++", re.DOTALL)
_SHOWN = re.compile(r"[|&;()<>]{1,2}|[^ \t\n|&;()<>\0]{1,20}|[\n\0]")
_NAMED = {"\n": "end of line", END: "end"}
_TABS = re.compile(r"^\t+", re.MULTILINE)
_JOINED_TABS = re.compile(r"(?<!\\\n)^\t+", re.MULTILINE)


class Unreadable(Exception):
    """The script can't be read on from here."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


class _Waiting(Struct):
    """A here-document whose body has not come yet."""

    word: Word
    delimiter: str
    quoted: bool
    tabs: bool
    """Whether leading tabs go (`<<-`)."""


class Source:
    """Text, and how far it has been read."""

    def __init__(self, text: str, *, line: int = 1, depth: int = 0, bash: bool = True) -> None:
        self.text = text + END
        self.at = 0
        self.first = line
        self.depth = depth
        self.bash = bash
        self.waiting: list[_Waiting] = []
        self.substituted = 0
        self.room = EXPANDED_LIMIT
        self._newlines = [found.start() for found in re.finditer("\n", text)]

    def line(self, at: int) -> int:
        """Return the number of the line that a place is on."""
        return bisect_left(self._newlines, at) + self.first

    def fail(self, reason: str, at: int | None = None) -> NoReturn:
        """Give up, here or at another place."""
        raise Unreadable(self.line(self.at if at is None else at), reason)

    def fail_here(self) -> NoReturn:
        """Give up because of what stands here."""
        found = _SHOWN.match(self.text, self.at)
        self.fail(f"unexpected {_NAMED.get(found[0], found[0]) if found else 'character'}")

    def enter(self) -> None:
        """Go one level deeper."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            self.fail(f"nested deeper than {DEPTH_LIMIT}")

    def inner(self, text: str, line: int) -> Self:
        """Return a source for text that stands within this one; `come_back` ends it."""
        self.enter()
        inner = type(self)(text, line=line, depth=self.depth, bash=self.bash)
        inner.room = self.room
        return inner

    def come_back(self, inner: Self) -> None:
        """Go on after an inner source has been read."""
        self.room = inner.room
        self.leave()

    def leave(self) -> None:
        """Come back from `enter`."""
        self.depth -= 1

    def blanks(self) -> str:
        """Skip blanks and continued line ends; return the character that follows."""
        found = _BLANKS.match(self.text, self.at)
        if found:
            self.at = found.end()
        return self.text[self.at]

    def gap(self) -> str:
        """Skip blanks, comments, line ends and the bodies behind them; return the character that follows."""
        while self.waiting:
            self.blanks()
            comment = _COMMENT.match(self.text, self.at)
            self.at = comment.end() if comment else self.at
            if self.text[self.at] != "\n":
                return self.text[self.at]
            self.at += 1
            self._read_bodies()
        found = _GAP.match(self.text, self.at)
        if found:
            self.at = found.end()
        return self.text[self.at]

    def expression(self, at: int) -> str | None:
        """Read up to the `))` that belongs to a `((` in front of `at`; None, and nothing is read, without one."""
        depth = 0
        for found in _PARENTHESES.finditer(self.text, at, at + EXPRESSION_LIMIT):
            if found[0] == "(":
                depth += 1
            elif found[0] == END:
                return None
            elif found[0] == ")" and depth:
                depth -= 1
            elif found[0] == ")":
                if self.text[found.end()] != ")":
                    return None
                self.at = found.end() + 1
                return self.text[at : found.start()]
        return None

    def here_document(self, *, tabs: bool) -> Word:
        """Read the delimiter of a here-document; the word that is returned is filled when its body comes."""
        found = _DELIMITER.match(self.text, self.at)
        if not found:
            self.fail_here()
        word = Word(parts=(), line=self.line(self.at))
        self.at = found.end()
        delimiter = _QUOTING.sub(lambda quoting: quoting[1] or quoting[2] or quoting[3] or "", found[0])
        self.waiting.append(_Waiting(word, delimiter, delimiter != found[0], tabs))
        return word

    def body_parts(self, body: str, line: int, *, quoted: bool) -> tuple[Part, ...]:
        """Return a here-document's body as parts of a word."""
        raise NotImplementedError

    def _read_bodies(self) -> None:
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            line = self.line(self.at)
            body = self._read_body(one)
            force_setattr(one.word, "line", line)
            force_setattr(one.word, "parts", self.body_parts(body, line, quoted=one.quoted))

    def _read_body(self, one: _Waiting) -> str:
        """POSIX.1-2024, XCU 2.7.4. The script's end ends it as well: shells only warn."""
        start = self.at
        end, after = self._tabbed_end(one) if one.tabs else self._plain_end(one)
        if end < 0:
            end = after = len(self.text) - 1
        self.at = after
        body = self.text[start:end]
        return (_TABS if one.quoted else _JOINED_TABS).sub("", body) if one.tabs else body

    def _plain_end(self, one: _Waiting) -> tuple[int, int]:
        """Where the body ends and reading goes on; negative without an end. `EOF)` ends one in `$(`, as in bash."""
        at = self._delimiter_line(one, "\n")
        if at >= 0:
            return at, at + len(one.delimiter) + 1
        if self.substituted:
            at = self._delimiter_line(one, ")")
        return at, at + len(one.delimiter)

    def _delimiter_line(self, one: _Waiting, end: str) -> int:
        """Where a line starts that holds the delimiter; a backslash before it makes the line part of the one above."""
        wanted = "\n" + one.delimiter + end
        before = self.text.find(wanted, self.at - 1)
        while before >= self.at and not one.quoted and self._is_escaped(before):
            before = self.text.find(wanted, before + 1)
        return before + 1 if before >= 0 else -1

    def _is_escaped(self, at: int) -> bool:
        start = at
        while start > self.at and self.text[start - 1] == "\\":
            start -= 1
        return bool((at - start) % 2)

    def _tabbed_end(self, one: _Waiting) -> tuple[int, int]:
        at = self.at
        while (end := self.text.find("\n", at)) >= 0:
            ends = self.text[at:end].lstrip("\t") == one.delimiter
            if ends and (one.quoted or at == self.at or not self._is_escaped(at - 1)):
                return at, end + 1
            at = end + 1
        return -1, -1

"""Words and assignments of shell scripts.

Comes in: a source that stands at a word. Goes out: `Word`, `Assignment`. Rule: nothing is expanded but braces, which
are text.

Source: POSIX.1-2024, XCU 2.3 and 2.10.2; Bash Reference Manual 3.4, 3.5.1 and 6.7.
"""

import re
from typing import Any

from stellaops_core.entrytrace.shell.braces import expand_braces
from stellaops_core.entrytrace.shell.dollars import NAME, Dollars
from stellaops_core.entrytrace.shell.quoting import BODY, KEY, REGEX, WORD, Parts
from stellaops_core.entrytrace.shell.syntax import Assignment, Literal, Part, Word

_DELIMITERS = " \t\n;|&)<>\0"
"""What may follow a word, besides `(`."""

_PLAIN = re.compile(r"[^ \t\n|&;()<>\\'\"$`\0#][^ \t\n|&;()<>\\'\"$`\0]*")
_ASSIGNED = re.compile(rf"({NAME})(?:(\[)(?=[^\n\0]{{0,1000}}?\]\+?=)|(\+?=))")
_KEY_END = re.compile(r"\](\+?=)")
_SPECIAL_IN_BODY = re.compile(r"[\\$`]")


class Words(Dollars):
    """Reads words. What reads commands builds upon it."""

    def plain_word(self) -> str:
        """Return the word here if it is plain text, without reading it, else ""."""
        found = _PLAIN.match(self.text, self.at)
        return found[0] if found and self.text[found.end()] in "( \t\n;|&)<>\0" else ""

    def word(self) -> Word | None:
        """Read the word that starts here, braces as they are; None without one."""
        start = self.at
        found = _PLAIN.match(self.text, start)
        if found and self.text[found.end()] in _DELIMITERS:
            char = self.text[found.end()]
            if char not in "<>" or self.text[found.end() + 1] != "(":
                self.at = found.end()
                return Word((Literal(found[0]),), self.line(start))
        elif self.text[start] == "#":
            return None
        parts = self.parts(WORD)
        return Word(parts, self.line(start)) if self.at > start else None

    def words_into(self, words: list[Any]) -> bool:
        """Read one word and append what its braces make of it; return whether there was one."""
        start = self.at
        word = self.word()
        if word is None:
            return False
        if self.bash and self.text.find("{", start, self.at) >= 0:
            size = self.at - start
            expanded = expand_braces(word, self.room // size)
            self.room -= size * (len(expanded) - 1)
            words.extend(expanded)
        else:
            words.append(word)
        return True

    def regex(self) -> Word | None:
        """Read what follows `=~`: parentheses and `|` are part of it."""
        start = self.at
        word = self.word_of(REGEX)
        return word if self.at > start else None

    def assignment(self) -> Assignment | Word | None:
        """Read `name=value`, `name+=value`, `name[key]=value` or `name=(…)`; a word that only begins so is a word."""
        start = self.at
        found = _ASSIGNED.match(self.text, start)
        if not found:
            return None
        self.at = found.end()
        line = self.line(start)
        if not found[2]:
            return self._assigned(found[1], None, found[3])
        key = self.word_of(KEY)
        rest = _KEY_END.match(self.text, self.at)
        if rest:
            self.at = rest.end()
            return self._assigned(found[1], key, rest[1])
        into = Parts()
        for part in (Literal(found[0]), *key.parts):
            into.part(part)
        if self.text[self.at] == "]":
            self.read(WORD, into)
        return Word(into.done(), line)

    def _assigned(self, name: str, key: Word | None, operator: str) -> Assignment:
        append = operator[0] == "+"
        if self.text[self.at] == "(":
            return Assignment(name, append=append, subscript=key, elements=self._elements())
        return Assignment(name, self.word_of(WORD), append, key)

    def _elements(self) -> tuple[Word, ...]:
        start = self.at
        self.at += 1
        self.enter()
        elements: list[Word] = []
        while self.gap() != ")":
            if not self.words_into(elements):
                self.fail("array without )", start)
        self.at += 1
        self.leave()
        return tuple(elements)

    def body_parts(self, body: str, line: int, *, quoted: bool) -> tuple[Part, ...]:
        """Return a here-document's body as parts of a word, all of them quoted."""
        if quoted or not _SPECIAL_IN_BODY.search(body):
            return (Literal(body, quoted=True),)
        inner = self.inner(body, line)
        parts = inner.parts(BODY)
        self.come_back(inner)
        return parts

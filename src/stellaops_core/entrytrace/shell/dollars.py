"""Parameters, substitutions and arithmetic in shell scripts: all that begins with `$`.

Comes in: a source that stands at the `$`. Goes out: one part of a word. Rule: nothing is expanded; a bad substitution
is a parameter without a name, for shells find out about it only when they come to it, and a script may never.

Source: POSIX.1-2024, XCU 2.6; Bash Reference Manual 3.1.2.4, 3.5.3 to 3.5.5.
"""

import re

from stellaops_core.entrytrace.shell.quoting import (
    ARGUMENT,
    OFFSET,
    PATTERN,
    QUOTED_ARGUMENT,
    SQUARE,
    SUBSCRIPT,
    Context,
    Parts,
    Quoting,
)
from stellaops_core.entrytrace.shell.syntax import Arithmetic, Parameter, Part, Substitution, Word

NAME = "[A-Za-z_][A-Za-z0-9_]*"
_PARAMETER = re.compile(rf"\$(?:({NAME}|[0-9@*#?$!-])|\{{({NAME}|[0-9]+|[@*#?$!-])\}})")
_LENGTH = re.compile(rf"#({NAME}|[0-9]+|[@*#?$!-])(?=[\}}\[])")
_HEAD = re.compile(rf"(!(?=[A-Za-z0-9_@*#]))?({NAME}|[0-9]+|[@*#?$!-])")
_OPERATOR = re.compile(r":?[-=?+]|##?|%%?|/[/#%]?|\^\^?|,,?|~~?|:|@|\*")
_SINGLE_QUOTED = re.compile(r"((?:[^'\\\0]++|\\[^\0])*+)'")
_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c(.)|(.))", re.DOTALL
)
_ESCAPED = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Dollars(Quoting):
    """Reads what begins with `$`."""

    def dollar(self, context: Context, into: Parts) -> bool:
        """Read what begins with `$`, which is itself where nothing does."""
        found = _PARAMETER.match(self.text, self.at)
        if found:
            self.at = found.end()
            into.part(Parameter(found[1] or found[2], context.quoted))
            return True
        after = self.text[self.at + 1]
        if after == "{":
            into.part(self._expansion(context.quoted))
        elif after == "(":
            into.part(self._substitution(context.quoted))
        elif after == "[":
            into.part(self._old_arithmetic(context.quoted))
        elif after in "'\"" and not context.quoted:
            self.at += 1
            return self._escaped_text(into) if after == "'" else self._double(context, into)
        else:
            into.text("$", quoted=context.quoted)
            self.at += 1
        return True

    def _escaped_text(self, into: Parts) -> bool:
        """`$'…'`: Bash Reference Manual 3.1.2.4."""
        found = _SINGLE_QUOTED.match(self.text, self.at + 1)
        if not found:
            self.fail("quote without an end")
        into.text(_ESCAPE.sub(_unescape, found[1]).partition("\0")[0], quoted=True)
        self.at = found.end()
        return True

    def _old_arithmetic(self, quoted: bool) -> Part:
        start = self.at
        self.at += 2
        self.read(SQUARE, Parts())
        if self.text[self.at] != "]":
            self.fail("$[ without ]", start)
        self.at += 1
        return Arithmetic(self.text[start + 2 : self.at - 1], quoted)

    def _substitution(self, quoted: bool) -> Part:
        if self.text.startswith("((", self.at + 1):
            text = self.expression(self.at + 3)
            if text is not None:
                return Arithmetic(text, quoted)
        self.at += 2
        return Substitution(self.enclosed(")"), quoted)

    # --- ${…} ---------------------------------------------------------------------------------------------------------

    def _expansion(self, quoted: bool) -> Part:
        start = self.at
        self.at += 2
        if self.text[self.at] in " \t\n|":
            self.at += self.text[self.at] == "|"
            return Substitution(self.enclosed("}"), quoted)
        self.enter()
        part = self._parameter(quoted)
        if self.text[self.at] != "}":
            part = self._bad(quoted)
        if self.text[self.at] != "}":
            self.fail("${ without }", start)
        self.at += 1
        self.leave()
        return part

    def _bad(self, quoted: bool) -> Parameter:
        return Parameter("", quoted, argument=self.word_of(QUOTED_ARGUMENT if quoted else ARGUMENT))

    def _parameter(self, quoted: bool) -> Parameter:
        length = _LENGTH.match(self.text, self.at)
        if length:
            self.at = length.end()
            return Parameter(length[1], quoted, length=True, subscript=self._subscript())
        head = _HEAD.match(self.text, self.at)
        if not head:
            return self._bad(quoted)
        self.at = head.end()
        subscript = self._subscript()
        found = _OPERATOR.match(self.text, self.at)
        operator = found[0] if found else ""
        self.at += len(operator)
        argument, replacement = self._arguments(operator, quoted)
        return Parameter(head[2], quoted, operator, argument, replacement, indirect=bool(head[1]), subscript=subscript)

    def _subscript(self) -> Word | None:
        if self.text[self.at] != "[":
            return None
        start = self.at
        self.at += 1
        word = self.word_of(SUBSCRIPT)
        if self.text[self.at] != "]":
            self.fail("[ without ]", start)
        self.at += 1
        return word

    def _arguments(self, operator: str, quoted: bool) -> tuple[Word | None, Word | None]:
        if not operator or (operator in "@*" and self.text[self.at] == "}"):
            return None, None
        if operator[0] == "/":
            return self._pair(PATTERN, "/")
        if operator == ":":
            return self._pair(OFFSET, ":")
        inherits = quoted and operator.lstrip(":") in "-=?+"
        return self.word_of(QUOTED_ARGUMENT if inherits else ARGUMENT), None

    def _pair(self, context: Context, separator: str) -> tuple[Word, Word | None]:
        first = self.word_of(context)
        if self.text[self.at] != separator:
            return first, None
        self.at += 1
        return first, self.word_of(ARGUMENT)


def _unescape(found: re.Match[str]) -> str:
    octal, byte, short, long, control, other = found.groups()
    if control or other:
        return (
            chr(ord(control.upper()) & 31) if control else _ESCAPED.get(other, other if other in "\\'\"?" else found[0])
        )
    code = int(octal, 8) & 255 if octal else int(byte or short or long, 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"

"""Conditions of shell scripts: what stands between `[[` and `]]`.

Comes in: a source that stands behind `[[`. Goes out: a `Condition`. Rule: words keep their quoting, for it decides
whether the right side of `==` is a pattern.

Source: Bash Reference Manual 3.2.5.2 and 6.4.
"""

from stellaops_core.entrytrace.shell.syntax import Binary, Condition, Literal, Logical, Not, Unary, Word
from stellaops_core.entrytrace.shell.words import Words

_UNARY = frozenset(f"-{letter}" for letter in "abcdefghknoprstuvwxzGLNORS")
_BINARY = frozenset(["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"])


class Conditions(Words):
    """Reads conditions. What reads commands builds upon it."""

    def condition(self) -> Condition:
        """Read a condition, and the `]]` behind it."""
        start = self.at
        condition = self._alternatives()
        if self.gap() == "\0":
            self.fail("[[ without ]]", start)
        if not self._takes("]]"):
            self.fail_here()
        return condition

    def _alternatives(self) -> Condition:
        left = self._conjunction()
        while self.gap() == "|" and self.text[self.at + 1] == "|":
            self.at += 2
            left = Logical("||", left, self._conjunction())
        return left

    def _conjunction(self) -> Condition:
        left = self._term()
        while self.gap() == "&" and self.text[self.at + 1] == "&":
            self.at += 2
            left = Logical("&&", left, self._term())
        return left

    def _term(self) -> Condition:
        self.enter()
        if self.gap() == "(":
            self.at += 1
            term = self._alternatives()
            if self.gap() != ")":
                self.fail_here()
            self.at += 1
        elif self._takes("!"):
            term = Not(self._term())
        else:
            term = self._comparison()
        self.leave()
        return term

    def _comparison(self) -> Condition:
        first = self._operand()
        text = first.parts[0].text if len(first.parts) == 1 and isinstance(first.parts[0], Literal) else ""
        operator = self._operator()
        if operator:
            return Binary(operator, first, self._pattern() if operator == "=~" else self._operand())
        if text in _UNARY and first.parts == (Literal(text),):
            return Unary(text, self._operand())
        return Unary("-n", first)

    def _operator(self) -> str:
        """Read a binary operator; empty without one."""
        char = self.blanks()
        operator = char if char in "<>" else self.plain_word()
        if operator != "=~" and operator not in _BINARY:
            return ""
        self.at += len(operator)
        return operator

    def _operand(self) -> Word:
        self.blanks()
        word = None if self.plain_word() == "]]" else self.word()
        if word is None:
            self.fail_here()
        return word

    def _pattern(self) -> Word:
        self.blanks()
        word = self.regex()
        if word is None:
            self.fail_here()
        return word

    def _takes(self, wanted: str) -> bool:
        if self.plain_word() != wanted:
            return False
        self.at += len(wanted)
        return True

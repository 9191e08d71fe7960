"""Commands of shell scripts: lists, pipelines, and the compound commands.

Comes in: a source. Goes out: nodes. Rules: a word is reserved only where a command may begin; a body is never empty;
each reader of a compound command stands behind the word that begins it.

Source: POSIX.1-2024, XCU 2.9 and 2.10; Bash Reference Manual 3.2.
"""

import re
from collections.abc import Callable
from typing import ClassVar

from stellaops_core.entrytrace.shell.dollars import NAME
from stellaops_core.entrytrace.shell.simple import SimpleCommands
from stellaops_core.entrytrace.shell.syntax import (
    AndOr,
    ArithmeticCommand,
    Arm,
    Background,
    Case,
    For,
    ForArithmetic,
    Group,
    If,
    Node,
    Pipeline,
    Sequence,
    Test,
    While,
    Word,
)

_ENDING = re.compile(r";;&|;;|;&")
_CLOSING = frozenset(["then", "else", "elif", "fi", "do", "done", "esac", "}"])
_NAME = re.compile(NAME)


class Commands(SimpleCommands):
    """Reads commands."""

    def sequence(self) -> Sequence:
        """Read commands up to a character or reserved word that can't start one."""
        commands: list[Node] = []
        self.read_into(commands)
        return Sequence(tuple(commands))

    def read_into(self, commands: list[Node]) -> None:
        """Read commands until none can start; those before a failure have been appended then."""
        while self.gap() not in ")\0;" and self.plain_word() not in _CLOSING:
            node = self._and_or()
            char = self.blanks()
            if char == "&":
                node = Background(_line(node), node)
                self.at += 1
            commands.append(node)
            if char == ";":
                if self.text[self.at + 1] in ";&":
                    return
                self.at += 1
            elif char not in "&\n#":
                return

    def _body(self) -> Sequence:
        """Read at least one command."""
        body = self.sequence()
        if not body.commands:
            self.fail_here()
        return body

    def _and_or(self) -> Node:
        first = self._pipeline()
        rest: list[tuple[str, Node]] = []
        while (operator := self.text[self.at : self.at + 2]) in ("&&", "||"):
            self.at += 2
            self.gap()
            rest.append((operator, self._pipeline()))
        return AndOr(_line(first), first, tuple(rest)) if rest else first

    def _pipeline(self) -> Node:
        line = self.line(self.at)
        negated, empty = self._prefixes()
        if empty:
            return Pipeline(line, (), negated)
        commands = [self.command()]
        while self.blanks() == "|" and self.text[self.at + 1] != "|":
            self.at += 2 if self.text[self.at + 1] == "&" else 1
            self.gap()
            commands.append(self.command())
        return Pipeline(line, tuple(commands), negated) if negated or len(commands) > 1 else commands[0]

    def _prefixes(self) -> tuple[bool, bool]:
        """Read `!` and `time`: whether the pipeline is negated, and whether that is all of it."""
        negated = seen = False
        while (word := self.plain_word()) == "!" or (self.bash and word == "time"):
            negated ^= word == "!"
            seen = True
            self.at += len(word)
            self.blanks()
            while word == "time" and self.plain_word() in ("-p", "--"):
                self.at += 2
                self.blanks()
        return negated, seen and self.text[self.at] in "\n;)\0#"

    def command(self) -> Node:
        """Read one command of any sort."""
        word = self.plain_word()
        read = self._compound_commands.get(word)
        if read:
            start = self.at
            self.at += len(word)
            return self._compound(read, start)
        if self.text[self.at] == "(":
            return self._compound(Commands._parenthesized, self.at)
        if word in _CLOSING:
            self.fail_here()
        return self._simple()

    def _compound(self, read: "Callable[[Commands, int], Node]", start: int) -> Node:
        self.enter()
        node = read(self, self.line(start))
        self.leave()
        return node

    # --- what compound commands are made of ---------------------------------------------------------------------------

    def _expect(self, word: str) -> None:
        self.gap()
        if self.plain_word() != word:
            self.fail_here()
        self.at += len(word)

    def _accept(self, word: str) -> bool:
        self.gap()
        if self.plain_word() != word:
            return False
        self.at += len(word)
        return True

    def _some_word(self) -> Word:
        self.blanks()
        word = self.word()
        if word is None:
            self.fail_here()
        return word

    def _semicolon(self) -> None:
        if self.blanks() == ";":
            self.at += 1

    def _loop_body(self) -> Sequence:
        """`do … done`; bash takes braces as well."""
        closing = "done" if self._accept("do") else "}"
        if closing == "}":
            self._expect("{")
        body = self._body()
        self._expect(closing)
        return body

    # --- compound commands --------------------------------------------------------------------------------------------

    def _braced(self, line: int) -> Node:
        body = self._body()
        self._expect("}")
        return Group(line, body, redirects=self._redirects())

    def _parenthesized(self, line: int) -> Node:
        if self.text[self.at + 1] == "(":
            text = self.expression(self.at + 2)
            if text is not None:
                return ArithmeticCommand(line, text, self._redirects())
        self.at += 1
        body = self._body()
        if self.gap() != ")":
            self.fail_here()
        self.at += 1
        return Group(line, body, subshell=True, redirects=self._redirects())

    def _if(self, line: int) -> Node:
        branches = []
        while True:
            condition = self._body()
            self._expect("then")
            branches.append((condition, self._body()))
            if not self._accept("elif"):
                break
        otherwise = self._body() if self._accept("else") else None
        self._expect("fi")
        return If(line, tuple(branches), otherwise, self._redirects())

    def _while(self, line: int) -> Node:
        return self._loop(line, until=False)

    def _until(self, line: int) -> Node:
        return self._loop(line, until=True)

    def _loop(self, line: int, *, until: bool) -> Node:
        condition = self._body()
        self._expect("do")
        body = self._body()
        self._expect("done")
        return While(line, condition, body, until, self._redirects())

    def _for(self, line: int) -> Node:
        if self.blanks() == "(" and self.text[self.at + 1] == "(":
            return self._for_arithmetic(line)
        return self._for_words(line, select=False)

    def _select(self, line: int) -> Node:
        return self._for_words(line, select=True)

    def _for_arithmetic(self, line: int) -> Node:
        text = self.expression(self.at + 2)
        if text is None:
            self.fail("(( without ))")
        self._semicolon()
        body = self._loop_body()
        return ForArithmetic(line, text, body, self._redirects())

    def _for_words(self, line: int, *, select: bool) -> Node:
        self.blanks()
        name = self.plain_word()
        if not name:
            self.fail_here()
        self.at += len(name)
        words: list[Word] | None = None
        if self._accept("in"):
            words = []
            while self.blanks() != "#" and self.words_into(words):
                pass
            if self.text[self.at] not in ";\n#":
                self.fail_here()
        self._semicolon()
        body = self._loop_body()
        return For(line, name, None if words is None else tuple(words), body, select, self._redirects())

    def _case(self, line: int) -> Node:
        subject = self._some_word()
        self._expect("in")
        arms = []
        while not self._accept("esac"):
            arms.append(arm := self._arm())
            if not arm.ending:
                arms[-1] = Arm(arm.patterns, arm.body, line=arm.line)
                self._expect("esac")
                break
        return Case(line, subject, tuple(arms), self._redirects())

    def _arm(self) -> Arm:
        """Read one arm; the last one may come without an ending, which is empty then."""
        line = self.line(self.at)
        if self.text[self.at] == "(":
            self.at += 1
        patterns = [self._some_word()]
        while self.blanks() == "|":
            self.at += 1
            patterns.append(self._some_word())
        if self.text[self.at] != ")":
            self.fail_here()
        self.at += 1
        body = self.sequence()
        self.gap()
        ending = _ENDING.match(self.text, self.at)
        self.at = ending.end() if ending else self.at
        return Arm(tuple(patterns), body, ending[0] if ending else "", line)

    def _named_function(self, line: int) -> Node:
        """`function name` and, perhaps, `()`."""
        self.blanks()
        name = self.plain_word()
        if not name:
            self.fail_here()
        self.at += len(name)
        self.blanks()
        self.no_parameters()
        return self._defined(line, name)

    def _test(self, line: int) -> Node:
        return Test(line, self.condition(), self._redirects())

    def _coprocess(self, line: int) -> Node:
        """`coproc [NAME] command`: a name stands before compound commands only."""
        self.blanks()
        start = self.at
        name = self.plain_word()
        if _NAME.fullmatch(name) and name not in self._compound_commands:
            self.at += len(name)
            if self.blanks() != "(" and self.plain_word() not in self._compound_commands:
                self.at = start
        return Background(line, self.command())

    _compound_commands: ClassVar[dict[str, Callable[["Commands", int], Node]]] = {
        "{": _braced,
        "if": _if,
        "while": _while,
        "until": _until,
        "for": _for,
        "select": _select,
        "case": _case,
        "function": _named_function,
        "[[": _test,
        "coproc": _coprocess,
    }


def _line(node: Node) -> int:
    return 0 if isinstance(node, Sequence) else node.line

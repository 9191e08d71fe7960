"""Simple commands of shell scripts: assignments, words, redirections.

Comes in: a source that stands at a command. Goes out: `Command`, or the `Function` that its first word turns out to
name. Rule: assignments count before the first word, and behind `export` and its kin.

Source: POSIX.1-2024, XCU 2.7, 2.9.1 and 2.9.5; Bash Reference Manual 3.6 and 3.7.1.
"""

import re

from stellaops_core.entrytrace.shell.conditions import Conditions
from stellaops_core.entrytrace.shell.dollars import NAME
from stellaops_core.entrytrace.shell.syntax import Assignment, Command, Function, Literal, Node, Redirect, Word

_REDIRECT = re.compile(rf"([0-9]{{1,9}}|\{{{NAME}\}})?(<<<|<<-?|<&|<>|<(?!\()|>>|>&|>\||>(?!\())|()(&>>?)")
_NO_PARAMETERS = re.compile(r"\((?:[ \t]|\\\n)*+\)")
_NAME = re.compile(NAME)
_DECLARING = frozenset(["export", "readonly", "local", "declare", "typeset"])
_COMMAND_ENDS = "\n;|)(&\0#"


class SimpleCommands(Conditions):
    """Reads simple commands."""

    def command(self) -> Node:
        """Read one command of any sort."""
        raise NotImplementedError

    def _simple(self) -> Node:
        start = self.at
        assignments: list[Assignment] = []
        words: list[Word | Assignment] = []
        redirects: list[Redirect] = []
        declares = False
        while (char := self.blanks()) not in _COMMAND_ENDS or (char == "&" and self.text[self.at + 1] == ">"):
            if char in "<>&{0123456789" and self._redirect_into(redirects):
                continue
            found = self.assignment() if declares or not words else None
            if found is None and declares:
                found = self._declared()
            if found is None:
                self.words_into(words)
                declares = declares or _declares(words)
            elif isinstance(found, Assignment) and not words:
                assignments.append(found)
            else:
                words.append(found)
        if char == "(" and len(words) == 1 and not assignments and not redirects:
            return self._function(start, words[0])
        if self.at == start:
            self.fail_here()
        return Command(self.line(start), tuple(assignments), tuple(words), tuple(redirects))

    def _declared(self) -> Assignment | None:
        """Read a name alone behind `export` and its kin."""
        word = self.plain_word()
        if not _NAME.fullmatch(word):
            return None
        self.at += len(word)
        return Assignment(word)

    def _redirect_into(self, redirects: list[Redirect]) -> bool:
        found = _REDIRECT.match(self.text, self.at)
        if not found:
            return False
        operator = found[2] or found[4]
        self.at = found.end()
        self.blanks()
        if operator in ("<<", "<<-"):
            target: Word | None = self.here_document(tabs=operator == "<<-")
        else:
            target = self.word()
        if target is None:
            self.fail_here()
        redirects.append(Redirect(operator, target, found[1] or ""))
        return True

    def _redirects(self) -> tuple[Redirect, ...]:
        """Read the redirections behind a compound command."""
        redirects: list[Redirect] = []
        while self.blanks() in "<>&{0123456789" and self._redirect_into(redirects):
            pass
        return tuple(redirects)

    def _function(self, start: int, name: Word | Assignment) -> Function:
        text = name.parts[0] if isinstance(name, Word) and len(name.parts) == 1 else None
        if not isinstance(text, Literal) or not self.no_parameters():
            self.fail_here()
        return self._defined(self.line(start), text.text)

    def _defined(self, line: int, name: str) -> Function:
        self.enter()
        self.gap()
        body = self.command()
        self.leave()
        return Function(line, name, body)

    def no_parameters(self) -> bool:
        """Read the `()` behind a function's name."""
        found = _NO_PARAMETERS.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return bool(found)


def _declares(words: list[Word | Assignment]) -> bool:
    """Whether what follows these words may be assignments: only as long as they are `command`, `builtin`."""
    last = words[-1] if words else None
    if not isinstance(last, Word) or len(words) > 2 or len(last.parts) != 1 or not isinstance(last.parts[0], Literal):
        return False
    return last.parts[0].text in _DECLARING and (len(words) == 1 or _is_command(words[0]))


def _is_command(word: Word | Assignment) -> bool:
    return isinstance(word, Word) and word.parts in ((Literal("command"),), (Literal("builtin"),))

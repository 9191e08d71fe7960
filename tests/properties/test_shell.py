"""The shell parser against trees that are written as scripts, and against noise."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shell_scripts import Writer, nodes, unlined
from stellaops_core.entrytrace.shell.script import parse
from stellaops_core.entrytrace.shell.syntax import (
    AndOr,
    Arm,
    Assignment,
    Background,
    Binary,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Literal,
    Logical,
    Not,
    Parameter,
    Pipeline,
    Redirect,
    Sequence,
    Substitution,
    Unary,
    While,
    Word,
)
from stellaops_core.entrytrace.shell.syntax import Test as Brackets

pytestmark = pytest.mark.property

NAMES = ("a", "FOO", "_x1")
PLAIN = ("word", "--flag=1", "a.b", "*", "é", "0", "x#y", "[!a]", "/bin/sh", "~/x", "{}")
QUOTED = "ab $`\"\\'\t;&|<>(){}#*\n!~"


def joined(parts):
    """As they come back: neighbouring literals are one, and an empty one stands only where nothing else is quoted."""
    done = []
    for part in parts:
        if isinstance(part, Literal) and done and isinstance(done[-1], Literal) and done[-1].quoted is part.quoted:
            done[-1] = Literal(done[-1].text + part.text, part.quoted)
        else:
            done.append(part)
    return tuple(part for at, part in enumerate(done) if part != Literal("", quoted=True) or not beside(done, at))


def beside(parts, at):
    return any(part.quoted for part in (*parts[max(at - 1, 0) : at], *parts[at + 1 : at + 2]))


def plain(text):
    return Word((Literal(text),))


class Dice(random.Random):
    """Throws trees."""

    def maybe(self):
        return self.random() < 0.5

    def some(self, throw, least=0, most=2):
        return tuple(throw() for _ in range(self.randint(least, most)))

    def literal(self):
        if self.maybe():
            return Literal(self.choice(PLAIN))
        return Literal("".join(self.choices(QUOTED, k=self.randint(0, 5))), quoted=True)

    def simple_parameter(self):
        return Parameter(self.choice((*NAMES, *"12@*#?$!-0")), self.maybe())

    def parameter(self):
        name, quoted = self.choice(NAMES), self.maybe()
        inner = joined(self.some(lambda: self.choice((Literal(self.choice(PLAIN[:8])), self.simple_parameter())), 1))
        if self.maybe():
            inner = joined(
                Literal(part.text, quoted) if isinstance(part, Literal) else Parameter(part.name, quoted)
                for part in inner
            )
            return Parameter(name, quoted, self.choice((":-", "=", ":+", "?")), Word(inner))
        return self.choice(
            (
                Parameter(name, quoted, length=True),
                Parameter(name, quoted, indirect=True),
                Parameter(name, quoted, subscript=plain("@")),
                Parameter(name, quoted, self.choice(("%", "^^", ",", "##")), Word(inner)),
                Parameter(name, quoted, self.choice(("/", "//")), Word(inner), Word(inner)),
            )
        )

    def part(self):
        return self.choice((self.literal, self.simple_parameter, self.parameter))()

    def word(self):
        return Word(joined(self.some(self.part, 1, 3)))

    def argument(self, depth):
        if depth and self.random() < 0.2:
            return Word((Substitution(self.body(depth - 1), self.maybe()),))
        return self.word()

    def redirect(self):
        if self.random() < 0.2:
            line = joined(self.some(lambda: self.choice((Literal("$ ` \\ \" '\n", True), Parameter("a", quoted=True)))))
            return Redirect("<<", Word(joined((*line, Literal("\n", quoted=True)))), "3")
        return Redirect(self.choice(("<", ">", ">>", "<<<", "<>", ">|", ">&", "&>")), self.word())

    def assignment(self):
        if self.random() < 0.3:
            return Assignment(self.choice(NAMES), elements=self.some(self.word))
        return Assignment(self.choice(NAMES), self.word(), self.maybe())

    def command(self, depth):
        before = self.some(self.assignment, 0, 1)
        if self.random() < 0.2:
            arguments = (*self.some(self.assignment), *self.some(lambda: Assignment(self.choice(NAMES))))
            return Command(0, before, (plain(self.choice(("export", "local"))), *arguments))
        first = plain(self.choice(("run", "/bin/x", "time-it")))
        return Command(0, before, (first, *self.some(lambda: self.argument(depth))), self.some(self.redirect, 0, 1))

    def condition(self, depth=2):
        kind = self.random() * (4 if depth else 2)
        if kind < 1:
            return Unary(self.choice(("-n", "-f", "-z")), self.word())
        if kind < 2:
            return Binary(self.choice(("==", "!=", "-eq", "<", ">", "-nt")), self.word(), self.word())
        if kind < 3:
            return Not(self.condition(depth - 1))
        return Logical(self.choice(("&&", "||")), self.condition(depth - 1), self.condition(depth - 1))

    def body(self, depth):
        return Sequence(self.some(lambda: self.node(depth), 1))

    def group(self, depth):
        return Group(0, self.body(depth), self.maybe(), self.some(self.redirect, 0, 1))

    def single(self, depth):
        return self.group(depth) if self.maybe() else self.command(depth)

    def arm(self, depth):
        return Arm(self.some(self.word, 1), self.body(depth), self.choice((";;", ";&", ";;&")))

    def node(self, depth=3):
        if not depth or self.random() < 0.3:
            return self.command(depth)
        depth -= 1
        after = self.some(self.redirect, 0, 1)
        kinds = (
            lambda: self.group(depth),
            lambda: Function(0, self.choice(("f", "my-f", "a::b")), self.group(depth)),
            lambda: If(
                0,
                self.some(lambda: (self.body(depth), self.body(depth)), 1),
                self.body(depth) if self.maybe() else None,
                after,
            ),
            lambda: While(0, self.body(depth), self.body(depth), self.maybe(), after),
            lambda: For(0, "x", self.some(self.word) if self.maybe() else None, self.body(depth), self.maybe(), after),
            lambda: Case(0, self.word(), self.some(lambda: self.arm(depth)), after),
            lambda: Brackets(0, self.condition(), after),
            lambda: Pipeline(0, self.some(lambda: self.single(depth), 2, 3), self.maybe()),
            lambda: AndOr(0, self.single(depth), self.some(lambda: (self.choice(("&&", "||")), self.single(depth)), 1)),
            lambda: Background(0, self.single(depth)),
        )
        return self.choice(kinds)()


scripts = some.integers(0, 1 << 32).map(lambda seed: Sequence(Dice(seed).some(Dice(seed).node, 0, 3)))


@given(scripts)
def test_what_is_written_is_read(tree):
    """A tree that is written as a script comes back, and each command's line is the one that it stands on."""
    writer = Writer()
    writer.sequence(tree)
    script = parse(writer.text)
    assert script.damage is None, writer.text
    assert unlined(script.body) == tree, writer.text
    lines = writer.text.split("\n")
    for command in nodes(script.body, Command):
        for word in command.words:
            if isinstance(word, Word) and isinstance(word.parts[0], Literal) and not word.parts[0].quoted:
                assert word.parts[0].text in lines[word.line - 1]


PIECES = some.sampled_from(
    [
        "$(",
        ")",
        "(",
        "{",
        "}",
        "${",
        "$((",
        "))",
        "((",
        "'",
        '"',
        "`",
        "\\",
        "\n",
        ";",
        ";;",
        "&",
        "|",
        "<",
        ">",
        "<<",
        "<<-",
        "A",
        "[[",
        "]]",
        "[",
        "]",
        "if",
        "then",
        "fi",
        "case",
        "in",
        "esac",
        "for",
        "do",
        "done",
        "while",
        "#",
        "!",
        "a=(",
        "a[",
        "=",
        "+=",
        "@(",
        "{a,b}",
        "{1..3}",
        "$'",
        "export",
        "time",
        "coproc",
        "function",
        "\x00",
        "\r\n",
        "/",
    ]
) | some.sampled_from([" ", "\n", "a", "\t"])


@given(some.binary(max_size=200) | some.lists(PIECES, max_size=60).map(lambda pieces: "".join(pieces).encode()))
def test_noise_is_damage_or_a_script(noise):
    """Whatever the bytes, there is a tree, the same each time; damage has a line of the script and a reason."""
    script = parse(noise)
    assert script == parse(noise)
    assert script.damage is None or (1 <= script.damage.line <= noise.count(b"\n") + 2 and script.damage.reason)


@given(scripts, some.integers(0, 400))
def test_commands_before_damage_are_kept(tree, at):
    """A script that is cut off keeps what was complete, but for its last command and what a here-document lost."""
    writer = Writer()
    writer.sequence(tree)
    whole, cut = parse(writer.text).body.commands, parse(writer.text[:at])
    kept = cut.body.commands if cut.damage else cut.body.commands[:-1]
    assert kept == whole[: len(kept)]
    assert cut.damage or len(cut.body.commands) <= len(whole)

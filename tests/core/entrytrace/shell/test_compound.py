"""Lists, pipelines and compound commands."""

import pytest

from shell_scripts import one, plain
from stellaops_core.entrytrace.shell.script import parse
from stellaops_core.entrytrace.shell.syntax import (
    AndOr,
    ArithmeticCommand,
    Arm,
    Background,
    Case,
    Command,
    For,
    ForArithmetic,
    Group,
    If,
    Pipeline,
    Redirect,
    Sequence,
    While,
)

A, B, C, D = (Command(0, words=(plain(name),)) for name in "abcd")


def body(*commands):
    return Sequence(commands)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a;", A),
        ("a &", Background(0, A)),
        ("a | b |& c", Pipeline(0, (A, B, C))),
        ("! a", Pipeline(0, (A,), negated=True)),
        ("! ! a", A),
        ("! ; ", Pipeline(0, (), negated=True)),
        ("time ! a | b", Pipeline(0, (A, B), negated=True)),
        ("time", Pipeline(0, ())),
        ("a && b || c", AndOr(0, A, (("&&", B), ("||", C)))),
        ("a &&\n\n # x\n b", AndOr(0, A, (("&&", B),))),
        ("a | \n b && c &", Background(0, AndOr(0, Pipeline(0, (A, B)), (("&&", C),)))),
        ("{ a; b\n}", Group(0, body(A, B))),
        ("(a;b)", Group(0, body(A, B), subshell=True)),
        ("( (a) )", Group(0, body(Group(0, body(A), subshell=True)), subshell=True)),
        ("((a); b)", Group(0, body(Group(0, body(A), subshell=True), B), subshell=True)),
        ("{ a; } >x 2>y", Group(0, body(A), redirects=(Redirect(">", plain("x")), Redirect(">", plain("y"), "2")))),
        ("if a; then b; fi", If(0, ((body(A), body(B)),))),
        ("if a\nthen b\nelif c\nthen d\nelse a\nfi", If(0, ((body(A), body(B)), (body(C), body(D))), body(A))),
        ("if(a)then(b)fi", If(0, ((body(Group(0, body(A), True)), body(Group(0, body(B), True))),))),
        ("while a; do b; done <x", While(0, body(A), body(B), redirects=(Redirect("<", plain("x")),))),
        ("until a; do b; done", While(0, body(A), body(B), until=True)),
        ("for x in a {b,c}; do a; done", For(0, "x", (plain("a"), plain("b"), plain("c")), body(A))),
        ("for x\nin a\ndo a\ndone", For(0, "x", (plain("a"),), body(A))),
        ("for x; do a; done", For(0, "x", None, body(A))),
        ("for x do a; done", For(0, "x", None, body(A))),
        ("for x in; do a; done", For(0, "x", (), body(A))),
        ("for x in do; { a; }", For(0, "x", (plain("do"),), body(A))),
        ("select x in a; do b; done", For(0, "x", (plain("a"),), body(B), select=True)),
        ("for ((i=0; i<(3); i++)); do a; done", ForArithmetic(0, "i=0; i<(3); i++", body(A))),
        ("for ((;;)) { a; }", ForArithmetic(0, ";;", body(A))),
        ("((i = (1) << 2)) >x", ArithmeticCommand(0, "i = (1) << 2", (Redirect(">", plain("x")),))),
        ("coproc a", Background(0, A)),
        ("coproc N { a; }", Background(0, Group(0, body(A)))),
        ("case a in esac", Case(0, plain("a"), ())),
        ("case a in b) c;; esac", Case(0, plain("a"), (Arm((plain("b"),), body(C)),))),
        ("case a\nin\n(b|c) d ;& *) ;;& d) a\nesac", Case(0, plain("a"), (
            Arm((plain("b"), plain("c")), body(D), ";&"), Arm((plain("*"),), body(), ";;&"),
            Arm((plain("d"),), body(A)),
        ))),
        ("case a in (esac) b; esac", Case(0, plain("a"), (Arm((plain("esac"),), body(B)),))),
        ("a if then done", Command(0, words=tuple(map(plain, ("a", "if", "then", "done"))))),
        ("a } {", Command(0, words=tuple(map(plain, "a}{")))),
        ("\\if", Command(0, words=one("x \\if").words[1:])),
    ],
)  # fmt: skip
def test_forms(text, wanted):
    """Each form of the manual."""
    assert one(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "if a; fi", "if a; then fi", "while a; do done", "for x in a do b; done", "{ a }", "( )", "a && && b", "a &; b",
        "case a in b) c", "case a in b c) d;; esac", "case a b) c;; esac", "f() ", "for 'x' in a; do b; done",
        "then a", "a ;; b", "}", "(a))", "{ a; } b", "a &&", "a |", "for (( a; do b; done",
        "function", "if a; then b; else",
    ],
)  # fmt: skip
def test_damage(text):
    """What shells refuse is damage."""
    assert parse(text).damage


def test_many_branches_are_not_deep():
    """`elif`, `&&`, pipes and arms by the thousand are one level."""
    for text in (
        "if a; then b; " + "elif a; then b; " * 3000 + "fi",
        "a " + "&& b " * 3000,
        "a " + "| b " * 3000,
        "case a in " + "b) c;; " * 3000 + "esac",
    ):
        assert parse(text).damage is None

"""Simple commands, redirections, functions' heads."""

import pytest

from shell_scripts import one, plain
from stellaops_core.entrytrace.shell.script import parse
from stellaops_core.entrytrace.shell.syntax import Assignment, Command, Function, Literal, Parameter, Redirect, Word


def test_the_parts_of_a_command():
    """Assignments before, words, and redirections anywhere."""
    assert one("a=1 >x b c=2 2>&1 d < y e") == Command(
        0,
        (Assignment("a", plain("1")),),
        (plain("b"), plain("c=2"), plain("d"), plain("e")),
        (Redirect(">", plain("x")), Redirect(">&", plain("1"), "2"), Redirect("<", plain("y"))),
    )


@pytest.mark.parametrize("operator", ["<", ">", ">>", "<<<", "<&", ">&", "<>", ">|", "&>", "&>>"])
@pytest.mark.parametrize("descriptor", ["", "2", "{fd}"])
def test_redirections(operator, descriptor):
    """All operators, with and without a descriptor and blanks; `&>` has none."""
    for gap in ("", " ", " \\\n"):
        if operator[0] != "&":
            assert one(f"{descriptor}{operator}{gap}x").redirects == (Redirect(operator, plain("x"), descriptor),)
        assert one(f"a{operator}{gap}x") == Command(0, words=(plain("a"),), redirects=(Redirect(operator, plain("x")),))


def test_what_is_no_descriptor_is_a_word():
    """Only digits right before the operator, or a name in braces."""
    assert one("a 2 >x").words == (plain("a"), plain("2"))
    assert one("a b2>x").words == (plain("a"), plain("b2"))
    assert one("a {b>x").words == (plain("a"), plain("{b"))
    assert one("exec 3>&-").redirects == (Redirect(">&", plain("-"), "3"),)


@pytest.mark.parametrize(
    "first", ["export", "readonly", "local", "declare", "typeset", "command export", "builtin local"]
)
def test_declarations(first):
    """Behind these, assignments and names are assignments; options and anything quoted or unknown are words."""
    command = one(f"{first} -x a b=c d=(e) f+=1 'g=h' $i j-k")
    assert command.words[len(first.split()) :] == (
        plain("-x"),
        Assignment("a"),
        Assignment("b", plain("c")),
        Assignment("d", elements=(plain("e"),)),
        Assignment("f", plain("1"), append=True),
        Word((Literal("g=h", quoted=True),)),
        Word((Parameter("i"),)),
        plain("j-k"),
    )
    assert command.assignments == ()


def test_no_declarations():
    """Another command's arguments are words."""
    assert one("env a=b").words == (plain("env"), plain("a=b"))
    assert one("echo export a=b").words[2] == plain("a=b")


@pytest.mark.parametrize("head", ["f()", "f ()", "f( )\n", "function f", "function f()", "function f ( )\n"])
def test_functions(head):
    """Both styles, with the body on the same line or the next."""
    node = one(head + " { a; }")
    assert (type(node), node.name) == (Function, "f")
    assert node.body.body.commands == (Command(0, words=(plain("a"),)),)


def test_names_of_functions():
    """Bash takes almost any word."""
    for name in ("my-f", "a::b", "a.b", "2"):
        assert one(name + "() { a; }").name == name
    for text in ("$f() { a; }", "'f'x() { a; }", "a b() { c; }", "f(a) { b; }", "a=b c() { d; }"):
        assert parse(text).damage

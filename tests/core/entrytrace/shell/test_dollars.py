"""Parameters, substitutions, arithmetic."""

import pytest

from shell_scripts import one, plain, word
from stellaops_core.entrytrace.shell.script import parse
from stellaops_core.entrytrace.shell.syntax import Arithmetic, Command, Literal, Parameter, Sequence, Substitution, Word


def quoted(text):
    return Word((Literal(text, quoted=True),))


EMPTY = Word(())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$a", Parameter("a")),
        ("$1", Parameter("1")),
        ("$@", Parameter("@")),
        ("${10}", Parameter("10")),
        ("${#}", Parameter("#")),
        ("${#a}", Parameter("a", length=True)),
        ("${#a[@]}", Parameter("a", length=True, subscript=plain("@"))),
        ("${##}", Parameter("#", length=True)),
        ("${##a}", Parameter("#", operator="#", argument=plain("a"))),
        ("${#-1}", Parameter("#", operator="-", argument=plain("1"))),
        ("${!}", Parameter("!")),
        ("${!a}", Parameter("a", indirect=True)),
        ("${!a@}", Parameter("a", operator="@", indirect=True)),
        ("${!a*}", Parameter("a", operator="*", indirect=True)),
        ("${!a[@]}", Parameter("a", indirect=True, subscript=plain("@"))),
        ("${!1:-b}", Parameter("1", operator=":-", argument=plain("b"), indirect=True)),
        ("${a:-}", Parameter("a", operator=":-", argument=EMPTY)),
        ("${a-b c}", Parameter("a", operator="-", argument=plain("b c"))),
        ('${a:-"b c"}', Parameter("a", operator=":-", argument=quoted("b c"))),
        ("${a:=$b}", Parameter("a", operator=":=", argument=Word((Parameter("b"),)))),
        ("${a:?'no }'}", Parameter("a", operator=":?", argument=quoted("no }"))),
        ("${a+b}", Parameter("a", operator="+", argument=plain("b"))),
        ("${a##*/}", Parameter("a", operator="##", argument=plain("*/"))),
        ("${a%%.*}", Parameter("a", operator="%%", argument=plain(".*"))),
        ("${a^^}", Parameter("a", operator="^^", argument=EMPTY)),
        ("${a,,[A-Z]}", Parameter("a", operator=",,", argument=plain("[A-Z]"))),
        ("${a/b}", Parameter("a", operator="/", argument=plain("b"))),
        ("${a//b/c}", Parameter("a", operator="//", argument=plain("b"), replacement=plain("c"))),
        ("${a/#b/}", Parameter("a", operator="/#", argument=plain("b"), replacement=EMPTY)),
        ("${a/%/c}", Parameter("a", operator="/%", argument=EMPTY, replacement=plain("c"))),
        ("${a//\\//_}", Parameter("a", operator="//", argument=quoted("/"), replacement=plain("_"))),
        ("${a:1}", Parameter("a", operator=":", argument=plain("1"))),
        ("${a: -2:1}", Parameter("a", operator=":", argument=plain(" -2"), replacement=plain("1"))),
        ("${@:2}", Parameter("@", operator=":", argument=plain("2"))),
        ("${a@Q}", Parameter("a", operator="@", argument=plain("Q"))),
        ("${a[b[1]]}", Parameter("a", subscript=plain("b[1]"))),
        ("${a[$i]:-x}", Parameter("a", operator=":-", argument=plain("x"), subscript=Word((Parameter("i"),)))),
        ("${a:-${b:-${c}}}", Parameter("a", operator=":-", argument=Word(
            (Parameter("b", operator=":-", argument=Word((Parameter("c"),))),)))),
        ("${a b}", Parameter("", argument=plain(" b"))),
        ("${.x}", Parameter("", argument=plain(".x"))),
        ("$((1 + (2)))", Arithmetic("1 + (2)")),
        ("$[1 + a[2]]", Arithmetic("1 + a[2]")),
        ("$", Literal("$")),
        ("$%", Literal("$%")),
        ("$'a\\n\\x41\\101\\u00e9\\U1F600\\'\\q\\cA\\e'", Literal("a\nAAé\U0001f600'\\q\x01\x1b", quoted=True)),
        ("$'a\\0b\\ud800'", Literal("a", quoted=True)),
        ("$'\\ud800\\UFFFFFFFF'", Literal("\ufffd\ufffd", quoted=True)),
        ('$"a"', Literal("a", quoted=True)),
    ],
)  # fmt: skip
def test_forms(text, wanted):
    """Each form is one part, as the manual has it."""
    assert word(text) == (wanted,)


def test_quotes_are_inherited_by_values_and_not_by_patterns():
    """`"${a:-*}"` has a quoted star, `"${a#*}"` an unquoted one; a single quote is itself in the former alone."""
    assert word('"${a:-*}"')[0].argument == quoted("*")
    assert word('"${a#*}"')[0].argument == plain("*")
    assert word('"${a#"$b"}"')[0].argument == Word((Parameter("b", quoted=True),))
    assert word('"${a:-it\'s}"')[0].argument == quoted("it's")
    assert word("\"${a%'*'}\"")[0].argument == quoted("*")
    assert word('"${a:-\\}}"')[0].argument == quoted("}")


def test_substitutions():
    """Commands with anything in them that closes parentheses elsewhere."""
    inner = Command(0, words=(plain("a"), plain("b")))
    assert word("$(a b)") == (Substitution(Sequence((inner,))),)
    assert word('"$(a b)"') == (Substitution(Sequence((inner,)), quoted=True),)
    assert word("$( # it's )\na b)") == (Substitution(Sequence((inner,))),)
    assert word("${ a b; }") == (Substitution(Sequence((inner,))),)
    assert word("$()") == (Substitution(Sequence(())),)
    assert one("x $(case a in b) c;; esac)").words[1].parts[0].body.commands[0].arms
    assert word("$((a); b)")[0].body.commands[0].subshell
    assert parse("x $(a $(b").damage

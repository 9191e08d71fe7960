"""Here-documents, comments, and where arithmetic ends."""

import pytest

from shell_scripts import one, plain
from stellaops_core.entrytrace.shell.script import parse
from stellaops_core.entrytrace.shell.source import EXPRESSION_LIMIT, Source, Unreadable
from stellaops_core.entrytrace.shell.syntax import Literal, Parameter, Redirect, Sequence, Substitution, Word


def bodies(text):
    """Bodies of the here-documents of a script's first command."""
    script = parse(text)
    assert script.damage is None
    return [redirect.target.parts for redirect in script.body.commands[0].redirects]


def text_of(text):
    return (Literal(text, quoted=True),) if text else (Literal("", quoted=True),)


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("a <<E\nx\nE\n", ["x\n"]),
        ("a <<E\nE\n", [""]),
        ("a <<E <<F\n1\nE\n2\nF\n", ["1\n", "2\n"]),
        ("a <<-E\n\tx\n\t\ty\n\tE\n", ["x\ny\n"]),
        ("a <<-E\n\tx\\\n\ty\nE\n", ["x\ty\n"]),
        ("a <<-'E'\n\tx\\\n\ty\nE\n", ["x\\\ny\n"]),
        ("a <<'E'\n$x `y` \\$\nE\n", ["$x `y` \\$\n"]),
        ('a <<"E F"\n$x\nE F\n', ["$x\n"]),
        ("a <<\\E\n$x\nE\n", ["$x\n"]),
        ("a <<E\n\\$x \\` \\\\ \\q \" '\nE\n", ["$x ` \\ \\q \" '\n"]),
        ("a <<E\nx\\\nE\ny\nE\n", ["xE\ny\n"]),
        ("a <<''\nx\n\ny", ["x\n"]),
        ("a <<E\nx\n E\nE x\n", ["x\n E\nE x\n"]),
        ("a <<E # comment\nx\nE\n", ["x\n"]),
        ("a <<E && b\nx\nE", ["x\n"]),
        ("a <<E |\nx\nE\nb", ["x\n"]),
        ("a <<E 'b\nc'\nx\nE\n", ["x\n"]),
    ],
)
def test_here_documents(script, wanted):
    """Bodies begin behind the line that names them and end at their delimiter, or where the script does."""
    found = parse(script).body.commands[0]
    first = getattr(found, "first", None) or (found.commands[0] if hasattr(found, "commands") else found)
    assert parse(script).damage is None
    assert [redirect.target.parts for redirect in first.redirects] == [text_of(text) for text in wanted]


def test_here_documents_are_expanded_as_between_quotes():
    """Parameters and substitutions in a body are quoted ones, with their lines."""
    (body,) = bodies("a <<E\n1 $b\n$(c)\nE\n")
    assert body[:3] == (Literal("1 ", quoted=True), Parameter("b", quoted=True), Literal("\n", quoted=True))
    assert body[3].quoted
    assert body[3].body.commands[0].line == 3


def test_here_documents_in_substitutions():
    """One that begins in a substitution has its body there; bash ends one before the parenthesis as well."""
    wanted = Substitution(
        Sequence((one("cat").__class__(0, words=(plain("cat"),), redirects=(Redirect("<<", Word(text_of("x\n"))),)),))
    )
    for text in ("y $(cat <<E\nx\nE\n) z", "y $(cat <<E\nx\nE) z"):
        assert one(text).words == (plain("y"), Word((wanted,)), plain("z"))
    outer, *_ = parse("a <<A $(b <<B\n1\nB\n)\n2\nA\n").body.commands
    assert outer.redirects[0].target.parts == text_of("2\n")


def test_comments():
    """`#` begins one where a word may, and nowhere else."""
    assert one("a#b #c").words == (plain("a#b"),)
    assert len(parse("a;#b\n(#c\nd)#e").body.commands) == 2
    assert one("a \\\n#b").words == (plain("a"),)


def test_expressions():
    """Arithmetic ends at the `))` that closes it; where there is none it is something else."""
    for text, wanted in (("1+(2)))", "1+(2)"), ("')'))", "')'"), ("a) b)", None), ("a", None)):
        source = Source(text)
        assert source.expression(0) == wanted
        assert (source.at > 0) is (wanted is not None)
    assert Source("1" * EXPRESSION_LIMIT + "))").expression(0) is None


def test_failures_say_what_stands_there():
    """The reason names the token, an end of line, or the end."""
    for text, shown in ((";; a", ";;"), ("word more", "word"), ("\n", "end of line"), ("", "end"), (" ", "character")):
        with pytest.raises(Unreadable, match=f"unexpected {shown}"):
            Source(text).fail_here()

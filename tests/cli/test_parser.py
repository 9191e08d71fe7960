"""The quick parser, alone and against typer."""

import contextlib
import io

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from stellaops_cli import app
from stellaops_cli.options import SCAN, VERBS, Verb
from stellaops_cli.parser import HELP, Call, parse
from stellaops_core.errors import UsageError

TYPER = typer.main.get_command(app.make_app())


def by_typer(arguments):
    """What typer makes of it: a `Call`, "help" or "refused"."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            call = TYPER.main(args=list(arguments), prog_name="stella", standalone_mode=False)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return "refused"
    return (call.verb.path, call.values) if isinstance(call, Call) else "help"


def by_parser(arguments):
    try:
        call = parse(arguments)
    except UsageError:
        return "refused"
    return "help" if call.help else (call.verb.path, call.values)


def words(verb: Verb):
    """Words that a command line of `verb` may consist of, sound and unsound."""
    flags = [flag for option in (*verb.options, HELP) for flag in option.flags]
    text = st.text(st.characters(blacklist_categories=["Cs"]), max_size=4)
    return st.one_of(
        st.sampled_from(
            [*flags, "--", "-", "", "a", "image:tag", "json", "-qo", "-oq", "-qq", "-o=json", "--out", "--qui"]
        ),
        st.builds("{}={}".format, st.sampled_from(flags), st.one_of(st.just("x"), text)),
        st.builds("-q{}".format, text),
        st.builds("-o{}".format, text),
        st.builds("-{}".format, text),
        text,
    )


def command_lines():
    return st.sampled_from(VERBS).flatmap(
        lambda verb: st.lists(words(verb), max_size=6).map(lambda rest: [*verb.path, *rest])
    )


@pytest.mark.property
@settings(max_examples=400, deadline=None)
@given(command_lines())
def test_agrees_with_typer(arguments):
    """For any command line both parsers see the same values, or both print help, or both refuse."""
    assert by_parser(arguments) == by_typer(arguments)


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (["a"], {"ref": "a"}),
        (["a", "-o", "json", "-o", "table=x"], {"ref": "a", "output": ["json", "table=x"]}),
        (["--output=json=x", "a"], {"ref": "a", "output": ["json=x"]}),
        (["-qo", "json", "a"], {"ref": "a", "output": ["json"], "quiet": True}),
        (["-qojson", "a"], {"ref": "a", "output": ["json"], "quiet": True}),
        (["a", "--jobs", "1", "--jobs", "2"], {"ref": "a", "jobs": "2"}),
        (["--", "-a"], {"ref": "-a"}),
        (["-q", "--", "a"], {"ref": "a", "quiet": True}),
        (["-", "--strict"], {"ref": "-", "strict": True}),
        (["a", "--name="], {"ref": "a", "name": ""}),
        (["a", "--name", "--quiet"], {"ref": "a", "name": "--quiet"}),
    ],
)
def test_reads(arguments, values):
    """The grammar, by example; typer agrees on each."""
    assert by_parser(["scan", *arguments]) == by_typer(["scan", *arguments]) == (("scan",), values)


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (
            [],
            "no command",
            "commands: scan, explain, export, diff, index, buildx, cache, config, completion; more: stella --help",
        ),
        (["scna"], "no such command: scna", "did you mean scan?"),
        (
            ["xyzzy"],
            "no such command: xyzzy",
            "choose one of: scan, explain, export, diff, index, buildx, cache, config, completion",
        ),
        (["cache"], "stella cache needs a command", "choose one of: info, gc, clear, verify"),
        (["cache", "cler"], "no such command: cache cler", "did you mean clear?"),
        (["--debug", "scan"], "no such option: --debug", "options stand after the command, as in: stella scan -q REF"),
        (["scan"], "stella scan needs REF", "such as: stella scan oci:build/image or registry.example/app:1.2"),
        (["completion"], "stella completion needs SHELL", "SHELL is bash, zsh or fish"),
        (["scan", "a", "b"], "one argument too many: 'b'", "see stella scan --help"),
        (["scan", "a", "--platfrom", "x"], "stella scan has no option --platfrom", "did you mean --platform?"),
        (["scan", "a", "--plat", "x"], "stella scan has no option --plat", "did you mean --platform?"),
        (["scan", "a", "-z"], "stella scan has no option -z", "see stella scan --help"),
        (["scan", "a", "-qz"], "stella scan has no option -z", "see stella scan --help"),
        (["scan", "a", "--platform"], "--platform needs a value", "write --platform PLATFORM"),
        (["scan", "a", "-o"], "-o needs a value", "write -o FORMAT[=PATH]"),
        (["scan", "a", "--quiet=yes"], "--quiet takes no value", "write --quiet alone"),
    ],
)
def test_refuses(arguments, message, hint):
    """Every kind of mistake is named, with the next step; typer refuses the same."""
    with pytest.raises(UsageError) as caught:
        parse(arguments)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert by_typer(arguments) == "refused"


def test_typers_refusals_are_worded_by_the_parser():
    """Cold verbs, parsed by typer, speak of mistakes as hot verbs do."""
    with pytest.raises(UsageError, match=r"^stella cache info has no option --cash-dir$") as caught:
        app.read(["cache", "info", "--cash-dir", "x"])
    assert caught.value.hint == "did you mean --cache-dir?"


def test_help_is_typers(capfd):
    """Help is drawn by typer from the table: every option of the verb stands in it, within 100 columns."""
    assert app.read(["scan", "--help"]) is None
    text = capfd.readouterr().out
    assert all(option.flags[-1] in text for option in SCAN.options)
    assert max(map(len, text.splitlines())) <= 100


def test_the_table_is_sound():
    """Flags and names are unique within a verb, and every verb can be reached."""
    for verb in VERBS:
        flags = [flag for option in (*verb.options, HELP) for flag in option.flags]
        names = [option.name for option in verb.options] + [argument.name for argument in verb.arguments]
        assert len(set(flags)) == len(flags)
        assert len(set(names)) == len(names)
    assert len({verb.path for verb in VERBS}) == len(VERBS)

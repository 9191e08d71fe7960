"""The reference pages say what the tables say."""

import re
from pathlib import Path

import pytest

from stellaops_cli.options import GROUPS, VERBS, Option, Verb
from stellaops_cli.run import BROKEN_PIPE, INTERRUPTED, TERMINATED
from stellaops_cli.settings import SETTINGS, Setting
from stellaops_cli.values import write_value
from stellaops_core import errors
from stellaops_core.errors import StellaError

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
CLI, SETTINGS_PAGE, EXIT_CODES = ((REFERENCE / name).read_text() for name in ("cli.md", "settings.md", "exit-codes.md"))


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def option_row(option: Option) -> str:
    flags = ", ".join(f"`{flag}`" for flag in option.flags)
    value = f" `{cell(option.metavar)}`" if option.metavar else ""
    return f"| {flags}{value}{' ...' if option.repeat else ''} | {cell(option.help)} |"


def setting_row(setting: Setting) -> str:
    default = setting.shown or (
        f"`{write_value(setting.kind, setting.default)}`" if setting.default not in ("", None, ()) else ""
    )
    key = "" if setting.env else f"`{setting.key}`"
    return f"| {key} | `{setting.variable}` | {setting.kind}{', list' * setting.many} | {default} | {setting.help} |"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: " ".join(verb.path))
def test_every_command_is_described(verb: Verb):
    """A section for each command, with its usage line and exactly its options."""
    words = " ".join(verb.path)
    section = CLI.split(f"\n## stella {words}\n")[1].split("\n## ")[0]
    usage = " ".join(
        ["stella", *verb.path, *("[OPTIONS]" for _ in verb.options[:1]), *(a.metavar for a in verb.arguments)]
    )
    assert f"\n    {usage}\n" in section
    assert verb.help in section
    assert re.findall(r"^\| .*`-.*$", section, re.MULTILINE) == [option_row(option) for option in verb.options]
    assert all(argument.help in section for argument in verb.arguments)


def test_no_other_commands_are_described():
    """Nothing that was removed is still in the page."""
    sections = re.findall(r"^## stella (.*)$", CLI, re.MULTILINE)
    assert sections == [" ".join(verb.path) for verb in VERBS]
    assert {words.split()[0] for words in sections} >= set(GROUPS)


def test_every_setting_is_described():
    """A row for each setting, in the order of the table, and no others."""
    rows = [line for line in SETTINGS_PAGE.splitlines() if re.match(r"\| (`[a-z-]+`)? ?\| `[A-Z_]+`", line)]
    assert rows == [setting_row(setting) for setting in SETTINGS]


def test_every_exit_code_is_described():
    """A row for each code that an error of the core or an interruption ends in."""
    codes = {
        kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StellaError)
    }
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", EXIT_CODES, re.MULTILINE)}
    assert rows == codes | {0, 2, 6, 7, INTERRUPTED, TERMINATED, BROKEN_PIPE}


@pytest.mark.parametrize(
    "kind", [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StellaError)]
)
def test_every_error_is_named_with_its_code(kind):
    """The page names each error class beside its code."""
    row = re.search(rf"^\| {kind.exit_code} \|.*$", EXIT_CODES, re.MULTILINE)
    assert row
    assert f"`{kind.__name__}`" in row[0]

"""Help and the cold verbs: the option table as a typer application.

Comes in: arguments. Goes out: the same `Call` that `parser.parse` gives, or `None` when help was printed. Nothing runs
in here: typer reads and explains, `run` does.
"""

import inspect
import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import Any

import typer

from stellaops_cli.console import write_report
from stellaops_cli.options import GROUPS, VERBS, Argument, Option, Verb
from stellaops_cli.parser import Call, parse
from stellaops_core.errors import UsageError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EPILOG = (
    "Exit codes: 0 pass, 1 internal, 2 policy, 3 usage, 4 target, 5 network, 6 feeds, 7 verification, 8 incomplete."
)


def read(arguments: Sequence[str]) -> Call | None:
    """Read a command line with typer, or print the help it asks for. Raises `UsageError`, worded by our own parser."""
    shown = io.StringIO()
    try:
        with redirect_stdout(shown):
            call = make_app()(list(arguments), prog_name="stella", standalone_mode=False)
    except Exception as error:
        if not hasattr(error, "format_message"):  # typer's usage errors have had several base classes
            raise
        parse(arguments)
        raise UsageError(error.format_message(), hint="see stella --help") from None
    if isinstance(call, Call):
        return call
    write_report(shown.getvalue().encode())
    return None


def make_app() -> typer.Typer:
    """Build the application from the table."""
    app = _group("Stella Ops: facts about container images that one can verify.", epilog=EPILOG)
    app.callback()(_root)
    groups = {name: _group(text) for name, text in GROUPS.items()}
    for name, group in groups.items():
        app.add_typer(group, name=name)
    for verb in VERBS:
        target = groups[verb.path[0]] if len(verb.path) > 1 else app
        target.command(verb.path[-1], help=verb.help, context_settings=CONTEXT)(_reader(verb))
    return app


def _group(text: str, epilog: str | None = None) -> typer.Typer:
    return typer.Typer(
        help=text,
        epilog=epilog,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=CONTEXT,
    )


def _root(
    *,
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),  # for help; `main` answers it
) -> None:
    if version:
        raise UsageError("--version stands alone", hint="write stella --version")


def _reader(verb: Verb) -> Callable[..., Call]:
    """A function whose signature is the verb's row in the table."""

    def read_values(**values: Any) -> Call:
        return Call(verb, {name: value for name, value in values.items() if value not in (None, False, [])})

    parameters = [*map(_argument, verb.arguments), *map(_option, verb.options)]
    read_values.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    read_values.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return read_values


def _argument(argument: Argument) -> inspect.Parameter:
    annotation: Any = list[str] if argument.repeat else str
    default = typer.Argument(..., metavar=argument.metavar, help=argument.help)
    return inspect.Parameter(argument.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _option(option: Option) -> inspect.Parameter:
    annotation: Any = bool
    default: Any = False
    if option.metavar:
        annotation, default = (list[str], []) if option.repeat else (str | None, None)
    info = typer.Option(default, *option.flags, metavar=option.metavar or None, help=option.help, show_default=False)
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=info, annotation=annotation)

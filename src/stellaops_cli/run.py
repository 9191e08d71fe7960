"""From arguments to an exit code: read the command line, run the verb, turn errors into one line.

Comes in: arguments without the program's name. Goes out: the exit code of `errors.py`; 130 after Ctrl-C, 143 after
SIGTERM, 141 when the reader of standard output went away. The rule: whatever happens, no traceback unless `--debug`.
"""

import os
import signal
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from stellaops_cli.console import show_error, show_traceback
from stellaops_cli.parser import Call, parse
from stellaops_cli.settings import Settings, load_settings
from stellaops_core.errors import StellaError

INTERRUPTED = 130
TERMINATED = 143
BROKEN_PIPE = 141
HOT = frozenset({"scan", "diff"})


class Terminated(KeyboardInterrupt):
    """SIGTERM: leave as after Ctrl-C, so that temporary files go."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line."""
    debug = "--debug" in arguments
    try:
        _catch_termination()
        call = read_call(arguments)
        if call is None:
            return 0
        settings = load_settings(call.values, os.environ)
        debug = settings.debug
        return execute(call, settings)
    except BaseException as error:  # noqa: BLE001  # whatever happens ends in an exit code
        return explain(error, debug=debug)


def read_call(arguments: Sequence[str]) -> Call | None:
    """Parse: hot verbs quickly, everything else with typer. `None`: help was printed."""
    if arguments and arguments[0] in HOT:
        call = parse(arguments)
        if not call.help:
            return call
    from stellaops_cli import app  # noqa: PLC0415  # 100 ms that hot verbs do without

    return app.read(arguments)


def execute(call: Call, settings: Settings) -> int:  # noqa: PLR0911  # one for each verb
    """Run the verb's function; each verb's file is imported only for itself."""
    match call.verb.path:
        case ("scan",):
            from stellaops_cli.commands.scan import scan  # noqa: PLC0415

            return scan(call.values, settings)
        case ("explain",):
            from stellaops_cli.commands.explain import explain_component  # noqa: PLC0415

            return explain_component(call.values, settings)
        case ("export",):
            from stellaops_cli.commands.export import export  # noqa: PLC0415

            return export(call.values, settings)
        case ("diff",):
            from stellaops_cli.commands.diff import show_diff  # noqa: PLC0415

            return show_diff(call.values, settings)
        case ("index", action):
            from stellaops_cli.commands.index import run_index  # noqa: PLC0415

            return run_index(action, call.values, settings)
        case ("buildx", action):
            from stellaops_cli.commands.buildx import run_buildx  # noqa: PLC0415

            return run_buildx(action, call.values, settings)
        case ("cache", action):
            from stellaops_cli.commands.cache import look_after_cache  # noqa: PLC0415

            return look_after_cache(action, settings)
        case ("config", _):
            from stellaops_cli.commands.config import show_config  # noqa: PLC0415

            return show_config(call.values, settings)
        case _:
            from stellaops_cli.commands.completion import show_completion  # noqa: PLC0415

            return show_completion(call.values)


def explain(error: BaseException, *, debug: bool) -> int:
    """Say what went wrong on standard error; return the exit code."""
    if debug and not isinstance(error, SystemExit):
        show_traceback(error)
    match error:
        case StellaError():
            show_error(error.message, error.hint)
            return error.exit_code
        case Terminated():
            return TERMINATED
        case KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():
            return BROKEN_PIPE
        case SystemExit():
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        case _:
            hint = "this is a bug; please report it" if debug else "rerun with --debug for the traceback"
            show_error(f"internal error: {type(error).__name__}: {error}", hint)
            return 1


def _catch_termination() -> None:
    owner = os.getpid()

    def terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
        if os.getpid() != owner:  # a forked worker holds nothing that has to be put away
            os._exit(TERMINATED)
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)

"""The `stella` command.

Comes in: `sys.argv`. Goes out: an exit code. Nothing is imported before it is known to be needed: `stella --version`
costs little more than a bare interpreter, and a scan never pays for help, tables or completion.
"""

import gc
import os
import sys

TYPE_CHECKING = False  # `typing` would cost `--version` a third
if TYPE_CHECKING:
    from typing import NoReturn


def start() -> "NoReturn":
    """Run one command and end the process; the console script's entry point.

    Nothing is left to be done when `main` returns, so the interpreter isn't taken down piece by piece (8 ms), and a
    process this short needs no search for cycles.
    """
    gc.disable()
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # gone, or closed by whoever started us
        code = code or 1
    os._exit(code)


def main() -> int:
    """Run one command and return its exit code."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["version"]):
        return show_version()
    try:
        from stellaops_cli.run import run  # noqa: PLC0415  # the point of this file

        return run(arguments)
    except KeyboardInterrupt:  # while importing
        return 130


def show_version() -> int:
    """Print `stella X.Y.Z`; exit code 1 where standard output does not take it."""
    from stellaops_core.version import __version__  # noqa: PLC0415  # the point of this file

    try:
        os.write(1, f"stella {__version__}\n".encode())
    except OSError:
        return 1
    return 0


if __name__ == "__main__":
    start()

"""`stella completion SHELL`: print the script that completes this command."""

from collections.abc import Mapping
from typing import Any

from stellaops_cli.completion import SCRIPTS
from stellaops_cli.console import write_report
from stellaops_cli.suggest import suggest
from stellaops_core.errors import UsageError


def show_completion(values: Mapping[str, Any]) -> int:
    """Write the script to standard output."""
    shell = values["shell"]
    if shell not in SCRIPTS:
        raise UsageError(f"no completion for {shell!r}", hint=suggest(shell, SCRIPTS))
    write_report(SCRIPTS[shell]().encode())
    return 0

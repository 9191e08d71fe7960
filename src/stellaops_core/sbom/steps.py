"""Steps from an entry point, places and command lines, each as one line of text.

Comes in: records of usage. Goes out: text for documents and terminals, paths escaped. The rule: an argument that is not
known is `?`.
"""

import re
from collections.abc import Iterable

from stellaops_core.component import Step
from stellaops_core.sbom.text import escape_path

_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


def place_text(place: str, line: int) -> str:
    """`usr/local/bin/entrypoint.sh:12`, or without the number where there are no lines."""
    return f"{escape_path(place)}:{line}" if line else escape_path(place)


def step_text(step: Step) -> str:
    """`usr/local/bin/entrypoint.sh:12  exec "$@"`."""
    return f"{place_text(step.place, step.line)}  {step.text}"


def command_text(arguments: Iterable[str | None]) -> str:
    """Quote a command line as a shell would have it."""
    return " ".join("?" if word is None else _quoted(word) for word in arguments)


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"

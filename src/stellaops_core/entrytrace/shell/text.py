"""The text of a script as a person reads it: for steps and conditions.

Comes in: a text, or a line of it. Goes out: one short line without control characters.
"""

import re

from msgspec import Struct

from stellaops_core.component import Step

TEXT_LIMIT = 120
"""Characters of a line that are shown."""

LINE_LIMIT = 4096
"""Characters of a line that are looked at for that, from its first letter on: programs may have one line alone."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_OPENING = re.compile(r"^\s*(?:\}\s*)?(?:(?:if|elif|while|until|then|do|else)\s+)+")
_CLOSING = re.compile(r"\s*+;?\s*+(?:;\s*+then\b.*|;\s*+do\b.*|\bthen$|\bdo$|;)$")


def line_text(line: str) -> str:
    """Show a line."""
    text = _CONTROL.sub(" ", line.lstrip()[:LINE_LIMIT]).strip()
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


def condition_text(line: str, operator: str = "") -> str:
    """Show the condition on a line: what stands between `if` and `then`, or before `&&` or `||`."""
    text = _CLOSING.sub("", _OPENING.sub("", line))
    return text.partition(f" {operator} ")[0].strip() if operator else text.strip()


class Source(Struct, frozen=True):
    """The text that is being run."""

    place: str
    """Real path, or `ENTRYPOINT`, `CMD`."""
    lines: tuple[str, ...]
    line: int = 0
    """Where all of it stands, for a text within another: an argument of `sh -c` or `eval`."""

    def step(self, line: int) -> Step:
        """The place of a line, and what it says."""
        number = self.line or line
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Step(self.place, number, line_text(text))

    def within(self, text: str, line: int) -> "Source":
        """A text that stands on one line of this one."""
        return Source(self.place, tuple(text.split("\n")), self.line or line)

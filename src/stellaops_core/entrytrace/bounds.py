"""What is left out because there is too much of it: told, never left out in silence.

Comes in: items, counts and files. Goes out: as much of them as a bound allows, and an `Undetermined` for each bound
that was met. Rule: whoever takes no more than a bound allows, or finds that a file's content was not kept, asks here,
so that nothing counts as not reached that was not looked at.
"""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct

from stellaops_core.analyzers.texts import Text
from stellaops_core.entrytrace.process import Undetermined
from stellaops_core.entrytrace.root import Root

_Item = TypeVar("_Item")
_Record = TypeVar("_Record", bound=Struct)


class Bounds:
    """The bounds that were met while one process was followed."""

    def __init__(self, place: str, scope: str = "") -> None:
        """`place`: what is followed; `scope`: what it may lead to, as in `Undetermined`."""
        self._place, self._scope = place, scope
        self.gaps: dict[Undetermined, None] = {}
        """In the order in which they were met."""

    def note(self, reason: str, place: str = "", line: int = 0) -> None:
        """Keep that something was left out."""
        self.gaps[Undetermined(place or self._place, line, reason, self._scope)] = None

    def first(self, items: Sequence[_Item], limit: int, what: str, place: str = "", line: int = 0) -> Sequence[_Item]:
        """Return the first `limit` items."""
        if len(items) > limit:
            self.note(more_than(limit, what), place, line)
            return items[:limit]
        return items

    def is_full(self, count: int, limit: int, what: str, place: str = "") -> bool:
        """Say whether no more may come to the `count` that there are."""
        if count >= limit:
            self.note(more_than(limit, what), place)
        return count >= limit

    def kept(self, root: Root, path: str, kind: type[_Record]) -> _Record | None:
        """Return what was kept of a file; None where there is no such file, or its content was too large to be kept."""
        record = root.facts(path, kind)
        if record is None and root.is_file(path):
            self.note("its content was not kept, or is not readable", root.real(path) or path)
        return record

    def text(self, root: Root, path: str) -> str | None:
        """Return the text of a file that is kept whole, as `kept` does."""
        kept = self.kept(root, path, Text)
        return None if kept is None else kept.content.decode("utf-8", "replace")


def more_than(limit: int, what: str) -> str:
    """Say which bound was met."""
    return f"more than {limit:,} {what}"

"""The composed image as a program in it sees it: paths, links, and what was kept of files while layers were read.

Comes in: nothing of its own; `scan.rootfs` fills it. Goes out: `Root`, which everything here asks. The records that it
gives of a file are defined by the analyzers that make them. Rule: paths have no leading slash, and are real ones (no
link on the way) where `real` gave them; what was not kept of a file can't be had later, so a question may go
unanswered, which is never the same as "no".
"""

from typing import Protocol, TypeVar

from msgspec import Struct

_Record = TypeVar("_Record", bound=Struct)


class Root(Protocol):
    """The image's file system."""

    def real(self, path: str) -> str | None:
        """Follow all links of a path, absolute or relative to the root; None where nothing is, or links go in circles.

        The root itself is "".
        """

    def is_file(self, path: str) -> bool:
        """Whether a path, links followed, is anything but a directory."""

    def is_directory(self, path: str) -> bool:
        """Whether a path, links followed, is a directory."""

    def names(self, directory: str) -> tuple[str, ...]:
        """Return the names in a directory, links followed, sorted; none where it is not one."""

    def facts(self, path: str, kind: type[_Record]) -> _Record | None:
        """Return what was kept of a file, links followed, under this type's name; None where nothing was."""

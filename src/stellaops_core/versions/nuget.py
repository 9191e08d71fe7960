"""Order of NuGet's versions: Semantic Versions without regard to case, and perhaps with a fourth number.

Comes in: a version. Goes out: its sort key. Source: NuGet's documentation of package versioning, "Version ordering" and
"Normalized version numbers".
"""

import re

from stellaops_core.versions.key import number
from stellaops_core.versions.semver import identifiers

_VERSION = re.compile(
    r"[vV]?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z.-]*)?"
)


def sort_key(version: str) -> bytes | None:
    """Return the key; None for what NuGet refuses. Build metadata does not count."""
    match = _VERSION.fullmatch(version)
    if not match:
        return None
    *numbers, before = match.groups("")
    return b"".join(map(number, numbers)) + (identifiers(before.lower()) if before else b"\2")

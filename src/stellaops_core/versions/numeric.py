"""Order of versions that are numbers and nothing else: R's and Haskell's.

Comes in: a version. Goes out: its sort key. Source: R's `package_version` (numbers between dots and dashes) and
Haskell's Package Versioning Policy. Of two that begin alike the longer is newer.
"""

import re

from stellaops_core.versions.key import number

_VERSION = re.compile(r"[0-9]+(?:[.-][0-9]+)*")


def sort_key(version: str) -> bytes | None:
    """Return the key; None for anything with letters."""
    if not _VERSION.fullmatch(version):
        return None
    return b"".join([b"\1" + number(one) for one in re.split(r"[.-]", version)]) + b"\0"

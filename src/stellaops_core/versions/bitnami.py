"""Order of Bitnami's versions: Semantic Versions with a revision, `1.2.3-4`.

Comes in: a version. Goes out: its sort key. Source: Bitnami's go-version. A number after the dash is no pre-release but
the package's revision; a missing one is 0.
"""

import re

from stellaops_core.versions import semver
from stellaops_core.versions.key import number

_VERSION = re.compile(r"(.*?)(?:-([0-9]+))?", re.DOTALL)


def sort_key(version: str) -> bytes | None:
    """Return the key; None for what is neither."""
    match = _VERSION.fullmatch(version)
    key = semver.sort_key(match[1]) if match else None
    return key and match and key + number(match[2] or "")

"""Order of Dart's versions: Semantic Versions whose build metadata counts.

Comes in: a version. Goes out: its sort key. Source: the package pub_semver and pub's documentation of versions.
"""

import re

from stellaops_core.versions import semver

_BUILD = re.compile(r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*")


def sort_key(version: str) -> bytes | None:
    """Return the key; None for what is no Semantic Version. A version without build metadata comes first."""
    core, plus, build = version.partition("+")
    key = semver.sort_key(core)
    if key is None or not plus:
        return key and key + b"\0"
    return key + semver.identifiers(build) if _BUILD.fullmatch(build) else None

"""Order of Go modules' versions, and of the toolchain's.

Comes in: a version. Goes out: its sort key. Source: go.dev/ref/mod, "Versions" and "Pseudo-versions", and go/version:
`v1.2.3`, `v0.0.0-20190101000000-0123456789ab`, `v2.0.0+incompatible`, and for the standard library `1.22rc1`.
"""

import re

from stellaops_core.versions import semver

_TOOLCHAIN = re.compile(r"(?:go)?([0-9]+\.[0-9]+(?:\.[0-9]+)?)(?:(alpha|beta|rc)([0-9]+))?(?:-.*)?")


def sort_key(version: str) -> bytes | None:
    """Return the key; None for `(devel)` and the like."""
    key = semver.sort_key(version)
    if key is None and (match := _TOOLCHAIN.fullmatch(version)):
        release, stage, digits = match.groups("")
        return semver.sort_key(f"{release}-{stage}.{digits}" if stage else release)
    return key

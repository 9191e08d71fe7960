"""Order of Semantic Versions: npm, Cargo, Hex, Swift, Julia.

Comes in: a version. Goes out: its sort key. Source: Semantic Versioning 2.0.0, section 11. Besides that a leading `v`
or `=` is allowed, as npm does, and what is missing of the three numbers is 0.
"""

import re

from stellaops_core.versions.key import number, word

_VERSION = re.compile(
    r"[vV=]?([0-9]+)(?:\.([0-9]+)(?:\.([0-9]+))?)?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(\+[0-9A-Za-z.-]*)?"
)


def sort_key(version: str) -> bytes | None:
    """Return the key; None for what is no Semantic Version. Build metadata does not count."""
    match = _VERSION.fullmatch(version)
    if not match:
        return None
    major, minor, patch, before, _ = match.groups("")
    return number(major) + number(minor) + number(patch) + (identifiers(before) if before else b"\2")


def identifiers(text: str) -> bytes:
    """Write what stands after the dash; sorts before `2`, which stands for a release."""
    key = b"\1"
    for part in text.split("."):
        key += b"\1" + number(part) if part.isascii() and part.isdigit() else b"\2" + word(part)
    return key + b"\0"

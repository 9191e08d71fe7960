"""Order of Gentoo's versions: `1.2.3b_rc1_p2-r4`.

Comes in: a version. Goes out: its sort key. Source: Package Manager Specification 8, section 3.3. A component with a
leading zero (but the first) is compared as text without its zeros at the end.
"""

import re

from stellaops_core.versions.key import number, word

_VERSION = re.compile(r"([0-9]+)((?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)[0-9]*)*)(?:-r([0-9]+))?")
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")
_RANKS = {"alpha": b"\1", "beta": b"\2", "pre": b"\3", "rc": b"\4", "p": b"\6"}
_NO_SUFFIX = b"\5"


def sort_key(version: str) -> bytes | None:
    """Return the key; None for what the specification does not allow."""
    match = _VERSION.fullmatch(version)
    if not match:
        return None
    first, components, letter, suffixes, revision = match.groups("")
    key = number(first)
    for component in components.split(".")[1:]:
        key += b"\1" + (b"\0" + word(component.rstrip("0")) if component[0] == "0" else b"\1" + number(component))
    key += b"\0" + word(letter)
    for name, digits in _SUFFIX.findall(suffixes):
        key += _RANKS[name] + number(digits)
    return key + _NO_SUFFIX + number(revision)

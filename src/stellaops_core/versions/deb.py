"""Order of Debian's versions, `[epoch:]upstream[-revision]`; opkg's are the same.

Comes in: a version. Goes out: its sort key. Source: Debian Policy 5.6.12 and deb-version(7). A tilde sorts before
everything, even the end; letters before all other characters; a missing revision is 0.
"""

import re

from stellaops_core.versions.key import number

_VERSION = re.compile(r"([0-9]+):([A-Za-z0-9.+~:_-]+)|([A-Za-z0-9.+~_-]+)")
_RUN = re.compile(r"([^0-9]*)([0-9]*)")
_END = b"\2"
_ORDER = bytes.maketrans(b"~+-.:_", b"\1\xab\xad\xae\xba\xdf")


def sort_key(version: str) -> bytes | None:
    """Return the key; None for what dpkg refuses."""
    match = _VERSION.fullmatch(version)
    if not match:
        return None
    epoch, rest, whole = match.groups("")
    whole = whole or rest
    upstream, dash, revision = whole.rpartition("-")
    if not dash:
        return number(epoch) + _part(whole) + _part("")
    return number(epoch) + _part(upstream) + _part(revision) if upstream and revision else None


def _part(text: str) -> bytes:
    """Runs of other characters and of digits in turn, the first perhaps empty."""
    if not text:
        text = "0"
    runs = [
        other.encode("ascii").translate(_ORDER) + _END + number(digits)
        for other, digits in _RUN.findall(text)
        if other or digits
    ]
    return b"".join(runs) + _END

"""Order of pacman's versions, `[epoch:]version[-release]`.

Comes in: a version. Goes out: its sort key. Source: vercmp(8) and the rpmvercmp of libalpm, which is not rpm's: letters
right after a number come before the end (1.0rc < 1.0), and the number of characters between two runs counts.

Two answers of vercmp make no order and are not ours. A missing release equals every release there (1 = 1-1, 1 = 1-2,
1-1 < 1-2); here it comes first. And more than one separator at the end counts as one.
"""

import re

from stellaops_core.versions.key import number

_PART = re.compile(r"([^0-9A-Za-z]*)([0-9]+|[A-Za-z]+|$)")
_LETTERS, _END, _DIGITS, _SEPARATED = b"\1", b"\2", b"\3", b"\4"


def sort_key(version: str) -> bytes:
    """Return the key; every text has one."""
    epoch, colon, rest = version.partition(":")
    if not colon or not (epoch.isascii() and (epoch.isdigit() or not epoch)):
        epoch, rest = "", version
    upstream, dash, release = rest.rpartition("-")
    if not dash:
        return number(epoch) + _runs(rest) + b"\0"
    return number(epoch) + _runs(upstream) + b"\1" + _runs(release)


def _runs(text: str) -> bytes:
    key = b""
    for between, run in _PART.findall(text):
        if between:
            key += _SEPARATED + bytes([min(len(between), 255) if run else 1])
        if run:
            key += _DIGITS + number(run) if run[0].isdigit() else _LETTERS + run.encode("ascii") + b"\0"
    return key + _END

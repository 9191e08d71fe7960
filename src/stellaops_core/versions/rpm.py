"""Order of rpm's versions, `[epoch:]version[-release]`.

Comes in: a version. Goes out: its sort key. Source: rpm 4.18's rpmvercmp and rpm-version(7): runs of digits and of
letters are compared, what stands between them is not; `~` sorts before the end, `^` after it. A missing epoch is 0; a
missing release sorts before all others.
"""

import re

from stellaops_core.versions.key import number

_RUN = re.compile(r"([0-9]+)|([A-Za-z]+)|([~^])")
_TILDE, _END, _CARET, _LETTERS, _DIGITS = b"\1", b"\2", b"\3", b"\4", b"\5"


def sort_key(version: str) -> bytes:
    """Return the key; every text has one."""
    epoch, colon, rest = version.partition(":")
    if not colon or not (epoch.isascii() and (epoch.isdigit() or not epoch)):
        epoch, rest = "", version
    upstream, dash, release = rest.rpartition("-")
    if not dash:
        return number(epoch) + runs(rest) + b"\0"
    return number(epoch) + runs(upstream) + b"\1" + runs(release)


def runs(text: str) -> bytes:
    """Write one part; no key of a part begins another's."""
    key = b""
    for digits, letters, sign in _RUN.findall(text):
        if digits:
            key += _DIGITS + number(digits)
        elif letters:
            key += _LETTERS + letters.encode("ascii") + b"\0"
        else:
            key += _TILDE if sign == "~" else _CARET
    return key + _END

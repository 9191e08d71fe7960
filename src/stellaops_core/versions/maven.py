"""Order of Maven's versions.

Comes in: a version. Goes out: its sort key. Source: `ComparableVersion` of Maven 3.9 and the POM reference, "Version
Order Specification": tokens between dots, dashes and changes from digits to letters; zeros and words for a release
(`ga`, `final`, `release`) are nothing where a word or the end follows.

Maven's comparison is no order of all texts (1-alpha < 1 < 1.sp.1 < 1-alpha.1 and the like can make rings); the keys are
its answers for versions as people write them.
"""

import re

from stellaops_core.versions.key import number, word

_TOKEN = re.compile(r"([.-]?)(?:([0-9]+)|([^0-9.-]+))|([.-])")
_RELEASE = frozenset({"ga", "final", "release"})
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_RANKS = {
    "alpha": b"\1",
    "beta": b"\2",
    "milestone": b"\3",
    "rc": b"\4",
    "cr": b"\4",
    "snapshot": b"\5",
    "sp": b"\7",
}
_END, _WORD, _DASHED, _DOTTED = b"\6", b"\x08", b"\x09", b"\x0a"


def sort_key(version: str) -> bytes | None:
    """Return the key; every text without a NUL has one."""
    if "\0" in version:
        return None
    parts: list[bytes] = []
    zeros: list[bytes] = []  # nothing, unless a number follows them after a dot
    text = version.lower()
    for match in _TOKEN.finditer(text):
        sign, digits, letters, lone = match.groups()
        if letters:
            zeros.clear()
            parts += [] if letters in _RELEASE else [_rank(letters, text[match.end() :])]
            continue
        dotted = (sign or lone) == "." or not match.start()
        if not dotted:
            zeros.clear()
        data = (_DOTTED if dotted else _DASHED) + number(digits or "")
        if data.endswith(b"\0"):
            zeros.append(data)
        else:
            parts += [*zeros, data]
            zeros.clear()
    return b"".join(parts) + _END


def _rank(letters: str, after: str) -> bytes:
    """Return the key of a word; `a`, `b` and `m` are short only before a number."""
    if letters in _SHORT and after.removeprefix("-")[:1].isdigit():
        letters = _SHORT[letters]
    return _RANKS.get(letters) or _WORD + word(letters)

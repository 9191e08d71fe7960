"""Order of Void Linux's versions, `1.2.3beta1_4`.

Comes in: a version. Goes out: its sort key. Source: xbps 0.60's `xbps_cmpver`, which is pkgsrc's dewey. Zeros at the
end are nothing; `alpha`, `beta` and `pre` (or `rc`) come before the end; other letters are numbers after a zero; other
characters do not count. A missing revision is 0.
"""

import re

from stellaops_core.versions.key import number, padded

_REVISION = re.compile(r"(.*?)(?:_([0-9]+))?", re.DOTALL)
_PART = re.compile(r"([0-9]+)|(alpha)|(beta)|(pre|rc)|(pl|[._])|([a-z])", re.IGNORECASE | re.ASCII)


def sort_key(version: str) -> bytes | None:
    """Return the key; None for what has no number in it."""
    match = _REVISION.fullmatch(version)
    if not match or not re.search(r"[0-9]", match[1]):
        return None
    parts: list[tuple[int, bytes]] = []
    for digits, alpha, beta, candidate, zero, letter in _PART.findall(match[1]):
        if digits:
            parts.append((1, number(digits)) if digits.strip("0") else (0, b""))
        elif alpha or beta or candidate:
            parts.append((-1, b"\1" if alpha else b"\2" if beta else b"\3"))
        elif zero:
            parts.append((0, b""))
        else:
            parts += [(0, b""), (1, number(str(ord(letter.lower()) - ord("a") + 1)))]
    return padded(parts) + number(match[2] or "")

"""Order of Composer's versions, and of WordPress's: PHP's.

Comes in: a version. Goes out: its sort key. Source: `version_compare` of PHP 8; and Composer's rule that a version has
at least four numbers, so that 1.0 is 1.0.0. Branches (`dev-main`, `2.x-dev`) have no order among versions.
"""

import re

from stellaops_core.versions.key import number

_NUMBERS = 4
_PART = re.compile(r"[0-9]+|[^0-9.]+")
_BRANCH = re.compile(r"dev-.*|.*[.]x-dev", re.DOTALL)
_END, _NUMBER = b"\6", b"\7"
_WORDS = (("dev", b"\2"), ("a", b"\3"), ("b", b"\4"), ("RC", b"\5"), ("rc", b"\5"), ("p", b"\x08"))
_OTHER = b"\1"


def sort_key(version: str) -> bytes | None:
    """Return the key; None for branches and what has no number at its start."""
    text = version[1:] if version[:1] in {"v", "V"} else version
    if not text[:1].isdigit() or not text.isascii() or _BRANCH.fullmatch(text):
        return None
    parts = _PART.findall(re.sub(r"[-_+]", ".", text.partition("+")[0]))
    stated = next((at for at, part in enumerate(parts) if not part.isdigit()), len(parts))
    parts[stated:stated] = ["0"] * (_NUMBERS - stated)
    return b"".join([_NUMBER + number(part) if part.isdigit() else _rank(part) for part in parts]) + _END


def _rank(part: str) -> bytes:
    """Return the rank of `alpha1`'s letters; words are known by how they begin."""
    return next((rank for name, rank in _WORDS if part.startswith(name)), _OTHER)

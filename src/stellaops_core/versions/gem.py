"""Order of Ruby gems' versions.

Comes in: a version. Goes out: its sort key. Source: `Gem::Version` of RubyGems 3.5. Letters make a pre-release, a dash
stands for `.pre.`, and zeros at the end of the numbers, or of the whole, are nothing.
"""

import re

from stellaops_core.versions.key import number, padded, word

_VERSION = re.compile(r"\s*[0-9]+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\s*")
_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+")


def sort_key(version: str) -> bytes | None:
    """Return the key; None for what RubyGems refuses."""
    if not version.isascii() or not _VERSION.fullmatch(version):
        return None
    segments = _SEGMENT.findall(version.replace("-", ".pre."))
    letters = next((at for at, segment in enumerate(segments) if segment[0].isalpha()), len(segments))
    release = segments[:letters]
    while release and not release[-1].strip("0"):
        release.pop()
    return padded([_part(segment) for segment in release + segments[letters:]])


def _part(segment: str) -> tuple[int, bytes]:
    if segment[0].isalpha():
        return -1, word(segment)
    return (1, number(segment)) if segment.strip("0") else (0, b"")

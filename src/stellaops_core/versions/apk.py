"""Order of Alpine's versions: `1.2.3b_rc1_p2~commit-r4`.

Comes in: a version. Goes out: its sort key. Source: apk-package(5) and the comparison of apk-tools 3. A component with
a leading zero (but the first) is compared as text. Digits after the letter are what apk-tools 2 allowed (6.6.2p1).
"""

import re

from stellaops_core.versions.key import number, word

_VERSION = re.compile(
    r"([0-9]+)((?:\.[0-9]+)*)([a-z]?)([0-9]*)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)(?:~([0-9a-f]+))?(?:-r([0-9]+))?"
)
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")
_BEFORE = {"alpha": b"\1", "beta": b"\2", "pre": b"\3", "rc": b"\4"}
_AFTER = {"cvs": b"\1", "svn": b"\2", "git": b"\3", "hg": b"\4", "p": b"\5"}
_EARLIER, _END, _REVISION, _COMMIT, _COUNT, _LATER, _LETTER, _COMPONENT = (bytes([one]) for one in range(1, 9))


def sort_key(version: str) -> bytes | None:
    """Return the key; None for what apk refuses."""
    match = _VERSION.fullmatch(version)
    if not match:
        return None
    first, components, letter, after, suffixes, commit, revision = match.groups()
    key = number(first)
    for component in components.split(".")[1:]:
        key += _COMPONENT + (b"\0" + word(component) if component[0] == "0" else b"\1" + number(component))
    if letter:
        key += _LETTER + letter.encode("ascii") + (_COMPONENT + b"\1" + number(after) if after else b"")
    for name, digits in _SUFFIX.findall(suffixes):
        key += _EARLIER + _BEFORE[name] if name in _BEFORE else _LATER + _AFTER[name]
        key += _COUNT + number(digits) if digits else b""
    if commit:
        key += _COMMIT + word(commit)
    if revision:
        key += _REVISION + number(revision)
    return key + _END

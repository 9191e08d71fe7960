"""Order of Conan's versions: like Semantic Versions, of any length and with words anywhere.

Comes in: a version. Goes out: its sort key. Source: Conan 2's documentation of versions, and the vers specification's
cases. Zeros at the end are nothing, a pre-release comes before its release, build metadata counts.

Conan compares a number with a word as two texts, which makes no order (2 < 10 < 1a < 2); here numbers come first.
"""

from stellaops_core.versions.key import number, word


def sort_key(version: str) -> bytes | None:
    """Return the key; every text without a NUL has one."""
    if "\0" in version:
        return None
    rest, plus, build = version.rpartition("+")
    if not plus:
        return _main(version) + b"\0"
    return _main(rest) + b"\1" + _main(build)


def _main(text: str) -> bytes:
    """Write a version without build metadata; each dash begins a pre-release of what stands before it."""
    parts = text.split("-")
    return b"".join([_items(part) + (b"\0" if at < len(parts) else b"\1") for at, part in enumerate(parts, 1)])


def _items(text: str) -> bytes:
    items = text.split(".")
    while items and items[-1] and not items[-1].strip("0"):
        items.pop()
    return b"".join([_item(item) for item in items]) + b"\1"


def _item(item: str) -> bytes:
    return b"\2" + number(item) if item.isascii() and item.isdigit() else b"\3" + word(item)

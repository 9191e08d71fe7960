"""Which of two versions is newer, as the package's own ecosystem orders them.

Comes in: a purl type and versions as their packages state them (of an rpm with its epoch: `1:2.3-4`). Goes out: sort
keys, and comparisons made of them. The rule: within one type keys are bytes that compare as the versions do, and equal
bytes mean equal versions; so the order is total whatever the texts are, a key can be kept in a database, and comparing
costs no more than comparing bytes. Where no order is defined there is no key, and the answer is None: never a guess.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final

VERSION_LIMIT: Final = 1024
"""Characters of a version that has a key."""
KEY_REVISION: Final = 1
"""Kept keys hold as long as this does: raise it when any scheme's keys change."""

SCHEMES: Mapping[str, str] = MappingProxyType(
    {
        "alpm": "alpm",
        "apk": "apk",
        "bitnami": "bitnami",
        "cargo": "semver",
        "composer": "composer",
        "conan": "conan",
        "cran": "numeric",
        "deb": "deb",
        "ebuild": "ebuild",
        "gem": "gem",
        "golang": "golang",
        "hackage": "numeric",
        "hex": "semver",
        "julia": "semver",
        "maven": "maven",
        "npm": "semver",
        "nuget": "nuget",
        "opkg": "deb",
        "pub": "pub",
        "pypi": "pep440",
        "rpm": "rpm",
        "swift": "semver",
        "wordpress-plugin": "composer",
        "wordpress-theme": "composer",
        "xbps": "xbps",
    }
)
"""purl type to the module that knows its order. All other types have none that is written down for all their packages:
`generic`, `oci`, `github`, programs that no package explains, and so on."""

_loaded: dict[str, Callable[[str], bytes | None]] = {}


def sort_key(type_: str, version: str) -> bytes | None:
    """Return what sorts as the version does among those of its type; None where that is not defined.

    That is: the type has no order, the version is none of its ecosystem's (a branch, a commit, empty), or it is longer
    than `VERSION_LIMIT`.
    """
    key = _loaded.get(type_) or _load(type_)
    return key(version) if version and len(version) <= VERSION_LIMIT else None


def compare(type_: str, one: str, other: str) -> int | None:
    """Return -1 where `one` is older, 0 where both are the same, 1 where it is newer; None where that is not defined.

    Equal texts are the same version whatever the type.
    """
    if one == other:
        return 0
    left, right = sort_key(type_, one), sort_key(type_, other)
    if left is None or right is None:
        return None
    return (left > right) - (left < right)


def _load(type_: str) -> Callable[[str], bytes | None]:
    if type_ not in SCHEMES:
        return _unordered
    key: Callable[[str], bytes | None] = import_module(f"stellaops_core.versions.{SCHEMES[type_]}").sort_key
    _loaded[type_] = key
    return key


def _unordered(_version: str) -> None:
    return None

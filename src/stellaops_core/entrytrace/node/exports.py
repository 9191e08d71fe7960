"""What a package.json says of which file stands for which name: its fields `exports` and `imports`.

Comes in: the decoded field, a subpath (`.` or `./x`) or a name (`#x`), the conditions that hold. Goes out: the target
as written (`./lib/x.js`, or another package's name), or None. Rules: the first key that holds counts, in the order of
the file; what a target may not be is not given.

Source: nodejs.org/api/esm.html "Resolution Algorithm Specification": PACKAGE_EXPORTS_RESOLVE, PACKAGE_IMPORTS_RESOLVE,
PACKAGE_IMPORTS_EXPORTS_RESOLVE, PATTERN_KEY_COMPARE, PACKAGE_TARGET_RESOLVE.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from stellaops_core.entrytrace.bounds import more_than

DEPTH_LIMIT = 32
"""Conditions and alternatives within one another that are gone into."""

_NO_STEP = re.compile(r"(?:^|[/\\])(?:\.\.?|node_modules|%2e(?:%2e)?|%2f|%5c)(?:[/\\]|$)", re.IGNORECASE)


class Patterns:
    """The keys of a field with `*` in them, or with a slash at their end; made once, for a field may have thousands."""

    def __init__(self, field: Any) -> None:
        self._tails: dict[str, dict[str, str]] = {}
        """What stands before `*` to what stands behind it to the key."""
        self._directories: set[str] = set()
        for key in field if isinstance(field, dict) else ():
            head, star, tail = key.partition("*")
            if star and "*" not in tail:
                self._tails.setdefault(head, {})[tail] = key
            elif not star and key.endswith("/"):
                self._directories.add(key)

    def best(self, name: str) -> str:
        """Return the most specific key that fits a name; empty where there is none."""
        best = ""
        for end in range(len(name) + 1):
            for pattern in self._fitting(name, end):
                if not best or _is_before(pattern, best):
                    best = pattern
        return best

    def _fitting(self, name: str, end: int) -> list[str]:
        """Return the keys that fit and whose fixed beginning ends there."""
        head = name[:end]
        directory = [head] if head in self._directories else []
        tails = self._tails.get(head)
        if not tails:
            return directory
        if len(tails) > len(name):
            found = [tails[name[at:]] for at in range(end, len(name) + 1) if name[at:] in tails]
        else:
            found = [key for tail, key in tails.items() if name.endswith(tail)]
        return directory + [key for key in found if len(name) >= len(key)]


def exported(exports: Any, subpath: str, conditions: Collection[str], patterns: Patterns | None = None) -> str | None:
    """Return the target of a subpath of a package with the field `exports`; None where it is not exported.

    `patterns`: those of the field, for who asks often.
    """
    keyed = isinstance(exports, dict) and any(key.startswith(".") for key in exports)
    if not keyed:
        return _target(exports, "", conditions, own=True) if subpath == "." else None
    if subpath == ".":
        return _target(exports.get("."), "", conditions, own=True)
    return _keyed(exports, subpath, conditions, patterns, own=True)


def imported(imports: Any, name: str, conditions: Collection[str], patterns: Patterns | None = None) -> str | None:
    """Return the target of a name that begins with `#`; None where the field `imports` does not have it.

    `patterns`: as of `exported`.
    """
    if not isinstance(imports, dict) or name == "#":
        return None
    return _keyed(imports, name, conditions, patterns, own=False)


def _keyed(
    table: Mapping[str, Any], key: str, conditions: Collection[str], patterns: Patterns | None, *, own: bool
) -> str | None:
    if key in table and "*" not in key and not key.endswith("/"):
        return _target(table[key], "", conditions, own=own)
    best = (patterns or Patterns(table)).best(key)
    head, _, tail = best.partition("*")
    return _target(table[best], key[len(head) : len(key) - len(tail)], conditions, own=own) if best else None


def _is_before(pattern: str, other: str) -> bool:
    """Whether a pattern is the more specific one."""
    mine, its = pattern.find("*") + 1 or len(pattern), other.find("*") + 1 or len(other)
    return mine > its or (mine == its and len(pattern) > len(other))


def _target(target: Any, match: str, conditions: Collection[str], *, own: bool, depth: int = 0) -> str | None:
    if depth > DEPTH_LIMIT:
        raise ValueError(more_than(DEPTH_LIMIT, "conditions within one another"))
    if isinstance(target, str):
        return _checked(target, match, own=own)
    if isinstance(target, dict):
        for condition, inner in target.items():
            if condition == "default" or condition in conditions:
                found = _target(inner, match, conditions, own=own, depth=depth + 1)
                if found is not None or inner is None:
                    return found
    if isinstance(target, list):
        for inner in target:
            if (found := _target(inner, match, conditions, own=own, depth=depth + 1)) is not None:
                return found
    return None


def _checked(target: str, match: str, *, own: bool) -> str | None:
    """Return a target with what the pattern stood for; a package's own must lie in it."""
    if target.startswith("./"):
        if _NO_STEP.search(target[2:]) or (match and _NO_STEP.search(match)):
            return None
    elif own or target.startswith(("../", "/")):
        return None
    return target + match if target.endswith("/") else target.replace("*", match)

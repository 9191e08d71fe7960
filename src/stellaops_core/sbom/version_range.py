"""Ranges of versions, as one writes them on a command line: `>=1.2,<1.4.5`.

Comes in: a purl type and a text. Goes out: a test of versions. All comparisons must hold. The rule: a version of which
nobody can say whether it is older or newer counts as in the range, for a search must not miss what may be affected.
"""

import operator
import re
from collections.abc import Callable

from stellaops_core.errors import UsageError
from stellaops_core.versions.scheme import SCHEMES, sort_key

RANGE_LIMIT = 64
"""Comparisons of one range."""

_COMPARISON = re.compile(r"\s*(<=|>=|!=|<|>|=)\s*([^\s,<>=]+)\s*")
_OPERATORS: dict[str, Callable[[bytes, bytes], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def read_range(type_: str, text: str) -> Callable[[str], bool]:
    """Read a range of versions of that purl type. Raises `UsageError` where it has no meaning."""
    if type_ not in SCHEMES:
        raise UsageError(f"no order of versions is known for {type_[:50]}", hint="give a version instead of a range")
    parts = text.split(",")
    if len(parts) > RANGE_LIMIT:
        raise UsageError(f"a range of more than {RANGE_LIMIT} comparisons")
    bounds = [_bound(type_, part) for part in parts]

    def accepts(version: str) -> bool:
        key = sort_key(type_, version)
        return key is None or all(compare(key, bound) for compare, bound in bounds)

    return accepts


def _bound(type_: str, part: str) -> tuple[Callable[[bytes, bytes], bool], bytes]:
    match = _COMPARISON.fullmatch(part)
    if not match:
        raise UsageError(f"not a comparison of versions: {part[:100]!r}", hint="such as: '>=1.2,<1.4.5'")
    key = sort_key(type_, match[2])
    if key is None:
        raise UsageError(f"not a version of {type_}: {match[2][:100]!r}")
    return _OPERATORS[match[1]], key

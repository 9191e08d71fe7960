"""Who provides what, by name: how operating system packages' requirements lead to other packages.

Comes in: what packages are called and provide. Goes out: edges. Rules: whether versions fit was settled when the
package manager installed it, and isn't checked again; but where several providers of one name are installed and one
version is required, those that state this version are meant. Edges are bounded.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

ANSWER_LIMIT = 64
"""Packages that one requirement is resolved to at most."""

_OPERATORS = frozenset({"<", "<=", "=", ">=", ">"})
_OPERATOR = re.compile(r"[<>=]+")


class Capability(Struct, frozen=True):
    """A name that is provided or required."""

    name: str
    version: str = ""
    exact: bool = False
    """Whether a requirement is for this very version."""


def read_capability(text: str) -> Capability:
    """Read `name` or `name = 1`; operators stand between blanks, for names may hold some: `font(:lang=de)`."""
    parts = text.rsplit(" ", 2)
    if len(parts) == 3 and parts[1] in _OPERATORS:
        return Capability(parts[0], parts[2], parts[1] == "=")
    return Capability(text)


def read_word(text: str) -> Capability:
    """Read `name` or `name>=1`."""
    operator = _OPERATOR.search(text)
    if not operator:
        return Capability(text.strip())
    return Capability(text[: operator.start()].strip(), text[operator.end() :].strip(), operator[0] == "=")


class Providers:
    """Packages by what they provide."""

    def __init__(self) -> None:
        self._named: dict[str, list[tuple[str, str]]] = defaultdict(list)

    def add(self, purl: str, capabilities: Iterable[Capability]) -> None:
        """Take note of what a package provides; its own name is one of these."""
        for one in capabilities:
            known = self._named[one.name]
            if len(known) < ANSWER_LIMIT and (purl, one.version) not in known[-1:]:
                known.append((purl, one.version))

    def resolve(self, required: Iterable[Capability], own: str) -> tuple[str, ...]:
        """Return the purls of who provides what a package requires, but for itself."""
        found: set[str] = set()
        for one in required:
            known = self._named.get(one.name, ())
            exact = [purl for purl, version in known if one.exact and _is_same(one.version, version)]
            found.update(exact or (purl for purl, _ in known))
        return tuple(sorted(found - {own}))


def _is_same(required: str, provided: str) -> bool:
    """Compare versions as texts; epoch 0 is no epoch, and a requirement without a release fits all releases."""
    required, provided = required.removeprefix("0:"), provided.removeprefix("0:")
    return required == provided or provided.startswith(required + "-")

"""Package URLs: reading, normalising and writing them.

Source: the package-url specification (PURL-SPECIFICATION and the type definitions), checked against its test suite.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote

from msgspec import Struct

_TYPE = re.compile(r"[a-z][a-z0-9.-]*")
_KEY = re.compile(r"[a-z][a-z0-9._-]*")
_PLAIN = re.compile(r"[A-Za-z0-9.\-_~:]*")
_LOWER_NAME = frozenset(
    {"alpm", "apk", "bitbucket", "bitnami", "composer", "deb", "github", "hex", "luarocks", "oci", "otp", "pub", "pypi"}
)
_LOWER_NAMESPACE = frozenset(
    {"alpm", "apk", "bitbucket", "composer", "deb", "github", "golang", "hex", "luarocks", "qpkg", "rpm"}
)


class Purl(Struct, frozen=True, order=True):
    """A package URL in its parts, normalised. `str()` gives the canonical text."""

    type: str
    name: str
    version: str = ""
    namespace: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    subpath: str = ""

    def __str__(self) -> str:
        text = f"pkg:{self.type}/"
        if self.namespace:
            text += "/".join(map(_quoted, self.namespace.split("/"))) + "/"
        text += _quoted(self.name)
        if self.version:
            text += "@" + _quoted(self.version)
        if self.qualifiers:
            text += "?" + "&".join(f"{key}={_quoted(value)}" for key, value in self.qualifiers)
        if self.subpath:
            text += "#" + "/".join(map(_quoted, self.subpath.split("/")))
        return text


def make_purl(
    type_: str,
    name: str,
    version: str = "",
    *,
    namespace: str = "",
    qualifiers: Mapping[str, str] | None = None,
    subpath: str = "",
) -> Purl:
    """Normalise the parts as the type's definition says. Raises `ValueError` where no valid purl can be made of them."""
    type_ = type_.lower()
    if not _TYPE.fullmatch(type_):
        raise ValueError(f"not a purl type: {type_!r}")
    if not name:
        raise ValueError("a purl needs a name")
    namespace = "/".join(part for part in namespace.split("/") if part)
    if type_ in _LOWER_NAMESPACE:
        namespace = namespace.lower()
    if type_ in _LOWER_NAME:
        name = name.lower()
    if type_ == "pypi":
        name = name.replace("_", "-")
    pairs = []
    for key, value in sorted((qualifiers or {}).items()):
        if not _KEY.fullmatch(key.lower()):
            raise ValueError(f"not a purl qualifier: {key!r}")
        if value:
            pairs.append((key.lower(), value))
    steps = [part for part in subpath.split("/") if part not in {"", ".", ".."}]
    return Purl(type_, name, version, namespace, tuple(pairs), "/".join(steps))


def parse_purl(text: str) -> Purl:
    """Read a package URL from right to left, as the specification numbers the steps. Raises `ValueError`."""
    rest, _, subpath = text.partition("#")
    rest, _, query = rest.partition("?")
    scheme, colon, rest = rest.partition(":")
    if not colon or scheme.lower() != "pkg":
        raise ValueError(f"not a package URL: {text[:200]!r}")
    type_, slash, rest = rest.strip("/").partition("/")
    if not slash:
        raise ValueError(f"a package URL needs a type and a name: {text[:200]!r}")
    before, at, version = rest.rpartition("@")
    if not at or "/" in version:  # the at sign belongs to a scope
        before, version = rest, ""
    namespace, _, name = before.strip("/").rpartition("/")
    qualifiers = {}
    for pair in query.split("&") if query else ():
        key, _, value = pair.partition("=")
        qualifiers[key.lower()] = unquote(value)
    return make_purl(
        type_,
        unquote(name),
        unquote(version),
        namespace="/".join(map(unquote, namespace.split("/"))),
        qualifiers=qualifiers,
        subpath="/".join(map(unquote, subpath.split("/"))),
    )


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe=":.-_~")

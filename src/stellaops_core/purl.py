"""Package URLs: reading, normalising and writing them.

Comes in: the parts of a purl, or its text. Goes out: a `Purl` in normal form, so that equal packages have equal texts.

Source: ECMA-427 and the purl type definitions, checked against their test suite. Two rules are ours. golang: the
definition's prose lowercases namespace and name while its machine-readable part calls them case sensitive; the prose
wins, since joins want one spelling. And golang may lack the namespace it should have: the standard library and modules
with a one-part path exist.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote

from msgspec import Struct

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9.-]*")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_ENCODED = re.compile(r"[^A-Za-z0-9.\-_~:]")
_ESCAPES = {code: f"%{code:02X}" for code in range(128) if _ENCODED.match(chr(code))}


def _types(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEEDS_NAMESPACE = _types(
    "alpm apk bitbucket composer deb git github huggingface maven qpkg rpm swift vscode-extension"
)
_HAS_NO_NAMESPACE = _types(
    "bazel bitnami cargo chrome-extension cocoapods conda cran gem hackage julia mlflow nuget oci opam otp pub pypi"
    " vcpkg"
)
_LOWER_NAMESPACE = _types(
    "alpm apk bitbucket brew composer deb github golang hex luarocks qpkg rpm vscode-extension yocto"
)
_LOWER_NAME = _types(
    "alpm apk bitbucket bitnami brew chrome-extension composer deb github golang hex luarocks oci otp pub pypi"
    " vscode-extension"
)
_LOWER_VERSION = _types("huggingface oci pypi vscode-extension")
_LOWER_SUBPATH = _types("otp")
_SPELL_NAME: dict[str, Callable[[str], str]] = {
    "hackage": lambda name: name.replace("_", "-"),
    "pub": lambda name: re.sub(r"[^a-z0-9_]", "_", name),
    "pypi": lambda name: name.replace("_", "-"),
}
_NEEDS_QUALIFIER = {"julia": "uuid", "swid": "tag_id"}
_NAME_FORM = {"chrome-extension": re.compile(r"[a-p]{32}"), "cpan": re.compile(r"(?:(?!::).)*", re.DOTALL)}
_VERSION_FORM = {"chrome-extension": re.compile(r"\d+(\.\d+){0,3}", re.ASCII)}


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
            text += _quoted_path(self.namespace) + "/"
        text += _quoted(self.name)
        if self.version:
            text += "@" + _quoted(self.version)
        if self.qualifiers:
            text += "?" + "&".join([f"{key}={_quoted(value)}" for key, value in self.qualifiers])
        if self.subpath:
            text += "#" + _quoted_path(self.subpath)
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
    """Normalise the parts as the type's definition says. Raises `ValueError` where they make no valid purl."""
    if not _TYPE.fullmatch(type_):
        raise ValueError(f"not a purl type: {type_[:100]!r}")
    type_ = type_.lower()
    namespace = _namespace(type_, namespace)
    name, version = _name(type_, name), _version(type_, version)
    pairs = _qualifiers(type_, qualifiers) if qualifiers or type_ in _NEEDS_QUALIFIER else ()
    if subpath:
        subpath = "/".join([_text(part) for part in subpath.split("/") if part not in {"", ".", ".."}])
        subpath = subpath.lower() if type_ in _LOWER_SUBPATH else subpath
    return Purl(type_, name, version, namespace, pairs, subpath)


def parse_purl(text: str) -> Purl:
    """Read a package URL, canonical or not. Raises `ValueError`.

    Qualifiers begin at the first `?` and the subpath at the first `#`, as in every URL (RFC 3986), so that an unencoded
    `?` in a qualifier does no harm.
    """
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
    namespace, _, name = before.rpartition("/")
    return make_purl(
        type_,
        _decoded(name),
        _decoded(version),
        namespace=_decoded(namespace),
        qualifiers=_parse_qualifiers(query) if query else None,
        subpath=_decoded(subpath),
    )


def _namespace(type_: str, namespace: str) -> str:
    if "/" in namespace:
        namespace = "/".join(filter(None, namespace.split("/")))
    if not namespace and type_ in _NEEDS_NAMESPACE:
        raise ValueError(f"a purl of type {type_} needs a namespace")
    if namespace and type_ in _HAS_NO_NAMESPACE:
        raise ValueError(f"a purl of type {type_} has no namespace")
    if type_ in _LOWER_NAMESPACE:
        namespace = namespace.lower()
    return _text(namespace.upper() if type_ == "cpan" else namespace)


def _name(type_: str, name: str) -> str:
    if not name:
        raise ValueError("a purl needs a name")
    if type_ in _LOWER_NAME:
        name = name.lower()
    if type_ in _SPELL_NAME:
        name = _SPELL_NAME[type_](name)
    if type_ in _NAME_FORM and not _NAME_FORM[type_].fullmatch(name):
        raise ValueError(f"not a name for a purl of type {type_}: {name[:100]!r}")
    return _text(name)


def _version(type_: str, version: str) -> str:
    if type_ in _LOWER_VERSION:
        version = version.lower()
    if version and type_ in _VERSION_FORM and not _VERSION_FORM[type_].fullmatch(version):
        raise ValueError(f"not a version for a purl of type {type_}: {version[:100]!r}")
    return _text(version)


def _qualifiers(type_: str, qualifiers: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    pairs: dict[str, str] = {}
    for key, value in (qualifiers or {}).items():
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a purl qualifier: {key[:100]!r}")
        if value:
            if (lower := key.lower()) in pairs:
                raise ValueError(f"a purl qualifier is given twice: {key[:100]!r}")
            pairs[lower] = value if value.isascii() else _text(value)
    if type_ in _NEEDS_QUALIFIER and _NEEDS_QUALIFIER[type_] not in pairs:
        raise ValueError(f"a purl of type {type_} needs the qualifier {_NEEDS_QUALIFIER[type_]}")
    return tuple(sorted(pairs.items()))


def _parse_qualifiers(query: str) -> dict[str, str]:
    qualifiers: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        key, equals, value = pair.partition("=")
        if not equals or key in qualifiers:
            raise ValueError(f"not the qualifiers of a purl: {query[:200]!r}")
        qualifiers[key] = _decoded(value)
    return qualifiers


def _text(part: str) -> str:
    """Refuse what has no UTF-8 form (`UnicodeEncodeError` is a `ValueError`)."""
    if not part.isascii():
        part.encode()
    return part


def _decoded(part: str) -> str:
    return unquote(part, errors="strict") if "%" in part else part


def _quoted(part: str) -> str:
    if not _ENCODED.search(part):
        return part
    return part.translate(_ESCAPES) if part.isascii() else quote(part, safe=":")


def _quoted_path(path: str) -> str:
    return "/".join([_quoted(part) for part in path.split("/")]) if "/" in path else _quoted(path)

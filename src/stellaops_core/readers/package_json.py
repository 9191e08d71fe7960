"""package.json as it is found in the wild, and npm's hidden lockfile.

Comes in: bytes. Goes out: plain values for the fields that say what a package is. `ValueError` for bytes that are no
JSON object; a field of a wrong type counts as absent, since npm itself lets most of them through.

Source: npm documentation, package.json and package-lock.json ("hidden lockfiles"); W3C Subresource Integrity.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from stellaops_core.readers.stated import clean_text, clean_url

TEXT_LIMIT: Final = 1024
"""Characters of a licence or an author."""
DEPENDENCIES_LIMIT: Final = 4096
"""Dependencies of one package."""
VALUES_LIMIT: Final = 2_000_000
"""Values of a document, about: commas and opening brackets, those in texts included. Each takes some 100 bytes."""

_HOSTS: Final = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
_SHORTHAND = re.compile(r"(?:(github|gitlab|bitbucket):)?([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)(#\S*)?")
_GIST = re.compile(r"gist:([0-9a-f]+)")
_ALGORITHMS: Final = {"sha1": ("SHA-1", 20), "sha256": ("SHA-256", 32), "sha384": ("SHA-384", 48)} | {
    "sha512": ("SHA-512", 64)
}


def decode_json(data: bytes) -> Any:
    """Decode JSON, with or without a byte order mark. Nesting is bounded by Python's recursion limit."""
    if sum(map(data.count, (b",", b"{", b"["))) > VALUES_LIMIT:
        raise ValueError(f"more than {VALUES_LIMIT:,} values")
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON") from error


def read_object(data: bytes) -> dict[str, Any]:
    """Decode a JSON object; see `decode_json`."""
    document = decode_json(data)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  # what is wrong is the file
    return document


def licenses_of(document: dict[str, Any]) -> tuple[str, ...]:
    """`license` or the older `licenses`: a text, `{type, url}`, or a list of either."""
    found: dict[str, None] = {}
    for field in ("license", "licenses"):
        value = document.get(field)
        for item in value if isinstance(value, list) else [value]:
            text = _text(item) or _text(_member(item, "type")) or _text(_member(item, "name"))
            if text:
                found[text] = None
    return tuple(found)


def supplier_of(document: dict[str, Any]) -> str:
    """The author's name, else that of the first maintainer or contributor who has one."""
    for field in ("author", "authors", "maintainers", "contributors"):
        value = document.get(field)
        for person in value[:16] if isinstance(value, list) else [value]:
            text = _text(person) or _text(_member(person, "name"))
            name = re.split(r"\s*[<(]", text, maxsplit=1)[0].strip()
            if name:
                return name
    return ""


def links_of(document: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """(CycloneDX external reference type, URL) of homepage, repository, bugs and the archive; sorted."""
    found = {
        ("website", clean_url(document.get("homepage"))),
        ("vcs", _repository(document.get("repository"))),
        ("issue-tracker", clean_url(document.get("bugs")) or clean_url(_member(document.get("bugs"), "url"))),
        *resolved_links(document.get("_resolved")),
    }
    return tuple(sorted(link for link in found if link[1]))


def resolved_links(resolved: object) -> tuple[tuple[str, str], ...]:
    """Where npm had the package from: an archive, or a repository at a commit."""
    if isinstance(resolved, str) and resolved.startswith(("git+", "git:")):
        url = clean_url(resolved)
        return (("vcs", url),) if url else ()
    url = clean_url(resolved, keep_query=False)
    return (("distribution", url),) if url else ()


def dependencies_of(document: dict[str, Any]) -> tuple[str, ...]:
    """`name@range` of dependencies, optional and peer dependencies; sorted, each name once."""
    found: dict[str, str] = {}
    for field in ("peerDependencies", "optionalDependencies", "dependencies"):
        value = document.get(field)
        if isinstance(value, dict):
            found.update((name, text) for name, text in value.items() if name and isinstance(text, str))
    return tuple(f"{name}@{_text(found[name])}" for name in sorted(found)[:DEPENDENCIES_LIMIT])


def bundled_by(document: dict[str, Any]) -> tuple[str, ...]:
    """Names of dependencies inside the package's own archive; sorted."""
    value = document.get("bundleDependencies", document.get("bundledDependencies"))
    names = document.get("dependencies") if value is True else value
    if not isinstance(names, list | dict):
        return ()
    return tuple(sorted({name for name in names if isinstance(name, str) and name})[:DEPENDENCIES_LIMIT])


def integrity_of(text: object) -> Iterator[tuple[str, str]]:
    """(CycloneDX algorithm, hex) of each hash in an SRI text; unknown algorithms and bad lengths are passed over."""
    for item in text.split()[:16] if isinstance(text, str) else ():
        name, _, encoded = item.partition("?")[0].partition("-")
        label, length = _ALGORITHMS.get(name, ("", -1))
        try:
            digest = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(digest) == length:
            yield label, digest.hex()


def _text(value: object) -> str:
    return clean_text(value, TEXT_LIMIT)


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _repository(value: object) -> str:
    """A URL, or npm's shorthand for a repository at a well-known host."""
    text = _text(value) or _text(_member(value, "url"))
    short, gist = _SHORTHAND.fullmatch(text), _GIST.fullmatch(text)
    if short:
        return f"https://{_HOSTS[short[1] or 'github']}/{short[2]}"
    if gist:
        return f"https://gist.github.com/{gist[1]}"
    return clean_url(text)

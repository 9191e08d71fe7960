"""direct_url.json: where a Python distribution that came from no index was taken from.

Comes in: bytes. Goes out: an `Origin`; an empty one for what can't be read, since the distribution is known without it.

Source: PyPA "Recording the Direct URL Origin of installed distributions".
"""

import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from stellaops_core.readers.stated import URL_LIMIT, clean_url

_COMMIT = re.compile(r"[0-9A-Za-z._-]{1,128}")
_HEX = re.compile(r"[0-9a-f]+")
_HASHES: Final = {
    "md5": ("MD5", 32),
    "sha1": ("SHA-1", 40),
    "sha256": ("SHA-256", 64),
    "sha384": ("SHA-384", 96),
    "sha512": ("SHA-512", 128),
}


class Origin(Struct, frozen=True):
    """What is known of the origin."""

    editable: str = ""
    """Directory that an editable install points to."""
    commit: str = ""
    """Of a version control origin."""
    urls: tuple[tuple[str, str], ...] = ()
    """(CycloneDX external reference type, URL without credentials)."""
    hashes: tuple[tuple[str, str], ...] = ()
    """(CycloneDX algorithm, hex) of the archive; sorted."""


def read_direct_url(data: bytes) -> Origin:
    """Read the document."""
    try:
        document = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return Origin()
    if not isinstance(document, dict):
        return Origin()
    url = document.get("url")
    link = clean_url(url, keep_query=False)
    if "vcs_info" in document:
        commit = _object(document, "vcs_info").get("commit_id")
        commit = commit if isinstance(commit, str) and _COMMIT.fullmatch(commit) else ""
        return Origin(commit=commit, urls=(("vcs", link),) if link else ())
    if "archive_info" in document:
        hashes = _hashes(_object(document, "archive_info"))
        return Origin(urls=(("distribution", link),) if link else (), hashes=hashes)
    editable = _object(document, "dir_info").get("editable") is True
    return Origin(editable=_path(url) if editable else "")


def _hashes(archive: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """`hashes`, else the older `hash` (`sha256=…`)."""
    stated = _object(archive, "hashes")
    old = archive.get("hash")
    if not stated and isinstance(old, str):
        name, _, value = old.partition("=")
        stated = {name: value}
    found = set()
    for name, value in stated.items():
        label, length = _HASHES.get(name, ("", 0))
        if isinstance(value, str) and len(value) == length and _HEX.fullmatch(value.lower()):
            found.add((label, value.lower()))
    return tuple(sorted(found))


def _object(document: dict[str, Any], member: str) -> dict[str, Any]:
    value = document.get(member)
    return value if isinstance(value, dict) else {}


def _path(url: object) -> str:
    """The path of a file: URL."""
    from urllib.parse import unquote  # noqa: PLC0415  # few distributions have one

    if not isinstance(url, str) or not url.startswith("file://") or len(url) > URL_LIMIT:
        return ""
    return unquote(url.removeprefix("file://"))

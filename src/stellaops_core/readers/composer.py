"""Composer's record of what it installed: `installed.json` of Composer 1 and 2, else `installed.php`.

Comes in: bytes. Goes out: `Record`s, and how many entries could not be read. `ValueError` for what is no such document.

Source: Composer documentation, "The composer.json schema", "Runtime Composer utilities"; Composer,
`FilesystemRepository`.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from stellaops_core.readers.package_json import decode_json
from stellaops_core.readers.php_literal import read_php_literal
from stellaops_core.readers.stated import clean_text, clean_url

SIZE_LIMIT: Final = 128 << 20
"""Bytes of one document; 500 packages take 1.5 MiB."""
PACKAGE_LIMIT: Final = 50_000
"""Packages of one document."""
TEXT_LIMIT: Final = 1024
"""Characters of one text."""
LIST_LIMIT: Final = 4096
"""Requirements of one package."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,126})/[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,126})")
_VERSION = re.compile(r"[!-~]{1,256}")
_SUM = re.compile(r"[0-9a-f]{40}")
_SUPPORT: Final = {
    "chat": "chat",
    "docs": "documentation",
    "forum": "other",
    "issues": "issue-tracker",
    "security": "other",
    "source": "vcs",
    "wiki": "documentation",
}


class Record(Struct, frozen=True):
    """One package."""

    name: str
    """`vendor/name`, as stated."""
    version: str
    """As its makers write it, such as `v5.4.1` or `dev-main`."""
    type: str = ""
    """Such as `library` or `metapackage`."""
    reference: str = ""
    """The commit."""
    licenses: tuple[str, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    """Of the archive."""
    authors: str = ""
    urls: tuple[tuple[str, str], ...] = ()
    """(CycloneDX external reference type, URL); sorted."""
    requires: tuple[str, ...] = ()
    """Names, in lower case; PHP itself and its extensions left out; sorted."""
    provides: tuple[str, ...] = ()
    """Names that it stands for, likewise."""
    dev: bool = False


def read_installed_json(data: bytes) -> tuple[list[Record], int]:
    """Read `installed.json`."""
    document = decode_json(data)
    dev: set[str] = set()
    if isinstance(document, dict):  # Composer 2
        dev = {name.lower() for name in _texts(document.get("dev-package-names"))}
        document = document.get("packages")
    if not isinstance(document, list):
        raise ValueError("lists no packages")  # noqa: TRY004  # what is wrong is the file
    if len(document) > PACKAGE_LIMIT:
        raise ValueError(f"lists more than {PACKAGE_LIMIT} packages")
    records = [record for entry in document if (record := _record(entry, dev))]
    return records, len(document) - len(records)


def read_installed_php(data: bytes) -> tuple[list[Record], int]:
    """Read `installed.php`; what another package replaces or provides, and the project itself, are no packages."""
    document = read_php_literal(data)
    versions = document.get("versions") if isinstance(document, dict) else None
    if not isinstance(versions, dict):
        raise ValueError("lists no packages")  # noqa: TRY004  # what is wrong is the file
    root = _member(document, "root").get("name")
    records, flaws = [], 0
    for name, entry in versions.items():
        facts = entry if isinstance(entry, dict) else {}
        version = facts.get("pretty_version", facts.get("version"))
        if name == root or (version is None and ("replaced" in facts or "provided" in facts)):
            continue
        if identity := _identity(name, version):
            kind, reference = _text(facts.get("type")), _text(facts.get("reference"))
            records.append(Record(*identity, kind, reference, dev=facts.get("dev_requirement") is True))
        else:
            flaws += 1
    return records, flaws


def _identity(name: object, version: object) -> tuple[str, str] | None:
    if not isinstance(name, str) or not isinstance(version, str):
        return None
    return (name, version) if _NAME.fullmatch(name) and _VERSION.fullmatch(version) else None


def _record(entry: Any, dev: set[str]) -> Record | None:
    identity = _identity(entry.get("name"), entry.get("version")) if isinstance(entry, dict) else None
    if not identity:
        return None
    dist, source = _member(entry, "dist"), _member(entry, "source")
    used = source if entry.get("installation-source") == "source" else dist or source
    checksum = dist.get("shasum") if used is dist else ""
    return Record(
        *identity,
        _text(entry.get("type")),
        _text(used.get("reference")),
        licenses=tuple(dict.fromkeys(_texts(entry.get("license")))),
        hashes=(("SHA-1", checksum),) if isinstance(checksum, str) and _SUM.fullmatch(checksum) else (),
        authors=_authors(entry.get("authors")),
        urls=tuple(sorted(set(_urls(entry, dist, source)))),
        requires=_packages(entry, "require"),
        provides=tuple(sorted({*_packages(entry, "provide"), *_packages(entry, "replace")})),
        dev=identity[0].lower() in dev,
    )


def _urls(entry: dict[str, Any], dist: dict[str, Any], source: dict[str, Any]) -> Iterator[tuple[str, str]]:
    support = _member(entry, "support")
    stated = [
        ("website", clean_url(entry.get("homepage"))),
        ("distribution", clean_url(dist.get("url"), keep_query=False)),
        ("vcs", clean_url(source.get("url"))),
        *((kind, clean_url(support.get(name))) for name, kind in _SUPPORT.items()),
    ]
    return (link for link in stated if link[1])


def _packages(entry: dict[str, Any], field: str) -> tuple[str, ...]:
    """Names of packages; a name without a vendor is PHP, an extension, a library or Composer itself."""
    names = {name.lower() for name in _member(entry, field) if "/" in name and len(name) < TEXT_LIMIT}
    return tuple(sorted(names)[:LIST_LIMIT])


def _authors(value: object) -> str:
    people = value[:16] if isinstance(value, list) else []
    return ", ".join(filter(None, (_text(person.get("name")) for person in people if isinstance(person, dict))))


def _texts(value: object) -> list[str]:
    """A text or a list of texts, as a list."""
    return [text for item in (value if isinstance(value, list) else [value]) if (text := _text(item))]


def _text(value: object) -> str:
    return clean_text(value, TEXT_LIMIT)


def _member(value: Any, name: str) -> dict[str, Any]:
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, dict) else {}

"""`.nuspec`: what a NuGet package says of itself, alone or inside its archive.

Comes in: bytes. Goes out: a `Nuspec`. `ValueError` for what is none. XML is read without document types, hence
without entities, and only the elements that are wanted are kept.

Source: NuGet documentation, ".nuspec File Reference for NuGet".
"""

import re
from typing import Final

from msgspec import Struct

from stellaops_core.readers.content import Content
from stellaops_core.readers.stated import clean_text, clean_url

SIZE_LIMIT: Final = 4 << 20
"""Bytes of one nuspec."""
DEPTH_LIMIT: Final = 32
"""Elements within elements of a nuspec."""
TEXT_LIMIT: Final = 1024
"""Characters of one element."""

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,255}")
_FOURTH = re.compile(r"^([0-9]+\.[0-9]+\.[0-9]+)\.0+(?![0-9.])")
_TEXTS: Final = frozenset({"id", "version", "authors", "license", "projectUrl"})


class Nuspec(Struct, frozen=True):
    """A package's own words."""

    id: str
    version: str
    """As NuGet names archives and folders: without build metadata (`+…`) and without a fourth number that is 0."""
    license: str = ""
    """An SPDX expression."""
    authors: str = ""
    urls: tuple[tuple[str, str], ...] = ()


class _Metadata:
    """What a parser tells of `package/metadata`, whatever the namespace."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.kind = ""
        """`type` of the licence."""
        self.repository = ""
        self._path: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name.rpartition(":")[2])
        if len(self._path) > DEPTH_LIMIT:
            raise ValueError("a nuspec that is nested too deeply")
        if self._path == ["package", "metadata", "license"]:
            self.kind = attributes.get("type", "")
        if self._path == ["package", "metadata", "repository"]:
            self.repository = attributes.get("url", "")

    def end(self, _: str) -> None:
        self._path.pop()

    def text(self, data: str) -> None:
        if len(self._path) == 3 and self._path[:2] == ["package", "metadata"] and self._path[2] in _TEXTS:
            name = self._path[2]
            self.texts[name] = (self.texts.get(name, "") + data)[:TEXT_LIMIT]


def read_nuspec(data: bytes) -> Nuspec:
    """Read a nuspec."""
    from xml.parsers import expat  # noqa: PLC0415  # few images have one

    if len(data) > SIZE_LIMIT:
        raise ValueError(f"larger than {SIZE_LIMIT} bytes")
    metadata = _Metadata()
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = metadata.start, metadata.end
    parser.CharacterDataHandler = metadata.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError("not XML") from error
    texts = {name: clean_text(text, TEXT_LIMIT) for name, text in metadata.texts.items()}
    if not _ID.fullmatch(texts.get("id", "")) or not _VERSION.fullmatch(texts.get("version", "")):
        raise ValueError("states no name or version that could be one")
    links = (("website", clean_url(texts.get("projectUrl"))), ("vcs", clean_url(metadata.repository)))
    return Nuspec(
        texts["id"],
        _FOURTH.sub(r"\1", texts["version"].partition("+")[0]),
        texts.get("license", "") if metadata.kind == "expression" else "",
        texts.get("authors", ""),
        tuple(sorted(link for link in links if link[1])),
    )


def read_nupkg(content: Content) -> Nuspec:
    """Read the nuspec in the root of a package's archive."""
    from stellaops_core.readers.jar import Archive  # noqa: PLC0415  # few images have one

    archive = Archive(content)
    found = list(archive.entries(lambda name: b"/" not in name and name.lower().endswith(b".nuspec")))
    if len(found) != 1:
        raise ValueError("an archive without a nuspec, or with more than one")
    return read_nuspec(archive.read(found[0], SIZE_LIMIT))


def _refuse(*_: object) -> None:
    raise ValueError("a nuspec with a document type")

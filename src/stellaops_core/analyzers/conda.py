"""Packages that conda, mamba or pixi installed into a prefix.

Comes in: the records in a prefix's `conda-meta`. Goes out: one `Package` and one `OwnedFiles` each; `join` adds
dependencies within the prefix. A Python package that conda installed has its own record besides, which the python
analyzer reads: the file lists tell that both are one.

Source: conda, "Under the hood" of `conda.models.records.PrefixRecord`; the purl type `conda`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Found,
    Installed,
    LayerFile,
    LayerFiles,
    OwnedFiles,
    Package,
    View,
)
from stellaops_core.analyzers.record import TEXT_LIMIT, check_word, read_json, texts
from stellaops_core.purl import Purl, make_purl

RECORD_LIMIT = 64 << 20
"""Bytes of one record; it lists every file of a package twice."""

_TOKEN = re.compile(r"/t/[^/]+/")
"""A channel's access token, which stands in its URL."""
_HASHES = (("md5", "MD5", 32), ("sha256", "SHA-256", 64))


class Conda(Analyzer):
    """Reads conda's records."""

    name = "conda"
    version = 1
    endings = (".json",)

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """All JSON in `conda-meta`."""
        return "conda-meta/" in path and path.rpartition("/")[0].rpartition("/")[2] == "conda-meta"

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:  # noqa: ARG002
        """Yield the package and its files."""
        document = read_json(file, RECORD_LIMIT)
        yield _package(document, file.path)
        prefix = _prefix(file.path)
        paths = [prefix + path for path in texts(document.get("files"), 1 << 20) if _is_inside(path)]
        if paths:
            yield OwnedFiles(file.path, "\n".join(paths))

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve dependencies within each prefix."""
        prefixes: dict[str, dict[str, str]] = {}
        packages = [(path, item) for path, found in view.found.items() for item in found if isinstance(item, Package)]
        purls = {path: _purl(package) for path, package in packages}
        for path, package in packages:
            prefixes.setdefault(_prefix(path), {})[package.name] = str(purls[path])
        for path, package in packages:
            there, own = prefixes[_prefix(path)], str(purls[path])
            yield Installed(
                package,
                path,
                purls[path],
                licenses=package.licenses,
                depends=tuple(sorted({there[name] for name in package.requires if name in there} - {own})),
                owns=(path,) if any(isinstance(item, OwnedFiles) for item in view.found[path]) else (),
                properties=package.properties,
            )


ANALYZER = Conda()


def _prefix(path: str) -> str:
    """The environment's directory, with a closing slash unless it is the root."""
    return path[: path.rindex("conda-meta/")]


def _is_inside(path: str) -> bool:
    return bool(path) and path[0] != "/" and "\n" not in path and ".." not in path.split("/")


def _package(document: dict[str, Any], path: str) -> Package:
    from stellaops_core.readers.stated import clean_text, clean_url  # noqa: PLC0415  # read with a find

    name, version = check_word(document.get("name"), "name"), check_word(document.get("version"), "version")
    url = _TOKEN.sub("/", clean_url(document.get("url"), keep_query=False))
    license_ = clean_text(document.get("license"), TEXT_LIMIT)
    return Package(
        "conda",
        name,
        version,
        key=path,
        qualifiers={key: value for key, value in _qualifiers(document) if value},
        licenses=(license_,) if license_ else (),
        hashes=tuple(_hashes(document)),
        requires=tuple(sorted({text.split()[0] for text in texts(document.get("depends")) if text.strip()})),
        urls=(("distribution", url),) if url else (),
        properties=tuple(_properties(document)),
    )


def _qualifiers(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    from stellaops_core.readers.stated import clean_text  # noqa: PLC0415  # read with a find

    def text(*names: str) -> str:
        return next((found for name in names if (found := clean_text(document.get(name), 256))), "")

    subdir = text("subdir")
    yield "build", text("build", "build_string")
    yield "subdir", subdir
    yield "channel", _channel(text("channel"), subdir)
    file = text("fn", "url")
    yield "type", "conda" if file.endswith(".conda") else "tar.bz2" if file.endswith(".tar.bz2") else ""


def _channel(text: str, subdir: str) -> str:
    """The channel's own name, which is the last part of its URL, as in the examples of the purl type."""
    parts = [part for part in text.partition("://")[2 if "://" in text else 0].split("/") if part]
    if parts and parts[-1] in {subdir, "noarch"}:
        parts.pop()
    return parts[-1] if parts else ""


def _hashes(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field, label, length in _HASHES:
        value = document.get(field)
        if isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{length}}}", value):
            yield label, value


def _properties(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    noarch, spec = document.get("noarch"), document.get("requested_spec")
    if noarch == "python" or noarch == "generic":  # noqa: PLR1714  # it may be anything, hashable or not
        yield "stella:conda:noarch", noarch
    if (isinstance(spec, str) and spec not in {"", "None"}) or texts(document.get("requested_specs")):
        yield "stella:conda:requested", "true"


def _purl(package: Package) -> Purl:
    return make_purl("conda", package.name, package.version, qualifiers=package.qualifiers)

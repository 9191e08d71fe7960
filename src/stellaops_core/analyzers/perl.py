"""Perl distributions that cpanm, Carton or cpm installed.

Comes in: `install.json` and `MYMETA.json`, which these keep in `.meta/DISTRIBUTION/` of the library. Goes out: one
`Package` each; `join` adds the distributions that provide the modules which one requires at run time. `.packlist`
names no version and `perllocal.pod` is a log that forgets nothing: neither is a record of what is installed.

Source: App::cpanminus, `save_meta`; CPAN::Meta::Spec 2; CPAN::DistnameInfo; the purl type `cpan`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from stellaops_core.analyzers.analyzer import Analyzer, Installed, LayerFile, LayerFiles, Malformed, Package, View
from stellaops_core.analyzers.record import REQUIRES_LIMIT, TEXT_LIMIT, check_word, member, read_json, texts
from stellaops_core.purl import Purl, make_purl

PROVIDES_LIMIT = 20_000
"""Modules of one distribution."""

_PLACE = re.compile(r"(?:.*/)?\.meta/[^/]+/(?:install|MYMETA)\.json")
_DISTRIBUTION = re.compile(r"(.+?)-(v?\d[^-]*(?:-TRIAL)?)")
_PATHNAME = re.compile(r"[A-Z]/[A-Z0-9-]{2}/([A-Z0-9-]+)/.+")
_UNSAID = frozenset({"unknown", "open_source", "restricted", "unrestricted"})
"""CPAN::Meta's licence words that name no licence."""
_SPDX = {
    "apache_2_0": "Apache-2.0",
    "artistic_1": "Artistic-1.0",
    "artistic_2": "Artistic-2.0",
    "bsd": "BSD-3-Clause",
    "freebsd": "BSD-2-Clause",
    "gpl_1": "GPL-1.0-only",
    "gpl_2": "GPL-2.0-only",
    "gpl_3": "GPL-3.0-only",
    "lgpl_2_1": "LGPL-2.1-only",
    "lgpl_3_0": "LGPL-3.0-only",
    "mit": "MIT",
    "mozilla_1_1": "MPL-1.1",
    "perl_5": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "zlib": "Zlib",
}
"""CPAN::Meta's licence words; the specification says what each stands for."""


class Perl(Analyzer):
    """Reads what cpanm keeps of each distribution."""

    name = "perl"
    version = 1
    names = frozenset({"install.json", "MYMETA.json"})

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Those in `.meta`."""
        return bool(_PLACE.fullmatch(path))

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:
        """Yield the distribution; MYMETA.json adds to it and is nothing by itself."""
        if file.path.endswith("/install.json"):
            meta = near.get(file.path.removesuffix("install.json") + "MYMETA.json")
            yield _package(read_json(file), read_json(meta) if meta else {}, file.path)

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve modules: in the same library first, then anywhere."""
        packages = [(path, item) for path, found in view.found.items() for item in found if isinstance(item, Package)]
        purls = {path: _purl(package) for path, package in packages}
        modules: dict[tuple[str, str], str] = {}
        for path, package in packages:
            for name in package.provides:
                modules[_library(path), name] = str(purls[path])
                modules.setdefault(("", name), str(purls[path]))
        for path, package in packages:
            library, own = _library(path), str(purls[path])
            depends = {modules.get((library, name)) or modules.get(("", name)) for name in package.requires} - {own}
            yield Installed(
                package, path, purls[path], licenses=package.licenses, depends=tuple(sorted(filter(None, depends)))
            )


ANALYZER = Perl()


def _library(path: str) -> str:
    return path[: path.rindex(".meta/") + 6]


def _package(record: dict[str, Any], meta: dict[str, Any], path: str) -> Package:
    stated = _DISTRIBUTION.fullmatch(check_word(record.get("dist"), "distribution"))
    if stated:
        name, version = stated[1], stated[2]
    else:  # the archive is called otherwise than CPAN asks
        name, version = check_word(meta.get("name"), "name"), check_word(meta.get("version"), "version")
    if "::" in name:
        raise Malformed("states a name that can't be one")
    author = _PATHNAME.fullmatch(record["pathname"]) if isinstance(record.get("pathname"), str) else None
    provides = record.get("provides")
    return Package(
        "cpan",
        name,
        version,
        key=path,
        qualifiers={"author": author[1]} if author else {},
        licenses=tuple(_SPDX.get(word, word) for word in texts(meta.get("license"), 16) if word not in _UNSAID),
        requires=tuple(_requires(meta)),
        provides=tuple(sorted(provides)[:PROVIDES_LIMIT]) if isinstance(provides, dict) else (),
        supplier=_supplier(meta),
        urls=tuple(sorted(set(_links(meta.get("resources"))))),
    )


def _requires(meta: dict[str, Any]) -> list[str]:
    modules = member(member(meta.get("prereqs"), "runtime"), "requires")
    return sorted(modules)[:REQUIRES_LIMIT] if isinstance(modules, dict) else []


def _supplier(meta: dict[str, Any]) -> str:
    from stellaops_core.readers.stated import clean_text  # noqa: PLC0415  # read with a find

    people = [clean_text(text, TEXT_LIMIT).partition("<")[0].strip() for text in texts(meta.get("author"), 16)]
    return next((name for name in people if name and name != "unknown"), "")


def _links(resources: object) -> Iterator[tuple[str, str]]:
    from stellaops_core.readers.stated import clean_url  # noqa: PLC0415  # read with a find

    stated = {
        "website": member(resources, "homepage"),
        "vcs": member(member(resources, "repository"), "url"),
        "issue-tracker": member(member(resources, "bugtracker"), "web"),
    }
    return ((kind, url) for kind, text in stated.items() if (url := clean_url(text)))


def _purl(package: Package) -> Purl:
    return make_purl("cpan", package.name, package.version, qualifiers=package.qualifiers)

"""Lua packages that LuaRocks installed.

Comes in: the rockspec that LuaRocks keeps for each rock of a tree, at `rocks-LUA/NAME/VERSION/NAME-VERSION.rockspec`.
Goes out: one `Package` each; `join` adds the rocks of the same tree that it depends on. The directories are LuaRocks'
own database: a rockspec that can't be understood costs licence and dependencies, and leaves a weaker fact.

Source: LuaRocks, "Rockspec format" and "Namespaces"; the purl type `luarocks`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from stellaops_core.analyzers.analyzer import Analyzer, Installed, LayerFile, LayerFiles, Package, View
from stellaops_core.analyzers.record import REQUIRES_LIMIT, TEXT_LIMIT, check_word, member, read_bytes
from stellaops_core.purl import Purl, make_purl

_PLACE = re.compile(r"((?:.*/)?rocks(?:-\d+\.\d+)?)/([^/]+)/([^/]+)/(?:\2-\3\.rockspec|rock_namespace)")
_FROM_PATH = 80
"""Percent of confidence in what the directories say alone."""


class Lua(Analyzer):
    """Reads a tree of rocks."""

    name = "lua"
    version = 1
    names = frozenset({"rock_namespace"})
    endings = (".rockspec",)

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Rockspecs and namespaces of installed rocks."""
        return bool(_PLACE.fullmatch(path))

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:
        """Yield the rock; a namespace is nothing by itself."""
        if file.path.endswith(".rockspec"):
            beside = near.get(file.path.rpartition("/")[0] + "/rock_namespace")
            yield _package(file, read_bytes(beside).decode("utf-8", "replace").strip() if beside else "")

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve dependencies within each tree."""
        packages = [(path, item) for path, found in view.found.items() for item in found if isinstance(item, Package)]
        purls = {path: _purl(package) for path, package in packages}
        trees: dict[tuple[str, str], set[str]] = {}
        for path, package in packages:
            trees.setdefault((_tree(path), package.name), set()).add(str(purls[path]))
        for path, package in packages:
            depends = {purl for name in package.requires for purl in trees.get((_tree(path), name), ())}
            yield Installed(
                package,
                path,
                purls[path],
                licenses=package.licenses,
                depends=tuple(sorted(depends - {str(purls[path])})),
            )


ANALYZER = Lua()


def _tree(path: str) -> str:
    return path.rsplit("/", 3)[0]


def _package(file: LayerFile, namespace: str) -> Package:
    from stellaops_core.readers.rockspec import read_rockspec  # noqa: PLC0415  # only where there are rocks
    from stellaops_core.readers.stated import clean_text, clean_url  # noqa: PLC0415

    spec = read_rockspec(read_bytes(file))
    name, version = file.path.split("/")[-3:-1]
    stated = spec.get("package"), spec.get("version")
    is_stated = isinstance(stated[0], str) and (stated[0].lower(), stated[1]) == (name.lower(), version)
    about = spec.get("description")
    license_ = clean_text(member(about, "license"), TEXT_LIMIT)
    home = clean_url(member(about, "homepage"))
    return Package(
        "luarocks",
        check_word(name, "name"),
        check_word(version, "version"),
        namespace=check_word(namespace, "namespace") if namespace else "",
        key=file.path,
        licenses=(license_,) if license_ else (),
        requires=tuple(sorted(set(_requires(spec.get("dependencies"))))),
        supplier=clean_text(member(about, "maintainer"), TEXT_LIMIT).partition("<")[0].strip(),
        urls=(("website", home),) if home else (),
        technique="manifest-analysis" if is_stated else "filename",
        confidence=100 if is_stated else _FROM_PATH,
    )


def _requires(dependencies: Any) -> Iterator[str]:
    """Names of rocks; `lua` itself is the interpreter."""
    values = list(dependencies.values())[:REQUIRES_LIMIT] if isinstance(dependencies, dict) else ()
    for text in values:
        if isinstance(text, str) and text.split():
            name = text.split()[0].rpartition("/")[2].lower()
            if name != "lua":
                yield name


def _purl(package: Package) -> Purl:
    return make_purl("luarocks", package.name, package.version, namespace=package.namespace)

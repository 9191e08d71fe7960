"""Formulas that Homebrew installed (`brew` runs on Linux too).

Comes in: the receipt of each keg, at `Cellar/FORMULA/VERSION/INSTALL_RECEIPT.json`. Goes out: one `Package` each;
`join` adds the formulas that the receipt lists as needed at run time. A receipt names neither formula nor full version:
Homebrew's own record of these is the directory. Casks are applications of macOS and are not read.

Source: Homebrew, "Formula Cookbook" (kegs, revisions) and `Tab`; the purl type `brew`.
"""

import re
from collections.abc import Iterable
from typing import Any

from stellaops_core.analyzers.analyzer import Analyzer, Installed, LayerFile, LayerFiles, Package, View
from stellaops_core.analyzers.record import REQUIRES_LIMIT, check_word, member, read_json
from stellaops_core.purl import Purl, make_purl

CORE = "homebrew/core"
"""The tap that a purl without a namespace means."""

_KEG = re.compile(r"(?:.*/)?Cellar/([^/]+)/([^/]+)/INSTALL_RECEIPT\.json")
_TAP = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")


class Homebrew(Analyzer):
    """Reads receipts of kegs."""

    name = "homebrew"
    version = 1
    names = frozenset({"INSTALL_RECEIPT.json"})

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Receipts in a cellar."""
        return bool(_KEG.fullmatch(path))

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:  # noqa: ARG002
        """Yield the formula."""
        receipt = read_json(file)
        name, version = file.path.split("/")[-3:-1]
        tap = member(receipt.get("source"), "tap")
        yield Package(
            "brew",
            check_word(name, "name"),
            check_word(version, "version"),
            namespace=tap if isinstance(tap, str) and _TAP.fullmatch(tap) and tap != CORE else "",
            key=file.path,
            requires=tuple(sorted(_requires(receipt))),
            properties=(("stella:brew:requested", "true"),) if receipt.get("installed_on_request") is True else (),
        )

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve dependencies by name and version."""
        packages = [(path, item) for path, found in view.found.items() for item in found if isinstance(item, Package)]
        purls = {path: _purl(package) for path, package in packages}
        kegs = {f"{package.name}@{package.version}": str(purls[path]) for path, package in packages}
        for path, package in packages:
            depends = {kegs[keg] for keg in package.requires if keg in kegs} - {str(purls[path])}
            yield Installed(package, path, purls[path], depends=tuple(sorted(depends)), properties=package.properties)


ANALYZER = Homebrew()


def _requires(receipt: dict[str, Any]) -> set[str]:
    """`name@version` of the kegs it was linked with; a formula of another tap has that before its name."""
    listed = receipt.get("runtime_dependencies")
    found = set()
    for item in listed[:REQUIRES_LIMIT] if isinstance(listed, list) else ():
        name, version = member(item, "full_name"), member(item, "pkg_version") or member(item, "version")
        if isinstance(name, str) and isinstance(version, str):
            found.add(f"{name.rpartition('/')[2]}@{version}")
    return found


def _purl(package: Package) -> Purl:
    return make_purl("brew", package.name, package.version, namespace=package.namespace)

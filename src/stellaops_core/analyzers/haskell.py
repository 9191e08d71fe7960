"""Haskell packages that are registered with GHC.

Comes in: the records of a package database. Goes out: one `Package` each; `join` adds dependencies by unit id. A
package's inner libraries have records of their own, and are that package. What a program links statically leaves no
record.

Source: GHC User's Guide, "InstalledPackageInfo: a package specification"; the purl type `hackage`.
"""

import re
from collections.abc import Iterable

from stellaops_core.analyzers.analyzer import Analyzer, Installed, LayerFile, LayerFiles, Package, View
from stellaops_core.analyzers.record import REQUIRES_LIMIT, TEXT_LIMIT, check_word, read_bytes
from stellaops_core.purl import Purl, make_purl

_DATABASE = re.compile(r"(?:^|/)(?:package\.conf\.d|package\.db|pkgdb)/[^/]+\.conf$")
"""Databases of GHC, cabal's store and Stack's snapshots."""
_FIELD = re.compile(r"([A-Za-z][A-Za-z-]*):[ \t]*(.*)")


class Haskell(Analyzer):
    """Reads GHC's package databases."""

    name = "haskell"
    version = 1
    endings = (".conf",)

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Records in a database."""
        return bool(_DATABASE.search(path))

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:  # noqa: ARG002
        """Yield the package."""
        from stellaops_core.readers.stated import clean_text, clean_url  # noqa: PLC0415  # read with a find

        fields = read_fields(read_bytes(file))
        license_ = clean_text(fields.get("license"), TEXT_LIMIT)
        home = clean_url(fields.get("homepage"))
        yield Package(
            "hackage",
            check_word(fields.get("package-name") or fields.get("name"), "name"),
            check_word(fields.get("version"), "version"),
            key=check_word(fields.get("id") or fields.get("key") or fields.get("name"), "id"),
            licenses=(license_,) if license_ else (),
            requires=tuple(sorted(set(fields.get("depends", "").split()))[:REQUIRES_LIMIT]),
            supplier=clean_text(fields.get("author") or fields.get("maintainer"), TEXT_LIMIT).partition("<")[0].strip(),
            urls=(("website", home),) if home else (),
        )

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve unit ids."""
        packages = [(path, item) for path, found in view.found.items() for item in found if isinstance(item, Package)]
        purls = {package.key: _purl(package) for _, package in packages}
        for path, package in packages:
            purl = _purl(package)
            depends = {str(purls[unit]) for unit in package.requires if unit in purls} - {str(purl)}
            yield Installed(package, path, purl, licenses=package.licenses, depends=tuple(sorted(depends)))


ANALYZER = Haskell()


def read_fields(data: bytes) -> dict[str, str]:
    """Return the first record's fields, names in lower case, continuation lines joined by newlines.

    Empty lines end nothing: they stand inside of descriptions.
    """
    fields: dict[str, list[str]] = {}
    value: list[str] = []
    for line in data.decode("utf-8", "replace").split("\n"):
        if line == "---":  # of old, one file held several
            break
        match = _FIELD.match(line)
        if match:
            value = fields.setdefault(match[1].lower(), [])
            value.append(match[2].strip())
        else:
            value.append(line.strip())
    return {name: "\n".join(lines).strip() for name, lines in fields.items()}


def _purl(package: Package) -> Purl:
    return make_purl("hackage", package.name, package.version)

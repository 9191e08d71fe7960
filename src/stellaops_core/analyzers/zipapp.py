"""Python distributions inside of executable zip archives: shiv's `.pyz`, pex's `.pex`.

Comes in: the archive. Goes out: one `Package` for each `.dist-info` or `.egg-info` in it; `join` adds dependencies
within the archive. Archives of other names that Python could run are not looked for.

Source: Python documentation, `zipapp`; PEP 441; the layouts of shiv (`site-packages/`) and pex (`.deps/WHEEL/`).
"""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Analyzer, Installed, LayerFile, LayerFiles, Malformed, Package, View

MEMBER_LIMIT = 4 << 20
"""Bytes of one record in an archive."""
MEMBERS_LIMIT = 10_000
"""Distributions of one archive."""

_RECORD = re.compile(rb"(?:.+/)?[^/]+(?:\.dist-info/METADATA|\.egg-info/PKG-INFO)", re.DOTALL)
_WHEEL = re.compile(r"[^/]+\.whl/(?=[^/]+$)")
"""pex keeps every distribution in a directory of its own, all of which it searches."""


class Zipapp(Analyzer):
    """Looks into executable archives."""

    name = "zipapp"
    version = 1
    endings = (".pyz", ".pex")
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Every one."""
        return True

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:  # noqa: ARG002
        """Yield the distributions inside."""
        from stellaops_core.analyzers.python import read_package  # noqa: PLC0415  # such archives are rare
        from stellaops_core.readers.jar import Archive  # noqa: PLC0415

        try:
            archive = Archive(file.content())
            for number, entry in enumerate(archive.entries(_RECORD.fullmatch)):
                if number == MEMBERS_LIMIT:
                    raise Malformed(f"more than {MEMBERS_LIMIT} distributions")
                directory = _WHEEL.sub("", entry.name.rpartition("/")[0])
                package = read_package(archive.read(entry, MEMBER_LIMIT), f"{file.path}/{directory}", None)
                yield replace(package, provides=(entry.name,))  # where it was read, for `join`
        except Malformed:
            raise
        except ValueError as error:
            raise Malformed(str(error)) from error

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve dependencies as in any environment."""
        from stellaops_core.analyzers.python_environment import Environments  # noqa: PLC0415  # joins only

        environments = Environments(view)
        for path, package in environments.packages:
            yield Installed(
                package,
                path,
                environments.purl(package),
                licenses=package.licenses,
                depends=environments.depends(package),
                evidence=tuple(f"{path}!/{name}" for name in package.provides),
                properties=package.properties,
            )


ANALYZER = Zipapp()

"""Java archives wherever they lie, Maven's records of unpacked ones, and Java runtimes.

Comes in: archives by their endings, `pom.properties` and `pom.xml` in META-INF/maven, `release` files. Goes out: one
`Package` for each archive that says what it is, and for each library shaded into one; after `join`, coordinates that a
repository's layout gives, and edges to installed packages. Archives without a usable name state nothing; a pom.xml
elsewhere is source.

Source: Maven "Repository Layout"; Debian Policy for Java, "Maven repository"; see also the modules this one brings
together.
"""

from collections.abc import Iterable
from typing import Final

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Found,
    Installed,
    LayerFile,
    LayerFiles,
    Malformed,
    View,
)

_ARCHIVES: Final = (".jar", ".war", ".ear", ".hpi", ".jpi", ".par", ".sar", ".rar", ".nar", ".kar", ".lpkg")
_SHOWN: Final = 3


class Java(Analyzer):
    """The analyzer; see the module."""

    name = "java"
    version = 2
    names = frozenset({"pom.properties", "pom.xml", "release"})
    endings = _ARCHIVES
    alone = True

    def wants(self, path: str, size: int) -> bool:
        """Whether it is an archive, a record that Maven put into one, or the `release` file of a directory."""
        from stellaops_core.analyzers.java_runtime import RELEASE_LIMIT  # noqa: PLC0415  # rare files only

        name = path.rpartition("/")[2]
        if name in {"pom.properties", "pom.xml"}:
            return "META-INF/maven/" in path
        return name != "release" or (0 < size <= RELEASE_LIMIT and path.count("/") > 1)

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:  # noqa: ARG002  # it runs alone
        """Yield what the archive holds, itself first; then raise `Malformed` for what could not be read of it."""
        name = file.path.rpartition("/")[2]
        if name == "release":
            from stellaops_core.analyzers.java_runtime import read_release  # noqa: PLC0415  # rare files only

            yield from read_release(file.read())
            return
        from stellaops_core.analyzers import java_archive  # noqa: PLC0415  # only where there is Java

        if not name.lower().endswith(_ARCHIVES):
            try:
                yield from java_archive.read_record(file.path, file.content())
            except ValueError as error:
                raise Malformed(str(error)) from None
            return
        walk = java_archive.Walk(file.content())
        yield from walk.packages(name)
        if walk.flaws:
            shown = "; ".join(walk.flaws[:_SHOWN])
            count = len(walk.flaws)
            raise Malformed(shown if count <= _SHOWN else f"{count} parts can't be read, the first: {shown}")

    def join(self, view: View) -> Iterable[Installed]:
        """Name what a repository's layout names, and give each package the packages that its pom asks for."""
        from stellaops_core.analyzers.java_join import join_packages  # noqa: PLC0415  # joins only

        return join_packages(view)


ANALYZER = Java()

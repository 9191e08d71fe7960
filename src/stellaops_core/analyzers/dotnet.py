""".NET: what applications, tools and shared frameworks are made of.

Comes in: `*.deps.json`, single-file applications, assemblies, `.version` of shared frameworks and SDKs, the nuspec of
package folders. Goes out: one `Package` for each library, framework, assembly and nuspec; `join` (`dotnet_installed`)
decides which of them are components: an assembly that a record accounts for is none of its own.

All files are read while the layer passes, for assemblies and hosts may be large. Project files, lock files and
`obj/project.assets.json` say what was wanted, and are not read.

Source: see the readers; for shared frameworks the host's design document `multilevel-sharedfx-lookup.md`: the names of
the directories are the name and the version that the host goes by.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Found,
    Installed,
    LayerFile,
    LayerFiles,
    Malformed,
    OwnedFiles,
    Package,
    View,
)

if TYPE_CHECKING:
    from stellaops_core.readers.cli_metadata import Assembly
    from stellaops_core.readers.dotnet_bundle import Bundle
    from stellaops_core.readers.dotnet_deps import Dependencies, Library

DOCUMENT_LIMIT: Final = 64 << 20
"""Bytes of one deps.json; the largest frameworks have some 100 KiB."""
BUNDLED_LIMIT: Final = 256 << 20
"""Bytes of one bundled assembly, and of all that are read of one bundle."""

ASSEMBLY: Final = "assembly"
"""Key of an assembly's own facts."""
FRAMEWORK: Final = "framework"
"""Key of a shared framework or SDK."""
FOLDER: Final = "folder"
"""Key of a package that lies extracted in a folder of packages."""
INSTALLED: Final = "installed"
"""Key of a package whose nuspec is its record of installation: a tool, or one of a `packages` folder."""
PROJECT: Final = "stella:nuget:project"
"""Property of what a deps.json calls a project: the application itself, which is no package."""
ABSENT: Final = ("stella:nuget:files", "absent")
"""Property of a library none of whose assemblies lies where the host would look."""

_SHARED = re.compile(r"(?:.*/)?shared/([A-Za-z0-9_.]+)/([0-9][0-9A-Za-z.-]*)/(?:\1\.deps\.json|\.version)")
_SDK = re.compile(r"(?:.*/)?sdk/([0-9][0-9A-Za-z.-]*)/\.version")
_TOOL = re.compile(r"(?:.*/)?\.store/([^/]+)/([^/]+)/\1/\2/\1\.nuspec", re.IGNORECASE)
_FOLDER = re.compile(r"(?:.*/)?([^/]+)/[0-9][^/]*/\1\.nuspec", re.IGNORECASE)
_PACKAGES = re.compile(r"(?:.*/)?packages/(([^/]+)\.[0-9][^/]*)/(?:\1\.nupkg|\2\.nuspec)", re.IGNORECASE)
_REFERENCES = re.compile(r"(?:.*/)?packs/[^/]+/[^/]+/ref/")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Dotnet(Analyzer):
    """The analyzer; see the module."""

    name = "dotnet"
    version = 2
    names = frozenset({".version"})
    endings = (".json", ".nupkg", ".nuspec")
    magic = frozenset({b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe"})
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Whether the path is that of a record; of programs all."""
        ending = path[path.rfind(".") :].lower()
        if ending == ".json":
            return path.endswith(".deps.json")
        if ending == ".nuspec":
            return bool(_FOLDER.fullmatch(path) or _PACKAGES.fullmatch(path))
        if ending == ".nupkg":
            return bool(_PACKAGES.fullmatch(path))
        if ending == ".version":
            return bool(_SHARED.fullmatch(path) or _SDK.fullmatch(path))
        return True

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:  # noqa: ARG002
        """Yield what a record, a program or an assembly says."""
        try:
            yield from _found(file)
        except Malformed:
            raise
        except ValueError as error:  # the readers' limits
            raise Malformed(str(error)) from error

    def join(self, view: View) -> Iterable[Installed]:
        """Bring libraries, their files and their edges together; keep assemblies that no record accounts for."""
        from stellaops_core.analyzers.dotnet_installed import installed  # noqa: PLC0415  # joins only

        return installed(view)


ANALYZER = Dotnet()


def _found(file: LayerFile) -> Iterator[Package | OwnedFiles]:
    path = file.path
    if path.endswith(".json"):
        yield from _of_document(file)
    elif path.endswith(".version"):
        yield _framework(path, file.read()[:4096])
    elif path.lower().endswith((".nuspec", ".nupkg")):
        yield _of_nuspec(file)
    else:
        yield from _of_program(file)


def _of_document(file: LayerFile) -> Iterator[Package | OwnedFiles]:
    from stellaops_core.readers.dotnet_deps import read_dependencies  # noqa: PLC0415  # read with a find

    if file.size > DOCUMENT_LIMIT:
        raise Malformed(f"larger than {DOCUMENT_LIMIT} bytes")
    said = read_dependencies(file.read())
    shared = _SHARED.fullmatch(file.path) is not None
    if shared:
        yield _framework(file.path, b"", tuple(one.key for one in said.libraries))
    yield from _files(said, file.path.rpartition("/")[0], shared=shared)
    yield from _libraries(said)


def _files(said: "Dependencies", directory: str, *, shared: bool) -> Iterator[OwnedFiles]:
    """Yield the files of each library where the host looks for them; of a shared framework, all are the framework's."""
    prefix = directory + "/" if directory else ""
    lists: dict[str, set[str]] = {}
    for library in said.libraries:
        if library.kind != "project":
            files = {prefix + name.removeprefix("./") for name in (*library.assemblies, *library.others)}
            lists.setdefault(FRAMEWORK if shared else library.key, set()).update(files)
    yield from (OwnedFiles(key, "\n".join(sorted(files))) for key, files in sorted(lists.items()) if files)


def _libraries(said: "Dependencies", bundled: frozenset[str] | None = None) -> Iterator[Package]:
    """Yield the libraries; `bundled`: paths of a bundle's files, where the document lies in one."""
    for library in said.libraries:
        yield _library(library, certain=said.certain, bundled=bundled)
    if said.flaws:
        raise Malformed(f"{said.flaws} libraries have no usable name, version or type")


def _library(library: "Library", *, certain: bool, bundled: frozenset[str] | None) -> Package:
    properties = []
    if library.kind == "project":
        properties.append((PROJECT, "true"))
    elif library.kind != "package":
        properties.append(("stella:nuget:kind", library.kind))
    if library.direct:
        properties.append(("stella:nuget:direct", "true"))
    if bundled is not None and library.assemblies and bundled.isdisjoint(library.assemblies):
        properties.append(ABSENT)
    return Package(
        "generic" if library.kind == "project" else "nuget",
        library.name or "-",
        library.version,
        key=library.key,
        hashes=library.hashes,
        requires=library.requires,
        provides=(*library.assemblies, *library.others) if bundled is None else (),
        properties=tuple(sorted(properties)),
        confidence=50 if ABSENT in properties else 100 if certain else 60,
    )


def _framework(path: str, data: bytes, requires: tuple[str, ...] = ()) -> Package:
    """A shared framework or an SDK, by the directory that the host finds it in. `.version` adds the commit."""
    shared, sdk = _SHARED.fullmatch(path), _SDK.fullmatch(path)
    commit = _COMMIT.match(data.decode("ascii", "replace"))
    properties = (("stella:dotnet:commit", commit[0]),) if commit else ()
    if shared:
        name, version = shared.groups()
        return Package("nuget", name, version, key=FRAMEWORK, requires=requires, properties=properties)
    return Package("generic", "dotnet-sdk", sdk[1] if sdk else "", key=FRAMEWORK, properties=properties)


def _of_nuspec(file: LayerFile) -> Package:
    from stellaops_core.readers.nuspec import SIZE_LIMIT, read_nupkg, read_nuspec  # noqa: PLC0415  # few images

    path = file.path
    if path.lower().endswith(".nupkg"):
        said = file.once(read_nupkg)
    elif file.size > SIZE_LIMIT:
        raise Malformed(f"larger than {SIZE_LIMIT} bytes")
    else:
        said = read_nuspec(file.read())
    return Package(
        "nuget",
        said.id,
        said.version,
        key=INSTALLED if _TOOL.fullmatch(path) or _PACKAGES.fullmatch(path) else FOLDER,
        licenses=(said.license,) if said.license else (),
        supplier=said.authors,
        urls=said.urls,
    )


def _of_program(file: LayerFile) -> Iterator[Package]:
    from stellaops_core.readers.cli_metadata import read_assembly  # noqa: PLC0415  # where there are programs
    from stellaops_core.readers.dotnet_bundle import read_bundle  # noqa: PLC0415
    from stellaops_core.readers.pe import read_pe  # noqa: PLC0415

    content = file.content()
    bundle = file.once(read_bundle)
    if bundle:
        yield from _of_bundle(file, bundle)
    elif content[:2] == b"MZ" and not _REFERENCES.match(file.path):
        try:
            pe = file.once(read_pe)
        except ValueError:
            return  # nothing that .NET could load
        assembly = read_assembly(pe)
        if assembly and not assembly.culture and not assembly.is_reference:
            yield _assembly(assembly)


def _of_bundle(file: LayerFile, bundle: "Bundle") -> Iterator[Package]:
    """Libraries by the deps.json of the bundle; where it has none, its assemblies."""
    from stellaops_core.readers.dotnet_bundle import DEPENDENCIES, read_entry  # noqa: PLC0415
    from stellaops_core.readers.dotnet_deps import read_dependencies  # noqa: PLC0415

    content = file.content()
    paths = frozenset(entry.path for entry in bundle.entries)
    documents = [entry for entry in bundle.entries if entry.kind == DEPENDENCIES]
    for entry in documents:
        yield from _libraries(read_dependencies(read_entry(content, entry, DOCUMENT_LIMIT)), paths)
    if not documents:
        yield from _bundled_assemblies(file, bundle)


def _bundled_assemblies(file: LayerFile, bundle: "Bundle") -> Iterator[Package]:
    from stellaops_core.readers.cli_metadata import read_assembly  # noqa: PLC0415
    from stellaops_core.readers.dotnet_bundle import read_entry  # noqa: PLC0415
    from stellaops_core.readers.pe import read_pe  # noqa: PLC0415

    left = BUNDLED_LIMIT
    for entry in bundle.entries:
        if entry.kind == 1:
            left -= entry.size
            assembly = read_assembly(read_pe(read_entry(file.content(), entry, max(left, 0))))
            if assembly and not assembly.culture:
                yield _assembly(assembly, entry.path)


def _assembly(assembly: "Assembly", inside: str = "") -> Package:
    """An assembly is itself, not the NuGet package it may have come from: names and versions of the two differ."""
    from stellaops_core.readers.stated import clean_text  # noqa: PLC0415  # read with a find

    name, informational = clean_text(assembly.name, 256), clean_text(assembly.informational, 256)
    if not name:
        raise Malformed("a .NET assembly without a name")
    properties = [("stella:dotnet:informationalVersion", informational)] if informational else []
    if inside:
        properties.insert(0, ("stella:dotnet:bundled", clean_text(inside, 1024)))
    return Package(
        "generic",
        name,
        assembly.version,
        key=f"{ASSEMBLY}!/{inside}" if inside else ASSEMBLY,
        supplier=clean_text(assembly.company, 256),
        properties=tuple(properties),
        technique="binary-analysis",
        confidence=80,
    )

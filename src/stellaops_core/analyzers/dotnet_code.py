"""What .NET's host and runtime go by: configurations of applications, and what assemblies refer to.

Comes in: `*.runtimeconfig.json`, `*.deps.json`, assemblies, single-file applications. Goes out: facts for tracing;
nothing that is listed as a component. What can't be read has no facts, and `dotnet` reports it.

Source: .NET documentation, "Runtime configuration files", "Default probing"; see the readers.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LayerFile, LayerFiles, facts_of
from stellaops_core.readers.content import Content

DOCUMENT_LIMIT: Final = 16 << 20
"""Bytes of one configuration."""
FRAMEWORKS_LIMIT: Final = 100
"""Frameworks, and directories to probe, of one configuration."""

_RUNTIME_CONFIG: Final = 4  # kind of a bundled file


class Framework(Struct, frozen=True, array_like=True):
    """A shared framework that an application runs on."""

    name: str
    version: str
    roll_forward: str = ""
    """`Minor` and so on; empty where it isn't stated."""


class DotnetConfig(Struct, frozen=True, array_like=True):
    """A runtimeconfig.json, or the one in a single-file application."""

    frameworks: tuple[Framework, ...] = ()
    included: bool = False
    """Whether the application brings its runtime along."""
    probing: tuple[str, ...] = ()
    """Further directories that are probed, as written."""


class DotnetDeps(Struct, frozen=True, array_like=True):
    """A deps.json."""

    assemblies: tuple[str, ...] = ()
    """Paths from its directory where the host looks for managed code; sorted."""
    others: tuple[str, ...] = ()
    """Likewise for native libraries and satellites."""
    packages: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(folder of the package in lower case, its assemblies) of those that may lie in a folder of packages."""


class DotnetCode(Struct, frozen=True, array_like=True):
    """An assembly's references."""

    references: tuple[str, ...]
    """Simple names."""
    modules: tuple[str, ...] = ()
    """Native libraries, as written."""


class DotnetCodes(Analyzer):
    """The analyzer; see the module."""

    name = "dotnet_code"
    version = 1
    endings = (".json", ".dll", ".exe")
    magic = frozenset({b"\x7fELF"})
    alone = True

    def wants(self, path: str, size: int) -> bool:
        """Assemblies, programs, and the two kinds of documents."""
        if path.endswith(".json"):
            return size <= DOCUMENT_LIMIT and path.endswith((".deps.json", ".runtimeconfig.json"))
        return True

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[FileFacts]:  # noqa: ARG002
        """Yield the facts of one file."""
        try:
            found = _facts(file)
        except ValueError:
            return
        if found is not None:
            yield facts_of(found)


ANALYZER = DotnetCodes()


def _facts(file: LayerFile) -> Struct | None:
    if file.path.endswith(".runtimeconfig.json"):
        return read_config(file.read())
    if file.path.endswith(".json"):
        return _deps(file.read())
    content = file.content()
    return _code(file, content) if content[:2] == b"MZ" else _bundled(file, content)


def _code(file: LayerFile, content: Content) -> DotnetCode | None:
    from stellaops_core.readers.cli_metadata import read_references  # noqa: PLC0415  # where there is .NET
    from stellaops_core.readers.pe import read_pe  # noqa: PLC0415

    if not content:
        return None
    pe = file.once(read_pe)
    if not pe.is_managed:
        return None
    found = read_references(pe)
    return DotnetCode(found.assemblies, found.modules)


def _bundled(file: LayerFile, content: Content) -> DotnetConfig | None:
    from stellaops_core.readers.dotnet_bundle import read_bundle, read_entry  # noqa: PLC0415

    bundle = file.once(read_bundle)
    for entry in bundle.entries if bundle else ():
        if entry.kind == _RUNTIME_CONFIG:
            return read_config(read_entry(content, entry, DOCUMENT_LIMIT))
    return DotnetConfig(included=True) if bundle else None


def read_config(data: bytes) -> DotnetConfig:
    """Read a runtimeconfig.json. Raises `ValueError` where it is none."""
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("not JSON") from error
    options = _object(_object(document).get("runtimeOptions"))
    stated = options.get("frameworks")
    rows = list(stated[:FRAMEWORKS_LIMIT]) if isinstance(stated, list) else []
    rows.append(options.get("framework"))
    roll = options.get("rollForward")
    frameworks = (_framework(_object(row), roll if isinstance(roll, str) else "") for row in rows)
    probing = options.get("additionalProbingPaths")
    paths = [path for path in probing if isinstance(path, str)] if isinstance(probing, list) else []
    return DotnetConfig(
        tuple(one for one in frameworks if one),
        bool(options.get("includedFrameworks")),
        tuple(paths[:FRAMEWORKS_LIMIT]),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _framework(row: dict[str, Any], roll_forward: str) -> Framework | None:
    name, version, own = row.get("name"), row.get("version"), row.get("rollForward")
    if not isinstance(name, str) or not name or "/" in name:
        return None
    return Framework(name, version if isinstance(version, str) else "", own if isinstance(own, str) else roll_forward)


def _deps(data: bytes) -> DotnetDeps:
    from stellaops_core.readers.dotnet_deps import read_dependencies  # noqa: PLC0415

    libraries = read_dependencies(data).libraries
    return DotnetDeps(
        tuple(sorted({path for library in libraries for path in library.assemblies})),
        tuple(sorted({path.removeprefix("./") for library in libraries for path in library.others})),
        tuple(
            sorted((library.path, library.assemblies) for library in libraries if library.path and library.assemblies)
        ),
    )

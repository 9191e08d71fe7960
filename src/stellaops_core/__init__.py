"""Stella Ops as a library: the names that other programs may rely on.

Comes in: nothing. Goes out: the public surface; modules below it may move. Rule: importing this package imports nothing
else; a name's module is imported when the name is first used.

`scan_image` is `scan.scan.scan` under a name that is not also a package's.
"""

TYPE_CHECKING = False  # type checkers believe otherwise; `typing` itself would be most of the cost of this import

if TYPE_CHECKING:
    from stellaops_core.analyzers.analyzer import (
        Analyzer,
        Found,
        Installed,
        Joins,
        LayerFile,
        LayerFiles,
        Licenses,
        Malformed,
        OwnedFiles,
        Package,
        View,
    )
    from stellaops_core.component import Component, Distribution, Evidence, Unknown
    from stellaops_core.digest import Digest, parse_digest
    from stellaops_core.errors import (
        CorruptImage,
        DigestMismatch,
        Incomplete,
        MissingBlob,
        NetworkError,
        NotAnImage,
        OutputError,
        PlatformNotFound,
        StellaError,
        TargetError,
        TargetNotFound,
        Truncated,
        Unauthorized,
        Unsupported,
        UsageError,
    )
    from stellaops_core.images.archive import kind_of
    from stellaops_core.images.credentials import Credentials
    from stellaops_core.images.image import Image, ImageRef, ImageSource, Layer, Platform, parse_ref
    from stellaops_core.images.registry import RegistryOptions
    from stellaops_core.images.source import open_image
    from stellaops_core.purl import Purl, make_purl, parse_purl
    from stellaops_core.readers.content import Content
    from stellaops_core.sbom.formats import FORMATS
    from stellaops_core.sbom.sbom import LayerOrigin, Removed, Sbom, Subject
    from stellaops_core.sbom.summary import Run, Summary
    from stellaops_core.scan.cache import LayerCache, open_cache
    from stellaops_core.scan.options import Progress, ScanOptions
    from stellaops_core.scan.scan import Outcome, scan_documents
    from stellaops_core.scan.scan import scan as scan_image
    from stellaops_core.version import __version__

__all__ = [
    "FORMATS",
    "Analyzer",
    "Component",
    "Content",
    "CorruptImage",
    "Credentials",
    "Digest",
    "DigestMismatch",
    "Distribution",
    "Evidence",
    "Found",
    "Image",
    "ImageRef",
    "ImageSource",
    "Incomplete",
    "Installed",
    "Joins",
    "Layer",
    "LayerCache",
    "LayerFile",
    "LayerFiles",
    "LayerOrigin",
    "Licenses",
    "Malformed",
    "MissingBlob",
    "NetworkError",
    "NotAnImage",
    "Outcome",
    "OutputError",
    "OwnedFiles",
    "Package",
    "Platform",
    "PlatformNotFound",
    "Progress",
    "Purl",
    "RegistryOptions",
    "Removed",
    "Run",
    "Sbom",
    "ScanOptions",
    "StellaError",
    "Subject",
    "Summary",
    "TargetError",
    "TargetNotFound",
    "Truncated",
    "Unauthorized",
    "Unknown",
    "Unsupported",
    "UsageError",
    "View",
    "__version__",
    "kind_of",
    "make_purl",
    "open_cache",
    "open_image",
    "parse_digest",
    "parse_purl",
    "parse_ref",
    "scan_documents",
    "scan_image",
]

_MODULES = {
    "analyzers.analyzer": (
        "Analyzer Found Installed Joins LayerFile LayerFiles Licenses Malformed OwnedFiles Package View"
    ),
    "component": "Component Distribution Evidence Unknown",
    "digest": "Digest parse_digest",
    "errors": (
        "CorruptImage DigestMismatch Incomplete MissingBlob NetworkError NotAnImage OutputError PlatformNotFound"
        " StellaError TargetError TargetNotFound Truncated Unauthorized Unsupported UsageError"
    ),
    "images.archive": "kind_of",
    "images.credentials": "Credentials",
    "images.image": "Image ImageRef ImageSource Layer Platform parse_ref",
    "images.registry": "RegistryOptions",
    "images.source": "open_image",
    "purl": "Purl make_purl parse_purl",
    "readers.content": "Content",
    "sbom.formats": "FORMATS",
    "sbom.sbom": "LayerOrigin Removed Sbom Subject",
    "sbom.summary": "Run Summary",
    "scan.cache": "LayerCache open_cache",
    "scan.options": "Progress ScanOptions",
    "scan.scan": "Outcome scan_documents scan_image",
    "version": "__version__",
}
"""Modules below this package, and the names that each gives."""


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names.split():
            from importlib import import_module  # noqa: PLC0415  # at first use

            found: object = getattr(import_module(f"{__name__}.{module}"), "scan" if name == "scan_image" else name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

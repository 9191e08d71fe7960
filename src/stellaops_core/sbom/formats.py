"""The formats a bill of materials can be written in.

Comes in: a format's name and an `Sbom`. Goes out: the document. An encoder's module is imported when it is first used.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import MappingProxyType

from msgspec import Struct

from stellaops_core.errors import UsageError
from stellaops_core.sbom.sbom import Sbom

Encoder = Callable[[Sbom], bytes]


class Format(Struct, frozen=True):
    """One way to write an `Sbom`."""

    name: str
    """As in `-o NAME`."""
    module: str
    """Under `stellaops_core.sbom`; has `encode(sbom) -> bytes`."""
    revision: int
    """Part of the key under which documents are kept. Raise it whenever the same `Sbom` gives other bytes."""
    media_type: str
    ending: str
    """Of file names, with its dot."""
    complete: bool
    """Whether the document holds everything the `Sbom` does, packages that were removed included."""
    help: str
    history: str = ""
    """As `module`; has `encode_history(sbom) -> bytes`. Empty: a list of packages that are gone would be taken for an
    inventory."""

    def encode(self, sbom: Sbom, view: str = "inventory") -> bytes:
        """Write the document. Pure: equal `Sbom`s give equal bytes. Raises `UsageError` for a view it does not have."""
        if view == "history":
            check_views([self.name], view)
            encode: Encoder = import_module(f"stellaops_core.sbom.{self.history}").encode_history
        else:
            encode = import_module(f"stellaops_core.sbom.{self.module}").encode
        return encode(sbom)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        one.name: one
        for one in (
            Format(
                "table", "summary", 1, "text/plain; charset=us-ascii", ".txt", False, "summary for people",
                "history",
            ),
            Format(
                "json", "stella_json", 2, "application/vnd.stella-ops.sbom+json; version=1", ".stella.json", True,
                "everything that is known, Stella's own schema", "stella_json",
            ),
            Format(
                "cdx-json", "cyclonedx_json", 3, "application/vnd.cyclonedx+json; version=1.6", ".cdx.json", False,
                "CycloneDX 1.6 JSON",
            ),
            Format(
                "cdx-json-1.7", "cyclonedx_json_1_7", 2, "application/vnd.cyclonedx+json; version=1.7", ".cdx17.json",
                False, "CycloneDX 1.7 JSON",
            ),
            Format(
                "cdx-xml", "cyclonedx_xml", 2, "application/vnd.cyclonedx+xml; version=1.6", ".cdx.xml", False,
                "CycloneDX 1.6 XML",
            ),
            Format(
                "cdx-pb", "cyclonedx_protobuf", 2, "application/x.vnd.cyclonedx+protobuf; version=1.6", ".cdx.pb",
                False, "CycloneDX 1.6 Protocol Buffers",
            ),
            Format(
                "spdx-json", "spdx_json", 2, "application/spdx+json; version=2.3", ".spdx.json", False, "SPDX 2.3 JSON",
            ),
            Format("spdx-tv", "spdx_tag_value", 2, "text/spdx; version=2.3", ".spdx", False, "SPDX 2.3 tag-value text"),
            Format(
                "spdx3-json", "spdx3_json", 2, "application/spdx+json; version=3.0.1", ".spdx3.json", False,
                "SPDX 3.0.1 JSON-LD",
            ),
            Format("purls", "purl_list", 1, "text/plain; profile=purl", ".purls.txt", False, "purls, one a line"),
            Format(
                "csv", "csv_table", 1, "text/csv; charset=utf-8; header=present", ".csv", False, "for spreadsheets",
                "csv_table",
            ),
            Format(
                "github", "github_snapshot", 2, "application/vnd.github+json", ".github.json", False,
                "GitHub dependency snapshot",
            ),
            Format(
                "markdown", "markdown", 1, "text/markdown; charset=us-ascii; variant=GFM", ".md", False,
                "page for pull requests and step summaries", "markdown",
            ),
        )
    }
)  # fmt: skip
"""By name, in the order in which help lists them."""


def check_views(formats: Iterable[str], view: str) -> None:
    """Raise `UsageError` where a format does not have the view."""
    for name in formats:
        if view == "history" and not FORMATS[name].history:
            able = ", ".join(one.name for one in FORMATS.values() if one.history)
            raise UsageError(
                f"{name} has no history view: packages that are gone would pass for an inventory",
                hint=f"--view history takes {able}",
            )


def find_format(name: str) -> Format:
    """Return the format of that name. Raises `UsageError` for a name that is not in `FORMATS`."""
    if name not in FORMATS:
        raise UsageError(f"unknown format {name[:50]!r}", hint=f"choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


def encode(name: str, sbom: Sbom) -> bytes:
    """Write `sbom` in the format of that name. Raises `UsageError` for an unknown one."""
    return find_format(name).encode(sbom)

"""What a BOM-Index says of the image that it is of: its first section.

Comes in: an `Sbom`, or the bytes of the section. Goes out: the bytes, or an `IndexSubject`. It is JSON, so that facts
may be added: readers pass over members that they don't know.
"""

from typing import Annotated

from msgspec import Meta, MsgspecError, Struct, to_builtins
from msgspec.json import decode, encode

from stellaops_core.sbom.index_format import corrupt
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.text import valid


class IndexLayer(Struct, frozen=True, rename="camel"):
    """A layer, base first."""

    digest: str
    """Of the stored bytes; empty where the source knows none."""
    diff_id: str


class IndexSubject(Struct, frozen=True, rename="camel", kw_only=True):
    """The image, and what read it."""

    kind: str
    """`container` or `directory`."""
    name: str
    digest: str
    """Manifest digest; empty for directories."""
    config_digest: str
    platform: str
    created: str
    """RFC 3339; empty where the image states none."""
    timestamp: str
    """RFC 3339; when the bill of materials says that it was made."""
    tool: str
    """Name and version of what made the bill of materials."""
    layers: tuple[IndexLayer, ...]
    unknowns: Annotated[int, Meta(ge=0)]
    """How many things that should have been read could not be: packages may be missing."""

    @property
    def image(self) -> str:
        """What tells one image from another: its digest, else its configuration's, else its name."""
        return self.digest or self.config_digest or self.name


def write_subject(sbom: Sbom) -> bytes:
    """Make the section: UTF-8, no blanks, members in the order above."""
    subject = sbom.subject
    section = IndexSubject(
        kind=subject.kind,
        name=subject.name,
        digest=subject.digest,
        config_digest=subject.config_digest,
        platform=subject.platform,
        created=subject.created,
        timestamp=sbom.timestamp,
        tool=f"stella {sbom.tool_version}",
        layers=tuple(IndexLayer(layer.digest, layer.diff_id) for layer in subject.layers),
        unknowns=len(sbom.unknowns),
    )
    try:
        return encode(section)
    except UnicodeEncodeError:  # a lone surrogate somewhere
        return encode(valid(to_builtins(section)))


def read_subject(data: memoryview) -> IndexSubject:
    """Read the section. Raises `TargetError`."""
    try:
        return decode(data, type=IndexSubject)
    except (MsgspecError, UnicodeError, RecursionError):
        corrupt("what it says of its image does not fit the format")

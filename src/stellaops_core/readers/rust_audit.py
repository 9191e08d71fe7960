"""What cargo-auditable writes into a program: the crates it was built of.

Comes in: a `Program`. Goes out: an `AuditData`, or None where there is none. The rule: what is inflated is bounded, and
indices that lead nowhere are an error.

Source: rust-secure-code/cargo-auditable, PARSING.md and its JSON schema: zlib-compressed JSON in section `.dep-v0`.
Unknown fields and sources are for later revisions, and no error.
"""

import zlib
from typing import Any, Final

import msgspec
from msgspec import Struct

from stellaops_core.readers.program import Program

SECTION: Final = ".dep-v0"
PACKED_LIMIT: Final = 4 << 20
"""Bytes of the section."""
JSON_LIMIT: Final = 8 << 20
"""Bytes of the inflated JSON; that of 567 crates has 54,000."""
CRATE_LIMIT: Final = 20_000
"""Crates of one program."""
EDGE_LIMIT: Final = 200_000
"""Dependencies of all crates of one program; one of 567 crates has 3,000."""


class Crate(Struct, frozen=True):
    """One crate."""

    name: str
    version: str
    source: Any = ""
    """`crates.io`, `registry` (another one), `git`, `local`, or something of later revisions."""
    kind: str = "runtime"
    """`build` for what only build scripts and macros needed."""
    dependencies: tuple[int, ...] = ()
    """Indices into the list."""
    root: bool = False


class AuditData(Struct, frozen=True):
    """The whole record."""

    packages: tuple[Crate, ...]
    format: int = 0


def read_audit(program: Program) -> AuditData | None:
    """Read the record. Raises `ValueError` where there is one that can't be read."""
    section = program.section(SECTION)
    return parse_audit(program.bytes_of(section, PACKED_LIMIT)) if section and section.size else None


def parse_audit(packed: bytes) -> AuditData:
    """Inflate and decode the section's content. Raises `ValueError`."""
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(packed, JSON_LIMIT)
    except zlib.error as error:
        raise ValueError(f"audit data that can't be inflated: {error}") from None
    if not inflate.eof:
        raise ValueError(f"audit data that is cut off, or larger than {JSON_LIMIT:,} bytes")
    try:
        audit = msgspec.json.decode(data, type=AuditData)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"audit data that is no list of crates: {error}") from None
    count = len(audit.packages)
    if count > CRATE_LIMIT:
        raise ValueError(f"audit data of {count:,} crates, more than {CRATE_LIMIT:,}")
    if sum(len(crate.dependencies) for crate in audit.packages) > EDGE_LIMIT:
        raise ValueError(f"audit data of more than {EDGE_LIMIT:,} dependencies")
    if any(not 0 <= index < count for crate in audit.packages for index in crate.dependencies):
        raise ValueError("audit data with a dependency that is not in its list")
    return audit

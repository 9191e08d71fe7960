"""What analyzers of small records share: bounded content, and names and versions that can be ones.

Comes in: a captured file, or a value that a record states. Goes out: the same, checked. The rule: what doesn't hold is
`Malformed`, with a reason that names the flaw and not the data.
"""

import re
from typing import Any, Final

from stellaops_core.analyzers.analyzer import LayerFile, Malformed

SIZE_LIMIT: Final = 1 << 20
"""Bytes of one small record; real ones stay below a tenth of it."""
DATABASE_LIMIT: Final = 32 << 20
"""Bytes of a text that lists many packages, or the files of one; those of large desktops have some 10 MiB."""
TEXT_LIMIT: Final = 1024
"""Characters of free text: longer ones are cut."""
REQUIRES_LIMIT: Final = 4096
"""Dependencies of one package."""

_WORD = re.compile(r"[!-~]{1,256}")


def read_bytes(file: LayerFile, limit: int = SIZE_LIMIT) -> bytes:
    """Return the content of a record."""
    if file.size > limit:
        raise Malformed(f"larger than {limit} bytes")
    return file.read()


def read_json(file: LayerFile, limit: int = SIZE_LIMIT) -> dict[str, Any]:
    """Return the JSON object that a record is."""
    from stellaops_core.readers.package_json import read_object  # noqa: PLC0415  # only where there are packages

    try:
        return read_object(read_bytes(file, limit))
    except ValueError as error:
        raise Malformed(str(error)) from error


def check_word(value: object, what: str) -> str:
    """Return a name or a version: printable ASCII without blanks."""
    if value is None or value == "":
        raise Malformed(f"states no {what}")
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise Malformed(f"states a {what} that can't be one")
    return value


def member(value: object, name: str) -> Any:
    """Return a member of what may be a JSON object."""
    return value.get(name) if isinstance(value, dict) else None


def texts(value: object, limit: int = REQUIRES_LIMIT) -> list[str]:
    """Return the texts of what may be a JSON array."""
    return [item for item in value[:limit] if isinstance(item, str)] if isinstance(value, list) else []

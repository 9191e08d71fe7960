"""The record inside a zipped egg.

Comes in: the bytes of an `.egg` file. Goes out: its EGG-INFO members that say what it is. Only those are inflated.
"""

import io
import re
from typing import Final

DIRECTORY_LIMIT: Final = 4 << 20
"""Bytes of the central directory: every 46 of them become an object in memory."""
MEMBER_LIMIT: Final = 4 << 20
"""Bytes of one inflated member."""

_MEMBERS: Final = ("EGG-INFO/PKG-INFO", "EGG-INFO/requires.txt")
_TAIL: Final = 22 + 0xFFFF
_END = re.compile(rb"PK\x05\x06.{8}(.{4})", re.DOTALL)


def read_egg(data: bytes) -> dict[str, bytes]:
    """Return `{member: content}` of what is there of EGG-INFO/PKG-INFO and EGG-INFO/requires.txt.

    Raises `ValueError` for what is no zip archive, or one whose directory is beyond the limit. Source: setuptools,
    "The Internal Structure of Python Eggs"; APPNOTE 4.3.16.
    """
    import zipfile  # noqa: PLC0415  # eggs are rare

    ends = _END.findall(data[-_TAIL:])
    if not ends or b"PK\x06\x07" in data[-_TAIL:]:
        raise ValueError("not a zip archive that an egg could be")
    if any(int.from_bytes(size, "little") > DIRECTORY_LIMIT for size in ends):
        raise ValueError(f"its zip directory is larger than {DIRECTORY_LIMIT} bytes")
    found = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in set(_MEMBERS) & archive.NameToInfo.keys():
                with archive.open(name) as member:
                    found[name] = member.read(MEMBER_LIMIT)
    except Exception as error:  # zipfile raises a dozen kinds for what is wrong with a zip
        raise ValueError("not a readable zip archive") from error
    return found

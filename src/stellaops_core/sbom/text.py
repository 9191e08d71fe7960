"""Text that documents can hold: paths escaped, everything else made valid Unicode.

Comes in: strings as file systems and package records spell them; paths are bytes decoded as UTF-8 with
`surrogateescape` (PEP 383). Goes out: strings without control characters (paths) or lone surrogates (all). The rule:
an escaped path gives back the same bytes.
"""

import re
from typing import Any
from urllib.parse import unquote_to_bytes

TEXT_LIMIT = 300
"""Characters of one fact that a terminal is shown."""

_SPECIAL = re.compile("[%\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BROKEN = re.compile("%(?![0-9A-F]{2})")


def escape_path(path: str) -> str:
    """Write `%XX` for each byte of a percent sign, a control character (C0, DEL, C1) or bytes that are not UTF-8.

    Everything else, spaces and letters of all scripts included, stays as it is. `unescape_path` is the inverse.
    """
    return _SPECIAL.sub(_percent, path) if _SPECIAL.search(path) else path


def unescape_path(text: str) -> str:
    """Give back what `escape_path` was given. Raises `ValueError` for a percent sign that escapes nothing."""
    if "%" not in text:
        return text
    if _BROKEN.search(text):
        raise ValueError(f"not an escaped path: {text[:200]!r}")
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape")


def plain(text: str) -> str:
    """Printable ASCII: white space becomes one space, everything else outside is escaped as in a Python string."""
    text = " ".join(text[:TEXT_LIMIT].split()).encode("ascii", "backslashreplace").decode()
    if not text.isprintable():
        text = "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)
    return cut(text, TEXT_LIMIT)


def cut(text: str, width: int) -> str:
    """Cut a text that is too wide, and show that."""
    return text if len(text) <= width else text[: width - 3] + "..."


def valid(value: Any) -> Any:
    """Replace lone surrogates by U+FFFD in a string, or in all strings of a decoded document."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {valid(key): valid(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [valid(item) for item in value]
    return value


def _percent(match: re.Match[str]) -> str:
    character = match[0]
    errors = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", errors))

"""A PHP file that returns one literal, as Composer writes `installed.php`.

Comes in: bytes. Goes out: the value: lists and maps as dictionaries, texts, numbers, truth values, None. Nothing is
run: what is no literal, `__DIR__` before a text apart, is a `ValueError`.

Source: PHP manual, "Arrays" and "Strings"; Composer, `FilesystemRepository::dumpToPhpCode`.
"""

import re
from typing import Any, Final

SIZE_LIMIT: Final = 16 << 20
"""Bytes of one file."""
DEPTH_LIMIT: Final = 16
"""Arrays within arrays."""

_OPENING = re.compile(r"\s*<\?php\s+return\s+")
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>-?\d{1,18})|(?P<word>true|false|null)\b"
    r"|(?P<open>array\s*\(|\[)|(?P<mark>=>|[,)\];])|__DIR__\s*\.\s*(?P<path>'(?:[^'\\]|\\.)*'))",
    re.DOTALL | re.IGNORECASE,
)
_WORDS: Final = {"true": True, "false": False, "null": None}


def read_php_literal(data: bytes) -> Any:
    """Return the value that the file returns."""
    if len(data) > SIZE_LIMIT:
        raise ValueError(f"larger than {SIZE_LIMIT} bytes")
    text = data.decode("utf-8", "replace")
    opening = _OPENING.match(text)
    if not opening:
        raise ValueError("not a PHP file that returns a literal")
    tokens = _Tokens(text, opening.end())
    value = tokens.value(0)
    if tokens.mark() != ";":
        raise ValueError("not a PHP literal")
    return value


class _Tokens:
    """The text, and how far it has been read."""

    def __init__(self, text: str, start: int) -> None:
        self._text, self._at = text, start

    def _next(self) -> re.Match[str]:
        match = _TOKEN.match(self._text, self._at)
        if not match:
            raise ValueError("not a PHP literal")
        self._at = match.end()
        return match

    def mark(self) -> str:
        """Read a mark; empty where something else follows."""
        match = _TOKEN.match(self._text, self._at)
        if not match or not match["mark"]:
            return ""
        self._at = match.end()
        return match["mark"]

    def value(self, depth: int) -> Any:
        """Read a value."""
        match = self._next()
        if match["text"] is not None or match["path"] is not None:
            return re.sub(r"\\([\\'])", r"\1", (match["text"] or match["path"])[1:-1])
        if match["number"] is not None:
            return int(match["number"])
        if match["word"] is not None:
            return _WORDS[match["word"].lower()]
        if match["open"] is None or depth == DEPTH_LIMIT:
            raise ValueError("not a PHP literal")
        return self._array("]" if match["open"] == "[" else ")", depth + 1)

    def _array(self, end: str, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        while True:
            if (mark := self.mark()) == end:
                return found
            if mark:
                raise ValueError("not a PHP literal")
            value = self.value(depth)
            mark = self.mark()
            if mark == "=>":
                if isinstance(value, dict):
                    raise ValueError("not a PHP literal")
                found[value] = self.value(depth)
                mark = self.mark()
            else:
                found[len(found)] = value
            if mark == end:
                return found
            if mark != ",":
                raise ValueError("not a PHP literal")

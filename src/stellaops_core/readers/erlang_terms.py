"""Erlang terms as text, such as application resource files hold them.

Comes in: bytes. Goes out: plain values: tuples, lists (maps as lists of pairs), texts for atoms, strings and binaries.

Source: Erlang/OTP, "Data types" of the reference manual and `file:consult/1`: each term ends with a full stop.
"""

import re
from typing import Any, Final

DEPTH_LIMIT: Final = 100
"""Lists and tuples within one another."""
NUMBER_LIMIT: Final = 64
"""Digits of a number; longer ones are kept as text."""

_TOKEN = re.compile(
    r"\s+|%[^\n]*|\"(?P<string>(?:[^\"\\]|\\.)*)\"|'(?P<atom>(?:[^'\\\n]|\\.)*)'|(?P<word>[a-z][\w@]*)"
    r"|(?P<number>[+-]?\d+(?:#[0-9A-Za-z]+|\.\d+(?:[eE][+-]?\d+)?)?)|(?P<char>\$(?:\\.|[^\\]))|/utf8"
    r"|(?P<sign><<|>>|=>|#\{|[\[\]{},.|])|(?P<odd>.)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x\{([0-9a-fA-F]{1,5})\}|(.))", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "s": " ", "e": "\x1b", "b": "\b", "d": "\x7f", "f": "\f", "v": "\v"}
_CLOSING: Final = {"[": "]", "{": "}", "<<": ">>", "#{": "}"}


def read_terms(data: bytes) -> list[Any]:
    """Return the terms. Raises `ValueError` for what is none: functions, macros, variables, text that ends early."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # which Erlang read until release 17
    reader = _Reader(text)
    terms = []
    while reader.kind:
        terms.append(reader.term(0))
        reader.take(".")
    return terms


class _Reader:
    """Stands before one token: its `kind` and `text`; at the end `kind` is empty."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.finditer(text)
        self._step()

    def _step(self) -> None:
        for match in self._tokens:
            if match.lastgroup:
                self.kind, self.text = match.lastgroup, match[match.lastgroup]
                return
        self.kind = self.text = ""

    def take(self, sign: str) -> None:
        """Pass a sign."""
        if not self._skips(sign):
            raise ValueError("not an Erlang term")

    def _skips(self, sign: str) -> bool:
        is_there = self.kind == "sign" and self.text == sign
        if is_there:
            self._step()
        return is_there

    def term(self, depth: int) -> Any:
        """Read one term."""
        kind, text = self.kind, self.text
        self._step()
        if kind == "sign" and text in _CLOSING and depth < DEPTH_LIMIT:
            items = self._items(_CLOSING[text], depth + 1)
            if text == "<<":
                return "".join(item for item in items if isinstance(item, str))
            return tuple(items) if text == "{" else items
        if kind == "string":
            pieces = [text]
            while self.kind == "string":
                pieces.append(self.text)
                self._step()
            return "".join(map(_unescaped, pieces))
        if kind in {"word", "atom"}:
            return _unescaped(text)
        if kind in {"number", "char"}:
            return int(text) if text.isdecimal() and len(text) <= NUMBER_LIMIT else text
        raise ValueError("not an Erlang term")

    def _items(self, closing: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while not self._skips(closing):
            if items and not self._skips("|"):
                self.take(",")
            item = self.term(depth)
            items.append((item, self.term(depth)) if self._skips("=>") else item)
        return items


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_escaped, text) if "\\" in text else text


def _escaped(match: re.Match[str]) -> str:
    code, letter = match.groups()
    if not code:
        return _ESCAPES.get(letter, letter)
    number = int(code, 16)
    return "\ufffd" if 0xD800 <= number < 0xE000 else chr(number)

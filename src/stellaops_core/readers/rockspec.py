"""A rockspec: Lua assignments, of which only literal values are understood. Nothing is run.

Comes in: bytes. Goes out: the global variables that are assigned texts, numbers, booleans or tables of these, up to the
first statement that is something else. Names of local and global texts may be used and joined with `..`, as rockspecs
do with their version.

Source: Lua 5.4 reference manual 3.1 and 3.4.9; LuaRocks, "Rockspec format".
"""

import re
from typing import Any, Final

DEPTH_LIMIT: Final = 32
"""Tables within tables."""
TOKENS_LIMIT: Final = 200_000
"""Words and signs of one rockspec."""
JOINED_LIMIT: Final = 200_000
"""Characters of all texts that are joined with `..`: each joining makes a new one."""

_TOKEN = re.compile(
    r"\s+|(?P<long>(?:--)?\[=*\[)|--[^\n]*|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<number>0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|\"(?P<double>(?:[^\"\\\n]++|\\.)*+)\"|'(?P<single>(?:[^'\\\n]++|\\.)*+)'|(?P<sign>\.\.|.)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\\"'\n])|x([0-9a-fA-F]{2})|(\d{1,3})|z\s*|(.))", re.DOTALL)
_ESCAPES: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_WORDS: Final = {"true": True, "false": False, "nil": None}


def read_rockspec(data: bytes) -> dict[str, Any]:
    """Return the variables; a table is a dictionary, its list part under 1, 2 and so on."""
    return _Reader(data.decode("utf-8", "replace")).assignments()


class _Odd(Exception):
    """Something else than a literal value."""


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = _split(text)
        self._at = 0
        self._names: dict[str, Any] = {}
        self._room = JOINED_LIMIT

    def assignments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        try:
            while (name := self._next()) is not None:
                if name == ("sign", ";"):
                    continue
                is_local = name == ("name", "local")
                kind, word = self._needed() if is_local else name
                if kind != "name" or self._needed() != ("sign", "="):
                    raise _Odd
                self._names[word] = self._value(0)
                if not is_local:
                    found[word] = self._names[word]
        except _Odd:
            pass
        return found

    def _next(self) -> tuple[str, str] | None:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else None

    def _needed(self) -> tuple[str, str]:
        token = self._next()
        if token is None:
            raise _Odd
        return token

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _value(self, depth: int) -> Any:
        """Read one value, or several texts joined with `..`."""
        value = self._term(depth)
        while self._peek() == ("sign", ".."):
            self._at += 1
            other = self._term(depth)
            if not isinstance(value, str) or not isinstance(other, str):
                raise _Odd
            self._room -= len(value) + len(other)
            if self._room < 0:
                raise _Odd
            value += other
        return value

    def _term(self, depth: int) -> Any:
        kind, text = self._needed()
        if kind == "text":
            return text
        if kind == "number":
            return int(text, 16) if text[:2] in {"0x", "0X"} else float(text)
        if kind == "name" and (text in _WORDS or text in self._names):
            return _WORDS[text] if text in _WORDS else self._names[text]
        if (kind, text) == ("sign", "{") and depth < DEPTH_LIMIT:
            return self._table(depth + 1)
        raise _Odd

    def _table(self, depth: int) -> dict[Any, Any]:
        table: dict[Any, Any] = {}
        place = 1
        while self._peek() != ("sign", "}"):
            key = self._key(depth)
            if key is None:
                key, place = place, place + 1
            table[key] = self._value(depth)
            if self._peek() in {("sign", ","), ("sign", ";")}:
                self._at += 1
            elif self._peek() != ("sign", "}"):
                raise _Odd
        self._at += 1
        return table

    def _key(self, depth: int) -> str | float | None:
        """Read `name =` or `[value] =`; None where a value of the list part stands."""
        token, after = self._peek(), self._tokens[self._at + 1 : self._at + 2]
        if token and token[0] == "name" and after == [("sign", "=")]:
            self._at += 2
            return token[1]
        if token != ("sign", "["):
            return None
        self._at += 1
        key = self._value(depth)
        if [self._needed(), self._needed()] != [("sign", "]"), ("sign", "=")] or not isinstance(key, str | float | int):
            raise _Odd
        return key


def _split(text: str) -> list[tuple[str, str]]:
    """Return (kind, text) of names, numbers, texts and signs, up to a quote or long bracket that nothing closes."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while len(tokens) < TOKENS_LIMIT and (match := _TOKEN.match(text, at)):
        kind, at = match.lastgroup, match.end()
        if kind == "long":
            closing = "]" + "=" * match["long"].count("=") + "]"
            end = text.find(closing, at)
            if end < 0:
                break
            if match["long"][0] == "[":
                tokens.append(("text", text[at:end].removeprefix("\n")))
            at = end + len(closing)
        elif kind in {"double", "single"}:
            tokens.append(("text", _ESCAPE.sub(_unescaped, match[kind])))
        elif kind == "sign" and match["sign"] in {'"', "'"}:
            break
        elif kind:
            tokens.append((kind, match[kind]))
    return tokens


def _unescaped(match: re.Match[str]) -> str:
    simple, code, decimal, other = match.groups()
    if simple:
        return _ESCAPES.get(simple, simple)
    if code or decimal:
        number = int(code, 16) if code else int(decimal)
        return chr(number) if number < 256 else "\ufffd"
    return other or ""

"""What `echo` and `printf` print.

Comes in: arguments. Goes out: text, in which what isn't known is `UNKNOWN`.

Source: POSIX.1-2024, XCU "echo", "printf".
"""

import re

from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN, join

PRINT_LIMIT = 64 << 10
"""Characters that one command prints; of more nothing is known."""

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "\\": "\\",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "r": "\r",
    "v": "\v",
    "e": "\x1b",
    '"': '"',
}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_FORMAT = re.compile(r"%%|%[-+ #0]*\d*(?:\.\d+)?([a-zA-Z])")


def unescape(text: str) -> str:
    """Read backslash escapes; those by number are not known."""
    return _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], UNKNOWN if m[1] in "0123456789xuUc" else m[0]), text)


def echoed(fields: list[str]) -> str:
    """What `echo` prints. Shells differ on backslashes, so those are kept without `-e`."""
    at, end, escapes = 0, "\n", False
    while at < len(fields) and re.fullmatch(r"-[neE]+", fields[at]):
        end = "" if "n" in fields[at] else end
        escapes = escapes or "e" in fields[at]
        at += 1
    text = " ".join(UNKNOWN if field == MANY else field for field in fields[at:])
    return _bounded((unescape(text) if escapes else text) + end)


def formatted(fields: list[str]) -> str:
    """What `printf` prints: the format again and again until the arguments are used up."""
    if not fields or UNKNOWN in fields[0] or MANY in fields:
        return UNKNOWN
    pattern, rest = fields[0], list(fields[1:])
    done = ""
    while len(done) <= PRINT_LIMIT:
        before = len(rest)
        done += _once(pattern, rest)
        if not rest or len(rest) == before:
            break
    return _bounded(done)


def _once(pattern: str, rest: list[str]) -> str:
    def one(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        text = rest.pop(0) if rest else ""
        if match[1] in {"s", "b", "q"} and match[0][1:-1] == "":
            return unescape(text) if match[1] == "b" else text
        if match[1] in {"d", "i", "u"} and match[0][1:-1] == "" and re.fullmatch(r"-?\d*", text):
            return text or "0"
        return UNKNOWN

    pieces: list[str] = []
    at = 0
    for match in _FORMAT.finditer(pattern):
        pieces.extend((unescape(pattern[at : match.start()]), one(match)))
        at = match.end()
    return "".join((*pieces, unescape(pattern[at:])))


def _bounded(text: str) -> str:
    return join(text) if len(text) <= PRINT_LIMIT else UNKNOWN

"""Gem specifications as RubyGems writes them when it installs a gem, and Ruby's own `rbconfig.rb`.

Comes in: bytes of Ruby code. Goes out: a `Gemspec`, or (version, patch level). The rule: nothing is run; what counts is
what is assigned as a literal, one statement a line, which is how RubyGems and Bundler write them. `ValueError` where
name or version are not stated so.

Source: RubyGems, `Gem::Specification#to_ruby`, and the specification reference; Ruby, `tool/mkconfig.rb`.
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from stellaops_core.readers.stated import clean_text, clean_url

TEXT_LIMIT: Final = 1024
"""Characters of one text."""
LIST_LIMIT: Final = 256
"""Elements of one list, and dependencies of one gem."""
LINE_LIMIT: Final = 100_000
"""Characters of a line that is looked at; lists of files are longer."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.-]{0,255}")
_PLATFORM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_START = re.compile(r"^Gem::Specification\.new(?:\(.*\))? *(?:do|\{) *\|(\w+)\|", re.MULTILINE)
_LINE = re.compile(r"( *)(?:(else|end)|(\w+)\.(\w+)(?: *= *|\(| +)(.*))", re.DOTALL)
_TEXT = re.compile(
    r"""("(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|%q<[^<>]*>|%q\{[^{}]*\}|%q\[[^\[\]]*\]|["'].*)(?:\.freeze)?""", re.DOTALL
)
"""Literal texts; one that is never closed takes all that follows, so that each character is looked at once."""
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f ]+)\}|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "s": " "}
_COMPUTED = re.compile(r"(?<!\\)(?:\\\\)*#[{$@]")
_LINKS: Final = {
    "bug_tracker_uri": "issue-tracker",
    "changelog_uri": "release-notes",
    "documentation_uri": "documentation",
    "homepage_uri": "website",
    "mailing_list_uri": "mailing-list",
    "source_code_uri": "vcs",
}
_SETTING = re.compile(rb'^ *CONFIG\["(MAJOR|MINOR|TEENY|PATCHLEVEL)"\] = "([0-9-]{1,16})"', re.MULTILINE)


class Gemspec(Struct, frozen=True):
    """What a specification states."""

    name: str
    version: str
    platform: str = ""
    """Empty for gems of Ruby code alone, and for those compiled where they were installed."""
    licenses: tuple[str, ...] = ()
    authors: str = ""
    urls: tuple[tuple[str, str], ...] = ()
    """(CycloneDX external reference type, URL); sorted."""
    requires: tuple[str, ...] = ()
    """`name requirement, requirement` of what is needed to run; sorted."""


def read_gemspec(data: bytes) -> Gemspec:
    """Read a specification."""
    text = data.decode("utf-8", "replace")
    start = _START.search(text)
    if not start:
        raise ValueError("not a gem specification")
    stated: dict[str, str] = {}
    requires: dict[str, str] = {}
    for field, value in _statements(text[start.end() :], start[1]):
        if field in {"add_runtime_dependency", "add_dependency"}:
            name, *wanted = _texts(value) or [""]
            if name and len(requires) < LIST_LIMIT:
                requires[name] = ", ".join(wanted)
        else:
            stated[field] = value
    return Gemspec(
        _one(stated, "name", _NAME),
        _one(stated, "version", _VERSION),
        _platform(stated.get("platform", "")),
        licenses=tuple(filter(None, _texts(stated.get("licenses", stated.get("license", ""))))),
        authors=", ".join(filter(None, _texts(stated.get("authors", stated.get("author", ""))[:TEXT_LIMIT]))),
        urls=tuple(sorted(set(_urls(stated)))),
        requires=tuple(f"{name} {requires[name]}".strip() for name in sorted(requires)),
    )


def read_rbconfig(data: bytes) -> tuple[str, str]:
    """Return Ruby's version (`3.1.7`) and its patch level, which may be empty."""
    stated = {key.decode(): value.decode() for key, value in _SETTING.findall(data)}
    numbers = [stated.get(part, "") for part in ("MAJOR", "MINOR", "TEENY")]
    if not all(number.isdigit() for number in numbers):
        raise ValueError("states no version")
    level = stated.get("PATCHLEVEL", "")
    return ".".join(numbers), level if level.isdigit() else ""


def _statements(text: str, variable: str) -> Iterator[tuple[str, str]]:
    """Yield (method, what follows) of calls on the block's variable; `else` is for RubyGems of before 2008."""
    branch: str | None = None  # indentation of the `else` whose lines are passed over
    for line in text.split("\n"):
        match = _LINE.fullmatch(line.rstrip()) if len(line) < LINE_LIMIT else None
        if not match:
            continue
        indent, word, owner, field, value = match.groups()
        if branch is not None:
            if word == "end" and indent == branch:
                branch = None
        elif word == "else":
            branch = indent
        elif word == "end" and not indent:
            return
        elif owner == variable:
            yield field, value


def _texts(code: str) -> list[str]:
    """Return the literal texts in a value, up to a condition behind it."""
    found: list[str] = []
    end = 0
    for match in _TEXT.finditer(code):
        if len(found) == LIST_LIMIT or " if " in code[end : match.start()] or not _is_closed(match[1]):
            break
        found.append(_literal(match[1]))
        end = match.end()
    return found


def _is_closed(code: str) -> bool:
    return code[0] == "%" or (len(code) > 1 and code[-1] == code[0])


def _one(stated: dict[str, str], field: str, form: re.Pattern[str]) -> str:
    texts = _texts(stated.get(field, ""))
    if len(texts) != 1 or not form.fullmatch(texts[0]):
        raise ValueError(f"states no {field} that can be read without running it")
    return texts[0]


def _platform(code: str) -> str:
    """A text, or `Gem::Platform.new` of the parts of one."""
    platform = "-".join(_texts(code))
    return platform if platform != "ruby" and _PLATFORM.fullmatch(platform) else ""


def _urls(stated: dict[str, str]) -> Iterator[tuple[str, str]]:
    texts = _texts(stated.get("homepage", ""))
    if texts and (url := clean_url(texts[0])):
        yield "website", url
    pairs = _texts(stated.get("metadata", ""))
    for name, value in zip(pairs[::2], pairs[1::2], strict=False):
        kind, url = _LINKS.get(name), clean_url(value)
        if kind and url:
            yield kind, url


def _literal(code: str) -> str:
    """The text that a literal stands for; empty for one that Ruby would have to work out."""
    if code[0] == "%":
        return clean_text(code[3:-1], TEXT_LIMIT)
    if code[0] == "'":
        return clean_text(re.sub(r"\\([\\'])", r"\1", code[1:-1]), TEXT_LIMIT)
    if _COMPUTED.search(code):
        return ""
    parts, end = [], 1
    for match in _ESCAPE.finditer(code, 1, len(code) - 1):
        parts += [code[end : match.start()].encode(), _unescaped(match)]
        end = match.end()
    return clean_text(b"".join([*parts, code[end:-1].encode()]).decode("utf-8", "replace"), TEXT_LIMIT)


def _unescaped(match: re.Match[str]) -> bytes:
    short, long, byte, octal, char = match.groups()
    if byte or octal:
        return bytes([int(byte, 16) if byte else int(octal, 8) & 0xFF])
    if short or long:
        codes = [int(code, 16) for code in (short or long).split()]
        return "".join(chr(code) for code in codes if code < 0x110000).encode("utf-8", "replace")
    return _ESCAPED.get(char, char).encode()

"""Ruby, Perl and PHP sources to the files and modules that they mention.

Comes in: a file's bytes. Goes out: mentions as `readers.node_imports` gives them: how, what, line, whether it is loaded
whenever the file is. Rules: nothing is parsed; a line that is indented below a method, a block or a condition may run
or not; comments and documentation are left out where they begin a line.

Source: Ruby's Kernel#require, #require_relative, #load, Module#autoload; perlfunc "use", "require", "do", perlpod; PHP
manual "require", "include"; getcomposer.org "Autoloader optimization" and what its generated files look like.
"""

import re
from collections.abc import Callable, Iterator

from stellaops_core.readers.node_imports import COMPUTED, FILE, REQUIRE, Mention

LINE_LIMIT = 20_000
"""Mentions that are read of a file; what follows them counts as computed."""
OPENER_LIMIT = 200
"""Lines that are gone back to find what an indented line hangs from."""

PLACE, SOURCES, EVERY = "place", "sources", "every"
"""Further ways: a directory that is searched from here on; a directory of classes; all that is installed."""

_RUBY = re.compile(
    rb"^([ \t]*)(require_relative|require|load|autoload\s+:?[\w:\"']+\s*,|Bundler\.require|\$(?:LOAD_PATH|:)\.unshift)"
    rb"[ \t(]*(?:File\.(?:expand_path|join)\(\s*)?(?:\"([^\"\n#]*)\"|'([^'\n]*)'|([^\n]{0,60}))([^\n]{0,60})",
    re.MULTILINE,
)
_RUBY_WORDS = re.compile(rb"require|load|unshift")
_RUBY_THROUGH = re.compile(rb"(?:module|class|begin)\b")
_CONDITION = re.compile(rb"\b(?:if|unless|rescue)\b|[?]")
_PERL = re.compile(
    rb"^([ \t]*)(use|no|require|do)[ \t]+(?:(v?[\d._]+)|([A-Za-z_][\w:]*)|[\"']([^\"'\n$]+)[\"']|([\"'$][^\n;]{0,80}))"
    rb"([^;\n]{0,300})",
    re.MULTILINE,
)
_PERL_INSIDE = re.compile(
    rb"(?:\b(?:eval|and|or|if|unless)[ \t({\"']+|[{;(][ \t]*)(?:require|use|no)[ \t]+([A-Za-z_][\w:]*)"
)
_PERL_NAME = re.compile(rb"[\"']([A-Z]\w*(?:::\w+)+)[\"']|\bload[ \t(]+([A-Z]\w*(?:::\w+)*)")
_PERL_WORDS = re.compile(rb"qw[ \t]*[(/{\[<]([^)/}\]>]*)|[\"']([\w:./]+)[\"']|(-norequire)")
_POD = re.compile(rb"^=[a-zA-Z]", re.MULTILINE)
_POD_END = re.compile(rb"^=cut\b[^\n]*", re.MULTILINE)
_PERL_END = re.compile(rb"^__(?:END|DATA)__", re.MULTILINE)
_PHP = re.compile(
    rb"\b(?:require|include)(?:_once)?\b[ \t(@]*(?:(__DIR__|dirname\(\s*__FILE__\s*\))[ \t]*\.[ \t]*)?"
    rb"(?:\"([^\"\n$]*)\"|'([^'\n]*)'|([$A-Za-z(_][^\n;]{0,80}))([ \t]*\.)?",
    re.IGNORECASE,
)
_COMPOSER = re.compile(rb"\$(vendorDir|baseDir)\s*\.\s*'(/[^'\n]*)'")
_STRINGS = re.compile(rb"'([^'\n$]*)'|\"([^\"\n$]*)\"")


def read_ruby_imports(content: bytes) -> list[Mention]:
    """Return what a Ruby source mentions."""
    return _bounded(_ruby(content)) if _RUBY_WORDS.search(content) else []


def read_perl_imports(content: bytes) -> list[Mention]:
    """Return what a Perl source mentions; modules with `::`."""
    return _bounded(_perl(_without_documentation(content)))


def read_php_imports(content: bytes) -> list[Mention]:
    """Return what a PHP source mentions."""
    return _bounded(_php(content)) if b"re" in content or b"inc" in content else []


def read_composer_imports(content: bytes, how: str) -> list[Mention]:
    """Return the paths that one of Composer's generated files names, from the directory of packages or the project."""
    return _bounded(_composer(content, how))


def _composer(content: bytes, how: str) -> Iterator[Mention]:
    lines = _Lines(content)
    for match in _COMPOSER.finditer(content):
        base = "../.." if match[1] == b"baseDir" else ".."
        yield how, base + _text(match[2]), lines.of(match.start()), how == FILE


def _bounded(mentions: Iterator[Mention]) -> list[Mention]:
    found: dict[Mention, None] = {}
    for mention in mentions:
        if len(found) >= LINE_LIMIT:
            found[COMPUTED, "", mention[2], False] = None
            break
        found[mention] = None
    return list(found)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


class _Lines:
    """Line numbers of positions that go up."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at, self._line = content, 0, 1

    def of(self, position: int) -> int:
        self._line += self._content.count(b"\n", self._at, position)
        self._at = position
        return self._line


def _ruby(content: bytes) -> Iterator[Mention]:
    lines = _Lines(content)
    for match in _RUBY.finditer(content):
        line, word = lines.of(match.start()), match[2]
        text = match[3] if match[3] is not None else match[4]
        runs = not _CONDITION.search(match[6]) and _hangs_from(content, match.start(), match[1], _RUBY_THROUGH.match)
        relative = b"__dir__" in match[6] or b"__FILE__" in match[6]
        if word == b"Bundler.require":
            yield EVERY, "", line, False
        elif text is None:
            inside = _STRINGS.search(match[5])
            is_file = inside and (b"__dir__" in match[5] or b"__FILE__" in match[5] or word == b"require_relative")
            yield FILE if is_file else COMPUTED, _text(inside[1] or inside[2] or b"") if inside else "", line, False
        elif word[:1] == b"$":
            yield PLACE, ("./" if relative else "") + _text(text), line, runs
        elif word[:8] == b"autoload":
            yield REQUIRE, _text(text), line, False
        else:
            yield FILE if word == b"require_relative" or relative else REQUIRE, _text(text), line, runs


def _hangs_from(content: bytes, line: int, indent: bytes, through: Callable[[bytes], object]) -> bool:
    """Whether an indented line hangs only from lines that are gone `through` whenever the file is."""
    left = OPENER_LIMIT
    while indent and line and left:
        left -= 1
        end, line = line - 1, content.rfind(b"\n", max(0, line - 400), line - 1) + 1
        if not content.startswith(indent, line) and (text := content[line:end].strip()) and text[:1] != b"#":
            if not through(text):
                return False
            indent = content[line:end][: len(content[line:end]) - len(content[line:end].lstrip())]
    return left > 0


def _without_documentation(content: bytes) -> bytes:
    """Blank out POD and what follows the end of the program, keeping lines."""
    if end := _PERL_END.search(content):
        content = content[: end.start()]
    if b"\n=" not in content and content[:1] != b"=":
        return content
    pieces, at = [], 0
    while start := _POD.search(content, at):
        end = _POD_END.search(content, start.start())
        stop = end.end() if end else len(content)
        pieces += [content[at : start.start()], b"\n" * content.count(b"\n", start.start(), stop)]
        at = stop
    return b"".join([*pieces, content[at:]])


def _perl(content: bytes) -> Iterator[Mention]:
    lines = _Lines(content)
    for match in _PERL.finditer(content):
        line, word, rest = lines.of(match.start()), match[2], match[7]
        if match[3] or rest.lstrip()[:2] == b"=>":
            continue
        runs = word in {b"use", b"no"} or not match[1]
        if match[6]:
            yield COMPUTED, _text(match[6][1:].partition(b"$")[0]) if match[6][:1] != b"$" else "", line, False
        elif match[5]:
            yield REQUIRE, _text(match[5]), line, runs and word == b"require"
        elif word != b"do":
            yield from _perl_module(match[4], rest, line, runs=runs)
    for pattern in (_PERL_INSIDE, _PERL_NAME):
        lines = _Lines(content)
        for match in pattern.finditer(content):
            yield REQUIRE, _text(match[1] or match[match.lastindex or 1]), lines.of(match.start()), False


def _perl_module(name: bytes, rest: bytes, line: int, *, runs: bool) -> Iterator[Mention]:
    words = [word for one, two, _ in _PERL_WORDS.findall(rest) for word in (one or two).split()]
    if name == b"lib":
        for word in words:
            yield PLACE, ("./" if b"$FindBin::" in rest or b"__FILE__" in rest else "") + _text(word), line, runs
    elif name == b"if":
        for word in [*words, *re.findall(rb"[A-Z]\w*(?:::\w+)+", rest)]:
            yield REQUIRE, _text(word), line, False
    yield REQUIRE, _text(name), line, runs
    if name in {b"parent", b"base"} and b"-norequire" not in rest:
        for word in words:
            yield REQUIRE, _text(word), line, runs


def _php(content: bytes) -> Iterator[Mention]:
    lines = _Lines(content)
    for match in _PHP.finditer(content):
        begin = content.rfind(b"\n", max(0, match.start() - 400), match.start()) + 1
        before = content[begin : match.start()]
        if (
            before.lstrip()[:1] in {b"*", b"#"}
            or before.lstrip()[:2] in {b"//", b"/*"}
            or before[-1:] in {b"$", b">", b":"}
        ):
            continue
        line, text = lines.of(match.start()), match[2] if match[2] is not None else match[3]
        if text is None:
            strings = [_text(one or two).lstrip("/") for one, two in _STRINGS.findall(match[4]) if one or two]
            is_beside = b"__DIR__" in match[4] or b"__FILE__" in match[4]
            if match[1] or is_beside:
                yield FILE, strings[-1] if strings and is_beside else ".", line, False
            else:
                yield COMPUTED, strings[-1] if strings else "", line, False
        elif match[5]:
            yield COMPUTED, _text(text).lstrip("/"), line, False
        else:
            runs = not before.strip() and before[:1] not in {b" ", b"\t"}
            yield FILE if match[1] else REQUIRE, _text(text).lstrip("/") if match[1] else _text(text), line, runs

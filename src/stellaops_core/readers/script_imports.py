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
LINE_WINDOW = 400
"""Bytes that are gone back to the beginning of a line."""
NAME_WINDOW = 100
"""Bytes of the first part of a Perl module's name in quotes."""

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
_PERL_WORD = tuple(
    re.compile(word) for word in (rb"use(?=[ \t])", rb"require(?=[ \t])", rb"no(?=[ \t])", rb"do(?=[ \t])")
)
_PERL = re.compile(
    rb"(use|no|require|do)[ \t]+(?:(v?[\d._]+)|([A-Za-z_][\w:]*)|[\"']([^\"'\n$]+)[\"']|([\"'$][^\n;]{0,80}))"
    rb"([^;\n]{0,300})"
)
_PERL_STARTS = frozenset({b"", *(bytes((one,)) for one in b"\n \t;{('\"")})
_PERL_BEFORE = re.compile(rb"(?:\b(?:eval|and|or|if|unless)[ \t({\"']+|[{;(][ \t]*)\Z")
_PERL_COLONS = re.compile(rb"::")
_PERL_NAME = re.compile(rb"[\"']([A-Z]\w*(?:::\w+)+)[\"']")
_PERL_LOAD = re.compile(rb"load(?<!\wload)[ \t(]+([A-Z]\w*(?:::\w+)*)")
_PERL_WORDS = re.compile(rb"qw[ \t]*[(/{\[<]([^)/}\]>]*)|[\"']([\w:./]+)[\"']|(-norequire)")
_POD = re.compile(rb"\n=[a-zA-Z]")
_POD_END = re.compile(rb"\n=cut\b[^\n]*")
_PERL_END = re.compile(rb"\n__(?:END|DATA)__")
_PHP_WORD = tuple(re.compile(word) for word in (rb"require", rb"include"))
_PHP = re.compile(
    rb"(?<!\w)(?:require|include)(?:_once)?\b[ \t(@]*(?:(__DIR__|dirname\(\s*__FILE__\s*\))[ \t]*\.[ \t]*)?"
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
    return _bounded(_php(content))


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


def _before(content: bytes, at: int) -> bytes:
    """What stands before a place on its line, or the last LINE_WINDOW bytes of it."""
    least = max(0, at - LINE_WINDOW)
    return content[max(least, content.rfind(b"\n", least, at) + 1) : at]


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
        content = content[: end.start() + 1]
    if b"\n=" not in content and content[:1] != b"=":
        return content
    content = b"\n" + content  # so that each line has its beginning
    pieces, at = [], 0
    while start := _POD.search(content, at):
        end = _POD_END.search(content, start.start())
        stop = end.end() if end else len(content)
        pieces += [content[at : start.start()], b"\n" * content.count(b"\n", start.start(), stop)]
        at = stop
    return b"".join([*pieces, content[at:]])[1:]


def _perl(content: bytes) -> Iterator[Mention]:
    words = sorted(match.start() for word in _PERL_WORD for match in word.finditer(content))
    lines, inside = _Lines(content), []
    for at in words:
        if content[at - 1 : at] not in _PERL_STARTS or not (match := _PERL.match(content, at)):
            continue
        indent = _before(content, at)
        if not indent.strip(b" \t"):
            yield from _perl_statement(match, lines.of(at), indented=bool(indent))
        elif match[3] and match[1] != b"do" and _PERL_BEFORE.search(indent):
            inside.append((at, match[3]))
    inside += _perl_names(content)
    lines = _Lines(content)
    for at, name in sorted(inside):
        yield REQUIRE, _text(name), lines.of(at), False


def _perl_statement(match: "re.Match[bytes]", line: int, *, indented: bool) -> Iterator[Mention]:
    """A line that begins with one of the words."""
    word, rest = match[1], match[6]
    if match[2] or rest.lstrip()[:2] == b"=>":
        return
    runs = word in {b"use", b"no"} or not indented
    if match[5]:
        yield COMPUTED, _text(match[5][1:].partition(b"$")[0]) if match[5][:1] != b"$" else "", line, False
    elif match[4]:
        yield REQUIRE, _text(match[4]), line, runs and word == b"require"
    elif word != b"do":
        yield from _perl_module(match[3], rest, line, runs=runs)


def _perl_names(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Names of modules in quotes, and what is loaded by a function of that name."""
    past = 0
    for match in _PERL_COLONS.finditer(content):
        at = match.start()
        if at >= past:
            least = max(past, at - NAME_WINDOW)
            begin = max(content.rfind(b'"', least, at), content.rfind(b"'", least, at))
            if begin >= 0 and (name := _PERL_NAME.match(content, begin)):
                past = name.end()
                yield begin, name[1]
    for match in _PERL_LOAD.finditer(content):
        yield match.start(), match[1]


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
    lines, folded, past = _Lines(content), content.lower(), 0
    for at in sorted(match.start() for word in _PHP_WORD for match in word.finditer(folded)):
        if at < past or not (match := _PHP.match(content, at)):
            continue
        past = match.end()
        before = _before(content, at)
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

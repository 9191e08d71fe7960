"""What a Python source imports, told without parsing it: some 50 µs a file where `ast` takes 10 ms.

Comes in: the bytes of a module or a script. Goes out: `PythonCode`: its import statements as text, each with its line
and with the conditions around it, calls that import by name, and texts that may be such names. Rules: what stands in a
string or a comment is no import; where that is hard to tell, strings are found by a tokenizer; a doubtful block makes
an import conditional, never absent.

Source: The Python Language Reference, sections 2.4 "Literals", 7.11 "The import statement" and 8 "Compound statements".
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec import Struct

IMPORT_LIMIT: Final = 10_000
"""Import statements and calls of one file; real ones stay below 1,000."""
STATEMENT_LIMIT: Final = 16 << 10
"""Bytes of one import statement."""
BLOCK_LIMIT: Final = 20_000
"""Lines that are looked at in one file to find the blocks around its imports."""
NAME_LIMIT: Final = 2_000
"""Texts of one file that may be names of modules."""

RUN_LIMIT: Final = 64 << 10
"""Bytes of import statements that are kept as one."""
LINE_LIMIT: Final = 1_000
"""Bytes before `import` on its line, and of a block's first line; what stands further behind is no statement."""
BY_NAME: Final = "="
"""Stands among the groups where entry points are asked for by their names as well."""
BLOCK_LINE_LIMIT: Final = 10_000
"""Bytes of a line above an import; where a longer one is met, the blocks around it are not known."""
LITERAL_LIMIT: Final = 300
"""Bytes of a call's argument."""
PATH_LIMIT: Final = 100
"""Statements of one file that change `sys.path`."""
PATH_TEXT_LIMIT: Final = 300
"""Characters of one of them."""

LAZY: Final = "def"
"""A condition: within a function."""
TRIED: Final = "try"
"""A condition that holds, where nothing happens if the module is missing."""
OTHERWISE: Final = "else"
"""A condition: in a branch that nothing is said about, such as `except`, `else`, `for`."""


class Import(Struct, frozen=True, array_like=True, gc=False):
    """One import statement, or one call that imports."""

    line: int
    text: str
    """Statements one below the other, such as `import a.b as c, d` and `from .a import (b, c)`, with their comments; of
    a call its literal argument, or empty where it is none.
    """
    conditions: tuple[str, ...] = ()
    """Innermost first: `LAZY`, `TRIED`, `OTHERWISE`, or what stands behind `if`."""
    called: str = ""
    """The function's name where it is a call: `import_module`, `__import__`, `import_string`."""
    prefix: str = ""
    """Of a call with an argument that is put together: the literal text that it begins with."""


class PythonCode(Struct, frozen=True, array_like=True, gc=False):
    """One Python file."""

    imports: tuple[Import, ...] = ()
    """In the order of the file."""
    names: tuple[str, ...] = ()
    """Texts that look like names of modules, where something in the file imports by name; sorted."""
    groups: tuple[str, ...] = ()
    """Texts that may be entry-point groups, where the file asks for entry points; sorted."""
    paths: tuple[tuple[int, str], ...] = ()
    """(line, text) of statements that change `sys.path`, where they were looked for."""
    cut: bool = False
    """Whether something was left out because there is too much of it."""


_IMPORT = re.compile(rb"import(?:(?=[ \t*(\\])|(\w*)\()")
_NAMES = rb"[ \t]+(?:[\w., \t*]+|\([^()#\"']*\)[ \t]*)(?:#[^\n]*)?(?:\r?\n|\Z)"
_USUAL = rb"(?:import|from[ \t]+[\w.]+[ \t]+import)" + _NAMES
_PLAIN = re.compile(rb"(?:" + _USUAL + rb"[\r\n]*)+")
_INDENTED = re.compile(rb"([ \t]+)(" + _USUAL + rb")")
_FROM = re.compile(rb"from[ \t\\\r\n]*[\w.\x80-\xff][\w. \t\\\r\n\x80-\xff]*")
_ANOTHER = re.compile(
    rb"(?:((?:try|else|finally|if|elif|with|except|for|while|class|(?:async[ \t]+)?def)\b[^\"'#]*):|[^\"'#]*;)[ \t]*"
    rb"((?:from[ \t]+[\w.\x80-\xff]+[ \t]+)?)"
)
_PARENTHESES = re.compile(rb"[ \t\\\r\n]*\((?:[^()#]++|#[^\n]*+)*+\)")
_REST = re.compile(rb"(?:[^\\\n;#]++|\\\r?\n|\\)*+")
_COMMENT = re.compile(rb"#[^\n]*")
_SPACE = re.compile(rb"[\s\\]+")
_HEADER = re.compile(
    rb"(?:(def|async[ \t]+def)|(try|with|async[ \t]+with)|(class|finally)|if\b(.*)"
    rb"|elif|else|except|for|while|match|case|async)(?:\b|:|$)",
    re.DOTALL,
)
_CONDITION = re.compile(rb"(.*?):[ \t\r]*(?:#.*)?", re.DOTALL)
_TRIPLE = rb'"""(?:[^"\\]++|\\.|"(?!""))*+"""' + rb"|'''(?:[^'\\]++|\\.|'(?!''))*+'''"
_TRIPLED = re.compile(_TRIPLE, re.DOTALL)
_CODE = re.compile(
    rb"(?:[^\"'#]++|#[^\n]*+|" + _TRIPLE + rb'|(?!""")"(?:[^"\\\n]++|\\.)*+"?' + rb"|(?!''')'(?:[^'\\\n]++|\\.)*+'?)*+",
    re.DOTALL,
)
_LITERAL = re.compile(rb"\s*[rRuUbBfF]{0,2}(?:\"([^\"\\\n]*)\"|'([^'\\\n]*)')")
_NAME = re.compile(rb"\.{0,3}[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_CALLED = re.compile(rb"\w*\Z")
_DEFINED = re.compile(rb"(?:async )?def |class |#")
_OPEN = re.compile(r"[{%]")
_QUOTED = re.compile(rb"\"([A-Za-z_.][\w.:-]*)\"|'([A-Za-z_.][\w.:-]*)'")
_NAMED = re.compile(rb"([\"'])(\.{0,3}[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?::[\w.:-]*)?\1")
_PATHS = re.compile(rb"^[ \t]*(?:[\w.]*sys\.path\b[ \t]*(?:\.|\[|=|\+=)[^\n]*|[\w.]*addsitedir\([^\n]*)", re.MULTILINE)
_ASKS_BY_NAME = re.compile(rb"entry_points?\([^()]{0,300}\bname\s*=")
_ASKERS = ("metadata", "pkg_resources", "entry", "stevedore", "pluggy")


def read_python(data: bytes, *, whole: bool = False) -> PythonCode:
    """Return what a file imports. `whole`: look for names of modules and changes of `sys.path` in any case."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    imports = tuple(_Reading(data).imports())
    named = whole or any(one.called and not one.text for one in imports)
    asks = imports and _is_any_in(_ASKERS, import_text(imports)) and b"entry_point" in data
    names = _names(data) if named else []
    groups = _groups(data) if asks else set()
    paths = list(_paths(data)) if whole else []
    return PythonCode(
        imports,
        tuple(sorted(names[:NAME_LIMIT])),
        tuple(sorted(groups)),
        tuple(paths[:PATH_LIMIT]),
        len(imports) >= IMPORT_LIMIT
        or max(len(names), len(groups)) > NAME_LIMIT
        or len(paths) > PATH_LIMIT
        or any(len(text) >= PATH_TEXT_LIMIT for _, text in paths),
    )


def import_text(imports: tuple[Import, ...]) -> str:
    """Return the statements of a file one below the other."""
    return "\n".join([one.text for one in imports])


def _is_any_in(words: tuple[str, ...], text: str) -> bool:
    for word in words:  # noqa: SIM110  # half of what `any` takes
        if word in text:
            return True
    return False


class _Reading:
    """One pass over one file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lines = BLOCK_LIMIT
        self._line, self._counted, self._quoted = 1, 0, 0
        self._double, self._single, self._odd = 0, 0, False
        self._code = 0  # how far a tokenizer that knows strings has come, outside of them
        self._known: tuple[int, bytes, tuple[str, ...]] = (-1, b"", ())  # the last line whose blocks were found

    def imports(self) -> list[Import]:
        """Return them in the order of the file."""
        data, end, found = self._data, 0, list[Import]()
        for match in _IMPORT.finditer(data):
            at = match.start()
            if at < end:
                continue
            start = data.rfind(b"\n", at - LINE_LIMIT if at > LINE_LIMIT else 0, at) + 1
            if not start and at > LINE_LIMIT:
                continue  # too far away
            called = match[1]
            if called is not None and (one := self._call(match, start)):
                found.append(one)
            elif not called and (usual := self._usual(start, at) or self._statement(start, at)):
                end = usual[1]
                found.append(usual[0])
            else:
                continue
            if len(found) >= IMPORT_LIMIT:
                break
        return found

    def _usual(self, start: int, at: int) -> tuple[Import, int] | None:
        """The usual: statements that begin their lines, those without indentation one below the other."""
        data = self._data
        if data[start] in b"fi":
            match = _PLAIN.match(data, start, start + RUN_LIMIT)
            if match is None or match.end() <= at or self._in_string(start):
                return None
            return Import(self._line_of(start), match[0].decode("utf-8", "replace").rstrip()), match.end()
        match = _INDENTED.match(data, start, at + STATEMENT_LIMIT)
        if match is None or match.end() <= at or self._in_string(start):
            return None
        line = self._line_of(start)
        conditions = self._conditions(start, match[1], b"")
        return Import(line, match[2].decode("utf-8", "replace").rstrip(), conditions), match.end()

    def _statement(self, start: int, at: int) -> tuple[Import, int] | None:
        """`start`: where the line begins; `at`: where `import` stands. None where it is no statement."""
        data, before = self._data, self._data[start:at]
        if (before and before[-1] not in b" \t;:.\\") or self._in_string(start):
            return None
        head = before.lstrip()
        indent, begin, header = before[: len(before) - len(head)], at - len(head), b""
        if not head:
            if start > 1 and data[start - 2] in b"\\\r" and (above := self._above(start)) >= 0:
                line = data[above:at]
                begin = at - len(line.lstrip())
                start, indent = above, line[: len(line) - len(line.lstrip())]
        elif not (head.startswith(b"from") and _FROM.fullmatch(head)):
            another = _ANOTHER.fullmatch(head)
            if another is None:
                return None
            begin, header = at - len(another[2]), another[1] or b""
        end = self._end(at + 6)
        text = _one_line(data[begin:end])
        return Import(self._line_of(start), text, self._conditions(start, indent, header)), end

    def _start(self, at: int) -> int:
        """Where the line begins, or -1 if that is too far away."""
        least = max(0, at - LINE_LIMIT)
        start = self._data.rfind(b"\n", least, at) + 1
        return start if start or not least else -1

    def _above(self, start: int) -> int:
        """Where the line above begins, if the one at `start` continues its `from`; else -1."""
        above = self._start(start - 1)
        line = self._data[above:start].lstrip()
        return above if above >= 0 and line.startswith(b"from") and _FROM.fullmatch(line) else -1

    def _end(self, at: int) -> int:
        data = self._data
        match = _PARENTHESES.match(data, at, at + STATEMENT_LIMIT) or _REST.match(data, at, at + STATEMENT_LIMIT)
        return match.end() if match else at

    def _call(self, match: "re.Match[bytes]", line: int) -> Import | None:
        """A call of a function whose name has `import` in it. `line`: where its line begins."""
        data = self._data
        name = _CALLED.search(data, line, match.end() - 1)
        before = data[line : name.start()].lstrip() if name else b""
        if name is None or name[0] == b"import" or _DEFINED.match(before) or self._in_string(line):
            return None
        text, prefix = self._argument(match.end())
        if text and not _NAME.fullmatch(text.partition(":")[0].encode()):
            return None
        indent = data[line : name.start() - len(before)]
        conditions = self._conditions(line, indent, b"")
        return Import(self._line_of(line), text, conditions, name[0].decode("utf-8", "replace"), prefix)

    def _argument(self, at: int) -> tuple[str, str]:
        """(the literal, what a text that is put together begins with)."""
        data = self._data
        literal = _LITERAL.match(data, at, at + LITERAL_LIMIT)
        if literal is None:
            return "", ""
        content = (literal[1] or literal[2] or b"").decode("utf-8", "replace")
        whole = data[literal.end() : literal.end() + 40].lstrip()[:1] in {b")", b","}
        return (content, "") if whole and "{" not in content and "%" not in content else ("", _OPEN.split(content)[0])

    def _line_of(self, at: int) -> int:
        """`at` grows."""
        if at > self._counted:
            self._line += self._data.count(b"\n", self._counted, at)
            self._counted = at
        return self._line

    def _in_string(self, at: int) -> bool:
        """An odd number of triple quotes before it is a reason to look; an even one says it is code. `at` grows."""
        data = self._data
        if not self._odd:
            if at > self._quoted:
                self._double += data.count(b'"""', self._quoted, at)
                self._single += data.count(b"'''", self._quoted, at)
                self._quoted = at
            if not (self._double & 1 or self._single & 1):
                return False
            self._odd = True
        if at < self._code:
            return True
        match = _CODE.match(data, self._code, at)
        self._code = match.end() if match else at
        if self._code >= at:
            return False
        string = _TRIPLED.match(data, self._code)
        self._code = string.end() if string else len(data)
        return True

    def _conditions(self, start: int, indent: bytes, header: bytes) -> tuple[str, ...]:
        """The blocks around the line at `start`; `header`: what stands before a colon on the line itself."""
        found, first = list[str](), indent
        if header and _add(found, _HEADER.match(header + b":")):
            return tuple(found)
        if not indent:
            return tuple(found)
        known, below, conditions = self._known
        data, end, width = self._data, start - 1, _width(indent)
        while width and end > 0:
            least = end - BLOCK_LINE_LIMIT if end > BLOCK_LINE_LIMIT else 0
            begin = data.rfind(b"\n", least, end) + 1
            self._lines -= 1
            if self._lines < 0 or (not begin and least):
                found.append(OTHERWISE)
                break
            if not data.startswith(indent, begin):
                if begin < end:
                    line = data[begin : min(end, begin + LINE_LIMIT)]
                    text = line.lstrip()
                    if (
                        text
                        and (less := _width(line[: len(line) - len(text)])) < width
                        and (match := _HEADER.match(text))
                    ):
                        width, indent = less, line[: len(line) - len(text)]
                        if _add(found, match):
                            break
            elif begin == known and below == indent:
                found += conditions
                break
            end = begin - 1
        if not header:
            self._known = start, first, tuple(found)
        return tuple(found)


def _width(indent: bytes) -> int:
    return len(indent.expandtabs(8)) if b"\t" in indent else len(indent)


def _add(found: list[str], header: "re.Match[bytes] | None") -> bool:
    """Add what a block's first line says; True where nothing above it matters."""
    if header is None:
        found.append(OTHERWISE)
    elif header[1]:
        found.append(LAZY)
        return True
    elif header[2]:
        found.append(TRIED)
    elif header[4] is not None:
        condition = _CONDITION.fullmatch(header[4].rstrip())
        found.append(condition[1].decode("utf-8", "replace").strip()[:200] if condition else OTHERWISE)
    elif not header[3]:
        found.append(OTHERWISE)
    return False


def _one_line(statement: bytes) -> str:
    """A statement on one line."""
    if b"\n" in statement or b"\\" in statement:
        statement = _SPACE.sub(b" ", _COMMENT.sub(b"", statement))
    return statement.decode("utf-8", "replace").rstrip()


def _names(data: bytes) -> list[str]:
    names = dict.fromkeys(name for _, name in _NAMED.findall(data) if len(name) <= 200)
    return [name.decode("ascii") for name in islice(names, NAME_LIMIT + 1)]


def _groups(data: bytes) -> set[str]:
    groups = {BY_NAME} if _ASKS_BY_NAME.search(data) else set()
    for match in _QUOTED.finditer(data):
        groups.add((match[1] or match[2]).decode("ascii"))
        if len(groups) > NAME_LIMIT:
            break
    return groups


def _paths(data: bytes) -> Iterator[tuple[int, str]]:
    for number, match in enumerate(_PATHS.finditer(data)):
        if number > PATH_LIMIT:
            return
        yield 1 + data.count(b"\n", 0, match.start()), match[0].decode("utf-8", "replace").strip()[:PATH_TEXT_LIMIT]

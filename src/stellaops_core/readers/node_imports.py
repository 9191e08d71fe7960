"""JavaScript and TypeScript sources to the modules that they mention.

Comes in: a file's bytes. Goes out: mentions: how, what, in which line, and whether it is loaded whenever the file is.
Rules: nothing is parsed; two passes look for `require`, `import` and `export`, so that megabytes take milliseconds. In
doubt a mention is one that may be loaded; only what begins a line as a comment does, or is a type in one, is left out.

Source: ECMA-262 "Imports", "Exports"; nodejs.org/api/modules.html, esm.html; TypeScript handbook "Type-only imports".
"""

import re
from itertools import chain, islice
from operator import itemgetter

from stellaops_core.readers.source_lines import SourceLines

MENTION_LIMIT = 20_000
"""Mentions that are read of a file; what follows them counts as computed."""
WORD_LIMIT = 50_000
"""Places of a file where `require`, `import` or `export` stands; more of them count as one that is computed."""
SPECIFIER_LIMIT = 512
"""Bytes of a specifier; longer ones are none."""
PLAIN_WINDOW = 160
"""Bytes that are gone back to find a plain assignment."""
STATEMENT_LIMIT = 16_384
"""Bytes from `import` or `export` to the module's name: thousands of names."""
FAILURE_LIMIT = 1000
"""Beginnings of statements that turn out to be none, of a file; more of them count as one that is computed."""
CREATED_LIMIT = 4
"""Names that a file may give to what `createRequire` makes; more of them count as one that is computed."""
LAUNCH_LIMIT = 1000
"""Places of a file that may run other files; more of them count as one that is computed."""

REQUIRE, IMPORT, FILE, WORK, COMPUTED = "require", "import", "file", "work", "computed"
"""How: resolved as `require` does; as `import` does; beside the file; in the working directory; by a name that is
worked out, whose known beginning (such as `./locales/`) is all there is."""

Mention = tuple[str, str, int, bool]
"""(how, specifier, line from 1, whether it is loaded whenever the file is)."""

_QUOTED = rb"(?:\"([^\"\\\n]*)\"|'([^'\\\n]*)'|`([^`\\\n$]*)`)"
_GAP = rb"(?:\s|/\*[^*]{0,200}\*/|//[^\n]{0,200}\n){0,20}"
_WORD_BEFORE = rb"(?<![A-Za-z0-9])"

_REQUIRE = re.compile(rb"q(?=uire[\s(.,;)\]])")
_PLAIN = re.compile(
    rb"(?:(?:const|let|var)[ \t]+)?(?:[\w$.]+|\{[\w$\s,:]{0,200}\})[ \t]*=[ \t]*"
    rb"(?:/\*#__PURE__\*/[ \t]*)?(?:[\w$.]{1,60}\()?"
    rb"require\((?:\"([^\"\\\n]*)\"|'([^'\\\n]*)')\)"
)
_CALL = re.compile(rb"require(\s*\.\s*resolve)?\s*\(" + _GAP + rb"(?:" + _QUOTED + rb"\s*(?=[,)/]))?")
_PORT = re.compile(rb"port(?<=(?:im|ex)port)(?=[\s{*(\"'.])(?<![\w$]......)")
_IMPORT_CALL = re.compile(rb"port\s*\(" + _GAP + rb"(?:" + _QUOTED + rb"\s*(?=[,)/]))?")
_STATIC = re.compile(
    rb"port\s*(?:(?:type\s+(?!from[\s\"'])|defer\s+|source\s+)?(?:[\w$]{1,200}\s*,?\s*)?"
    rb"(?:\{[^{}()=;]{0,%d}+\}\s*|\*\s*(?:as\s+[^\s;]{1,200}\s+)?)?from\s*)?" % STATEMENT_LIMIT + _QUOTED
)
_TYPE_ONLY = re.compile(rb"port\s+type(?:of)?\s+(?!from[\s\"']|,)")
_META = re.compile(rb"port\s*\.\s*meta\s*\.\s*(?:(resolve)\s*\(\s*" + _QUOTED + rb"|url|dirname|filename)")
_URL = re.compile(rb"new\s+URL\s*\(\s*" + _QUOTED + rb"\s*,\s*im\Z")
_CREATED = re.compile(rb"([A-Za-z_$][\w$]*)\s*=\s*(?:[\w$]+\.)*createRequire\s*\(\s*im\Z")
_BESIDE = re.compile(rb"__dirname\s*(?:,\s*|\+\s*)" + _QUOTED)
_LAUNCH = tuple(
    re.compile(word + rb"\s*\(\s*" + _QUOTED)
    for word in (rb"fork(?<!\wfork)", rb"Worker(?<!\wWorker)", rb"setup(?<!\wsetup)(?:Primary|Master)")
)
_RUNNERS = frozenset({"child_process", "worker_threads", "cluster", "piscina", "workerpool", "jest-worker"})
_RUNNERS |= {f"node:{name}" for name in _RUNNERS}
_PART = re.compile(rb"[\"'`]([^\"'`\\\n$]{1,200})")
_NAME = re.compile(rb"[\"'`]((?:@[a-z0-9][\w.-]{0,100}+/)?[a-z0-9][\w.-]{0,100}+(?:/[\w.@/-]{1,100}+)?)(?=[\"'`])")
_SPECIFIER = itemgetter(1)
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def read_node_imports(content: bytes) -> list[Mention]:
    """Return the mentions of a source, each once, in no particular order."""
    source = _Source(content)
    source.read_requires()
    source.read_statements()
    found = source.found
    if not found:
        return []
    if len(found) >= MENTION_LIMIT:
        return [*dict.fromkeys(found[:MENTION_LIMIT]), (COMPUTED, "", found[MENTION_LIMIT - 1][2], False)]
    if not _RUNNERS.isdisjoint(map(_SPECIFIER, found)):
        source.read_launches()
    return list(dict.fromkeys(found)) if len(found) > 1 else found


def read_names(content: bytes, limit: int) -> list[str]:
    """Return what a source has in quotes and could name a package or a part of one, sorted, at most `limit` of them."""
    return sorted({name.decode() for name in _NAME.findall(content)})[:limit]


class _Source:
    """One file while it is gone through."""

    def __init__(self, content: bytes) -> None:
        self._content, self.found = content, list[Mention]()
        self._lines = SourceLines(content)

    def _add(self, how: str, text: bytes | None, position: int, *, runs: bool = False) -> None:
        if not text or len(text) > SPECIFIER_LIMIT:
            return
        try:
            self.found.append((how, text.decode(), self._lines.line(position), runs))
        except UnicodeDecodeError:
            return

    # -- require -----------------------------------------------------------------------------------------------------

    def read_requires(self) -> None:
        content, lines, past = self._content, self._lines, 0
        for number, match in enumerate(_REQUIRE.finditer(content)):
            start = match.start() - 2
            if number > WORD_LIMIT:
                self.found.append((COMPUTED, "", lines.line(start), False))
                break
            if start < past or content[start : start + 2] != b"re":
                continue
            line = content.rfind(b"\n", max(start - PLAIN_WINDOW, 0), start) + 1
            if line and (plain := _PLAIN.match(content, line)) and plain.end() > start:
                past = plain.end()
                lines.begins(line, start)
                self._add(REQUIRE, plain[1] or plain[2], start, runs=lines.is_plain(start))
            elif not start or content[start - 1] not in _LETTERS:
                past = self._require(start)

    def _require(self, start: int) -> int:
        """Read what is not a plain assignment; return where it ends."""
        content, call = self._content, _CALL.match(self._content, start)
        if self._lines.is_comment(start):
            return start + 7
        if call is None:
            if self._is_handed_on(start):
                self.found.append((COMPUTED, "", self._lines.line(start), False))
            return start + 7
        text = call[2] or call[3] or call[4]
        if text is not None:
            self._add(REQUIRE, text, start, runs=not call[1] and self._lines.runs(start))
        elif content[start - 1 : start] != b"." or content.endswith(b"module.", 0, start):
            self._computed(call.end(), start)
        return call.end()

    def _is_handed_on(self, start: int) -> bool:
        """Whether `require` itself is given to something, as in `factory(require, exports)`."""
        before = self._content[max(0, start - 40) : start].rstrip()
        follows = self._content[start + 7 : start + 8]
        return follows in {b",", b";", b")"} and before[-1:] in {b"=", b"(", b","} and b"define" not in before

    def _computed(self, position: int, start: int) -> None:
        """Take note of what is known of `require(something)`."""
        argument = self._content[position : position + 200].split(b"\n", 1)[0]
        if not argument or argument[:1] in b")0123456789":
            return
        if beside := _BESIDE.search(argument):
            text = beside[1] or beside[2] or beside[3] or b""
            self._add(FILE, b"./" + text.lstrip(b"/"), start)
            return
        part = _PART.search(argument[:120])
        if part and argument[:10] == b"/** @type ":
            self._add(REQUIRE, part[1], start)
            return
        known = _specifier(part[1]) if part and argument[:1] in b"\"'`" and part.start() == 0 else None
        self.found.append((COMPUTED, known or "", self._lines.line(start), False))

    # -- import, export ----------------------------------------------------------------------------------------------

    def read_statements(self) -> None:
        content, past, failures, created = self._content, 0, 0, set[bytes]()
        matches = _PORT.finditer(content)
        if (first := next(matches, None)) is None:
            return
        self._lines.rewind()
        for number, match in enumerate(chain((first,), matches)):
            start = match.start()
            if start < past:
                continue
            if failures > FAILURE_LIMIT or number > WORD_LIMIT:
                self.found.append((COMPUTED, "", self._lines.line(start), False))
                break
            imports, follows = content[start - 2] == 0x69, content[start + 4]
            if imports and follows == 0x2E:
                self._meta(start, created)
            elif imports and (call := _IMPORT_CALL.match(content, start)):
                past = call.end()
                self._import_call(call, start)
            elif (imports or content[start + 4 : start + 6].strip()[:1] in b"*{") and self._is_statement(start):
                if static := _STATIC.match(content, start):
                    past = static.end()
                    self._add(IMPORT, static[1] or static[2] or static[3], start, runs=self._lines.is_plain(start))
                else:
                    failures += 1
        for name in sorted(created)[:CREATED_LIMIT]:
            self._called(name)
        if len(created) > CREATED_LIMIT:
            self.found.append((COMPUTED, "", 0, False))

    def _is_statement(self, start: int) -> bool:
        before = self._content[max(0, start - 42) : start - 2].rpartition(b"\n")[2].strip()
        if before and (
            before[-1:] not in b";}/" or before[:2] == b"//" or (before[:1] == b"*" and before[:2] != b"*/")
        ):
            return False
        return _TYPE_ONLY.match(self._content, start) is None

    def _import_call(self, call: re.Match[bytes], start: int) -> None:
        if self._content[start - 3 : start - 2] == b"." or self._lines.is_comment(start):
            return
        text = call[1] or call[2] or call[3]
        if text is None:
            self._computed(call.end(), start)
        elif not self._lines.is_documentation(start):
            self._add(IMPORT, text, start)

    def _meta(self, start: int, created: set[bytes]) -> None:
        """`new URL("x", import.meta.url)`, `import.meta.resolve("x")`, `require = createRequire(import.meta.url)`."""
        match = _META.match(self._content, start)
        before = self._content[max(0, start - 300) : start]
        if match and match[1]:
            self._add(IMPORT, match[2] or match[3] or match[4], start)
        elif url := _URL.search(before):
            text = url[1] or url[2] or url[3]
            self._add(FILE, text if text and b":" not in text else None, start)
        elif (name := _CREATED.search(before)) and not name[1].endswith(b"require"):
            created.add(name[1])

    def _called(self, name: bytes) -> None:
        """Read mentions by a function that `createRequire` made under another name."""
        self._lines.rewind()
        pattern = rb"(?<![\w$.])" + re.escape(name) + rb"(?:\.resolve)?\s*\(\s*(?:" + _QUOTED + rb"\s*[,)])?"
        for match in islice(re.finditer(pattern, self._content), MENTION_LIMIT):
            if text := match[1] or match[2] or match[3]:
                self._add(REQUIRE, text, match.start())
            else:
                self.found.append((COMPUTED, "", self._lines.line(match.start()), False))

    # -- other processes and threads ---------------------------------------------------------------------------------

    def read_launches(self) -> None:
        """Read which files are run by `fork` or `new Worker`."""
        for pattern, how in (*((one, WORK) for one in _LAUNCH), (_BESIDE, FILE)):
            self._lines.rewind()
            for number, match in enumerate(pattern.finditer(self._content)):
                if number >= LAUNCH_LIMIT:
                    self.found.append((COMPUTED, "", 0, False))
                    break
                text = match[1] or match[2] or match[3] or b""
                if how is FILE:
                    self._add(FILE, b"./" + text.lstrip(b"/"), match.start())
                elif text[:1] in b"./":
                    self._add(WORK, text, match.start())


def _specifier(text: bytes) -> str | None:
    try:
        return text.decode() if len(text) <= SPECIFIER_LIMIT else None
    except UnicodeDecodeError:
        return None

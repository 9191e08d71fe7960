"""Where in a source something stands: its line, and whether what stands there runs whenever the file is loaded.

Comes in: a source's bytes and positions in it, going up. Goes out: line numbers and verdicts. Rules: nothing is parsed.
A thing runs if nothing on its line before it opens a condition, a function or a block, and if the same holds for the
lines that its indentation hangs from; in doubt it does not. The cost is linear in the source's size.
"""

import re

BRANCH_LIMIT = 2048
"""Bytes between two places in one line beyond which there is taken to be a function."""
OPENER_WINDOW = 8192
"""Bytes that are gone back to find what an indented line hangs from."""
COMMENT_WINDOW = 2048
"""Bytes that are gone back to see whether a comment has been opened."""
LINE_WINDOW = 400
"""Bytes that are gone back to see whether a line begins as a comment does."""

_SPACES = re.compile(rb"[ \t]*")
_BRACE_WORDS = re.compile(rb"\b(?:const|let|var|try|import|export)\s*\{")
_PLAIN_BRACES = re.compile(rb"\{[^{}();]*\}")
_DIRTY = re.compile(
    rb"=>|&&|\|\||\?|//|[^=(,:\[\s]\s*\{|"
    rb"(?<![-'\"./\w$])(?:function|if|for|while|switch|case|class|else|catch|finally|get|do)(?![-'\"./:\w$])"
)
_CALLED_AT_ONCE = re.compile(
    rb"[;!(+~]{1,4}\s*(?:async\s*)?(?:function\s*[\w$]*\s*\([^()]{0,200}\)|\([^()]{0,200}\)\s*=>)\s*\{\Z"
)


class SourceLines:
    """One source while places in it are asked about, in their order."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._counted, self._line = 0, 1
        self._start = self._seen = 0  # of the line of the last place; how far that line was looked at
        self._dirty = False  # whether that line branches before there
        self._plain = 0  # a place that is in no comment
        self._openers: dict[int, bool] = {}  # start of a line: whether what it hangs from runs

    def rewind(self) -> None:
        """Go back to the beginning."""
        self._counted, self._line, self._plain = 0, 1, 0
        self._start = self._seen = 0
        self._dirty = False

    def line(self, position: int) -> int:
        """Return the number of a line, from 1."""
        self._line += self._content.count(b"\n", self._counted, position)
        self._counted = position
        return self._line

    def is_comment(self, position: int) -> bool:
        """Whether the line begins as a comment does."""
        lowest = max(0, position - LINE_WINDOW)
        line = self._content.rfind(b"\n", lowest, position) + 1
        before = self._content[line : min(position, line + 100)].lstrip() if line or not lowest else b""
        return before[:2] == b"//" or (before[:1] == b"*" and before[:2] != b"*/")

    def is_documentation(self, position: int) -> bool:
        """Whether it stands in a JSDoc comment that has been opened a short way before."""
        opened = self._content.rfind(b"/** @", max(0, position - LINE_WINDOW), position)
        return opened >= 0 and self._content.find(b"*/", opened, position) < 0

    def is_plain(self, position: int) -> bool:
        """Whether no comment has been opened a short way before."""
        content, lowest = self._content, max(self._plain, position - COMMENT_WINDOW)
        if content.find(b"/*", lowest, position) >= 0:
            opened = content.rfind(b"/*", lowest, position)
            if content.find(b"*/", opened, position) < 0:
                return False
        self._plain = position
        return True

    def begins(self, line: int, position: int) -> None:
        """Take note that nothing branches on a line, which starts at `line`, before a place on it."""
        self._start, self._seen, self._dirty = line, position, False

    def runs(self, position: int) -> bool:
        """Whether what stands there runs whenever the file is loaded, as far as its line and indentation tell."""
        content = self._content
        if line := content.rfind(b"\n", self._seen, position) + 1:
            self._start, self._dirty, self._seen = line, False, line
        self._dirty = self._dirty or _branches(content[self._seen : position])
        line, self._seen = self._start, position
        if self._dirty or not self.is_plain(position):
            return False
        return content[line : line + 1] not in (b" ", b"\t") or self._hangs_from_running(line)

    def _hangs_from_running(self, first: int) -> bool:
        """Whether all lines that an indented line hangs from run whenever the file is loaded."""
        content, openers, line = self._content, self._openers, first
        lowest, verdict = max(0, first - OPENER_WINDOW), True
        indent = _indent(content, first)
        while indent and verdict and line:
            end, line = line - 1, content.rfind(b"\n", lowest, line - 1) + 1
            if not line and lowest:
                verdict = False  # too far to say
            elif not content.startswith(indent, line):
                text = content[line : min(end, line + LINE_WINDOW)].strip()
                if text and text[:2] not in {b"//", b"/*"} and text[:1] != b"*":
                    indent, verdict = _indent(content, line), not _branches(text) or bool(_CALLED_AT_ONCE.match(text))
            elif line in openers and _indent(content, line) == indent:
                verdict = openers[line]
                break
        openers[first] = verdict
        return verdict


def _indent(content: bytes, line: int) -> bytes:
    match = _SPACES.match(content, line)
    return match[0] if match else b""


def _branches(text: bytes) -> bool:
    """Whether what follows this text on its line may not run: a condition, a function or a block is open."""
    if len(text) > BRANCH_LIMIT:
        return True
    if b"=>" in text or b"function(" in text or b"function (" in text:
        return True
    if b"{" in text:
        text = _PLAIN_BRACES.sub(b"", _BRACE_WORDS.sub(b"", text))
    return _DIRTY.search(text) is not None or text.count(b'"') % 2 == 1 or text.count(b"'") % 2 == 1

"""What Ruby, Perl and PHP have in common while their files are followed.

Comes in: a process, the script, a function that finds what a mention names. Goes out: edges, sure ones first. Rules: a
computed name is undetermined, unless the language's own rules let something stand in for it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from posixpath import normpath

from stellaops_core.analyzers.script_code import ScriptCode
from stellaops_core.analyzers.texts import TEXT_LIMIT, LongText, Text
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.readers.node_imports import Mention

FILE_LIMIT = 100_000
"""Files that are followed for one process; what lies beyond is undetermined."""
LISTED_LIMIT = 5_000
"""Files that a directory is taken to mean at most."""
LISTED_DEPTH = 12
"""Directories within one another that are gone into."""

Find = Callable[[str, Mention], Iterable[tuple[str, str, bool]]]
"""Of a file and one of its mentions: (path, in which words, whether for sure)."""


def follow_files(
    root: Root,
    process: Process,
    starts: Sequence[tuple[str, str, bool]],
    find: Find,
    read: Callable[[bytes], list[Mention]],
    scope: str,
) -> Iterator[Edge | Undetermined]:
    """Yield an edge to each file that is reached from `starts`. `read`: for scripts of which only the text was kept."""
    seen, count = {process.program}, 0
    sure: deque[Edge] = deque()
    later: deque[Edge] = deque()
    for target, how, runs in starts:
        edge = Edge(process.program, target, how, 0, "used" if runs else "maybe")
        (sure if runs else later).append(edge)
    while sure or later:
        is_sure = bool(sure)
        edge = (sure or later).popleft()
        if edge.target in seen:
            continue
        seen.add(edge.target)
        count += 1
        if count > FILE_LIMIT:
            yield Undetermined(process.program, 0, f"it loads more than {FILE_LIMIT:,} files", scope)
            return
        if edge.target != process.script:
            yield edge
        code = root.facts(edge.target, ScriptCode) or _of_text(root, edge.target, read)
        if code.unread:
            yield Undetermined(edge.target, 0, f"the file is {code.unread}", scope)
        for mention in code.mentions:
            for target, how, runs in find(edge.target, mention):
                if not target:
                    yield Undetermined(edge.target, mention[2], how, scope)
                elif target not in seen:
                    level = Edge(edge.target, target, how, mention[2], "used" if runs else "maybe")
                    (sure if runs and is_sure else later).append(level)


def _of_text(root: Root, path: str, read: Callable[[bytes], list[Mention]]) -> ScriptCode:
    text = root.facts(path, Text)
    if text is None and root.facts(path, LongText):
        return ScriptCode(unread=f"larger than {TEXT_LIMIT:,} bytes")
    return ScriptCode(tuple(read(text.content))) if text and text.content[:2] == b"#!" else ScriptCode()


def path_from(directory: str, path: str) -> str:
    """Return a path, absolute or from a directory, as one from the root."""
    return normpath(path if path[:1] == "/" else f"/{directory}/{path}").lstrip("/")


def files_below(root: Root, directory: str, endings: tuple[str, ...], bounds: Bounds) -> list[str]:
    """Return the files below a directory, sorted."""
    found: list[str] = []
    todo, seen = [(root.real(directory), 0)], set[str]()
    while todo and len(found) <= LISTED_LIMIT:
        at, depth = todo.pop()
        if at is None or at in seen:
            continue
        seen.add(at)
        if bounds.is_full(depth - 1, LISTED_DEPTH, "directories within one another", directory):
            continue
        for name in root.names(at):
            inner = f"{at}/{name}" if at else name
            if name.endswith(endings):
                found.append(inner)
            elif "." not in name and root.is_directory(inner):
                todo.append((root.real(inner), depth + 1))
    found = list(bounds.first(found, LISTED_LIMIT, "files that may be loaded", directory))
    return sorted({real for path in found if (real := root.real(path))})


def script_of(process: Process, *, with_value: frozenset[str] = frozenset()) -> tuple[str | None, list[str]]:
    """Return the script of a command line, as written (None where it is not known), and the options before it."""
    if process.script:
        return "/" + process.script, [word for word in process.arguments[1:2] if word and word[:1] == "-"]
    options: list[str] = []
    words = iter(process.arguments[1:])
    for word in words:
        if word is None:
            return None, options
        if word[:1] != "-" or word == "-":
            return word, options
        if word == "--":
            return next(words, ""), options
        options.append(word)
        if word in with_value:
            options.append(next(words, "") or "")
    return "", options

"""What an analyzer makes of files that are given as a dictionary, the way the core would ask it.

`installed(ANALYZER, {"app/node_modules/a/package.json": "{…}"})` gives what `join` yields and what could not be read;
`read_case(text)` takes apart a file of tests/cases: a comment, `-- PATH --` before each file, then `-- expected --`.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from stellaops_core.analyzers.analyzer import Analyzer, Found, Installed, Joins, Malformed, View
from stellaops_core.analyzers.available import Interests
from stellaops_core.readers.content import Content

T = TypeVar("T")


class File(NamedTuple):
    """A captured file."""

    path: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self) -> bytes:
        return self.data

    def content(self) -> bytes:
        return self.data

    def once(self, read: Callable[[Content], T]) -> T:
        return read(self.data)


class Files:
    """The captured files of one layer."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = {
            path: File(path, text.encode() if isinstance(text, str) else text) for path, text in files.items()
        }

    def get(self, path: str) -> File | None:
        return self._files.get(path)

    def under(self, directory: str) -> Iterator[File]:
        yield from (file for path, file in sorted(self._files.items()) if path.startswith(directory + "/"))

    def wanted(self, analyzer: Analyzer) -> "Files":
        """Those that the core would capture for this analyzer alone."""
        return Files(
            {path: file.data for path, file in self._files.items() if is_wanted(analyzer, path, file.size, file.data)}
        )

    def __iter__(self) -> Iterator[File]:
        yield from (file for _, file in sorted(self._files.items()))


def is_wanted(analyzer: Analyzer, path: str, size: int = 1, head: bytes = b"") -> bool:
    """Whether the core would capture such a file for this analyzer alone."""
    parent, _, name = path.rpartition("/")
    return bool(Interests([analyzer]).of(path, parent, name, size, head[:8] if len(head) >= 8 else b""))


def find(analyzer: Analyzer, files: Mapping[str, str | bytes]) -> tuple[dict[str, list[Found]], dict[str, str]]:
    """What one layer holds: finds by path, and the reason for each file that could not be read."""
    captured = Files(files).wanted(analyzer)
    found: dict[str, list[Found]] = {}
    unread = {}
    for file in captured:
        some: list[Found] = []
        try:
            some.extend(analyzer.analyze(file, captured))  # what comes before a fault counts
        except Malformed as error:
            unread[file.path] = str(error)
        if some:
            found[file.path] = msgspec.msgpack.decode(msgspec.msgpack.encode(some), type=list[Found])
    return found, unread


def installed(
    analyzer: Analyzer, *layers: Mapping[str, str | bytes], architecture: str = "amd64"
) -> tuple[list[Installed], dict[str, str]]:
    """What an image of these layers holds; a later layer's files replace those of the same path."""
    assert isinstance(analyzer, Joins)
    found: dict[str, list[Found]] = {}
    unread = {}
    for layer in layers:
        some, reasons = find(analyzer, layer)
        found.update(some)
        unread.update(reasons)
    return list(analyzer.join(View(dict(sorted(found.items())), None, architecture))), unread


def read_case(text: str) -> tuple[dict[str, str], Any]:
    """Files and expected result of a case."""
    parts = re.split(r"^-- (.+) --\n", text, flags=re.MULTILINE)
    files = dict(zip(parts[1::2], parts[2::2], strict=True))
    expected = json.loads(files.pop("expected"))
    return files, expected


def shown(items: list[Installed], unread: Mapping[str, str]) -> Any:
    """What cases compare: everything that is not empty, as JSON has it."""
    rows = []
    for item in items:
        facts = {
            "purl": str(item.purl),
            "path": item.path,
            "name": item.package.name,
            "licenses": item.licenses,
            "depends": item.depends,
            "owns": item.owns,
            "hashes": item.package.hashes,
            "supplier": item.package.supplier,
            "urls": item.package.urls,
            "properties": item.properties,
        }
        rows.append({key: value for key, value in facts.items() if value})
    return json.loads(json.dumps({"installed": rows, "unread": dict(unread)}))

"""What Python installers write beside a distribution: header fields, file lists, old requirement lists.

Comes in: bytes of METADATA or PKG-INFO, RECORD, installed-files.txt, requires.txt. Goes out: plain values. What does
not fit the format is passed over, as the ecosystem's own readers do, and bytes that are not UTF-8 become U+FFFD; only
more lines than the limit are a `ValueError`. Time is linear in the bytes.
"""

import re
from collections.abc import Iterator
from typing import Final

LINES_LIMIT: Final = 200_000
"""Lines of one header or requirement list; those of real packages have fewer than 5,000."""
PATHS_LIMIT: Final = 1_000_000
"""Lines of one file list; the largest real packages have some 50,000 files."""

_BLANK = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_SECTION = re.compile(r"\[([^:\]]*)(?::(.*))?\]")


def read_fields(data: bytes) -> dict[str, list[str]]:
    """Read the header: `{field in lower case: values in the order of the file}`.

    Source: PyPA core metadata specification ("email" format). A line without a colon inside the header is passed over,
    because old build tools did not fold keywords and licence texts; the body (the description) is never read.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    end = _BLANK.search(data)
    lines: list[tuple[str, list[str]]] = []
    for line in _lines(data[: end.start()] if end else data, LINES_LIMIT):
        name, colon, value = line.partition(":")
        if line[:1] in {" ", "\t"} and lines:
            lines[-1][1].append(line.strip())
        elif colon and _FIELD.fullmatch(name):
            lines.append((name.lower(), [value.strip()]))
    fields: dict[str, list[str]] = {}
    for name, values in lines:
        fields.setdefault(name, []).append("\n".join(values))
    return fields


def read_record(data: bytes, directory: str) -> list[str]:
    """List the paths of a RECORD that lies below `directory`, the one that its relative paths start from.

    Source: PyPA "Recording installed projects", The RECORD file: CSV of path, hash and size. Goes out: paths from the
    root of the image, normalised, each once, in order; those that climb above the root are passed over.
    """
    return _resolved((_first_cell(line) for line in _lines(data, PATHS_LIMIT)), directory)


def read_installed_files(data: bytes, directory: str) -> list[str]:
    """List the paths of an installed-files.txt; relative to its own directory (pip, for `.egg-info` directories)."""
    return _resolved((line.strip() for line in _lines(data, PATHS_LIMIT)), directory)


def read_requires(data: bytes) -> list[str]:
    """Turn setuptools' requires.txt into Requires-Dist values.

    Source: setuptools, "Dependencies Management": sections `[extra]`, `[:marker]` and `[extra:marker]`.
    """
    condition = ""
    found = []
    for line in _lines(data, LINES_LIMIT):
        text = line.strip()
        section = _SECTION.fullmatch(text)
        if section:
            extra, marker = section[1].strip(), (section[2] or "").strip()
            parts = [f"({marker})"] if marker else []
            condition = " and ".join([*parts, f'extra == "{extra}"'] if extra else parts)
        elif text and text[0] not in "#[":
            found.append(f"{text} ; {condition}" if condition else text)
    return found


def _lines(data: bytes, limit: int) -> list[str]:
    if data.count(b"\n") > limit:
        raise ValueError(f"more than {limit} lines")
    return data.decode("utf-8", "replace").split("\n")


def _first_cell(line: str) -> str:
    quoted = _QUOTED.match(line)
    return quoted[1].replace('""', '"') if quoted else line.partition(",")[0].rstrip("\r")


def _resolved(names: Iterator[str], directory: str) -> list[str]:
    base = directory + "/" if directory else ""
    found: dict[str, None] = {}
    for name in names:
        if not name:
            continue
        path = name.lstrip("/") if name[0] == "/" else base + name
        if "//" in path or "./" in path or path.endswith(("/", ".")):
            path = _normal(path)
        if path:
            found[path] = None
    return list(found)


def _normal(path: str) -> str:
    """Apply `.` and `..` steps; empty where they climb above the root."""
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            if not steps:
                return ""
            steps.pop()
        elif step not in {"", "."}:
            steps.append(step)
    return "/".join(steps)

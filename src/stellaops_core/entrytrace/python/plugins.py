"""Entry points of installed Python distributions: what plugins a file that asks for them may get.

Comes in: the root, the directories that an interpreter searches, and what the process is told. Goes out: modules.
Rules: a file gets the groups that it names; where it names none, those that are called like its own package; whoever
asks for a plugin by its name gets its own ones, and those whose names the process is told. A line that can't be read is
passed over.

Source: PyPA, "Entry points specification".
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.python_code import PythonText
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.python.rules import SCRIPTS
from stellaops_core.entrytrace.root import Root
from stellaops_core.readers.python_imports import BY_NAME

PLUGIN_LIMIT: Final = 20_000
"""Entry points of one search path."""

_QUOTED = re.compile(r'"([A-Za-z_][\w.]*)"')
_POINT = re.compile(r"([^=]+?)\s*=\s*([\w.]+)\s*(?::|\[|$)")


class Plugin(Struct, frozen=True):
    """One entry point."""

    group: str
    name: str
    module: str


def read_plugins(root: Root, directories: Iterable[str], bounds: Bounds) -> dict[str, list[Plugin]]:
    """Return entry points by group, groups sorted, entry points in the order of the search path."""
    groups: dict[str, list[Plugin]] = {}
    count = 0
    for directory in directories:
        for name in root.names(directory):
            if not name.endswith((".dist-info", ".egg-info")):
                continue
            text = bounds.kept(root, f"{directory}/{name}/entry_points.txt", PythonText)
            for plugin in _points(text.content) if text else ():
                if bounds.is_full(count, PLUGIN_LIMIT, "entry points", f"{directory}/{name}"):
                    break
                count += 1
                groups.setdefault(plugin.group, []).append(plugin)
    return dict(sorted(groups.items()))


def _points(content: bytes) -> Iterator[Plugin]:
    group = ""
    for raw in content.decode("utf-8", "replace").split("\n"):
        line = raw.strip()
        if line.startswith("["):
            group = line.strip("[] ")
        elif group and line[:1] not in {"#", ";"} and (match := _POINT.match(line)):
            yield Plugin(group, match[1], match[2])


def choose_plugins(
    plugins: dict[str, list[Plugin]], groups: Collection[str], package: str, *, own: bool, told: Iterable[str | None]
) -> Iterator[Plugin]:
    """Yield those that a file may get. `package`: its outermost one; `own`: it is the application's; `told`: texts."""
    named = [group for group in plugins if group in groups]
    named = named or [group for group in plugins if own or (package and group.partition(".")[0] == package)]
    values = [value for value in told if value]
    for group in named:
        for plugin in plugins[group] if group not in SCRIPTS else ():
            its = plugin.module.partition(".")[0] == package
            if BY_NAME not in groups or its or any(plugin.name in value for value in values):
                yield plugin


def find_script(plugins: dict[str, list[Plugin]], groups: Collection[str]) -> Iterator[Plugin]:
    """Yield the function of a script that looks itself up by its name, as setuptools once wrote them."""
    for group in SCRIPTS:
        if group in groups:
            yield from [plugin for plugin in plugins.get(group, ()) if plugin.name in groups]


def read_configured(root: Root, prefix: str, directories: Iterable[str], bounds: Bounds) -> Iterator[tuple[str, str]]:
    """Yield (file, name in quotes) of the JSON files that Jupyter reads, of its own prefix and of the system's.

    Source: Jupyter documentation, "Common directories and file locations".
    """
    places = dict.fromkeys([f"{prefix}/etc/jupyter".strip("/"), "usr/local/etc/jupyter", "etc/jupyter"])
    for directory in (f"{place}/{name}" for place in places for name in directories):
        for name in root.names(directory):
            text = bounds.kept(root, f"{directory}/{name}", PythonText) if name.endswith(".json") else None
            for match in _QUOTED.finditer(text.content.decode("utf-8", "replace")) if text else ():
                yield f"{directory}/{name}", match[1]

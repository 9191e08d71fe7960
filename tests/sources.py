"""The repository as the architecture tests see it: modules, pages, texts; wherever the package is installed."""

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGES = ("stellaops_core", "stellaops_cli")
PLACES = ("plugins", "src", "tests", "docs", "benchmarks", "completions", ".ci")
"""Folders that are the project's; whatever else lies around is a tool's."""


class Source(NamedTuple):
    """A module of ours."""

    path: Path
    package: str
    name: str
    """Below the package, with dots: `images.layer`."""

    def parse(self) -> ast.Module:
        return ast.parse(self.path.read_text(), str(self.path))


def modules(*packages: str) -> list[Source]:
    """All modules of the packages (of all, when none is named) but their `__init__`, sorted."""
    found = []
    for package in packages or PACKAGES:
        folder = ROOT / "src" / package
        for path in sorted(folder.rglob("*.py")):
            if path.name != "__init__.py":
                name = ".".join(path.relative_to(folder).with_suffix("").parts)
                found.append(Source(path, package, name))
    return found


def pages() -> list[Path]:
    """All Markdown pages, sorted."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def texts() -> Iterator[tuple[str, str]]:
    """(path from the root, text) of every text file of the project."""
    top = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith((".coverage", ".git"))]
    inner = [path for place in PLACES for path in (ROOT / place).rglob("*") if path.is_file()]
    for path in sorted(top + inner):
        if path.suffix != ".pyc":
            yield str(path.relative_to(ROOT)), path.read_text(errors="replace")


def section(text: str, heading: str) -> str:
    """What stands below a second-level heading of a page."""
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def blocks(text: str, language: str) -> list[str]:
    """Fenced blocks of a language, without the indentation that they have in lists."""
    found = re.finditer(rf"^( *)```{language}\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(match[2]) for match in found]

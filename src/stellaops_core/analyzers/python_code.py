"""What Python files import, and the small texts that change what Python finds: for tracing.

Comes in: `.py` files, `.pth` files, `pyvenv.cfg`, `entry_points.txt`, Jupyter's lists of extensions. Goes out:
`PythonCode` and `Starts` of a source, `PythonText` of a text. It says nothing of packages. Files outside of `site-
packages` and the standard library are an application's own: all texts in them that look like names of modules are kept,
since settings name modules.

Source: Python documentation, "The import system", `site`; PyPA, "Entry points specification".
"""

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LayerFile, LayerFiles, facts_of
from stellaops_core.analyzers.starts import starts_of
from stellaops_core.readers.python_imports import import_text, read_python
from stellaops_core.readers.starts import read_python_starts

CODE_LIMIT: Final = 4 << 20
"""Bytes of the largest source that is read."""
TEXT_LIMIT: Final = 1 << 20
"""Bytes of the largest text that is kept."""

LIBRARY: Final = re.compile(r"(?:^|/)(?:(?:site|dist)-packages|lib(?:64)?/(?:python|pypy)\d(?:\.\d+)?)/")
"""Matches the paths of what was installed."""
_JUPYTER: Final = re.compile(r"(?:^|/)etc/jupyter/jupyter_(?:server|notebook)_config\.d/[^/]+$")
_TEXTS: Final = frozenset({"pyvenv.cfg", "entry_points.txt"})


class PythonText(Struct, frozen=True, array_like=True):
    """A small text."""

    content: bytes


class PythonSources(Analyzer):
    """The analyzer; see the module."""

    name, version = "python_code", 2
    names = _TEXTS
    endings = (".py", ".pth", ".json")
    alone = True

    def wants(self, path: str, size: int) -> bool:
        """All that a hint fits, up to a size; of JSON, what Jupyter reads to know its extensions."""
        if path.endswith(".json") and not _JUPYTER.search(path):
            return False
        return size <= (CODE_LIMIT if path.endswith(".py") else TEXT_LIMIT)

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[FileFacts]:  # noqa: ARG002
        """Yield what the file says."""
        if not file.path.endswith(".py"):
            yield facts_of(PythonText(file.read()))
            return
        data = file.read()
        code = read_python(data, whole=LIBRARY.search(file.path) is None)
        yield facts_of(code)
        if starts := read_python_starts(data, import_text(code.imports)):
            yield facts_of(starts_of(starts))
        if "/__editable__" in file.path:  # setuptools writes the places of an editable package into its finder
            yield facts_of(PythonText(data))


ANALYZER = PythonSources()

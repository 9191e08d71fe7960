"""What JavaScript and TypeScript sources mention, for tracing.

Comes in: sources by their endings. Goes out: one `NodeCode` for a file that mentions something, and `Starts` where it
starts programs; none for one that was read and mentions nothing. Of an application's own files, which lie below no
`node_modules`, and of files that work out a module's name, also the words in quotes that could name a package: such a
name must come from somewhere. It says nothing of packages.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LayerFile, LayerFiles, facts_of
from stellaops_core.analyzers.starts import starts_of
from stellaops_core.readers.node_imports import COMPUTED, read_names, read_node_imports
from stellaops_core.readers.starts import read_node_starts

SIZE_LIMIT = 4 << 20
"""Largest source that is read; larger ones are bundles of many modules, and their packages' declarations stand in."""
NAMES_SIZE_LIMIT = 512 << 10
"""Largest source of which words in quotes are kept."""
NAMES_LIMIT = 2000
"""Words in quotes that are kept of a source."""

_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts")
_INSTALLED = re.compile("node_modules/|usr/share/nodejs/|usr/lib/nodejs/")


class NodeCode(Struct, frozen=True, array_like=True):
    """What a source mentions."""

    mentions: tuple[tuple[str, str, int, bool], ...] = ()
    """(how, specifier, line, whether it runs whenever the file is loaded); see `readers.node_imports.Mention`."""
    names: tuple[str, ...] = ()
    """Words in quotes that could name a package; of an application's own files, and where a name is worked out."""
    unread: str = ""
    """Why the file was not read."""
    cut: bool = False
    """Whether more such words stand in it; only of an application's own files."""


def node_code(content: bytes, *, names: bool = False) -> NodeCode:
    """Read a source; `names`: words in quotes whether or not it works out names of modules."""
    mentions = read_node_imports(content)
    wanted = names or any(how == COMPUTED and not known for how, known, _, _ in mentions)
    large = wanted and len(content) > NAMES_SIZE_LIMIT
    words = read_names(content, NAMES_LIMIT + 1) if wanted and not large else []
    return NodeCode(tuple(mentions), tuple(words[:NAMES_LIMIT]), "", names and (large or len(words) > NAMES_LIMIT))


class NodeSources(Analyzer):
    """Reads sources."""

    name, version = "node_code", 2
    endings = (".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx")
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Whether it can run: declarations of types can't."""
        return not path.endswith(_DECLARATIONS)

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[FileFacts]:  # noqa: ARG002
        """Yield what the source mentions, if anything."""
        if file.size > SIZE_LIMIT:
            yield facts_of(NodeCode(unread=f"larger than {SIZE_LIMIT:,} bytes"))
            return
        content = file.read()
        code = node_code(content, names=_INSTALLED.search(file.path) is None)
        if code.mentions or code.names or code.cut:
            yield facts_of(code)
        if code.mentions and (starts := read_node_starts(content, (one[1] for one in code.mentions))):
            yield facts_of(starts_of(starts))


ANALYZER = NodeSources()

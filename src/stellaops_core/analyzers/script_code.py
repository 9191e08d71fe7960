"""What Ruby, Perl and PHP sources mention, for tracing.

Comes in: sources by their endings. Goes out: one `ScriptCode` for a file that mentions something; none for one that was
read and mentions nothing. It says nothing of packages.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LayerFile, LayerFiles, facts_of
from stellaops_core.readers.node_imports import FILE, Mention
from stellaops_core.readers.script_imports import (
    SOURCES,
    read_composer_imports,
    read_perl_imports,
    read_php_imports,
    read_ruby_imports,
)

SIZE_LIMIT = 1 << 20
"""Largest source that is read."""

_READERS: dict[str, Callable[[bytes], list[Mention]]] = {
    "rb": read_ruby_imports, "ru": read_ruby_imports, "rake": read_ruby_imports,
    "pm": read_perl_imports, "pl": read_perl_imports, "t": read_perl_imports,
    "php": read_php_imports, "inc": read_php_imports, "phtml": read_php_imports,
}  # fmt: skip
_COMPOSER = {"autoload_files.php": FILE, "autoload_psr4.php": SOURCES, "autoload_namespaces.php": SOURCES}


class ScriptCode(Struct, frozen=True, array_like=True):
    """What a source mentions."""

    mentions: tuple[Mention, ...] = ()
    unread: str = ""
    """Why the file was not read."""


class ScriptSources(Analyzer):
    """Reads sources."""

    name, version = "script_code", 2
    endings = tuple(f".{ending}" for ending in _READERS)
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Whether its ending is one."""
        return path[path.rfind(".") + 1 :] in _READERS

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[FileFacts]:  # noqa: ARG002
        """Yield what the source mentions, if anything."""
        if file.size > SIZE_LIMIT:
            yield facts_of(ScriptCode(unread=f"larger than {SIZE_LIMIT:,} bytes"))
            return
        directory, _, name = file.path.rpartition("/")
        if name in _COMPOSER and directory.endswith("/composer"):
            found = read_composer_imports(file.read(), _COMPOSER[name])
        else:
            found = _READERS[name.rpartition(".")[2]](file.read())
        if found:
            yield facts_of(ScriptCode(tuple(found)))


ANALYZER = ScriptSources()

"""Small texts that tell what runs: scripts, units, configurations of servers and supervisors.

Comes in: files with `#!`, and files whose names or places say what they are. Goes out: their content, for tracing. It
says nothing of packages.
"""

from collections.abc import Iterable

from msgspec import Struct

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LayerFile, LayerFiles, facts_of

TEXT_LIMIT = 1 << 20
"""Largest text that is kept for tracing."""


class Text(Struct, frozen=True, array_like=True):
    """A small text."""

    content: bytes
    executable: bool


class LongText(Struct, frozen=True, array_like=True):
    """A text that is too large to be kept."""

    executable: bool


class Texts(Analyzer):
    """Keeps small texts."""

    name, version = "texts", 2
    names = frozenset(
        {
            "package.json",
            "Procfile",
            "run",
            "up",
            "argfile",
            "jib-classpath-file",
            "jib-main-class-file",
            "envvars",
            "environment",
            "profile",
            ".profile",
            "bashrc",
        }
        | {".bashrc", ".bash_profile", ".env", "passwd", "group", "os-release", "bash.bashrc", "type"}
    )
    directories = frozenset({"etc/default", "etc/sysconfig", "etc/conf.d", "etc/profile.d", "etc/init.d"})
    endings = (".sh", ".bash", ".conf", ".cfg", ".ini", ".env", ".vmoptions", ".options", ".args", ".load", ".envsh")
    magic = frozenset({b"#!"})
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Take all that a hint fits: of what is large, that it is there."""
        return True

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[FileFacts]:  # noqa: ARG002
        """Yield the text."""
        if file.size > TEXT_LIMIT:
            yield facts_of(LongText(file.executable))
        else:
            yield facts_of(Text(file.read(), file.executable))


ANALYZER = Texts()

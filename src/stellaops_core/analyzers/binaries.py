"""Well-known programs and libraries that were installed without a package: compiled into /usr/local, or copied.

Comes in: ELF, PE and Mach-O files whose names `binaries_table` knows. Goes out: one `Package` of purl type `generic`
with the version that stands in the file itself. Rules:

* it counts only where no package of the operating system owns the file (`fallback`);
* the name of a file only says what to look for: a file that doesn't tell its version is nothing;
* where two different versions would fit, none is taken, and the file is unknown.

Libraries that are linked into other programs are not looked for.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from stellaops_core.analyzers.analyzer import Analyzer, LayerFile, LayerFiles, Malformed, Package
from stellaops_core.analyzers.binaries_table import KNOWN, Clue, Known
from stellaops_core.readers.content import Content
from stellaops_core.readers.programs import MAGICS

SEARCH_LIMIT: Final = 512 << 20
"""Bytes from a file's start that are searched."""
PLACE_LIMIT: Final = 2_000
"""Places of a clue's text that are looked at; real files have less than a hundred."""
BEFORE: Final = 128
"""Bytes before a clue's text that belong to it."""
AFTER: Final = 256
"""Bytes from where a clue's text begins that belong to it."""

_FILES = re.compile("|".join(f"(?P<_{number}>{one.files})" for number, one in enumerate(KNOWN)))
_SERIES = re.compile(r"\d+\.\d+")


class Binaries(Analyzer):
    """The analyzer; see the module."""

    name = "binaries"
    version = 1
    magic = MAGICS
    alone = True

    def wants(self, path: str, size: int) -> bool:
        """Programs of a known name."""
        return size >= 64 and _FILES.fullmatch(path, path.rfind("/") + 1) is not None

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:  # noqa: ARG002
        """Yield what a program says of itself."""
        base = file.path.rpartition("/")[2]
        known = _known(base)
        versions = _versions(known, file.content(), base)
        if len(versions) > 1:
            raise Malformed(f"{known.name} of several versions: {', '.join(sorted(versions)[:5])}")
        for version in versions:
            yield Package(
                "generic",
                known.name,
                version,
                technique="binary-analysis",
                confidence=known.confidence,
                fallback=True,
            )


def _known(base: str) -> Known:
    match = _FILES.fullmatch(base)
    if match is None or match.lastgroup is None:
        raise Malformed("not a known program")
    return KNOWN[int(match.lastgroup[1:])]


def _versions(known: Known, content: Content, base: str) -> set[str]:
    """Return the versions by the first clue that is found."""
    if known.sign and content.find(known.sign, 0, SEARCH_LIMIT) < 0:
        return set()
    series = _SERIES.search(base) if known.series else None
    for clue in known.clues:
        versions = set(_by(clue, content))
        if series:
            versions = {version for version in versions if version.startswith(f"{series[0]}.")}
        if versions:
            return versions
    return set()


def _by(clue: Clue, content: Content) -> Iterator[str]:
    pattern = re.compile(clue.pattern)
    at = 0
    for _ in range(PLACE_LIMIT):
        at = content.find(clue.anchor, at, SEARCH_LIMIT)
        if at < 0:
            return
        for match in pattern.finditer(content[max(0, at - BEFORE) : at + AFTER]):
            yield _joined(match)
        at += len(clue.anchor)


def _joined(match: "re.Match[bytes]") -> str:
    """Numbers in groups of their own may have leading zeros."""
    parts = [part.decode("ascii") for part in match.groups()]
    return parts[0] if len(parts) == 1 else ".".join(str(int(part)) for part in parts)


ANALYZER = Binaries()

"""Facts of programs and libraries, for the usage view: what they need to run, and what Rust's texts tell.

Comes in: ELF, PE, Mach-O and XCOFF files. Goes out: a `Native` for each, and `RustTraces` where a part of it was
written in Rust. It says nothing of packages.
"""

from collections.abc import Iterable

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LayerFile, LayerFiles, facts_of
from stellaops_core.analyzers.native import SMALLEST, read_facts
from stellaops_core.readers.programs import MAGICS


class NativeCode(Analyzer):
    """The analyzer; see the module."""

    name, version = "native_code", 1
    magic = MAGICS
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Every program."""
        return size >= SMALLEST

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[FileFacts]:  # noqa: ARG002
        """Yield what it says of itself."""
        for record in read_facts(file):
            if record:
                yield facts_of(record)


ANALYZER = NativeCode()

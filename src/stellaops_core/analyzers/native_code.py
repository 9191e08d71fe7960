"""Facts of programs and libraries, for the usage view: what they need to run.

Comes in: ELF, PE, Mach-O and XCOFF files. Goes out: a `Native` for each. It says nothing of packages, and skips damaged
programs, which `golang` reports.
"""

from collections.abc import Iterable

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LayerFile, LayerFiles, facts_of
from stellaops_core.analyzers.native import SMALLEST, read_native
from stellaops_core.readers.programs import MAGICS, read_programs


class NativeCode(Analyzer):
    """The analyzer; see the module."""

    name, version = "native_code", 2
    magic = MAGICS
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Every program."""
        return size >= SMALLEST

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[FileFacts]:  # noqa: ARG002
        """Yield what it says of itself."""
        try:
            programs = file.once(read_programs)
        except ValueError:
            return
        if programs:
            yield facts_of(read_native(programs, executable=file.executable))


ANALYZER = NativeCode()

"""Any program, by its first bytes.

Comes in: a file's content. Goes out: the programs that it holds: one, or, on macOS, one for each processor.
"""

from typing import Final

from stellaops_core.readers import elf, macho, pe, xcoff
from stellaops_core.readers.content import Content
from stellaops_core.readers.program import Program

MAGICS: Final = frozenset({elf.MAGIC, pe.MAGIC}) | macho.MAGICS | xcoff.MAGICS
"""First bytes of programs."""


def read_programs(content: Content) -> tuple[Program, ...]:
    """Read the headers of all programs in a file; none where only the first two bytes look like one.

    Raises `ValueError` where a program's header is damaged.
    """
    if content[:4] == elf.MAGIC:
        return (elf.read_elf(content),)
    if content[:2] == pe.MAGIC:
        return (pe.read_pe(content),) if _has_pe_signature(content) else ()
    if content[:2] in xcoff.MAGICS:
        return _read_xcoff(content)
    return tuple(macho.read_macho(content)) if content[:4] in {*macho.THIN, *macho.FAT} else ()


def _read_xcoff(content: Content) -> tuple[Program, ...]:
    """Two bytes are a weak sign: what is no XCOFF file is something else."""
    try:
        return (xcoff.read_xcoff(content),)
    except ValueError:
        return ()


def _has_pe_signature(content: Content) -> bool:
    at = int.from_bytes(content[60:64], "little")
    return content[at : at + 4] == b"PE\0\0"

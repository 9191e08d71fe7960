"""What programs say of themselves against what readelf, pefile and macholib say of the same files.

`binary-facts.json` of each topic holds what they say; `test_programs` compares what it has of sections, texts and
version resources, and this all the rest. Differences stand here with their reasons.
"""

import json
import os
import random
from pathlib import Path

import msgspec
import pytest

from analyses import Files
from stellaops_core.analyzers import native_code
from stellaops_core.analyzers.analyzer import FileFacts, Package
from stellaops_core.analyzers.native import ANALYZER, Native
from stellaops_core.images.captured import CapturedFile
from stellaops_core.readers.elf import read_elf
from stellaops_core.readers.elf_security import kind_of
from stellaops_core.readers.elf_versions import needed_versions
from stellaops_core.readers.macho_commands import KINDS, read_dylibs
from stellaops_core.readers.pe_imports import read_imports
from stellaops_core.readers.programs import MAGICS, read_programs

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures"))
MUTATIONS = int(os.environ.get("STELLA_MUTATIONS", "3000"))
TOPICS = ("native", "lang-go", "lang-rust", "lang-dotnet")

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not (FIXTURES / "native").is_dir(), reason="no fixtures: set STELLA_FIXTURES (native)"),
]

MACHINES = {
    "Advanced Micro Devices X86-64": "amd64",
    "AArch64": "arm64",
    "ARM": "arm",
    "MIPS R3000": "mips",
    "Intel 80386": "386",
    "LoongArch": "loong64",
    "IBM S/390": "s390x",
    "Sparc v8+": "sparc",
    "Sparc v9": "sparc64",
    "None": "elf-0",
    "RISC-V": "riscv64",
    "PowerPC64": "ppc64",
    "PowerPC": "ppc",
}
"""What readelf calls a processor: what we do."""

FORMS = {
    ("mips", 32, False): "mipsle",
    ("mips", 64, True): "mips64",
    ("mips", 64, False): "mips64le",
    ("ppc64", 64, False): "ppc64le",
    ("arm", 32, True): "armbe",
    ("arm64", 64, True): "arm64be",
}
"""What width and byte order add."""

KIND_OF_TYPE = {
    "EXEC (Executable file)": "executable",
    "DYN (Position-Independent Executable file)": "executable",
    "DYN (Shared object file)": "library",
    "REL (Relocatable file)": "object",
    "CORE (Core file)": "core",
    "NONE (None)": "other",
}

FILE_TYPES = {"execute": "executable", "dylib": "library", "bundle": "library", "object": "object"}

SYSTEMS = {0: "UNIX - System V", 3: "UNIX - GNU", 6: "UNIX - Solaris", 9: "UNIX - FreeBSD", 97: "ARM"}

OTHER_KIND = {
    # made by a linker that didn't mark programs: it asks for a dynamic linker, and is no library
    "angr-eh_frame.so.elf": "executable",
}

MORE_VERSIONS = {
    # no section headers: readelf finds versions by their section only, the dynamic linker by DT_VERNEED
    "aarch64_super_stripped.elf": {"libc.so.6": ["GLIBC_2.17"]},
}


def expected(wanted):
    """(file, what is said of it) of one format."""
    for topic in TOPICS:
        table = FIXTURES / topic / "expected" / "binary-facts.json"
        if table.is_file():
            for name, facts in json.loads(table.read_text()).items():
                if facts["format"] == wanted:
                    yield pytest.param(FIXTURES / topic / name, facts, id=f"{topic}/{name}")


@pytest.mark.parametrize(("path", "facts"), list(expected("ELF")))
def test_elf(path, facts):
    """Processor, system, kind and versions of symbols."""
    file = read_elf(path.read_bytes())
    machine = MACHINES[facts["machine"]]
    assert native_of(path).machine == FORMS.get((machine, file.bits, file.big_endian), machine)
    assert SYSTEMS.get(file.os_abi, f"<unknown: {file.os_abi:x}>") == facts["os/abi"]
    assert kind_of(file) == OTHER_KIND.get(path.name, KIND_OF_TYPE[facts["type"]])
    versions = {library: list(names) for library, names in needed_versions(file)}
    assert versions == MORE_VERSIONS.get(path.name, facts.get("verneed", {}))


@pytest.mark.parametrize(("path", "facts"), list(expected("PE")))
def test_pe(path, facts):
    """Libraries, in the order of the table; pefile was asked for those that are loaded at once."""
    (file,) = read_programs(path.read_bytes())
    assert [one.name for one in read_imports(file) if not one.delayed] == facts["imports"]
    assert native_of(path).kind == ("library" if facts["dll"] else "executable")


@pytest.mark.parametrize(("path", "facts"), list(expected("Mach-O")))
def test_macho(path, facts):
    """File types, and libraries with their own name among them, of all processors."""
    files = read_programs(path.read_bytes())
    assert len(files) == facts["arches"]
    assert [KINDS.get(one.type) for one in files] == [FILE_TYPES[one["filetype"]] for one in facts["headers"]]
    for file, told in zip(files, facts["headers"], strict=True):
        dylibs = read_dylibs(file)
        assert [one.name for one in dylibs if one.how != "id"] == told["dylibs"]
        assert [one.name for one in dylibs if one.how == "id"] == ([told["id"]] if "id" in told else [])
        assert all(one.current.count(".") >= 1 for one in dylibs)
    assert native_of(path).build_id == facts["headers"][0].get("uuid", "")


def native_of(path):
    """What the analyzer keeps of a file for tracing; one package where it is a program."""
    data = path.read_bytes()
    file = CapturedFile(path.name, len(data), data)
    found = [*native_code.ANALYZER.analyze(file, Files({})), *ANALYZER.analyze(file, Files({}))]
    (facts,) = (one for one in found if isinstance(one, FileFacts) and one.name == "Native")
    native = msgspec.msgpack.decode(facts.data, type=Native)
    assert sum(isinstance(one, Package) for one in found) == (native.kind in {"executable", "library"})
    return native


def programs():
    """All programs of all topics that are not large."""
    paths = (path for topic in TOPICS for path in sorted((FIXTURES / topic).rglob("*")) if path.is_file())
    found = [path.read_bytes() for path in paths if 64 <= path.stat().st_size < 1 << 18]
    return [data for data in found if any(data.startswith(magic) for magic in MAGICS)]


def test_damaged_programs():
    """Of damaged files, none raises anything: what can be read is kept."""
    chance, originals = random.Random(21), programs()
    assert len(originals) > 80
    empty = 0
    for number in range(MUTATIONS):
        data = bytearray(originals[number % len(originals)])
        for _ in range(chance.randint(1, 8)):
            end = len(data) if chance.random() < 0.5 else min(len(data), 1024)
            data[chance.randrange(end)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        del data[chance.randrange(64, len(data) + 1) if chance.random() < 0.1 else len(data) :]
        empty += not list(ANALYZER.analyze(CapturedFile("x", len(data), bytes(data)), Files({})))
    assert empty < MUTATIONS / 2

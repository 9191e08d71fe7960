"""ELF, PE and Mach-O readers against what other programs say of the same files; damaged files by the thousand.

`binary-facts.json` of each topic is what readelf, pefile and macholib say. Differences stand here with their reasons.
"""

import json
import os
import random
from pathlib import Path

import pytest

from analyses import File, Files
from stellaops_core.analyzers import golang, rust
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.readers.pe import CERTIFICATES
from stellaops_core.readers.pe_version import read_version
from stellaops_core.readers.programs import read_programs

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures"))
TOPICS = ("native", "lang-go", "lang-rust", "lang-dotnet")
MUTATIONS = int(os.environ.get("STELLA_MUTATIONS", "10000"))

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not (FIXTURES / "native").is_dir(), reason="no fixtures: set STELLA_FIXTURES (native)"),
]

NO_PROGRAMS = {
    "native/m4b+goblin/assets/hello_world_fat_archives": (),  # archives of object files
    # cut off within it
    "lang-dotnet/m4b+goblin/tests/bins/pe/malformed_resource_tree.exe.bin": "optional header",
}
"""Files that the other programs couldn't read either: what we make of them."""

DAMAGED = {
    "corrupt_sh.elf": "255 section headers",
    "section_header_bogus_size.elf": "section headers of 0 bytes",
}
"""Tables that lie outside of the file; readelf warns as well."""

OTHER_VERSION = {
    "stdole2.tlb": {"10.0.10011.16384"}  # two version resources: Windows shows the first, the list has the last
}


def expected():
    """(file's name, file, what is said of it)"""
    for topic in TOPICS:
        table = FIXTURES / topic / "expected" / "binary-facts.json"
        if table.is_file():
            for name, facts in json.loads(table.read_text()).items():
                yield pytest.param(FIXTURES / topic / name, facts, id=f"{topic}/{name}")


def elf_facts(file):
    told = file.dynamic
    return {
        "class": f"ELF{file.bits}",
        "data": f"2's complement, {'big' if file.big_endian else 'little'} endian",
        "build_id": file.build_id,
        "interp": file.interpreter,
        "needed": list(told.needed),
        "soname": told.soname,
        "rpath": told.rpath,
        "runpath": told.runpath,
    }


def macho_facts(file):
    told = file.linked
    facts = {"uuid": told.uuid, "code_signature": told.signed, "id": told.name}
    return {
        "cputype": file.machine,
        "dylibs": list(told.libraries),
        "rpaths": list(told.rpaths),
        **{name: value for name, value in facts.items() if value},
    }


@pytest.mark.parametrize(("path", "facts"), list(expected()))
def test_facts(path, facts):
    """Every fact that the other programs state of a file is what we read."""
    if facts["format"] == "unparsed":
        wanted = NO_PROGRAMS[str(path.relative_to(FIXTURES))]
        if isinstance(wanted, str):
            with pytest.raises(ValueError, match=wanted):
                read_programs(path.read_bytes())
        else:
            assert read_programs(path.read_bytes()) == wanted
        return
    files = read_programs(path.read_bytes())
    if facts["format"] == "ELF":
        found = elf_facts(files[0])
        assert found == {key: facts.get(key, [] if key == "needed" else "") for key in found}
    elif facts["format"] == "Mach-O":
        assert [macho_facts(one) for one in files] == [
            {key: value for key, value in one.items() if key != "filetype"} for one in facts["headers"]
        ]
    else:
        check_pe(path, files[0], facts)
    assert all(file.sections is not None and file.headers is not None for file in files if file.format == "elf")
    damage = "".join(file.damage for file in files)
    assert DAMAGED.get(path.name, "") in damage
    assert bool(damage) is (path.name in DAMAGED)


def check_pe(path, file, facts):
    version = read_version(file)
    assert hex(file.machine) == facts["machine"]
    assert (file.is_dll, file.is_managed) == (facts["dll"], facts["clr"])
    assert (file.directory(CERTIFICATES).size > 0) is facts["signed"]
    assert (version.file_version if version else None) == facts.get("fixed_file_version")
    texts = dict(version.texts) if version else {}
    stated = {key: value.strip() for key, value in facts.get("version_info", {}).items()}
    other = {key for key, value in stated.items() if texts.get(key) != value}
    assert {stated[key] for key in other} <= OTHER_VERSION.get(path.name, set())
    assert texts.keys() == stated.keys()


def programs():
    """All programs of all topics, by path."""
    paths = (path for path in sorted(FIXTURES.rglob("*")) if path.is_file() and 64 <= path.stat().st_size < 1 << 20)
    return [data for path in paths if read_safely(data := path.read_bytes())]


def read_safely(data):
    try:
        return read_programs(data)
    except ValueError:
        return ()


def ask(file):
    """Ask for everything."""
    file.sections, file.segments, file.section(".text")
    if file.format == "elf":
        file.dynamic, file.interpreter, file.build_id, file.package_note  # noqa: B018
    elif file.format == "pe":
        read_version(file)
        file.overlay  # noqa: B018
    else:
        file.linked  # noqa: B018


def mutate(data, chance):
    """Some bytes changed, mostly in the first page, sometimes cut off."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        end = len(changed) if chance.random() < 0.3 else min(len(changed), 1024)
        changed[chance.randrange(end)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(changed[: chance.randrange(64, len(changed) + 1)] if chance.random() < 0.1 else changed)


def test_damaged_programs():
    """Of ten thousand damaged files none raises anything but what it may."""
    chance, originals = random.Random(20), programs()
    assert len(originals) > 80
    refused = 0
    for number in range(MUTATIONS):
        data = mutate(originals[number % len(originals)], chance)
        try:
            for file in read_programs(data):
                ask(file)
        except ValueError:
            refused += 1
            continue
        for analyzer in (golang.ANALYZER, rust.ANALYZER):
            try:
                list(analyzer.analyze(File("x", data), Files({})))
            except Malformed:
                refused += 1
    assert 0 < refused < MUTATIONS

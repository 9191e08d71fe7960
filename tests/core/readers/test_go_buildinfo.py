"""Go's build information: both forms of the record, in all formats of programs, and what is left without it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linked import START, framed, go_program, inline_record, pointer_record, robbed_program, varint
from programs import elf, pe
from stellaops_core.readers import go_buildinfo as reader
from stellaops_core.readers.go_buildinfo import BuildInfo, Module, parse_modules, read_buildinfo
from stellaops_core.readers.programs import read_programs

LINES = "path\tex.org/a/cmd/a\nmod\tex.org/a\t(devel)\t\ndep\tex.org/b\tv1.2.3\th1:xyz=\nbuild\tGOOS=linux\n"
INFO = BuildInfo(
    "go1.22.3",
    "ex.org/a/cmd/a",
    Module("ex.org/a", "(devel)"),
    (Module("ex.org/b", "v1.2.3", "h1:xyz="),),
    (("GOOS", "linux"),),
)


def _read(data):
    (program,) = read_programs(data)
    return read_buildinfo(program)


@pytest.mark.parametrize("kind", ["elf", "pe", "macho"])
@pytest.mark.parametrize("bits", [32, 64])
def test_inline(kind, bits):
    """The form since Go 1.18, found by section or, in PE, by its mark."""
    assert _read(go_program("go1.22.3", LINES, kind, bits=bits)) == INFO


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pointers(bits, order):
    """The form before, for both widths and byte orders."""
    sections = pointer_record("go1.22.3", LINES, bits, order)
    assert _read(elf(sections, writable=["strings", ".go.buildinfo"], bits=bits, order=order)) == INFO


def test_without_section_headers():
    """The mark is found in writable memory, where it is aligned."""
    record = inline_record("go1.22.3", LINES)
    assert _read(elf({".data": b"\xff Go buildinf:  " + bytes(15) + b"x" * 17 + record}, writable=[".data"])) is None
    data = {".data": b"1234\xff Go buildinf:".ljust(32) + record}
    assert _read(elf(data, writable=[".data"], stripped=True)) == INFO
    assert _read(pe(data, writable=[".data"])) == INFO
    assert _read(elf(data, stripped=True)) is None
    assert _read(elf({".data": b"123" + record}, writable=[".data"], stripped=True)) is None


def test_without_modules():
    """Programs built without modules have a version and no list."""
    assert _read(go_program("go1.19.8", "")) == BuildInfo("go1.19.8")


def test_without_the_record():
    """The list is found by its marks; the version by the string that leads to it, not by texts that look like one."""
    found = _read(robbed_program("go1.22.3", LINES))
    assert found == BuildInfo("go1.22.3", INFO.path, INFO.main, INFO.modules, INFO.settings, salvaged=True)


def test_without_the_record_and_the_list():
    """Either of the two is worth having; with neither the program says nothing."""
    assert _read(robbed_program("go1.4.2", "")) == BuildInfo("go1.4.2", salvaged=True)
    assert _read(elf({".gopclntab": framed(LINES) + b"go1.4.2\0"})).version == ""
    assert _read(elf({".gopclntab": START + b"path\tx\n"})) is None
    assert _read(elf({".gopclntab": b"go1.4.2\0"})) is None


def test_not_go():
    """Programs without any trace of Go are not searched."""
    assert _read(elf({".rodata": framed(LINES) + inline_record("go1.22.3", LINES)})) is None


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (inline_record("go1.22.3", LINES)[:20], "within its header"),
        (inline_record("go1.22.3", LINES)[:80], "leads out of the file"),
        (inline_record("go1.22.3", LINES)[:32] + varint(1 << 60), "text of 1,152,921,504,606,846,976 bytes"),
        (b"\xff Go buildinf:\3\0" + bytes(16), "pointers of 3 bytes"),
    ],
)
def test_damaged_records(record, reason):
    """A record that can't be read is an error."""
    with pytest.raises(ValueError, match=reason):
        _read(elf({".go.buildinfo": record}, writable=[".go.buildinfo"], stripped=True))


def test_parsing_replacements():
    """A line with an arrow belongs to the module above it."""
    info = parse_modules("mod\ta\tv1\t\n=>\tb\tv2\th1:b\ndep\tc\tv3\ndep\td\tv4\th1:d\n=>\t./d\t(devel)\t\n")
    assert info.main == Module("a", "v1", "", Module("b", "v2", "h1:b"))
    assert info.modules == (Module("c", "v3"), Module("d", "v4", "h1:d", Module("./d", "(devel)")))


@pytest.mark.parametrize(
    ("line", "setting"),
    [
        ("GOOS=linux", ("GOOS", "linux")),
        ("CGO_CFLAGS=", ("CGO_CFLAGS", "")),
        ("a=b=c", ("a", "b=c")),
        (
            '-ldflags="-X a.b=c \\"d\\"\\t\\x41\\u00e9\\U0001F600\\101"',
            ("-ldflags", '-X a.b=c "d"\tA\u00e9\U0001f600A'),
        ),
        ('"a=b"=`c"d`', ("a=b", 'c"d')),
        ('k="\\ud800"', ("k", "\ufffd")),
    ],
)
def test_parsing_settings(line, setting):
    """Keys and values are quoted as Go quotes."""
    assert parse_modules(f"build\t{line}\n").settings == (setting,)


DAMAGED = [
    "mod\ta\n",
    "dep\ta\tb\tc\td\n",
    "dep\t\tv1\t\n",
    "=>\ta\tb\tc\n",
    "dep\ta\tb\n=>\ta\tb\n",
    "build\tx\n",
    "build\t=x\n",
    'build\tk="x\n',
    'build\t"k"x=y\n',
]


@pytest.mark.parametrize("text", DAMAGED)
def test_damaged_lists(text):
    """A line that Go would not have written is an error; lines of unknown kinds and an unended one are none."""
    with pytest.raises(ValueError, match="Go's build information"):
        parse_modules(text)
    assert parse_modules("later\tx\ndep\ta") == BuildInfo()


WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
MODULES = st.builds(Module, WORD, WORD, WORD)
REPLACED = st.builds(Module, WORD, WORD, WORD, MODULES)


@given(
    WORD,
    st.lists(st.one_of(MODULES, st.builds(Module, WORD, WORD, WORD, MODULES))),
    st.sampled_from(["elf", "pe", "macho"]),
)
def test_round_trip(path, modules, kind):
    """What was linked in is what is read."""
    text = f"path\t{path}\n"
    for module in modules:
        text += f"dep\t{module.path}\t{module.version}\t{module.sum}\n"
        if new := module.replacement:
            text += f"=>\t{new.path}\t{new.version}\t{new.sum}\n"
    assert _read(go_program("go1.20", text, kind)) == BuildInfo("go1.20", path, None, tuple(modules))


@given(st.sampled_from([go_program("go1.22.3", LINES), robbed_program("go1.22.3", LINES)]), st.data())
def test_any_bytes(whole, data):
    """Whatever is changed, nothing but `ValueError` is raised."""
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.sampled_from([0, 1, 9, 10, 127, 255]))
    try:
        info = _read(bytes(changed[: data.draw(st.integers(64, len(changed)))]))
    except ValueError:
        return
    assert info is None or len(info.modules) <= len(changed)


def test_bounds(monkeypatch):
    """What looks like a version or a record is tried as often as the limits say."""
    texts = b"".join(b"go1.%d\0" % number for number in range(100))
    data = elf({".gopclntab": texts, ".data": b"\xff Go buildinf:" * 9}, writable=[".data"])
    (program,) = read_programs(data)
    tried = list(reader._candidates(program))
    assert tried[2] == (b"go1.2", program.section(".gopclntab").address + 12)
    assert len(tried) == 100
    monkeypatch.setattr(reader, "HIT_LIMIT", 5)
    assert len(list(reader._candidates(program))) == len(list(reader._hits(program, b"buildinf", 0, 9999))) == 5
    (stripped,) = read_programs(go_program("go1.22.3", LINES, stripped=True))
    assert read_buildinfo(stripped) == INFO


def test_development_versions():
    """They have a word before."""
    assert _read(robbed_program("devel go1.24-6f34dd4 Mon", "")).version == "devel go1.24-6f34dd4 Mon"

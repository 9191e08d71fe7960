"""What shows that a program was written in Rust, and the crates that its texts name."""

import pytest

from programs import elf, macho, pe
from stellaops_core.readers import rust_traces
from stellaops_core.readers.programs import read_programs
from stellaops_core.readers.rust_traces import RustTraces, read_traces

COMMIT = "22c74ba91873dd013479f86eac3e9ea10593bff9"
CORE = f"/rustc/{COMMIT}/library/core/src/str/mod.rs"
INDEX = "/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f"


def traces(*texts, comment=b"", make=None):
    """Of a program with these constants; Rust's don't end with NUL."""
    constants = "".join(texts).encode()
    data = make(constants) if make else elf({".rodata": constants, ".comment": comment or b"GCC"})
    (program,) = read_programs(data)
    return read_traces(program)


@pytest.mark.parametrize(
    ("path", "crate"),
    [
        (f"{INDEX}/serde-1.0.217/src/lib.rs", "serde@1.0.217"),
        (f"{INDEX}/wasi-0.11.0+wasi-snapshot-preview1/src/lib.rs", "wasi@0.11.0+wasi-snapshot-preview1"),
        (f"{INDEX}/pre-release-1.0.0-beta.2/src/lib.rs", "pre-release@1.0.0-beta.2"),
        (f"{INDEX}/sha2-asm-0.6.4/x.rs", "sha2-asm@0.6.4"),
        ("/usr/share/cargo/registry/grep-searcher-0.1.10/src/lib.rs", "grep-searcher@0.1.10"),
        (r"C:\Users\x\.cargo\registry\src\index.crates.io-1\rand_core-0.6.4\src\os.rs", "rand_core@0.6.4"),
        ("/usr/src/rustc-1.63.0/vendor/gimli-0.25.0/src/read.rs", "gimli@0.25.0"),
        ("/usr/src/rustc-1.63.0/vendor/hashbrown/src/raw.rs", None),
        (f"{INDEX}/serde-1.0/src/lib.rs", None),
        ("/home/user/git/checkouts/x-0a1b/abc/src/lib.rs", None),
    ],
)
def test_crates(path, crate):
    """A directory of a name and a version, below a registry or among vendored ones."""
    assert traces(CORE, path).crates == ((crate,) if crate else ())


@pytest.mark.parametrize(
    "make",
    [
        lambda data: elf({".rodata": data}),
        lambda data: elf({".rodata": data}, stripped=True),
        lambda data: pe({".text": b"x", ".rdata": data}),
        lambda data: macho({"__text": b"x", "__const": data}),
    ],
)
def test_formats(make):
    """All formats, and programs without section headers."""
    path = f"{INDEX}/serde-1.0.217/src/lib.rs"
    assert traces(CORE, path, path, make=make) == RustTraces("", COMMIT, ("serde@1.0.217",))


@pytest.mark.parametrize(
    ("texts", "comment", "found"),
    [
        (["/usr/src/rustc-1.63.0/library/core/src/x.rs"], b"", RustTraces("1.63.0")),
        ([], b"GCC\0rustc version 1.94.0-nightly (22c7 2026)\0", RustTraces("1.94.0-nightly")),
        ([CORE], b"rustc version 1.70.0 (abc)\0", RustTraces("1.70.0", COMMIT)),
        ([CORE, CORE.replace("22", "33", 1)], b"", RustTraces("", f"{COMMIT} {COMMIT.replace('22', '33', 1)}")),
        (["registry/serde-1.0.217/src"], b"", None),
        ([], b"", None),
    ],
)
def test_compilers(texts, comment, found):
    """The compiler shows by paths of its library and by a comment; without either, paths of crates mean nothing."""
    assert traces(*texts, comment=comment) == found


@pytest.mark.parametrize(
    ("symbol", "shows"),
    [
        ("_ZN4core3fmt5write17h0123456789abcdefE", True),
        ("_RNvNtCs1234_7mycrate3foo3bar", True),
        ("_ZN3foo3bar17h0123E", False),
        ("x_RNvNtCs1234_7mycrate3foo3bar", False),
        ("_ZN3fooEv", False),
    ],
)
def test_mangled_symbols(symbol, shows):
    """A library whose paths were all taken away shows by the names of its symbols."""
    (program,) = read_programs(elf({".rodata": b"x"}, dynamic=[(99, symbol)]))
    assert (read_traces(program) == RustTraces()) is shows


def test_limits(monkeypatch):
    """Crates are sorted, and no more than the limit."""
    monkeypatch.setattr(rust_traces, "CRATE_LIMIT", 2)
    paths = [f"{INDEX}/{name}-1.0.0/src/lib.rs" for name in ("c", "a", "b")]
    assert traces(CORE, *paths).crates == ("a@1.0.0", "b@1.0.0")

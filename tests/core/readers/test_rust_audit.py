"""What cargo-auditable records."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linked import audit, rust_program
from programs import elf
from stellaops_core.readers import rust_audit as reader
from stellaops_core.readers.programs import read_programs
from stellaops_core.readers.rust_audit import Crate, parse_audit, read_audit

CRATES = [
    {"name": "app", "version": "0.1.0", "source": "local", "root": True, "dependencies": [1]},
    {"name": "dep", "version": "1.2.3", "source": "crates.io", "kind": "build", "later": {"field": 1}},
]
WANTED = (Crate("app", "0.1.0", "local", dependencies=(1,), root=True), Crate("dep", "1.2.3", "crates.io", "build"))


@pytest.mark.parametrize("kind", ["elf", "pe", "macho"])
def test_all_formats(kind):
    """The section has the same name in each."""
    (program,) = read_programs(rust_program(CRATES, kind))
    assert read_audit(program).packages == WANTED


def test_no_record():
    """Other programs have none."""
    (program,) = read_programs(elf({".text": b"code"}))
    assert read_audit(program) is None


def test_later_revisions():
    """Fields and sources that are not known yet are no errors."""
    data = audit([{"name": "a", "version": "1", "source": {"Other": "svn"}}], format=8, more=[1])
    assert parse_audit(data).packages == (Crate("a", "1", {"Other": "svn"}),)
    assert parse_audit(data).format == 8


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no zlib", "can't be inflated"),
        (audit(CRATES)[:-6], "cut off"),
        (zlib.compress(b"[]"), "no list of crates"),
        (zlib.compress(b"{}"), "no list of crates"),
        (zlib.compress(b'{"packages": [{"name": 1}]}'), "no list of crates"),
        (zlib.compress(b'{"packages": ' + b"[" * 100_000), "no list of crates"),
        (zlib.compress(b'{"packages": [{"name": "\xff", "version": "1"}]}'), "no list of crates"),
        (audit([{**CRATES[0], "dependencies": [2]}]), "not in its list"),
        (audit([{**CRATES[0], "dependencies": [-1]}]), "not in its list"),
    ],
)
def test_damage(data, reason):
    """What can't be read is an error."""
    with pytest.raises(ValueError, match=reason):
        parse_audit(data)


def test_bounds(monkeypatch):
    """Bytes of the section, bytes of its JSON, crates, dependencies."""
    with pytest.raises(ValueError, match=r"larger than 8,388,608 bytes"):
        parse_audit(zlib.compress(bytes(reader.JSON_LIMIT + 1)))
    with pytest.raises(ValueError, match="more than 200,000 dependencies"):
        parse_audit(audit([{**CRATES[0], "dependencies": [0] * 200_001}]))
    monkeypatch.setattr(reader, "CRATE_LIMIT", 1)
    with pytest.raises(ValueError, match="2 crates"):
        parse_audit(audit(CRATES))
    monkeypatch.setattr(reader, "PACKED_LIMIT", 10)
    (program,) = read_programs(rust_program(CRATES))
    with pytest.raises(ValueError, match="more than the 10 that are read"):
        read_audit(program)


@given(st.data())
def test_any_bytes(data):
    """Whatever is changed, nothing but `ValueError` is raised."""
    changed = bytearray(audit(CRATES))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = parse_audit(bytes(changed))
    except ValueError:
        return
    assert len(read.packages) <= len(CRATES)

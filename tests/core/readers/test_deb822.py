"""Control data: stanzas and relations."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stellaops_core.readers import deb822
from stellaops_core.readers.deb822 import JUNK, RELATION_LIMIT, Relation, read_relations, read_stanzas

STANZAS = {
    "plain": (b"A: 1\nB: 2\n", [{"a": "1", "b": "2"}]),
    "two": (b"A: 1\n\n\n \t\nA: 2", [{"a": "1"}, {"a": "2"}]),
    "continued": (b"A: 1\n 2\n\t3\n .\n", [{"a": "1\n2\n3\n."}]),
    "folded from nothing": (b"A:\n 1\n", [{"a": "\n1"}]),
    "comments": (b"# x\nA: 1\n# y\n 2\n#z: 3\n", [{"a": "1\n2"}]),
    "CRLF": (b"A: 1\r\nB: 2\r\n\r\nA: 3\r\n", [{"a": "1", "b": "2"}, {"a": "3"}]),
    "blanks around": (b"A \t:  1  \nB:2\n", [{"a": "1", "b": "2"}]),
    "colons": (b"A: b: c\n", [{"a": "b: c"}]),
    "repeated": (b"A: 1\na: 2\n x\nB: 3\n", [{"a": "1", JUNK: "a: 2", "b": "3"}]),
    "rubbish": (b"A: 1\nrubbish\n more\nB: 2\n", [{"a": "1", JUNK: "rubbish", "b": "2"}]),
    "rubbish first": (b" lost\nA: 1\n", [{JUNK: "lost", "a": "1"}]),
    "nameless": (b": 1\n", [{JUNK: ": 1"}]),
    "prose": (b"Dear reader: hello\n", [{JUNK: "Dear reader: hello"}]),
    "Latin-1": ("A: é\nB: ".encode() + b"\xe9\n", [{"a": "é", "b": "é"}]),
    "odd line ends": (b"A: 1\x0b2\x0c3\xc2\x853\n", [{"a": "1\x0b2\x0c3\x853"}]),
    "nothing": (b"\n\n# only this\n", []),
}


@pytest.mark.parametrize(("data", "stanzas"), STANZAS.values(), ids=STANZAS)
def test_stanzas(data, stanzas):
    """Each form that deb822(5) allows, and each that it doesn't, is read as the table says."""
    assert list(read_stanzas(data)) == stanzas


NAMES = st.text("abcXYZ-0", min_size=1, max_size=8).map(str.lower)
VALUES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12)


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=3), min_size=1, max_size=4), max_size=4))
def test_written_and_read(stanzas):
    """What is written as deb822(5) says comes back."""
    text = "\n".join(
        "".join(f"{key}: " + "\n ".join(lines) + "\n" for key, lines in stanza.items()) for stanza in stanzas
    )
    wanted = [{key: "\n".join(lines) for key, lines in stanza.items()} for stanza in stanzas]
    assert list(read_stanzas(text.encode())) == wanted


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_anything(data):
    """Any bytes give stanzas, none of them empty, and no text that can't be encoded."""
    for stanza in read_stanzas(data):
        assert stanza
        str(stanza).encode()


RELATIONS = {
    "a": [(Relation("a"),)],
    "a, b": [(Relation("a"),), (Relation("b"),)],
    "a | b (>= 1:2~3)": [(Relation("a"), Relation("b", "", ">=", "1:2~3"))],
    "python3:any (<<4)": [(Relation("python3", "any", "<<", "4"),)],
    "lib:amd64(= 1)": [(Relation("lib", "amd64", "=", "1"),)],
    "a [amd64] <!nocheck>": [(Relation("a"),)],
    ", ,| a |": [(Relation("a"),)],
    "(= 1)": [],
    "": [],
}


@pytest.mark.parametrize(("text", "groups"), RELATIONS.items())
def test_relations(text, groups):
    """Policy 7.1's syntax, spaced as people do."""
    assert list(read_relations(text)) == groups


def test_relations_are_bounded():
    """A field of a million relations is cut short."""
    assert sum(1 for _ in read_relations("a," * (RELATION_LIMIT + 9))) == RELATION_LIMIT


@pytest.mark.parametrize("ending", [b"", b"\n", b"\n\n"])
def test_lines_come_in_blocks(monkeypatch, ending):
    """Wherever blocks end, the lines are those of the whole, also where one is longer, or is not UTF-8."""
    data = "a\n\nb\u00e9\n".encode() + b"c" * 50 + b"\n\xe9\nd" + ending
    whole = [line.decode("latin-1" if line == b"\xe9" else "utf-8") for line in data.split(b"\n")]
    for size in range(1, len(data) + 2):
        monkeypatch.setattr(deb822, "_BLOCK", size)
        assert list(deb822.decode_lines(data)) == whole

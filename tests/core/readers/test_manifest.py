"""JAR manifests and Java properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.manifest import (
    ATTRIBUTE_LIMIT,
    PROPERTIES_LIMIT,
    read_clauses,
    read_manifest,
    read_properties,
)

LINE = st.sampled_from(["\n", "\r\n", "\r"])


def folded(text, end):
    """A manifest's lines of at most 72 bytes."""
    lines = []
    for line in text.split("\n"):
        data = line.encode()
        lines.append(data[:70])
        lines += [b" " + data[at : at + 69] for at in range(70, len(data), 69)]
    return end.encode().join(lines)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=["Z", "C"])), LINE)
def test_long_values(value, end):
    """A value comes back whole, though lines break within characters; names have no case."""
    text = f"Manifest-Version: 1.0\nBundle-NAME: {value}\n\nName: x\nOther: 1\n"
    found = read_manifest(folded(text, end))
    assert found == {"manifest-version": "1.0", "bundle-name": value[:ATTRIBUTE_LIMIT]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("\n", {}),
        ("no attribute\nA: 1\n", {"a": "1"}),
        (" continues nothing\nA: 1\n", {"a": "1"}),
        ("A: 1\nA: 2\n", {"a": "1"}),
        ("A:1\n B:2\n", {"a": "1B:2"}),
        ("\ufeffA: 1", {"a": "1"}),
        ("A:\t x \x01 y\n", {"a": "x \x01 y"}),
        ("A: 1\n\nName: p/\nImplementation-Title: T\nImplementation-Version: 2\nB: 3\n\nName: q\n",
         {"a": "1", "implementation-title": "T", "implementation-version": "2"}),
        ("Implementation-Version: 1\n\nName: p/\nImplementation-Version: 2\n", {"implementation-version": "1"}),
    ],
)  # fmt: skip
def test_manifests(text, found):
    """What is no attribute is passed over; a package's section speaks where the main one names no implementation."""
    assert read_manifest(text.encode()) == found


@pytest.mark.parametrize(
    ("value", "clauses"),
    [
        ("", ()),
        ("a.b", (("a.b", ""),)),
        ("a.b;singleton:=true", (("a.b", "singleton:=true"),)),
        ('MIT;link="http://x/a,b", Apache-2.0', (("MIT", 'link="http://x/a,b"'), ("Apache-2.0", ""))),
        ('"a, b"', (("a, b", ""),)),
        ('"open', (("open", ""),)),
    ],
)
def test_clauses(value, clauses):
    """Clauses end at commas outside of quotes."""
    assert read_clauses(value) == clauses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=1\nb:2\nc 3\n", {"a": "1", "b": "2", "c": "3"}),
        ("# no\n! no\n  a = 1 \n", {"a": "1"}),
        ("a=1\na=2\n", {"a": "2"}),
        ("a=1\\\n   2\n", {"a": "12"}),
        ("a=1\\\\\nb=2\n", {"a": "1\\", "b": "2"}),
        ("a\\ b\\:c=\\u00e9\\t1\n", {"a b:c": "é 1"}),
        ("a\n", {"a": ""}),
        ("é=ü\n", {"é": "ü"}),
    ],
)
def test_properties(text, found):
    """Separators, comments, escapes and continued lines."""
    assert read_properties(text.encode("latin-1")) == found


@given(st.binary(max_size=300))
def test_anything(data):
    """Any bytes give dictionaries."""
    assert all(read_manifest(data))
    read_properties(data)


def test_bounds():
    """What is beyond the limits is not read."""
    assert read_properties(b"a=" + b"x" * PROPERTIES_LIMIT + b"\nb=1") == {"a": "x" * ATTRIBUTE_LIMIT}

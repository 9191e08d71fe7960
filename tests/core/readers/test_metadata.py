"""Header fields, file lists and requirement lists of Python distributions."""

import csv
import io
import posixpath
from email.parser import HeaderParser
from importlib.metadata import PathDistribution

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from stellaops_core.readers.metadata import (
    LINES_LIMIT,
    PATHS_LIMIT,
    read_fields,
    read_installed_files,
    read_record,
    read_requires,
)

NAMES = st.sampled_from(["Name", "Version", "License", "Requires-Dist", "X-y"])
WORDS = st.text("abc :;<>é\t", max_size=12).map(str.strip)


@given(
    st.lists(st.tuples(NAMES, st.lists(WORDS.filter(bool), min_size=1, max_size=3)), max_size=6), st.text(max_size=20)
)
def test_fields_are_those_of_the_email_parser(headers, body):
    """Well-formed headers read as the standard library's email parser reads them."""
    text = "".join(name + ": " + "\n  ".join(lines) + "\n" for name, lines in headers)
    message = HeaderParser().parsestr(text + "\n" + body)
    expected: dict[str, list[str]] = {}
    for name, value in message.items():
        expected.setdefault(name.lower(), []).append("\n".join(line.strip() for line in value.split("\n")))
    assert read_fields((text + "\n" + body).encode()) == expected


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b"", {}),
        (b"Name: a\r\nVersion: 1\r\n\r\nName: b", {"name": ["a"], "version": ["1"]}),
        (b"\xef\xbb\xbfName: a", {"name": ["a"]}),
        (b"NAME:a\nname: b", {"name": ["a", "b"]}),
        (b"Keywords: one\ntwo three\nName: a", {"keywords": ["one"], "name": ["a"]}),
        (b"License: x\n\ty\n  z", {"license": ["x\ny\nz"]}),
        (b" folded nothing\nName: a", {"name": ["a"]}),
        (b"Name: \xe9", {"name": ["�"]}),
        (b"not a field: x\nName: a\x0bb", {"name": ["a\x0bb"]}),
    ],
)
def test_fields(data, fields):
    """What old and sloppy tools wrote reads as far as it can."""
    assert read_fields(data) == fields


@given(st.lists(st.text('ab/.," é', min_size=1, max_size=8), max_size=8))
def test_record_is_csv(names):
    """Paths are the first cells that the csv module reads, resolved against the directory."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([name, "sha256=x", 1] for name in names)
    expected = []
    for name in names:
        path = posixpath.normpath("/r" + name if name[0] == "/" else f"/r/usr/lib/{name}")
        if path.startswith("/r/"):
            expected.append(path[3:])
    assert read_record(buffer.getvalue().encode(), "usr/lib") == list(dict.fromkeys(expected))


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("a/b.py,sha256=x,1", ["s/a/b.py"]),
        ("a/b.py,,\r", ["s/a/b.py"]),
        ("../bin/x,,", ["bin/x"]),
        ("../../../etc/passwd,,", []),
        ("/etc/motd,,", ["etc/motd"]),
        ('"a,""b"".py",,', ['s/a,"b".py']),
        ("../s/./x//y,,", ["s/x/y"]),
        (",,", []),
    ],
)
def test_record_line(line, path):
    """Relative, absolute, climbing and quoted names."""
    assert read_record(line.encode(), "s") == path


def test_installed_files():
    """Names in installed-files.txt start at its own directory."""
    assert read_installed_files(b"../a/x.py\nPKG-INFO\n\n../../bin/a\n", "s/a.egg-info") == [
        "s/a/x.py",
        "s/a.egg-info/PKG-INFO",
        "bin/a",
    ]


REQUIRES = """\
six>=1.9
plain

[:python_version < "3"]
ipaddress

[socks]
PySocks!=1.5.7,>=1.5.6
other[x]

[tls:os_name == "nt"]
win
"""


def test_requires_reads_as_the_standard_library_does(tmp_path):
    """The same requirements, extras and markers as importlib.metadata makes of an egg-info directory."""
    (tmp_path / "a.egg-info").mkdir()
    (tmp_path / "a.egg-info" / "PKG-INFO").write_text("Name: a\nVersion: 1\n")
    (tmp_path / "a.egg-info" / "requires.txt").write_text(REQUIRES)
    expected = [str(Requirement(text)) for text in PathDistribution(tmp_path / "a.egg-info").requires or []]
    assert len(expected) == 6
    assert [str(Requirement(text)) for text in read_requires(REQUIRES.encode())] == expected


@given(st.binary(max_size=200))
def test_any_bytes(data):
    """No bytes make a reader fail, and no path climbs out of the image."""
    read_fields(data)
    read_requires(data)
    for path in [*read_record(data, "a/b"), *read_installed_files(data, "a/b")]:
        assert path
        assert not path.startswith("/")
        assert ".." not in path.split("/")


def test_limits():
    """More lines than any package has are refused before they fill the memory."""
    for read, limit in (
        (read_fields, LINES_LIMIT),
        (read_requires, LINES_LIMIT),
        (lambda data: read_record(data, ""), PATHS_LIMIT),
        (lambda data: read_installed_files(data, ""), PATHS_LIMIT),
    ):
        with pytest.raises(ValueError, match=f"more than {limit} lines"):
            read(b"a\n" * (limit + 1))

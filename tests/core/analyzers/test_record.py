"""What small records must be."""

import pytest

from analyses import File, Files
from stellaops_core.analyzers import alpm, apk, dpkg, opkg, portage, rpm
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.record import DATABASE_LIMIT, SIZE_LIMIT, check_word, member, read_bytes, read_json, texts


def test_too_large_is_not_even_read():
    """A record beyond its limit."""

    class Huge(File):
        size = SIZE_LIMIT + 1

        def read(self):
            raise AssertionError("read")

    for read in (read_bytes, read_json):
        with pytest.raises(Malformed, match="larger than"):
            read(Huge("a", b""))


@pytest.mark.parametrize(
    ("analyzer", "path"),
    [
        (apk, "lib/apk/db/installed"),
        (alpm, "var/lib/pacman/local/a-1-1/desc"),
        (dpkg, "var/lib/dpkg/status"),
        (dpkg, "var/lib/dpkg/info/a.list"),
        (dpkg, "var/lib/dpkg/info/a.md5sums"),
        (dpkg, "usr/share/doc/a/copyright"),
        (opkg, "usr/lib/opkg/status"),
        (opkg, "usr/lib/opkg/info/a.list"),
        (portage, "var/db/pkg/a/b-1/CONTENTS"),
        (rpm, rpm.TABLE),
        (rpm, rpm.NAMES),
    ],
)
def test_databases_that_are_text_have_a_size(analyzer, path):
    """Their lines become objects, many times as large; so a file of nothing but lines is not even read."""

    class Huge(File):
        size = DATABASE_LIMIT + 1

        def read(self):
            raise AssertionError("read")

    assert analyzer.ANALYZER.wants(path, 1)
    with pytest.raises(Malformed, match="larger than"):
        list(analyzer.ANALYZER.analyze(Huge(path, b""), Files({})))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "states no name"),
        ("", "states no name"),
        (1, "states a name that can't be one"),
        ("a b", "states a name that can't be one"),
        ("a\n", "states a name that can't be one"),
        ("\xe9", "states a name that can't be one"),
        ("a" * 257, "states a name that can't be one"),
    ],
)
def test_words(value, reason):
    """A name is one printable word; the reason doesn't repeat what was stated."""
    with pytest.raises(Malformed) as error:
        check_word(value, "name")
    assert str(error.value) == reason
    assert check_word("a+1.0~b", "name") == "a+1.0~b"


def test_json_of_any_shape():
    """Members and texts of what has another shape than it should are none."""
    assert read_json(File("a", b'\xef\xbb\xbf{"a": 1}')) == {"a": 1}
    for data in (b"[]", b"{", b"\xff"):
        with pytest.raises(Malformed, match="JSON"):
            read_json(File("a", data))
    assert [member(value, "a") for value in ({"a": 1}, [], None, "a")] == [1, None, None, None]
    assert [texts(value) for value in (["a", 1, "b"], "ab", None, {"a": 1})] == [["a", "b"], [], [], []]
    assert texts(["a"] * 9, 3) == ["a"] * 3

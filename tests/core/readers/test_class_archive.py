"""Classes in Java archives."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jars import jar
from stellaops_core.readers.class_archive import ClassArchive

CLASSES = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).map(lambda name: f"{name}.class"),
    st.binary(max_size=3000),
    max_size=8,
)


def nothing(name):
    return False


@given(CLASSES, st.booleans(), st.binary(max_size=40), st.integers(0, 4000))
def test_classes_begin_as_they_were_written(classes, stored, prefix, limit):
    """Whatever the method, the bytes before the archive, and how much is asked for."""
    archive = ClassArchive(jar(classes | {"other.txt": "x"}, stored=stored, prefix=prefix))
    found, others = archive.classes(lambda name: name == b"other.txt")
    assert [one[0].decode() for one in found] == list(classes)
    assert [one.name for one in others] == ["other.txt"]
    for compiled in found:
        data = classes[compiled[0].decode()]
        assert compiled[3] == len(data)
        assert archive.begin(compiled, limit) == data[:limit]


@settings(max_examples=200)
@given(CLASSES, st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_damage_is_less_not_an_error(classes, at, patch):
    """A damaged archive gives fewer classes, or fewer bytes of them, or none at all."""
    data = bytearray(jar(classes))
    at %= len(data)
    data[at : at + len(patch)] = patch
    try:
        archive = ClassArchive(bytes(data))
    except ValueError:
        return
    for compiled in archive.classes(nothing)[0]:
        assert len(archive.begin(compiled, 500)) <= 500


def test_a_bomb_gives_no_more_than_is_asked_for():
    """However well it is compressed."""
    archive = ClassArchive(jar({"A.class": bytes(50 << 20)}))
    assert len(archive.begin(archive.classes(nothing)[0][0], 1000)) == 1000


def test_without_the_faster_inflater(monkeypatch):
    """zlib stands in where isal isn't built."""
    monkeypatch.setattr("stellaops_core.readers.class_archive._inflaters", lambda: (zlib.decompressobj, zlib.error))
    archive = ClassArchive(jar({"A.class": "abc"}))
    assert archive.begin(archive.classes(nothing)[0][0], 10) == b"abc"


def test_no_archive():
    """As for all archives."""
    with pytest.raises(ValueError, match="not a zip archive"):
        ClassArchive(b"PK no")

"""Names by place, and edges between Java packages."""

import pytest

from stellaops_core.analyzers.analyzer import Package, View
from stellaops_core.analyzers.java_join import Coordinates, coordinates_of, join_packages


def maven(name, version="1", requires=(), key="", **more):
    return Package("maven", name, version, namespace="g", key=key, requires=requires, **more)


def joined(found, links=None):
    return list(join_packages(View(dict(sorted(found.items())), links=links or {})))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("root/.m2/repository/org/a/b-c/1.0/b-c-1.0.jar", ("org.a", "b-c", "1.0", "b-c-1.0.jar")),
        ("usr/share/maven-repo/b/b/2/b-2-tests.jar", ("b", "b", "2", "b-2-tests.jar")),
        ("x/files-2.1/org.a/b/1.0/0f3a/b-1.0.jar", ("org.a", "b", "1.0", "b-1.0.jar")),
        ("usr/share/maven-repo/org/a/b/debian/b-debian.jar", None),
        ("usr/share/maven-repo/org/a/b/2.x/b-2.x.jar", None),
        ("root/.m2/repository/org/a/b/1.0/c-1.0.jar", None),
        ("app/org/a/b/1.0/b-1.0.jar", None),
    ],
)
def test_layouts(path, found):
    """Maven repositories and Gradle caches tell coordinates; Debian's alias versions don't."""
    assert coordinates_of(path) == (Coordinates(*found) if found else None)


WEAK = Package("generic", "b", "0", hashes=(("SHA-1", "5" * 40),), technique="filename", confidence=50)
LINKS = {
    "usr/share/maven-repo/org/a/b/1.0/b-1.0.jar": "../../../../../java/b.jar",
    "usr/share/maven-repo/org/a/b/debian/b-debian.jar": "../../../../../java/b.jar",
    "usr/share/java/b.jar": "b-0.jar",
    "loop/maven2/x/y/1/y-1.jar": "y-1.jar",
}


def test_links_name():
    """An archive that does not say well what it is has the coordinates of the links to it; others keep theirs."""
    [item] = joined({"usr/share/java/b-0.jar": [WEAK]}, LINKS)
    assert (str(item.purl), item.package.technique, item.package.confidence) == (
        "pkg:maven/org.a/b@1.0", "filename", 90,
    )  # fmt: skip
    assert item.package.hashes == WEAK.hashes
    [item] = joined({"usr/share/java/b-0.jar": [maven("b")]}, LINKS)
    assert str(item.purl) == "pkg:maven/g/b@1"
    shaded = Package("maven", "s", "1", namespace="g", confidence=60)
    purls = [str(item.purl) for item in joined({"usr/share/java/b-0.jar": [WEAK, shaded]}, LINKS)]
    assert purls == ["pkg:maven/org.a/b@1.0", "pkg:maven/g/s@1"]


def test_classifier_of_the_place():
    """The file in the repository tells classifier and type."""
    [item] = joined({"x/maven2/g/b/2/b-2-tests.war": [WEAK]})
    assert str(item.purl) == "pkg:maven/g/b@2?classifier=tests&type=war"


def edges(found):
    items = reversed(joined(found))  # so that of one place the archive itself, which comes first, stays
    return {
        f"{item.path}!/{item.package.key}": [purl.removeprefix("pkg:maven/g/") for purl in item.depends]
        for item in items
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # beside it, before all others
        ({"l/a.jar": [maven("a", requires=("g:b", "g:c"))], "l/b.jar": [maven("b", "1")], "m/b.jar": [maven("b", "2")]},
         ["b@1"]),
        # inside it, before what is beside it
        ({"l/a.jar": [maven("a", requires=("g:b",)), maven("b", "3", key="lib/b.jar")], "l/b.jar": [maven("b", "1")]},
         ["b@3"]),
        # shaded into it
        ({"l/a.jar": [maven("a", requires=("g:b",)), maven("b", "4")], "l/b.jar": [maven("b", "1")]}, ["b@4"]),
        # anywhere, if there is only one
        ({"l/a.jar": [maven("a", requires=("g:b",))], "m/b.jar": [maven("b", "2")]}, ["b@2"]),
        ({"l/a.jar": [maven("a", requires=("g:b",))], "m/b.jar": [maven("b", "2")], "n/b.jar": [maven("b", "3")]}, []),
        # never in an archive beside it, while another is the only one
        ({"l/a.jar": [maven("a", requires=("g:b",))], "l/w.war": [maven("b", "2", key="l/b.jar")]}, ["b@2"]),
        ({"l/a.jar": [maven("a", requires=("g:a",))]}, []),
    ],
)  # fmt: skip
def test_edges(found, expected):
    """An edge leads to the nearest; where several are as near, there is none."""
    assert edges(found)["l/a.jar!/"] == expected


def test_edges_of_nested():
    """Siblings in the same folder of the archive first, then the archives around it."""
    found = {
        "e.ear": [
            maven("a", requires=("g:b", "g:c"), key="w.war!/WEB-INF/lib/a.jar"),
            maven("b", "1", key="w.war!/WEB-INF/lib/b.jar"),
            maven("b", "2", key="lib/b.jar"),
            maven("c", "1", key="lib/c.jar"),
        ],
        "c.jar": [maven("c", "2")],
    }
    assert edges(found)["e.ear!/w.war!/WEB-INF/lib/a.jar"] == ["b@1", "c@1"]


def test_nested_places():
    """Evidence of a nested package says where it is."""
    [item] = joined({"a.war": [maven("b", key="WEB-INF/lib/b.jar")]})
    assert (item.path, item.evidence) == ("a.war", ("a.war!/WEB-INF/lib/b.jar",))


def test_runtime_parts():
    """Archives below a runtime's `release` file are part of it; without one they speak for themselves."""
    part = Package("generic", "openjdk", "1.8", confidence=60)
    release = Package("generic", "openjdk", "1.8.0_392")
    found = {"jre/release": [release], "jre/lib/rt.jar": [part], "other/rt.jar": [part]}
    assert [item.path for item in joined(found)] == ["jre/release", "other/rt.jar"]

"""Class paths of Java processes."""

import pytest

from builders import Link
from classes import compiled
from jars import pack
from roots import root_of
from stellaops_core.analyzers.java_code import ANALYZER
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.java import class_path as java_class_path
from stellaops_core.entrytrace.java.class_path import ClassPath


def path_of(files, directory="app", bounds=None):
    links = {path: data for path, data in files.items() if not isinstance(data, str | bytes)}
    plain = {path: data for path, data in files.items() if path not in links}
    return ClassPath(root_of(pack(plain) | links, analyzers=[ANALYZER]), directory, bounds or Bounds("p", "maven"))


def lib(name, *refers):
    return compiled(f"org/{name}/{name.title()}", [f"org/{other}/X" for other in refers])


FILES = {
    "app/lib/a.jar!/org/a/A.class": lib("a", "b", "c"),
    "app/lib/a.jar!/META-INF/MANIFEST.MF": "Class-Path: b.jar ../more/c%20d.jar file:///opt/e.jar no.jar http://x/y.jar\n",
    "app/lib/b.jar!/org/b/B.class": lib("b"),
    "app/lib/b.jar!/META-INF/MANIFEST.MF": "Class-Path: a.jar\n",
    "app/more/c d.jar!/org/c/C.class": lib("c"),
    "opt/e.jar!/org/e/E.class": lib("e"),
    "app/lib/readme.txt": "x",
    "app/classes/org/b/Other.class": lib("other", "a"),
}


def test_what_manifests_name_follows():
    """Each once, relative to its archive, in circles as well; what isn't there is passed over."""
    path = path_of(FILES)
    element = path.add("lib/a.jar", "-cp lib/a.jar")
    assert element.target == "app/lib/a.jar"
    assert [(one.target, one.source, one.how) for one in path.elements.values()] == [
        ("app/lib/a.jar", "", "-cp lib/a.jar"),
        ("app/lib/b.jar", "app/lib/a.jar", "Class-Path: b.jar"),
        ("app/more/c d.jar", "app/lib/a.jar", "Class-Path: ../more/c%20d.jar"),
        ("opt/e.jar", "app/lib/a.jar", "Class-Path: file:///opt/e.jar"),
    ]


@pytest.mark.parametrize(
    ("named", "targets"),
    [
        ("lib/*", ["app/lib/a.jar", "app/lib/b.jar", "app/more/c d.jar", "opt/e.jar"]),
        ("/app/lib/b.jar", ["app/lib/b.jar", "app/lib/a.jar", "app/more/c d.jar", "opt/e.jar"]),
        ("", ["app"]),
        ("classes", ["app/classes"]),
        ("classes/", ["app/classes"]),
        ("../opt/e.jar", ["opt/e.jar"]),
        ("nowhere/*", []),
        ("none.jar", []),
        ("lib/readme.txt", ["app/lib/readme.txt"]),
    ],
)
def test_what_may_be_named(named, targets):
    """Archives, directories, all archives of a directory; nothing is the working directory."""
    path = path_of(FILES)
    path.add(named, "x")
    assert list(path.elements) == targets


def test_links_are_followed():
    """An element is a real path, once."""
    path = path_of({"opt/e.jar!/org/e/E.class": lib("e"), "app/f.jar": Link("/opt/e.jar")})
    path.add("f.jar", "x")
    path.add("/opt/e.jar", "y")
    assert list(path.elements) == ["opt/e.jar"]


def test_who_defines_a_package():
    """The first in order, a directory as well; who asks, where it has it itself."""
    path = path_of(FILES)
    directory, archive = path.add("classes", "x"), path.add("lib/b.jar", "y")
    assert path.definer("org/b") is directory
    assert path.definer("org/b", archive) is archive
    assert path.definer("org/a").target == "app/lib/a.jar"
    assert path.definer("org/none") is None


def test_where_a_main_class_is():
    """In a directory only where its file is."""
    path = path_of(FILES)
    directory, archive = path.add("classes", "x"), path.add("lib/b.jar", "y")
    assert path.main("org.b.Other") is directory
    assert path_of({"app/A.class": compiled("A")}, "app").main("A") is None
    single = path_of({"app/A.class": compiled("A")})
    assert single.add("", "x") is single.main("A")
    assert archive


def test_references():
    """Of a package in an archive and in a directory."""
    path = path_of(FILES)
    archive, directory = path.add("lib/a.jar", "x"), path.add("classes", "y")
    assert set(path.references(archive, "org/a")) == {"org/b", "org/c"}
    assert set(path.references(directory, "org/b")) == {"org/other", "org/a"}
    assert list(path.references(archive, "org/none")) == []
    assert not path.makes_loaders(directory, "org/b")


def test_archives_inside():
    """They are elements; only those where known loaders look define packages."""
    bounds = Bounds("p", "maven")
    files = {
        "app/a.war!/WEB-INF/lib/b.jar!/org/b/B.class": lib("b"),
        "app/a.war!/other/c.jar!/org/c/C.class": lib("c"),
        "app/a.war!/d.jar": "damaged",
    }
    path = path_of(files, bounds=bounds)
    path.add("a.war", "x")
    assert list(path.elements) == ["app/a.war", "app/a.war!/WEB-INF/lib/b.jar", "app/a.war!/other/c.jar"]
    assert path.definer("org/b").target == "app/a.war!/WEB-INF/lib/b.jar"
    assert path.definer("org/c") is None
    assert [one.place for one in bounds.gaps] == ["app/a.war"]


def test_directories_are_searched_within_bounds(monkeypatch):
    """All below are found, links are not followed in circles, and there is an end."""
    files = {f"w/{name}/WEB-INF/lib/{name}.jar!/org/x/X.class": lib("x") for name in ("a", "b")}
    files |= {"w/a/WEB-INF/classes/A.class": compiled("A"), "w/a/loop": Link("..")}
    path = path_of(files)
    path.add_below("w", "deployed", "s", deployed=True)
    assert set(path.elements) == {"w/a/WEB-INF/lib/a.jar", "w/b/WEB-INF/lib/b.jar", "w/a/WEB-INF/classes"}
    monkeypatch.setattr(java_class_path, "DIRECTORIES_LIMIT", 2)
    bounds = Bounds("p", "maven")
    path = path_of(files, bounds=bounds)
    path.add_below("w", "deployed", "s")
    assert path.elements == {}
    monkeypatch.setattr(java_class_path, "ELEMENTS_LIMIT", 1)
    path.add("w/*", "x")
    path.add("/w", "x")
    path.add("/w/a", "x")
    assert list(path.elements) == ["w"]
    assert [(one.place, one.reason, one.scope) for one in bounds.gaps] == [
        ("w", "more than 2 directories", "maven"),
        ("p", "more than 1 elements on the class path", "maven"),
    ]

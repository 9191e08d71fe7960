"""Facts of Java archives for tracing."""

import msgspec
import pytest

from analyses import find, is_wanted
from classes import compiled, module_info
from jars import jar, pack
from stellaops_core.analyzers import java_code
from stellaops_core.analyzers.java_code import ANALYZER, JavaClass, JavaCode, read_attributes

MANIFEST = "Main-Class: org.a.Main\nClass-Path: b.jar\n  c.jar\nX: y\n\nName: z\nMain-Class: no\n"


def code(files, path="a.jar"):
    found, _ = find(ANALYZER, pack(files))
    return msgspec.msgpack.decode(found[path][0].data, type=JavaCode)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.jar", True),
        ("a.WAR", True),
        ("x/META-INF/MANIFEST.MF", True),
        ("x/MANIFEST.MF", False),
        ("c/A.class", True),
        ("a.zip", False),
    ],
)
def test_wants(path, wanted):
    """Archives, classes, and manifests where loaders look for them."""
    assert is_wanted(ANALYZER, path) is wanted


def test_an_archive():
    """Manifest, packages with what they refer to, services, module."""
    found = code({
        "a.jar!/META-INF/MANIFEST.MF": MANIFEST,
        "a.jar!/META-INF/services/org.s.S": "org.a.P # one\n\n# none\norg.a.Q\n",
        "a.jar!/module-info.class": module_info("org.a", main="org/a/Main"),
        "a.jar!/org/a/Main.class": compiled("org/a/Main", ["org/b/X", "org/a/b/Y"], loader=True),
        "a.jar!/META-INF/versions/11/org/a/b/Y.class": compiled("org/a/b/Y", ["org/z/Z"]),
        "a.jar!/BOOT-INF/classes/app/App.class": compiled("app/App"),
        "a.jar!/WEB-INF/classes/web/Servlet.class": compiled("web/Servlet"),
        "a.jar!/Top.class": compiled("Top", ["org/a/Main"]),
    }).archives[0]  # fmt: skip
    assert found.manifest == {"main-class": "org.a.Main", "class-path": "b.jar c.jar"}
    assert found.defined == ("", "app", "org/a", "org/a/b", "web")
    refers = {
        name: {found.names[place] for place in row} for name, row in zip(found.names, found.references, strict=False)
    }
    assert refers == {"": {"org/a"}, "app": set(), "org/a": {"org/b", "org/a/b"}, "org/a/b": {"org/z"}, "web": set()}
    assert [found.names[place] for place in found.loaders] == ["org/a"]
    assert found.services == (("org.s.S", ("org.a.P", "org.a.Q")),)
    assert (found.module.name, found.module.main, found.complete) == ("org.a", "org.a.Main", True)


def test_archives_inside():
    """Each has facts of its own under the outer one's path, at any depth."""
    found = code({
        "a.war!/WEB-INF/lib/b.jar!/org/b/B.class": compiled("org/b/B"),
        "a.war!/WEB-INF/lib/c.jar!/lib/d.jar!/org/d/D.class": compiled("org/d/D"),
        "a.war!/WEB-INF/lib/e.jar": "no archive",
    }, "a.war")  # fmt: skip
    assert [(one.inside, one.defined) for one in found.archives] == [
        ("", ()),
        ("WEB-INF/lib/b.jar", ("org/b",)),
        ("WEB-INF/lib/c.jar", ()),
        ("WEB-INF/lib/c.jar!/lib/d.jar", ("org/d",)),
    ]
    assert found.flaws == 1


def test_a_large_archive_is_sampled(monkeypatch):
    """Each package's largest class comes first, all packages are there, and it says that it isn't all."""
    big = compiled("p/Big", ["org/big/X"], texts=["x" * 900])
    entries = {"p/Small.class": compiled("p/Small", ["org/small/X"]), "p/Big.class": big, "q/Q.class": compiled("q/Q")}
    monkeypatch.setattr(java_code, "REFERENCES_LIMIT", len(big) + 10)
    found, _ = find(ANALYZER, {"a.jar": jar(entries)})
    archive = msgspec.msgpack.decode(found["a.jar"][0].data, type=JavaCode).archives[0]
    assert archive.defined == ("p", "q")
    assert archive.names[2:] == ("org/big",)
    assert not archive.complete


def test_bounds_are_kept(monkeypatch):
    """What is too deep, too many or too large inside counts as a flaw."""
    nested = {"a.jar!/b.jar!/c.jar!/d.jar!/A.class": compiled("A")}
    monkeypatch.setattr(java_code, "NESTING_DEPTH", 2)
    assert (len(code(nested).archives), code(nested).flaws) == (3, 1)
    monkeypatch.setattr(java_code, "INFLATED_LIMIT", 10)
    assert (len(code(nested).archives), code(nested).flaws) == (1, 1)
    monkeypatch.setattr(java_code, "ARCHIVES_LIMIT", 0)
    assert code(nested).flaws == 1


def test_the_budget_is_the_file_s(monkeypatch):
    """However often the same bytes are named: what is beyond it counts as a flaw, or as not searched."""
    files = {
        f"a.jar!/{number}.jar!/{path}": data
        for number in range(50)
        for path, data in {
            "META-INF/MANIFEST.MF": f"Class-Path: {'x ' * 500}\n",
            "META-INF/services/s.S": "a.A\n",
            "BOOT-INF/classes/loader.properties": "loader.path=lib\nx=y\n",
            "a/A.class": compiled("a/A", ["b/B"]),
        }.items()
    }
    whole = code(files)
    assert (len(whole.archives), whole.flaws) == (51, 0)
    assert whole.archives[1].manifest == {"class-path": ("x " * 500).strip(), "loader.path": "lib"}
    monkeypatch.setattr(java_code, "READ_LIMIT", 1 << 20)
    part = code(files)
    assert part.flaws > 0
    assert part.archives[1] == whole.archives[1]
    monkeypatch.setattr(java_code, "READ_LIMIT", 10)
    assert find(ANALYZER, pack(files))[0] == {}


def test_damaged_parts_are_left_out():
    """A module's declaration that can't be read is none."""
    found = code({"a.jar!/module-info.class": "damaged", "a.jar!/A.class": "damaged"}).archives[0]
    assert (found.module, found.defined, found.references) == (None, ("",), ((),))


def test_a_class_that_lies_unpacked():
    """What it refers to."""
    found, _ = find(ANALYZER, {"c/a/B.class": compiled("a/B", ["org/x/Y"], loader=True)})
    assert msgspec.msgpack.decode(found["c/a/B.class"][0].data, type=JavaClass) == JavaClass(("a", "org/x"), loads=True)


def test_no_archive_has_no_facts():
    """`java` reports those."""
    assert find(ANALYZER, {"a.jar": b"no", "b.jar": b""}) == ({}, {})


def test_a_long_class_path_is_whole():
    """It goes on over many lines, of whatever ends."""
    names = " ".join(f"lib/library-{number}.jar" for number in range(2000))
    text = "Class-Path: " + names
    lines = [text[:70], *(" " + text[at : at + 70] for at in range(70, len(text), 70))]
    for end in ("\n", "\r\n", "\r"):
        assert read_attributes(end.join(lines).encode())["class-path"] == names

"""Archives within archives, and what bounds them."""

import io
import struct
import zipfile

import pytest

from jars import jar, library, pack
from stellaops_core.analyzers import java_archive
from stellaops_core.analyzers.java_archive import Walk, read_record


def walked(data, name="app.jar"):
    walk = Walk(data)
    return [(package.key, package.name) for package in walk.packages(name)], walk.flaws


def tower(height):
    """An archive in an archive in an archive …"""
    data = jar(library("g", "deep", "1"))
    for _ in range(height):
        data = jar({"x.jar": data}, stored=True)
    return data


def test_flaws_are_lines():
    """What an entry is called goes into a reason without its control characters, and shortened."""
    _, flaws = walked(jar({"a\n\x1b[2J\x07.jar": b"no archive", "b" * 400 + ".jar": b"none"}))
    assert [flaw.isprintable() for flaw in flaws] == [True, True]
    assert max(map(len, flaws)) < 400


@pytest.mark.parametrize("stored", [True, False])
def test_nesting(stored):
    """Any depth, stored or deflated, whatever the endings' case; the way to each is its key."""
    files = {}
    for at in ("", "WEB-INF/lib/a.jar!/", "WEB-INF/lib/a.jar!/BOOT-INF/lib/b.JAR!/", "c.nar!/"):
        files |= library("g", f"n{len(files)}", "1", at=f"app.war!/{at}")
    found, flaws = walked(pack(files, stored=stored)["app.war"], "app.war")
    assert found == [
        ("", "n0"),
        ("WEB-INF/lib/a.jar", "n3"),
        ("WEB-INF/lib/a.jar!/BOOT-INF/lib/b.JAR", "n6"),
        ("c.nar", "n9"),
    ]
    assert not flaws


def test_depth():
    """NESTING_DEPTH archives within archives are read, one more is a flaw."""
    found, flaws = walked(tower(java_archive.NESTING_DEPTH))
    assert found[-1] == ("!/".join(["x.jar"] * java_archive.NESTING_DEPTH), "deep")
    assert not flaws
    found, flaws = walked(tower(java_archive.NESTING_DEPTH + 1))
    assert "deep" not in {name for _, name in found}
    assert "nested deeper" in flaws[0]


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("ARCHIVES_LIMIT", 2, "more than 2 archives"),
        ("HELD_LIMIT", 400, "larger than"),
        ("READ_LIMIT", 20_000, "beyond 20,000 bytes"),
        ("ENTRIES_LIMIT", 1, "more than 1 archives and records"),
        ("HELD_LIMIT", 200, "more than 200 bytes to hold"),
        ("RECORDS_LIMIT", 0, "more than 0 records"),
    ],
)
def test_budgets(monkeypatch, limit, value, reason):
    """Each bound holds for the file as a whole, costs what is beyond it, and says so."""
    files = {}
    for number in range(4):
        files |= library("g", f"n{number}", "1", at=f"app.jar!/{number}.jar!/")
    monkeypatch.setattr(java_archive, limit, value)
    found, flaws = walked(pack(files)["app.jar"])
    assert ("3.jar", "n9") not in found
    assert reason in flaws[0]


def test_work_is_bounded():
    """Entries that all lead to one place of the file cost each time, and what fails costs as well."""
    data = bytearray(jar({"a.jar": bytes(1 << 20), "b": b""}, stored=True))
    start = data.rfind(b"PK\1\2", 0, data.rfind(b"PK\1\2"))
    header, rest = bytes(data[start : data.rfind(b"PK\1\2")]), bytes(data[data.rfind(b"PK\1\2") :])
    count = java_archive.READ_LIMIT // (1 << 20)
    end = bytearray(rest)
    struct.pack_into("<L", end, end.rfind(b"PK\5\6") + 12, len(header) * count + rest.rfind(b"PK\5\6"))
    walk = Walk(bytes(data[:start]) + header * count + bytes(end))
    walk._archives = count
    list(walk.packages("app.jar"))
    assert walk.flaws[0] == "a.jar: not a zip archive"
    assert "beyond" in walk.flaws[-1]


def test_small_files_cause_little_work():
    """What is read because of a file is in proportion to it, so that thousands of small bombs have an end."""
    data = bytearray(jar({"a.jar": bytes(1 << 20)}))
    start, end = data.rfind(b"PK\1\2"), data.rfind(b"PK\5\6")
    rows, tail = bytes(data[start:end]) * 100, bytearray(data[end:])
    struct.pack_into("<2H", tail, 8, 100, 100)
    struct.pack_into("<L", tail, 12, len(rows))
    walk = Walk(bytes(data[:start]) + rows + bytes(tail))
    list(walk.packages("app.jar"))
    assert "not a zip archive" in walk.flaws[0]
    assert "beyond" in walk.flaws[30]


def test_memory_is_bounded_by_depth(monkeypatch):
    """What is held of an outer archive is not there for the inner ones."""
    inner = jar(library("g", "a", "1"))
    outer = jar({"a.jar": inner, "fill": bytes(3000)}, stored=True)
    data = jar({"o.jar": outer})
    monkeypatch.setattr(java_archive, "HELD_LIMIT", len(outer) + 500)
    assert walked(data)[0][-1] == ("o.jar!/a.jar", "a")  # it is stored in what is held already
    deflated = jar({"a.jar": inner + bytes(3000)})
    monkeypatch.setattr(java_archive, "HELD_LIMIT", len(deflated) + 200)
    assert "o.jar!/a.jar: larger than" in walked(jar({"o.jar": deflated}))[1][0]


def test_a_damaged_part_costs_itself():
    """What can't be read inside is a flaw with its place; all else is there."""
    entries = library("g", "a", "1") | {
        "lib/bad.jar": b"no zip",
        "META-INF/maven/g/x/pom.xml": "<project>",
        "lib/b.jar": jar(library("g", "b", "1")),
    }
    found, flaws = walked(jar(entries))
    assert found == [("", "a"), ("lib/b.jar", "b")]
    assert [flaw.split(":")[0] for flaw in flaws] == ["META-INF/maven/g/x/pom.xml", "lib/bad.jar"]


def test_encrypted_parts():
    """An encrypted archive inside is a flaw."""
    data = bytearray(jar({"a.jar": jar({"b": ""})}, stored=True))
    data[data.rfind(b"PK\1\2") + 8] |= 1
    assert walked(bytes(data))[1] == ["a.jar: encrypted"]


def test_not_of_java():
    """A zip file without anything of Java is nothing, though it is called like an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.php", "")
    assert walked(out.getvalue(), "site.par") == ([], [])


def test_launch_script():
    """An executable archive begins with a script."""
    data = jar(library("g", "app", "1"), prefix=b"#!/bin/bash\nexec java -jar $0\n")
    assert walked(data)[0] == [("", "app")]


def test_hash():
    """Each archive that names itself has its own SHA-1; what is shaded has none."""
    inner = jar(library("g", "b", "1"), stored=True)
    data = jar(library("g", "app", "1") | {"b.jar": inner} | library("g", "s", "1"), stored=True)
    digests = {package.name: package.hashes for package in Walk(data).packages("app-1.jar")}
    assert digests == {
        "app": (("SHA-1", java_archive._sha1(data, (0, len(data)))),),
        "b": (("SHA-1", java_archive._sha1(inner, (0, len(inner)))),),
        "s": (),
    }


def test_unpacked_records():
    """Maven's records of unpacked archives."""
    path = "webapps/a/META-INF/maven/g/a/"
    [package] = read_record(path + "pom.properties", b"groupId=g\nartifactId=a\nversion=1\n")
    assert (package.namespace, package.name, package.version, package.hashes) == ("g", "a", "1", ())
    pom = b"<project><groupId>g</groupId><artifactId>a</artifactId><version>2</version></project>"
    [package] = read_record(path + "pom.xml", pom)
    assert package.version == "2"
    with pytest.raises(ValueError, match="XML"):
        list(read_record(path + "pom.xml", b""))

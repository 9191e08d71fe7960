"""What one archive's records tell."""

import pytest

from stellaops_core.analyzers.java_names import take_apart
from stellaops_core.analyzers.java_package import Record, describe, is_record, records_of
from stellaops_core.readers.pom import read_pom


def nothing(_):
    return False


def described(name, records=(), manifest=None):
    return list(describe(name, manifest or {}, records, nothing, "", "5" * 40))


def shown(package):
    qualifiers = "".join(f"?{key}={value}" for key, value in sorted(package.qualifiers.items()))
    return f"{package.namespace}:{package.name}:{package.version}{qualifiers}" + ("#" if package.hashes else "")


A, B, C = Record("g", "a", "1.0"), Record("g", "b", "2.0"), Record("g", "a-b", "3.0")


@pytest.mark.parametrize(
    ("name", "records", "packages"),
    [
        ("a-1.0.jar", [A], ["g:a:1.0#"]),
        ("renamed.jar", [A], ["g:a:1.0#"]),
        ("g.a-1.0.jar", [A], ["g:a:1.0#"]),
        ("a-1.0.war", [A], ["g:a:1.0?type=war#"]),
        ("a.jpi", [A], ["g:a:1.0?type=hpi#"]),
        ("a-1.0-linux-x86_64.jar", [A], ["g:a:1.0?classifier=linux-x86_64#"]),
        ("a-1.0-1.jar", [A], ["g:a:1.0#"]),
        # shaded: the archive's own record is the one it is named after, the longest if several are
        ("a-1.0.jar", [B, A], ["g:a:1.0#", "g:b:2.0"]),
        ("a-b-3.0.jar", [A, B, C], ["g:a-b:3.0#", "g:a:1.0", "g:b:2.0"]),
        ("all-9.0.jar", [A, B], [":all:9.0#", "g:a:1.0", "g:b:2.0"]),
        ("other-9.0.jar", [A], [":other:9.0#", "g:a:1.0"]),
        ("all.jar", [A, B], [":all:#", "g:a:1.0", "g:b:2.0"]),
        # no version in Maven's record
        ("a-4.0.jar", [Record("g", "a", "")], ["g:a:4.0#"]),
        ("other.jar", [Record("g", "a", "")], ["g:a:#"]),
    ],
)
def test_packages(name, records, packages):
    """The archive itself, with its hash and what its name tells; then what is shaded into it."""
    assert [shown(package) for package in described(name, records)] == packages


def test_runtime_parts():
    """Archives of a Java runtime are that runtime."""
    manifest = {"implementation-title": "Java Runtime Environment", "implementation-version": "1.8.0_392"}
    [package] = described("rt.jar", manifest=manifest)
    assert (package.type, package.name, package.version, package.confidence) == ("generic", "openjdk", "1.8.0_392", 60)


def test_facts():
    """Licences, supplier, URLs and dependencies come from the pom; what classes are loaded from the manifest."""
    pom = b"""<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version>
        <url>https://user:secret@a.example/</url><organization><name>Org</name></organization>
        <scm><url>scm:git</url></scm><issueManagement><url>https://a.example/bugs</url></issueManagement>
        <licenses><license><name>MIT</name></license></licenses>
        <dependencies><dependency><groupId>g</groupId><artifactId>b</artifactId></dependency></dependencies></project>"""
    [record] = records_of({}, {"META-INF/maven/g/a": read_pom(pom)})
    manifest = {
        "bundle-license": "Apache-2.0",
        "implementation-vendor": "Else",
        "main-class": "g.Main",
        "class-path": "b.jar c.jar",
        "bundle-symbolicname": "g.a;singleton:=true",
        "automatic-module-name": "g.m",
    }
    [package] = described("a-1.jar", [record], manifest)
    assert package.licenses == ("MIT",)
    assert package.supplier == "Org"
    assert package.urls == (("issue-tracker", "https://a.example/bugs"), ("website", "https://a.example/"))
    assert package.requires == ("g:b",)
    assert package.properties == (
        ("stella:java:bundle", "g.a"),
        ("stella:java:classPath", "b.jar c.jar"),
        ("stella:java:mainClass", "g.Main"),
        ("stella:java:module", "g.m"),
    )
    [plain] = described("a-1.jar", [A], manifest)
    assert (plain.licenses, plain.supplier) == (("Apache-2.0",), "Else")


POM = read_pom(b"<project><parent><groupId>p</groupId><artifactId>q</artifactId><version>7</version></parent>"
               b"<artifactId>a</artifactId></project>")  # fmt: skip


PARENT = read_pom(b"<project><groupId>p</groupId><artifactId>q</artifactId><version>7</version>"
                  b"<packaging>pom</packaging></project>")  # fmt: skip


@pytest.mark.parametrize(
    ("properties", "poms", "records"),
    [
        ({"META-INF/maven/g/a": {"groupId": "g", "artifactId": "a", "version": "1"}}, {}, [("g", "a", "1")]),
        ({}, {"META-INF/maven/p/a": POM}, [("p", "a", "7")]),
        ({"META-INF/maven/g/a": {"version": "1"}}, {}, [("g", "a", "1")]),
        ({"META-INF/maven/g/a": {"version": "${v}"}}, {"META-INF/maven/g/a": POM}, [("p", "a", "7")]),
        ({"META-INF/maven/g/a": {"groupId": "${g}", "artifactId": "${a}"}}, {}, [("g", "a", "")]),
        ({"": {"groupId": "g", "artifactId": "a", "version": "1"}}, {}, [("g", "a", "1")]),
        ({"": {"groupId": "g", "artifactId": "a"}}, {}, []),
        ({}, {"META-INF/maven/p/q": PARENT}, []),
        ({}, {"META-INF/maven/p/q": PARENT, "META-INF/maven/p/a": POM}, [("p", "a", "7")]),
        ({"x": {"groupId": "g", "artifactId": "a", "version": "1"},
          "y": {"groupId": "g", "artifactId": "a", "version": "1"}}, {}, [("g", "a", "1")]),
    ],
)  # fmt: skip
def test_records(properties, poms, records):
    """pom.properties first, then pom.xml, then the folder that Maven named; each coordinate once."""
    assert [(one.group, one.artifact, one.version) for one in records_of(properties, poms)] == records


def test_is_record():
    """Folders of Maven's records, wherever META-INF is."""
    assert is_record("META-INF/maven/g/a")
    assert is_record("WEB-INF/classes/META-INF/maven/g/a")
    assert not is_record("META-INF/maven/g")
    assert not is_record("archetype-resources")


def test_named_by():
    """An archive is named after an artifact if it begins with it, as a whole word."""
    assert A.named_by(take_apart("a-1.0"))
    assert A.named_by(take_apart("a"))
    assert not A.named_by(take_apart("ab-1.0"))

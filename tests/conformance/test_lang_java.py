"""Java archives against public corpora: other projects' expectations, and lists made of the archives themselves.

Every difference stands here as data with its reason; nothing else may differ.
"""

import json
import os
import random
import time
import zipfile
from pathlib import Path

import pytest

from analyses import File, Files, installed, is_wanted
from jars import jar
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.java import ANALYZER
from stellaops_core.analyzers.java_known import find_group
from stellaops_core.purl import parse_purl
from stellaops_core.readers.manifest import ATTRIBUTE_LIMIT, read_manifest, read_properties

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures")) / "lang-java"
JIRA = FIXTURES / "akshaykawathalkar+JiraDocker"
TRIVY = FIXTURES / "aquasecurity+trivy" / "pkg/dependency/parser/java/jar"
SCALIBR = FIXTURES / "google+osv-scalibr" / "extractor/filesystem/language/java/archive"
CLAIRCORE = FIXTURES / "quay+claircore" / "java/jar/testdata"
SYFT = FIXTURES / "anchore+syft" / "cmd/syft/internal/test/integration/testdata/image-pkg-coverage/pkgs/java"
SCANCODE = FIXTURES / "aboutcode-org+scancode-toolkit" / "tests/packagedcode/data/maven_misc"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures: set STELLA_FIXTURES (lang-java not found)"),
]


def expected(path):
    return json.loads((FIXTURES / "expected" / path).read_text())


def table(document, function=None, variable=None):
    [found] = [
        entry["cases"]
        for entry in document
        if (function is None or entry["func"] == function) and (variable is None or entry["var"] == variable)
    ]
    return found


def coordinates(item):
    package = item.package
    return f"{package.namespace}:{package.name}" if package.namespace else package.name, package.version


def jars_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.[jhw][apr][ri]"))}


def test_jira():
    """An application's libraries: SHA-1, pom.properties and manifests as another program read them."""
    rows = expected("jars/akshaykawathalkar+JiraDocker.json")
    items, unread = installed(ANALYZER, jars_below(JIRA))
    assert not unread
    assert {item.path for item in items} == set(rows)
    for item in items:
        row = rows[item.path]
        assert item.package.hashes == (("SHA-1", row["sha1"]),)
        stated = {(f"{one['groupId']}:{one['artifactId']}", one["version"]) for one in row["pom_properties"]}
        assert not stated or coordinates(item) in stated
        with zipfile.ZipFile(JIRA / item.path) as archive:
            manifest = read_manifest(archive.read("META-INF/MANIFEST.MF"))
        assert {key: manifest[key.lower()] for key in row["manifest"]} == row["manifest"]


WITHOUT_RECORDS = {
    "activation-1.1.1": "maven/javax.activation/activation@1.1.1",
    "aopalliance-1.0": "maven/aopalliance/aopalliance@1.0",
    "batik-anim-1.7": "maven/org.apache.xmlgraphics/batik-anim@1.7",
    "batik-codec-1.7": "maven/org.apache.xmlgraphics/batik-codec@1.7",
    "batik-ext-1.7": "generic/batik-ext@1.7",  # none of its packages is Batik's
    "batik-parser-1.7": "maven/org.apache.xmlgraphics/batik-parser@1.7",
    "batik-script-1.7": "maven/org.apache.xmlgraphics/batik-script@1.7",
    "batik-xml-1.7": "maven/org.apache.xmlgraphics/batik-xml@1.7",
    "commons-digester-1.4.1": "maven/commons-digester/commons-digester@1.4.1",
    "commons-discovery-0.2": "maven/commons-discovery/commons-discovery@0.2",
    "jcip-annotations-1.0": "maven/net.jcip/jcip-annotations@1.0",
    "jzlib-1.0.5": "generic/jzlib@1.0.5",  # not in the table of known publishers
    "spring-security-crypto-3.1.0.RELEASE": "maven/org.springframework.security/spring-security-crypto@3.1.0.RELEASE",
    "velocity-tools-1.3": "maven/velocity-tools/velocity-tools@1.3",
    "xmlpull-1.1.3.1": "generic/xmlpull@1.1.3.1",  # not in the table of known publishers
}


def test_jira_without_records():
    """What those of them are called that have no pom.properties: with less confidence, and never a wrong group."""
    items, _ = installed(ANALYZER, jars_below(JIRA))
    found = {Path(item.path).stem: str(item.purl)[4:] for item in items if item.package.confidence < 100}
    assert found == WITHOUT_RECORDS


TRIVY_OTHER = {
    "sha1 search": "asks a database by SHA-1; from the archive alone it is org.springframework.core 2.5.6.SEC03",
    "offline": "makes a group of the vendor, and an artifact of the title",
    "artifactId search": "asks a database; from the archive alone it is heuristic 1.0.0-SNAPSHOT",
}
TRIVY_MORE = {"gradle": {("gradle", "")}}
"""Archives that state no name or version are listed here, unversioned."""


def test_trivy():
    """Names, versions and places, nested and shaded."""
    document = expected("aquasecurity+trivy/pkg/dependency/parser/java/jar.json")
    for case in table(document, "TestParse", "vectors"):
        items, unread = installed(ANALYZER, {case["file"]: (TRIVY / case["file"]).read_bytes()})
        assert not unread
        found = {
            (*coordinates(item), "/".join([item.path, *item.package.key.split("!/")]).rstrip("/")) for item in items
        }
        if case["name"] in TRIVY_OTHER:
            assert [item.package.type for item in items] == ["generic"]
            continue
        wanted = {(row["Name"], row["Version"], row["FilePath"]) for row in case["want"]}
        assert wanted <= found
        assert {row[:2] for row in found - wanted} == TRIVY_MORE.get(case["name"], set())


SCALIBR_FOUND = {
    "no_pom_properties.jar": [],
    "no_pom_properties-2.4.0.jar": [],
    "org.eclipse.sisu.inject-0.3.5.jar": [],
    "com.google.src.yolo-0.1.2.jar": ["generic/com.google.src.yolo@0.1.2"],
}
"""Archives of theirs without a record of Maven; three of them hold nothing of Java, which is nothing here."""

SCALIBR_MANIFESTS = {
    # a group made from a bundle's name or a vendor is a guess: they say org.apache.ivy
    ("ivy-2.4.0.jar", "combine-manifest-filename"): "generic/ivy@2.4.0",
    ("no_pom_properties-2.4.0.jar", "combine-manifest-filename"): "generic/no_pom_properties@2.4.0",
    # they say com.google.guava.failureaccess:failureaccess; the group is com.google.guava
    ("manifest-symbolicname.jar", "manifest-symbolicname"): "generic/com.google.guava.failureaccess@1.0.1",
    # they say test.group:correct.name, of an extension's and a bundle's human-readable names
    ("invalid-ids.jar", "invalid-ids"): "generic/invalid-ids@1.2.3",
    # they say org.elasticsearch:no_pom_properties 2.4.0; the manifest states all three
    ("no_pom_properties-2.4.0.jar", "manifest-implementation-title"): "maven/org.elasticsearch/server@8.14.3",
    # they say org.apache.axis:axis 1.4
    ("axis.jar", "axis"): "generic/axis@1.4",
}


def test_scalibr_paths():
    """Which endings are archives, whatever their size."""
    document = expected("google+osv-scalibr/extractor/filesystem/language/java/archive.json")
    differing = {
        case["path"]
        for case in table(document, "TestFileRequired")
        if is_wanted(ANALYZER, case["path"]) != case["wantRequired"]
    }
    # modules of a JDK are parts of it; and they can be told to pass over large files, here size is no reason
    assert differing == {"some/path/a.jmod", "some/path/a.jar"}


def test_scalibr():
    """Nested and plain archives with pom.properties."""
    document = expected("google+osv-scalibr/extractor/filesystem/language/java/archive.json")
    seen = set()
    for case in table(document, "TestExtract"):
        name = Path(case["path"]).name
        if case.get("contentPath"):
            data = jar({"META-INF/MANIFEST.MF": (SCALIBR / case["contentPath"]).read_bytes()})
            key = (name if name.endswith(".jar") else f"{name}.jar", Path(case["contentPath"]).parts[1])
            [item] = installed(ANALYZER, {key[0]: data})[0]
            assert str(item.purl) == "pkg:" + SCALIBR_MANIFESTS[key]
            seen.add(key)
            continue
        items, unread = installed(ANALYZER, {name: (SCALIBR / case["path"]).read_bytes()})
        if name in SCALIBR_FOUND:
            assert [str(item.purl)[4:] for item in items] == SCALIBR_FOUND[name]
            continue
        found = {coordinates(item) for item in items if item.package.type == "maven"}
        assert found == {(row["Name"], row["Version"]) for row in case["want"]}, case["name"]
        assert bool(unread) == ("wantErr" in case)
    assert seen == set(SCALIBR_MANIFESTS)


def test_syft():
    """An application, what is shaded into it, and a plugin with its library."""
    items, unread = installed(ANALYZER, jars_below(SYFT))
    assert not unread
    assert {(coordinates(item), item.package.key) for item in items} == {
        (("org.anchore:example-java-app-maven", "0.1.0"), ""),
        (("joda-time:joda-time", "2.9.2"), ""),
        (("io.jenkins.plugins:example-jenkins-plugin", "1.0-SNAPSHOT"), ""),
        (("io.jenkins.plugins:example-jenkins-plugin", "1.0-SNAPSHOT"), "WEB-INF/lib/example-jenkins-plugin.jar"),
    }


PUBLISHERS = {
    "asm": "published as org.ow2.asm since 4.0; theirs is the package",
    "jna": "published as net.java.dev.jna; theirs is the package",
    "jna-platform": "published as net.java.dev.jna; theirs is the package",
    "kotlin-stdlib": "published as org.jetbrains.kotlin; theirs repeats the artifact",
    "kotlin-stdlib-common": "published as org.jetbrains.kotlin; theirs repeats the artifact",
    "oro": "published as oro; theirs is the package",
    "stax-api": "1.0.1 is published as stax; theirs repeats the artifact",
    "xercesImpl": "published as xerces; theirs is a class",
    # where the package inside makes the difference, which this comparison does not ask for
    "activation": "a fork with a record of its own",
    "annotations": "of two publishers; the package decides",
    "junit": "a plugin with a record of its own",
}


def test_known_publishers():
    """Hundreds of archives' coordinates in another project's table: ours say the same of those they know."""
    document = expected("anchore+syft/cmd/syft/internal/test/integration.json")
    pairs = [case for entry in document for case in entry["cases"] if isinstance(case, list) and len(case) == 2]
    purls = {parse_purl(pair[1]) for pair in pairs if str(pair[1]).startswith("pkg:maven/")}
    known = {purl: find_group((purl.name,), purl.version, lambda _: True) for purl in purls if purl.version}
    agreed = [purl for purl, found in known.items() if found == (purl.namespace, purl.name)]
    differing = {purl.name for purl, found in known.items() if found[0] and found[0] != purl.namespace}
    assert len(agreed) > 60
    assert differing == set(PUBLISHERS)


def test_claircore():
    """Manifests and properties of real archives: every attribute; Jenkins plugins by what their manifests state."""
    for path in sorted((CLAIRCORE / "manifest").glob("*.jar")):
        lines = path.read_bytes().replace(b"\r\n ", b"").replace(b"\n ", b"").decode().splitlines()
        main = lines[: lines.index("")] if "" in lines else lines
        pairs = [line.split(":", 1) for line in main if ":" in line]
        read = read_manifest(path.read_bytes())
        assert all(read[name.lower()] == " ".join(value[:ATTRIBUTE_LIMIT].split()) for name, value in pairs), path
    for path in sorted((CLAIRCORE / "properties").glob("*.jar")):
        assert {"groupId", "artifactId", "version"} <= read_properties(path.read_bytes()).keys()
    for path in sorted((CLAIRCORE / "malformed-manifests").iterdir()):
        read_manifest(path.read_bytes())  # an error to them; here what is left of it
    for case in table(expected("quay+claircore/java/jar.json"), variable="jenkinsPlugins"):
        files = {f"{case['Name']}.hpi": jar({"META-INF/MANIFEST.MF": case["Contents"]})}
        [item] = installed(ANALYZER, files)[0]
        assert coordinates(item) == (case["ExpectedName"], case["ExpectedVersion"])


def test_scancode():
    """Main sections of manifests, by an independent reader."""
    for path in sorted((SCANCODE / "manifest").glob("*/MANIFEST.MF")):
        [main, *_] = json.loads(path.with_name("MANIFEST.MF.json").read_text())
        read = read_manifest(path.read_bytes())
        cut = ATTRIBUTE_LIMIT - 1  # their values have lost the blank after the colon
        wanted = {key: " ".join(value.split())[:cut] for key, value in main.items()}
        assert {key: read[key.lower()][:cut] for key in main} == wanted, path
    uber = SCANCODE / "uberjars/htrace-core-4.0.0-incubating"
    entries = {str(path.relative_to(uber)): path.read_bytes() for path in uber.rglob("*") if path.is_file()}
    items, _ = installed(ANALYZER, {"htrace-core-4.0.0-incubating.jar": jar(entries)})
    assert {coordinates(item) for item in items} == {
        ("org.apache.htrace:htrace-core", "4.0.0-incubating"),
        ("com.fasterxml.jackson.core:jackson-annotations", "2.4.0"),
        ("com.fasterxml.jackson.core:jackson-core", "2.4.0"),
        ("com.fasterxml.jackson.core:jackson-databind", "2.4.0"),
        ("commons-logging:commons-logging", "1.1.1"),
    }


def test_mutations():
    """Ten thousand damaged archives: packages, nothing or `Malformed`, never anything else, and never long."""
    random_ = random.Random(19)
    sources = [(path, data) for path, data in jars_below(FIXTURES).items() if data[:2] == b"PK" and len(data) < 120_000]
    outcomes = {"read": 0, "refused": 0}
    longest = 0.0
    for number in range(10_000):
        path, data = sources[number % len(sources)]
        damaged = bytearray(data)
        tail = random_.random() < 0.7  # the directory is where most of what is read stands
        for _ in range(random_.choice((1, 1, 4, 30))):
            at = (
                len(damaged) - random_.randrange(min(3000, len(damaged))) - 1
                if tail
                else random_.randrange(len(damaged))
            )
            damaged[at] = random_.choice((0, 1, 255, 80, random_.randrange(256)))
        if random_.random() < 0.1:
            del damaged[random_.randrange(len(damaged)) :]
        begun = time.process_time()
        try:
            list(ANALYZER.analyze(File(path, bytes(damaged)), Files({})))
            outcomes["read"] += 1
        except Malformed:
            outcomes["refused"] += 1
        longest = max(longest, time.process_time() - begun)
    assert min(outcomes.values()) > 1000
    assert longest < 5

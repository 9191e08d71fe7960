"""The Java analyzer: which files it wants, and cases of whole images."""

import json

import pytest

from analyses import File, Files, find, installed, is_wanted, read_case, shown
from case_files import CASES
from jars import jar, pack
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.java import ANALYZER
from stellaops_core.analyzers.java_archive import ENDINGS


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        *((f"opt/a{ending}", True) for ending in ENDINGS),
        ("opt/A.JAR", True),
        ("opt/a.jar.bak", False),
        ("opt/a.zip", False),
        ("opt/a.jmod", False),
        ("opt/w/META-INF/maven/g/a/pom.properties", True),
        ("opt/w/META-INF/maven/g/a/pom.xml", True),
        ("src/pom.xml", False),
        ("target/maven-archiver/pom.properties", False),
        ("usr/lib/jvm/java/release", True),
        ("release", False),
        ("usr/share/maven-repo/g/a/1/a-1.pom", False),
    ],
)
def test_wants(path, wanted):
    """Archives, unpacked records and runtimes; sources and Debian's poms are not wanted."""
    assert is_wanted(ANALYZER, path) is wanted


@pytest.mark.parametrize("case", sorted(path.stem for path in (CASES / "java").glob("*.case")))
def test_case(case, request):
    """Files in, components out; archives are built of what stands behind `!/`."""
    path = CASES / "java" / f"{case}.case"
    text = path.read_text()
    files, expected = read_case(text)
    found = shown(*installed(ANALYZER, pack(files)))
    for row in found["installed"]:
        row.pop("hashes", None)  # of archives that the standard library builds
    if request.config.getoption("--accept", default=False):
        body = text[: text.index("-- expected --")]
        path.write_text(f"{body}-- expected --\n{json.dumps(found, indent=1, ensure_ascii=False)}\n")
        return
    assert found == expected


def test_flaws_are_told_together():
    """All of a file's flaws are one reason, and what could be read is there."""
    bad = {f"lib/{number}.jar": b"no zip" for number in range(5)}
    good = "groupId=g\nartifactId=a\nversion=1\n"
    file = File("a.jar", jar({"META-INF/maven/g/a/pom.properties": good} | bad))
    with pytest.raises(Malformed, match=r"5 parts can't be read, the first: lib/0.jar: not a zip archive; lib/1.jar"):
        list(ANALYZER.analyze(file, Files({})))
    assert find(ANALYZER, {"a.jar": b""})[1] == {"a.jar": "empty"}


def test_what_could_be_read_is_there():
    """Packages come before the reason."""
    file = File("a.jar", jar({"META-INF/maven/g/a/pom.properties": "groupId=g\nartifactId=a\nversion=1", "b.jar": ""}))
    found = ANALYZER.analyze(file, Files({}))
    assert next(iter(found)).name == "a"

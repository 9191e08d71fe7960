"""nuspec: alone and in a package."""

import pytest

from jars import jar
from stellaops_core.readers.nuspec import SIZE_LIMIT, Nuspec, read_nupkg, read_nuspec

TEXT = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata minClientVersion="2.12">
    <id>Some.Thing</id><version>1.2.0-rc.1+build</version>
    <authors>Ada, Bob</authors><license type="{kind}">MIT</license>
    <projectUrl>https://user:secret@example.org/</projectUrl>
    <repository type="git" url="https://git.example.org/x.git" commit="c0ffee" />
    <dependencies><group targetFramework="net8.0"><dependency id="Other" version="2.0.0" /></group></dependencies>
    <files><id>Wrong</id></files>
  </metadata>
</package>"""


def test_fields():
    """Namespaces don't matter; only direct children of the metadata count; no secret passes."""
    assert read_nuspec(TEXT.format(kind="expression").encode()) == Nuspec(
        "Some.Thing",
        "1.2.0-rc.1",
        "MIT",
        "Ada, Bob",
        (("vcs", "https://git.example.org/x.git"), ("website", "https://example.org/")),
    )


@pytest.mark.parametrize(
    ("stated", "version"),
    [
        ("1.2.3.0", "1.2.3"),
        ("1.2.3.0-a", "1.2.3-a"),
        ("1.2.3.40", "1.2.3.40"),
        ("1.2.0", "1.2.0"),
        ("1.0+c0ffee", "1.0"),
    ],
)
def test_versions_as_nuget_names_them(stated, version):
    """Build metadata and a fourth number that is 0 are no part of a package's name."""
    assert read_nuspec(TEXT.format(kind="").replace("1.2.0-rc.1+build", stated).encode()).version == version


def test_a_licence_that_is_a_file_is_none():
    """Its text would have to be looked at."""
    assert read_nuspec(TEXT.format(kind="file").encode()).license == ""


def test_of_an_archive_the_root_counts():
    """A nuspec further in is something else."""
    content = jar({"lib/x.nuspec": "x", "Some.Thing.nuspec": TEXT.format(kind="file"), "lib/a.dll": b"MZ"})
    assert read_nupkg(content).id == "Some.Thing"


@pytest.mark.parametrize(
    "content", [b"", b"PK", jar({"a": "b"}), jar({"a.nuspec": "x"}), jar({"a.nuspec": "", "b.nuspec": ""})]
)
def test_other_archives(content):
    """None, several, or unreadable."""
    with pytest.raises(ValueError, match=r"archive|XML|empty"):
        read_nupkg(content)


ENTITY = '<!DOCTYPE p [<!ENTITY a "xxxxxxxxxx">]><package><metadata><id>&a;</id></metadata></package>'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not XML"),
        ("<package>", "not XML"),
        ("<package/>", "no name or version"),
        ("<package><metadata><id>a b</id><version>1</version></metadata></package>", "no name or version"),
        (ENTITY, "document type"),
        ("<a>" * 40 + "</a>" * 40, "nested"),
        ("<?xml version='1.0' encoding='no-such'?><package/>", "not XML"),
        (" " * (SIZE_LIMIT + 1), "larger"),
    ],
)
def test_what_is_refused(text, reason):
    """With its reason."""
    with pytest.raises(ValueError, match=reason):
        read_nuspec(text.encode())

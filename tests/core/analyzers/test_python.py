"""Python distributions: what is wanted, what is found, what can't be read."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import File, Files, find, installed, is_wanted
from case_texts import cases_of, check
from stellaops_core.analyzers.analyzer import Analyzer, Joins, Malformed, OwnedFiles, Package
from stellaops_core.analyzers.python import ANALYZER, SIZE_LIMIT, vendored_by

SITE = "usr/lib/python3.12/site-packages"


@pytest.mark.parametrize("case", cases_of("python"))
def test_case(case, request):
    """The files of a case give exactly what stands under `expected`; `--accept` rewrites it."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (f"{SITE}/a-1.dist-info/METADATA", True),
        (f"{SITE}/a-1.dist-info/RECORD", True),
        (f"{SITE}/a-1.dist-info/direct_url.json", True),
        (f"{SITE}/a-1.dist-info/WHEEL", False),
        (f"{SITE}/a-1.egg-info/PKG-INFO", True),
        (f"{SITE}/a-1.egg-info/METADATA", True),
        (f"{SITE}/a-1.egg-info", True),
        (f"{SITE}/a-1-py3.8.egg/EGG-INFO/PKG-INFO", True),
        (f"{SITE}/a-1-py3.8.egg", True),
        (f"{SITE}/a/METADATA", False),
        ("a-1/PKG-INFO", False),
        ("METADATA", False),
        ("root/.cache/uv/archive-v0/x/a-1.dist-info/METADATA", False),
        ("src/build/bdist.linux-x86_64/wheel/a-1.dist-info/METADATA", False),
        ("w/a-1-py3-none-any.whl/a-1.dist-info/METADATA", False),
        ("opt/venv/pyvenv.cfg", True),
        ("pyvenv.cfg", False),
        ("app/requirements.txt", False),
        ("app/poetry.lock", False),
    ],
)
def test_wants(path, wanted):
    """Records of installed distributions are wanted wherever they lie; wishes, wheels and build directories are not."""
    assert is_wanted(ANALYZER, path) is wanted


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty file"),
        ("\n\nName: a\nVersion: 1\n", "states no name"),
        ("Version: 1\n", "states no name"),
        ("Name: a\n", "states no version"),
        ("Name:\nVersion: 1\n", "states no name"),
        ("Name: a/../b\nVersion: 1\n", "states a name that can't be one"),
        ("Name: a\nVersion: 1 or 2\n", "states a version that can't be one"),
        ("Name: a\nVersion: " + "1" * 200, "states a version that can't be one"),
        ("Name: a\nVersion: 1".encode("utf-16"), "states no name"),
        (b"Name: \xff\xfe\nVersion: 1", "states a name that can't be one"),
        (b"\0" * 100, "states no name"),
    ],
)
def test_malformed(text, reason):
    """A record without a usable name or version is an Unknown with a reason, not a guess."""
    path = f"{SITE}/a-1.dist-info/METADATA"
    assert find(ANALYZER, {path: text}) == ({}, {path: reason})


def test_too_many_lines():
    """A reader's limit is a reason as well."""
    path = f"{SITE}/a-1.dist-info/METADATA"
    assert find(ANALYZER, {path: "a: b\n" * 200_001}) == ({}, {path: "more than 200000 lines"})


def test_too_large():
    """A record beyond the limit is not even read."""

    class Huge(File):
        size = SIZE_LIMIT + 1

        def read(self):
            raise AssertionError("read")

    with pytest.raises(Malformed, match="larger than"):
        list(ANALYZER.analyze(Huge(f"{SITE}/a-1.dist-info/METADATA", b""), Files({})))


def test_metadata_goes_before_pkg_info():
    """A directory with both records is one distribution, in one layer and across layers."""
    both = {
        f"{SITE}/a-1.egg-info/METADATA": "Name: a\nVersion: 1\n",
        f"{SITE}/a-1.egg-info/PKG-INFO": "Name: a\nVersion: 2\n",
    }
    assert [item.package.version for item in installed(ANALYZER, both)[0]] == ["1"]
    layers = [{path: text} for path, text in both.items()]
    assert [item.package.version for item in installed(ANALYZER, *layers)[0]] == ["1"]


def test_files_belong_to_their_package():
    """RECORD and METADATA name one key even when they come with different layers; paths are those of the image."""
    record = {f"{SITE}/a-1.dist-info/RECORD": "../../../bin/a,,\na/x.py,,\n"}
    found, _ = find(ANALYZER, record)
    assert list(found.values()) == [[OwnedFiles(f"{SITE}/a-1.dist-info", f"usr/bin/a\n{SITE}/a/x.py")]]
    [item], _ = installed(ANALYZER, record, {f"{SITE}/a-1.dist-info/METADATA": "Name: a\nVersion: 1\n"})
    assert item.package.key == f"{SITE}/a-1.dist-info"
    assert item.owns == (f"{SITE}/a-1.dist-info/RECORD",)


def egg(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr("EGG-INFO/" + name.replace("_", "-").replace("requires", "requires.txt"), text)
    return buffer.getvalue()


def test_zipped_egg():
    """A zipped egg on the search path is one distribution, with its requirements."""
    files = {
        f"{SITE}/a-1-py3.8.egg": egg(PKG_INFO="Name: a\nVersion: 1\n", requires="b\n"),
        f"{SITE}/b-2-py3.8.egg": egg(PKG_INFO="Name: b\nVersion: 2\n"),
        f"{SITE}/easter.egg": egg(other="no Python egg"),
        f"{SITE}/spoilt.egg": b"not a zip",
    }
    items, unread = installed(ANALYZER, files)
    assert [(str(item.purl), item.depends) for item in items] == [
        ("pkg:pypi/a@1", ("pkg:pypi/b@2",)),
        ("pkg:pypi/b@2", ()),
    ]
    assert list(unread) == [f"{SITE}/spoilt.egg"]


@pytest.mark.parametrize(
    ("key", "by"),
    [
        (f"{SITE}/a-1.dist-info", ""),
        (f"{SITE}/a.egg/EGG-INFO", ""),
        (f"{SITE}/setuptools/_vendor/a-1.dist-info", f"{SITE}/setuptools"),
        (f"{SITE}/x/site-packages/a-1.dist-info", ""),
        ("opt/tool/_vendor/a-1.dist-info", "opt/tool"),
        ("var/task/a-1.dist-info", ""),
        ("app/vendor/a-1.dist-info", ""),
    ],
)
def test_vendored(key, by):
    """Only what lies deeper than its site directory, or below a `_vendor`, came inside another package."""
    assert vendored_by(key) == by


FIELDS = ["Name", "Version", "License", "Classifier", "Requires-Dist", "Author-email", "Project-URL", "Home-page"]


@given(
    st.lists(st.tuples(st.sampled_from(FIELDS), st.text(max_size=40)), max_size=12),
    st.binary(max_size=60),
    st.binary(max_size=60),
)
def test_any_bytes(fields, origin, tail):
    """Whatever the bytes, either a reason comes out or a package that packs, has a purl and joins."""
    text = "Name: a\nVersion: 1\n" * (len(tail) % 2) + "".join(f"{name}: {value}\n" for name, value in fields)
    directory = f"{SITE}/a-1.dist-info"
    files = {
        f"{directory}/METADATA": text.encode("utf-8", "surrogatepass") + tail,
        f"{directory}/direct_url.json": b'{"url":"https://a/b","archive_info":{"hash":"' + origin + b'"}}',
        f"{directory}/RECORD": tail + origin,
        f"{directory}/INSTALLER": origin,
    }
    items, unread = installed(ANALYZER, files)
    assert len(items) + len(unread) == 1
    for item in items:
        facts = (*item.licenses, item.package.supplier, *(text for fact in item.properties for text in fact))
        assert not any(character in text for text in facts for character in "\0\r\n\x1b")


def test_no_credentials():
    """User names, passwords and signatures in URLs get into no fact at all."""
    url = "https://user:hunter2@example.org/x?token=hunter2"
    text = f"Name: a\nVersion: 1\nRequires-Dist: b @ {url.partition('?')[0]}\nLicense: see {url.partition('?')[0]}\n"
    text += f"Download-URL: {url.partition('?')[0]}\nProject-URL: Source, https://hunter2@example.org\n"
    for origin in ('"vcs_info": {"vcs": "git"}', '"archive_info": {}'):
        files = {
            f"{SITE}/a-1.dist-info/METADATA": text,
            f"{SITE}/a-1.dist-info/direct_url.json": f'{{"url": "{url}", {origin}}}',
        }
        found, _ = find(ANALYZER, files)
        [[package]] = found.values()
        assert isinstance(package, Package)
        assert "example.org/x" in repr(package)
        assert "hunter2" not in repr(package)

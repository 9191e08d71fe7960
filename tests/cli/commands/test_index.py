"""`stella index …`."""

import json

import pytest

from builders import layer, oci_layout
from core.sbom.samples import LIBC, SAMPLE
from stellaops_cli.commands.index import run_index
from stellaops_cli.settings import load_settings
from stellaops_core.errors import TargetError, TargetNotFound, UsageError
from stellaops_core.sbom.index_reader import open_index
from stellaops_core.sbom.stella_json import encode

STATUS = "Package: libexample1\nStatus: install ok installed\nVersion: 1:2.3-4\nArchitecture: amd64\nSource: example\n"


@pytest.fixture
def run(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load_settings({"cache_dir": str(tmp_path / "cache"), "quiet": True}, {})

    def run(action, **values):
        assert run_index(action, values, settings) == 0
        return capfd.readouterr().out

    return run


def build(run, tmp_path, name="image.bin"):
    files = {"etc/os-release": "ID=debian\nVERSION_ID=12\n", "var/lib/dpkg/status": STATUS}
    oci_layout(tmp_path / "image", [layer(files)])
    run("build", ref="oci:image", to=name)
    return name


def test_from_image_to_answer(run, tmp_path):
    """Build, verify, add, ask, remove: the whole way."""
    index = build(run, tmp_path)
    assert "index      1 components\ndigest     sha256:" in run("verify", file=index)
    assert run("add", fleet="fleet", indexes=[index]) == "new        1\nreplaced   0\nsame       0\n"
    assert run("add", fleet="fleet", indexes=[index]) == "new        0\nreplaced   0\nsame       1\n"
    assert run("verify", file="fleet") == "fleet      1 images\n"
    found = run("query", fleet="fleet", purls=["pkg:deb/debian/example"], versions="<1:2.4")
    assert found.startswith("1 of 1 images\n")
    assert "pkg:deb/debian/libexample1@1:2.3-4" in found.replace("%3A", ":")
    assert run("query", fleet="fleet", purls=["pkg:deb/debian/example"], versions="<1:2.3") == "0 of 1 images\n"
    assert run("query", fleet="fleet", purls=["pkg:deb/debian/libexample1"], used=True) == "0 of 1 images\n"
    with open_index(index) as opened:
        image = opened.subject.image
    assert run("remove", fleet="fleet", images=[image, "sha256:none"]) == "removed    1\n"
    assert run("query", fleet="fleet", purls=["pkg:deb/debian/example"]) == "0 of 0 images\n"


def test_from_a_document(run, tmp_path):
    """A document that a scan wrote does as well as its image; the usual name is used where none is given."""
    (tmp_path / "sbom.json").write_bytes(encode(SAMPLE))
    for ref in ("sbom.json", "sbom:sbom.json"):
        run("build", ref=ref)
        with open_index(tmp_path / "bom-index.bin") as index:
            assert LIBC in index


def test_json(run, tmp_path):
    """For programs."""
    run("add", fleet="fleet", indexes=[build(run, tmp_path)])
    found = json.loads(run("query", fleet="fleet", purls=["pkg:deb/debian/example"], format="json"))
    assert (found["selected"], found["found"][0]["platform"]) == (1, "linux/amd64")


def test_the_same_image_gives_the_same_index(run, tmp_path):
    """Byte for byte, from a cache that knows it or not."""
    first = (tmp_path / build(run, tmp_path)).read_bytes()
    run("build", ref="oci:image", to="again.bin")
    assert (tmp_path / "again.bin").read_bytes() == first


@pytest.mark.parametrize(
    ("action", "values", "error"),
    [
        ("query", {"fleet": "none", "purls": ["pkg:npm/a"]}, TargetNotFound),
        ("query", {"fleet": "none", "purls": ["lodash"]}, UsageError),
        ("query", {"fleet": "none", "purls": ["pkg:npm/a"], "format": "xml"}, UsageError),
        ("query", {"fleet": "none", "purls": ["pkg:npm/a"], "used": True, "possibly_used": True}, UsageError),
        ("query", {"fleet": "none", "purls": ["pkg:generic/a"], "versions": "<1"}, UsageError),
        ("remove", {"fleet": "none", "images": ["x"]}, TargetError),
        ("add", {"fleet": "none", "indexes": ["none.bin"]}, TargetNotFound),
        ("verify", {"file": "none"}, TargetNotFound),
        ("build", {"ref": "sbom:none"}, TargetNotFound),
    ],
)
def test_mistakes(run, tmp_path, action, values, error):
    """Each is one error, and none makes a file."""
    with pytest.raises(error):
        run(action, **values)
    assert not (tmp_path / "none").exists()


def test_no_index(run, tmp_path):
    """What is neither an index nor a fleet is refused, and adding it makes no difference to a fleet."""
    run("add", fleet="fleet", indexes=[build(run, tmp_path)])
    (tmp_path / "other.bin").write_bytes(b"something else")
    for action, values in (
        ("verify", {"file": "other.bin"}),
        ("add", {"fleet": "fleet", "indexes": ["other.bin"]}),
        ("add", {"fleet": "other.bin", "indexes": ["image.bin"]}),
    ):
        with pytest.raises(TargetError, match="damaged"):
            run(action, **values)
    assert run("verify", file="fleet") == "fleet      1 images\n"

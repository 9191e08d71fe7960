"""A target is a document or an image, and either gives a bill of materials."""

import pytest

from builders import layer, oci_layout
from stellaops_cli.progress import Live
from stellaops_cli.settings import load_settings
from stellaops_cli.targets import read_target
from stellaops_core.errors import TargetNotFound
from stellaops_core.sbom.stella_json import encode


@pytest.fixture
def read(tmp_path):
    settings = load_settings({"no_cache": True, "quiet": True}, {"HOME": str(tmp_path)})

    def call(text, view="inventory"):
        with Live(settings, terminal=False) as live:
            return read_target(str(text), settings, live, view=view)

    return call


def test_an_image_and_its_document_are_the_same(read, tmp_path):
    """What a scan finds is what its document says, with or without the scheme."""
    image = oci_layout(tmp_path / "image", [layer({"etc/os-release": "ID=alpine\n"})])
    sbom = read(f"oci:{image}")
    (tmp_path / "a.json").write_bytes(encode(sbom))
    assert read(tmp_path / "a.json") == read(f"sbom:{tmp_path / 'a.json'}") == sbom


def test_the_view_is_asked_for(read, tmp_path):
    """A scan for the usage view says what runs."""
    image = oci_layout(tmp_path / "image", [layer({"etc/os-release": "ID=alpine\n"})])
    assert read(f"oci:{image}").usage is None
    assert read(f"oci:{image}", "usage").usage is not None


def test_nothing_there(read, tmp_path):
    """The error names the path."""
    with pytest.raises(TargetNotFound, match="no bill of materials"):
        read(f"sbom:{tmp_path / 'none'}")

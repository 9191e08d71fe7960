"""From a reference to a source."""

import subprocess
import sys

import pytest

from builders import docker_archive, layer, oci_layout, tar_of
from stellaops_core import errors
from stellaops_core.images.archive import kind_of
from stellaops_core.images.image import ImageRef, Platform, parse_ref
from stellaops_core.images.source import open_image

LAYER = layer({"etc/os-release": "ID=x"})


@pytest.fixture
def places(tmp_path):
    """One image in each kind of place."""
    oci_layout(tmp_path / "layout", [LAYER], tag="1")
    tar_of(tmp_path / "layout", tmp_path / "layout.tar")
    docker_archive(tmp_path / "saved.tar", {"a/b:1": [LAYER]})
    return {
        "oci": tmp_path / "layout",
        "oci-archive": tmp_path / "layout.tar",
        "docker-archive": tmp_path / "saved.tar",
    }


@pytest.mark.parametrize("scheme", ["oci", "oci-archive", "docker-archive"])
@pytest.mark.parametrize("written", ["{path}", "{scheme}:{path}", "{scheme}:{path}:1"])
def test_stored_images(places, scheme, written):
    """What a user may write for an image in a file opens it."""
    ref = parse_ref(written.format(scheme=scheme, path=places[scheme]), kind_of)
    source = open_image(ref)
    try:
        assert [item.index for item in source.image.layers] == [0]
        with source.open_layer(source.image.layers[0]) as pieces:
            assert b"".join(pieces)
    finally:
        source.close()


@pytest.mark.parametrize("scheme", ["oci", "oci-archive", "docker-archive"])
def test_options_arrive(places, scheme):
    """Selector and platform reach the source."""
    path = str(places[scheme])
    with pytest.raises(errors.TargetNotFound):
        open_image(ImageRef(scheme, path, "2"))
    with pytest.raises(errors.PlatformNotFound):
        open_image(ImageRef(scheme, path), platform=Platform("linux", "arm64"))


def test_directories(tmp_path):
    """A root file system is a source without layers."""
    (tmp_path / "etc").mkdir()
    source = open_image(ImageRef("dir", str(tmp_path)))
    assert source.image.layers == ()
    source.close()
    with pytest.raises(errors.TargetNotFound):
        open_image(ImageRef("dir", str(tmp_path / "missing")))


@pytest.mark.parametrize(("scheme", "words"), [("ftp", "not a scheme"), ("registry", "no registry settings")])
def test_what_has_no_source(scheme, words):
    """An unknown scheme, or a registry without settings, is a usage error."""
    with pytest.raises(errors.UsageError, match=words):
        open_image(ImageRef(scheme, "example.com/a/b"))


def test_a_layout_costs_no_client(places):
    """Reading an image from files imports nothing heavy."""
    program = (
        "import sys; from stellaops_core.images.source import open_image;"
        "from stellaops_core.images.image import ImageRef;"
        "open_image(ImageRef('oci', sys.argv[1])).close();"
        "open_image(ImageRef('docker-archive', sys.argv[2])).close();"
        "heavy = {'httpx', 'zstandard', 'tempfile', 'tarfile', 'asyncio', 'dataclasses', 'json', 'orjson'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-I", "-c", program, str(places["oci"]), str(places["docker-archive"])]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "[]\n"

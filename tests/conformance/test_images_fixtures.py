"""Images of other projects' test suites: each opens as expected, with every layer verified, or fails as it should."""

import hashlib
import os
from pathlib import Path

import pytest

from stellaops_core import errors
from stellaops_core.images import archive, files
from stellaops_core.images.compression import Check, decompressed

pytestmark = pytest.mark.conformance

ROOT = Path(os.environ.get("STELLA_FIXTURES") or Path(__file__).parents[3] / "shared/fixtures") / "images"
GO = "google+go-containerregistry/pkg/v1/"
SCALIBR = "google+osv-scalibr/artifact/image/"
TAR = GO + "tarball/testdata/"
BAZEL = "bazel/v1/tarball:test_image_"

WINDOWS = "nexB+container-inspector/tests/data/image/windows-mini-image.tar.gz"

# path, selector, platform, layers, name
IMAGES = [
    ("anchore+stereoscope/pkg/image/oci/testdata/valid-oci.tar", "", "linux/amd64", 1, "sample:latest"),
    ("anchore+stereoscope/pkg/image/oci/testdata/valid_oci_dir", "1.0", "linux/amd64", 1, ""),
    ("anchore+stereoscope/pkg/image/oci/testdata/valid_oci_dir", "", "linux/amd64", 1, ""),
    (
        "anchore+stereoscope/pkg/image/oci/testdata/multiplatform_oci_dir",
        "latest",
        "linux/amd64",
        1,
        "docker.io/library/multi-platform:latest",
    ),
    ("aquasecurity+trivy/pkg/fanal/test/testdata/alpine-310.tar.gz", "", "linux/amd64", 1, "alpine:3.10"),
    (GO + "layout/testdata/test_index_one_image", "", "linux/amd64", 1, ""),
    (GO + "layout/testdata/test_gc_index", "1", "linux/amd64", 1, ""),
    (GO + "layout/testdata/test_index", "1", "linux/amd64", 1, ""),
    (GO + "mutate/testdata/overwritten_file.tar", "", "linux/amd64", 3, "bazel/pkg/v1/mutate:overwritten_file"),
    (GO + "mutate/testdata/source_image.tar", "", "linux/amd64", 1, "bazel/pkg/v1/mutate:source_image"),
    (GO + "mutate/testdata/whiteout_dir.tar", "", "linux/amd64", 4, "localhost:5000/whiteout:latest"),
    (GO + "mutate/testdata/whiteout_image.tar", "", "linux/amd64", 3, "bazel/pkg/v1/mutate:whiteout_image"),
    (TAR + "hello-world-v25.tar", "", "linux/arm64", 1, ""),
    (TAR + "test_bundle.tar", "test_image_1", "linux/amd64", 1, "test_image_1"),
    (TAR + "test_bundle.tar", "test_image_2:latest", "linux/amd64", 1, "test_image_2"),
    (TAR + "test_image_1.tar", "", "linux/amd64", 1, BAZEL + "1"),
    (TAR + "test_image_2.tar", "", "linux/amd64", 1, BAZEL + "2"),
    (TAR + "test_link.tar", BAZEL + "1", "linux/amd64", 1, BAZEL + "1"),
    (TAR + "test_link.tar", BAZEL + "3", "linux/amd64", 2, BAZEL + "3"),
    (TAR + "test_load_manifest.tar", "", "linux/amd64", 1, BAZEL + "1"),
    (SCALIBR + "layerscanning/image/testdata/overwrite-file.tar", "", "linux/amd64", 2, "overwrite-file:latest"),
    (SCALIBR + "layerscanning/image/testdata/single-file.tar", "", "linux/amd64", 1, "single-file:latest"),
    (SCALIBR + "layerscanning/image/testdata/symlink-basic.tar", "", "linux/amd64", 1, "symlink-basic:latest"),
    (SCALIBR + "layerscanning/image/testdata/symlink-dangling.tar", "", "linux/amd64", 2, "dangling-symlinks:latest"),
    (
        SCALIBR + "layerscanning/image/testdata/symlink-depth-exceeded.tar",
        "",
        "linux/amd64",
        1,
        "symlink-depth-exceeded:latest",
    ),
    (SCALIBR + "tar/testdata/basic.tar", "", "linux/amd64", 2, "basic:latest"),
    (SCALIBR + "unpack/testdata/dangling-symlinks.tar", "", "linux/amd64", 2, "dangling-symlinks:latest"),
    (SCALIBR + "unpack/testdata/permissions.tar", "", "linux/amd64", 1, "permissions:latest"),
    (
        "nexB+container-inspector/tests/data/image/mini-image_from_scratch-2.0.tar",
        "",
        "linux/amd64",
        4,
        "she/image_from_scratch:1.0",
    ),
    (
        "nexB+container-inspector/tests/data/image/she-image_from_scratch-1.0.tar",
        "",
        "linux/amd64",
        4,
        "she/image_from_scratch:1.0",
    ),
    ("rootfs-oci/alpine-haconiwa.oci.tar", "", "linux/amd64", 1, ""),
    ("rootfs-oci/alpine-vaultwarden.oci.tar", "alpine-vaultwarden", "linux/amd64", 2, ""),
    ("rootfs-oci/debian-guestbook.oci.tar", "", "linux/amd64", 2, ""),
    ("wagoodman+dive/.data/test-oci-estargz-image.tar", "", "linux/arm64", 1, ""),
    ("wagoodman+dive/.data/test-oci-gzip-image.tar", "", "linux/arm64", 1, ""),
    ("wagoodman+dive/.data/test-oci-uncompressed-image.tar", "", "linux/arm64", 1, ""),
    ("wagoodman+dive/.data/test-oci-zstd-image.tar", "", "linux/arm64", 1, ""),
]

# path, selector, error, words
REFUSED = [
    ("anchore+stereoscope/pkg/image/oci/testdata/valid_manifest", "", errors.Truncated, "has 0 of 424 bytes"),
    (GO + "layout/testdata/test_gc_image_unknown_mediatype", "", errors.NotAnImage, "lists no container image"),
    (GO + "layout/testdata/test_index", "", errors.UsageError, "several images"),
    (GO + "layout/testdata/test_gc_index", "", errors.UsageError, "several images"),
    (GO + "layout/testdata/test_index", "2", errors.TargetNotFound, "no image '2'"),
    (GO + "layout/testdata/test_index_media_type", "", errors.NotAnImage, "helm"),
    # Its configuration was edited without renaming it; whoever only counts layers does not notice.
    (GO + "mutate/testdata/source_image_with_empty_layer_history.tar", "", errors.DigestMismatch, "its name"),
    (TAR + "no_manifest.tar", "", errors.Unsupported, "before 1.10"),
    (TAR + "null_manifest.tar", "", errors.NotAnImage, "is empty"),
    (TAR + "test_bundle.tar", "", errors.UsageError, "several images"),
    (TAR + "test_link.tar", "", errors.UsageError, "several images"),
]


def found(path: str) -> Path:
    if not ROOT.is_dir():
        pytest.skip("no fixtures: set STELLA_FIXTURES to their directory")
    return ROOT / path


def opened(path: Path, selector: str, spool_dir: Path) -> files.StoredImage:
    kind = archive.kind_of(str(path))
    if kind == "oci":
        return archive.open_layout(path, selector)
    opener = {"oci-archive": archive.open_oci_archive, "docker-archive": archive.open_docker_archive}[kind]
    return opener(path, selector, spool_dir=spool_dir)


@pytest.mark.parametrize(("path", "selector", "platform", "layers", "name"), IMAGES)
def test_images(tmp_path, path, selector, platform, layers, name):
    """The image is the expected one, and each layer has its digest, size and diffID."""
    with opened(found(path), selector, tmp_path) as source:
        image = source.image
        assert (str(image.platform), len(image.layers), image.name) == (platform, layers, name)
        for item in image.layers:
            with source.open_layer(item) as pieces:
                check = Check(digest=item.digest, diff_id=item.diff_id, size=item.size)
                tar = hashlib.sha256(b"".join(decompressed(pieces, check)))
            assert item.diff_id == "sha256:" + tar.hexdigest()


@pytest.mark.parametrize(("path", "selector", "error", "words"), REFUSED)
def test_refused(tmp_path, path, selector, error, words):
    """What is no image, or a damaged one, is refused in the right way."""
    with pytest.raises(error, match=words) as caught:
        opened(found(path), selector, tmp_path)
    assert type(caught.value) is error


def test_a_layer_that_was_cut_down(tmp_path):
    """A Windows image (`rootfS`) whose layer its authors made small without a new diffID opens, and is then refused."""
    with opened(found(WINDOWS), "", tmp_path) as source:
        (layer,) = source.image.layers
        assert str(source.image.platform) == "windows/amd64"
        with source.open_layer(layer) as pieces, pytest.raises(errors.DigestMismatch):
            list(decompressed(pieces, Check(digest=layer.digest, diff_id=layer.diff_id, size=layer.size)))


def test_the_table_is_complete(tmp_path):
    """Every archive and layout of the fixtures is in a table above, or is a mere tar."""
    root = found("")
    listed = {path for path, *_ in (*IMAGES, *REFUSED)} | {WINDOWS}
    there = {item for item in root.rglob("*") if item.name.endswith((".tar", ".tar.gz"))}
    there |= {item.parent for item in root.rglob("index.json")}
    for item in sorted(there):
        if str(item.relative_to(root)) not in listed:
            with pytest.raises(errors.NotAnImage, match="neither manifest"):
                opened(item, "", tmp_path)

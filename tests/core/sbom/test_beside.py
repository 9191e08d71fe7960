"""Linked documents in files: what lies beside is found by its digest, and nothing else is read."""

import json
import os

import pytest
from msgspec.structs import replace

from core.sbom.cuts import cut
from core.sbom.samples import SAMPLE
from stellaops_core.digest import sha256
from stellaops_core.errors import TargetError
from stellaops_core.sbom import beside, linked, spdx_linked
from stellaops_core.sbom.beside import image_name, layer_name
from stellaops_core.sbom.read import read_file

PLAIN = replace(SAMPLE, removed=())
MODULES = {"cdx-json": linked, "spdx-json": spdx_linked}
FORMATS = pytest.mark.parametrize("format_", MODULES)


def write(folder, format_):
    """Write documents as `stella export --linked` does; return the paths of the image's and of the layers'."""
    module = MODULES[format_]
    layers = {index: module.encode_layer(cut(PLAIN, index), "e") for index in range(len(PLAIN.subject.layers))}
    image = folder / image_name(format_)
    image.write_bytes(module.encode_linked(PLAIN, layers))
    paths = [folder / layer_name(sha256(data), format_) for data in layers.values()]
    for path, data in zip(paths, layers.values(), strict=True):
        path.write_bytes(data)
    return image, paths


@FORMATS
def test_read_beside(tmp_path, monkeypatch, format_):
    """The image's document reads as what it and the documents beside it say together, from wherever it is named."""
    image, _ = write(tmp_path, format_)
    assert read_file(str(image)) == PLAIN
    monkeypatch.chdir(tmp_path)
    assert read_file(image.name) == PLAIN


@FORMATS
@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda path: path.unlink(), r"can't be read: layer-[0-9a-f]{64}\.\w+\.json: No such file"),
        (lambda path: path.write_bytes(path.read_bytes() + b"\n"), "a linked document is missing, or"),
        (lambda path: (path.unlink(), path.mkdir()), "can't be read"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "not a regular file"),
        (lambda path: (path.rename(path.parent / "x"), path.symlink_to("x")), "can't be read"),
    ],
)
def test_harm_is_told(tmp_path, format_, harm, message):
    """Missing, changed, no file at all, a pipe, a link: an error that names the file or the link, and no waiting."""
    image, (first, _) = write(tmp_path, format_)
    harm(first)
    with pytest.raises(TargetError, match=message):
        read_file(str(image))


@FORMATS
@pytest.mark.parametrize("name", ["../" * 20 + "etc/passwd", "0" * 63, "A" * 64, ""])
def test_no_name_leads_out(tmp_path, format_, name):
    """What stands for a digest is one, or the document is refused."""
    image, (first, _) = write(tmp_path, format_)
    digest = sha256(first.read_bytes())[7:]
    image.write_bytes(image.read_bytes().replace(json.dumps(digest).encode(), json.dumps(name).encode()))
    with pytest.raises(TargetError, match="link"):
        read_file(str(image))
    with pytest.raises(ValueError, match="not a SHA-256"):
        layer_name(f"sha256:{name}", format_)


@FORMATS
@pytest.mark.parametrize(("bound", "value"), [("LAYERS_LIMIT", 1), ("MAX_DOCUMENT", 2000)])
def test_bounds(tmp_path, monkeypatch, format_, bound, value):
    """No image has so many layers, or so large ones."""
    image, _ = write(tmp_path, format_)
    monkeypatch.setattr(beside, bound, value)
    with pytest.raises(TargetError, match=r"links to more than 1 others|together larger than"):
        read_file(str(image))


def test_others_links_are_left_alone(tmp_path):
    """Another tool's document with BOM-Links is read as ever."""
    path = tmp_path / "a.json"
    link = {"type": "bom", "url": "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#a"}
    component = {"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1", "externalReferences": [link]}
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component]}))
    assert [one.ref for one in read_file(str(path)).components] == ["pkg:npm/a@1"]

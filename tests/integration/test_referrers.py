"""Attaching documents to images in Debian's docker-registry, which knows no Referrers API; skopeo reads them back."""

import json
import shutil
import subprocess
import threading
import time

import pytest

from builders import layer, oci_layout
from integration.test_docker_registry import _serving
from stellaops_core.images.image import ImageRef
from stellaops_core.images.push import Document, PushRepository
from stellaops_core.images.referrers import CYCLONEDX, TOOL, VIEW, find_attached, read_attached, tag_of
from stellaops_core.images.registry import RegistryOptions, open_registry
from stellaops_core.images.registry_name import parse_name
from stellaops_core.scan.attached import take_attached
from stellaops_core.scan.options import ScanOptions
from stellaops_core.scan.scan import scan_documents
from stellaops_core.version import __version__

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not (shutil.which("docker-registry") and shutil.which("skopeo")),
        reason="needs Debian's packages docker-registry and skopeo",
    ),
]

VIEWS = ("inventory", "usage")
DOCUMENTS = tuple(Document(view.encode(), CYCLONEDX, f"{view}.cdx.json", {VIEW: view}) for view in VIEWS)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A registry with `team/app:1`; its `host:port`."""
    folder = tmp_path_factory.mktemp("registry")
    layout = oci_layout(folder / "layout", [layer({"etc/os-release": "ID=test\n"})], tag="1")
    with _serving(folder / "storage", folder / "config.json") as authority:
        target = f"docker://{authority}/team/app:1"
        command = ["skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}:1", target]
        subprocess.run(command, check=True, timeout=60)
        yield authority


def opened(registry):
    name = parse_name(f"{registry}/team/app:1")
    return PushRepository(name, RegistryOptions(insecure=(registry,)), time.sleep, time.monotonic)


def inspect(registry, reference):
    command = ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{registry}/team/app{reference}"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


def test_attach_and_find(registry):
    """Listed under the tag that the specification names, readable by others, unchanged by a second push."""
    repository = opened(registry)
    image, _ = repository.read_top()
    pushed = repository.attach(image, DOCUMENTS)
    assert all(one.new for one in pushed)
    found = find_attached(repository, image)
    assert [one.view for one in found] == ["inventory", "usage"]
    assert [read_attached(repository, one, image) for one in found] == [b"inventory", b"usage"]
    index = inspect(registry, f":{tag_of(image)}")
    assert [entry["artifactType"] for entry in index["manifests"]] == [CYCLONEDX, CYCLONEDX]
    manifest = inspect(registry, f"@{pushed[0].manifest}")
    assert manifest["subject"]["digest"] == image
    assert manifest["artifactType"] == CYCLONEDX
    again = repository.attach(image, DOCUMENTS)
    assert [(one.manifest, one.new) for one in again] == [(one.manifest, False) for one in pushed]
    assert inspect(registry, f":{tag_of(image)}") == index
    repository.close()


def test_writers_at_the_same_time(registry):
    """The registry knows no conditional requests: whatever one takes from another is listed again."""
    repository = opened(registry)
    image, _ = repository.read_top()

    def attach(number):
        other = opened(registry)
        other.attach(image, (Document(b"%d" % number, CYCLONEDX, "x", {}),))
        other.close()

    writers = [threading.Thread(target=attach, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    contents = {read_attached(repository, one, image) for one in find_attached(repository, image)}
    repository.close()
    assert {b"0", b"1", b"2"} <= contents


def test_a_scan_that_is_not_needed(registry):
    """What a scan wrote and somebody attached gives the same documents again, both views, without a layer."""
    source = open_registry(ImageRef("registry", f"{registry}/team/app:1"), None, RegistryOptions(insecure=(registry,)))
    formats = ("cdx-json", "spdx-json", "table")
    repository = opened(registry)
    for view in VIEWS:
        options = ScanOptions(view=view)
        scanned = scan_documents(source, formats, options=options).documents
        told = {VIEW: view, TOOL: f"stella {__version__}"}
        repository.attach(source.image.digest, (Document(scanned["cdx-json"], CYCLONEDX, "x", told),))
        said = []
        found = take_attached(source, formats, options=options, trust="stella", note=said.append)
        taken = scan_documents(source, formats, options=options, attached=lambda found=found: found)
        assert (taken.run.attached, taken.documents) == (True, scanned), said
    repository.close()
    source.close()

"""`stella buildx …`."""

import csv
import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import add_image, layer
from simulators import WritableRegistrySimulator
from stellaops_cli.commands.buildx import GENERATOR, make_command, run_buildx
from stellaops_cli.commands.scan import scan
from stellaops_cli.settings import load_settings
from stellaops_core.errors import Incomplete, TargetNotFound, UsageError
from stellaops_core.images.referrers import CYCLONEDX, TOOL, VIEW
from stellaops_core.version import __version__

STATUS = "Package: libexample1\nStatus: install ok installed\nVersion: 1:2.3-4\nArchitecture: amd64\n"
BASE = layer({"etc/os-release": "ID=debian\nVERSION_ID=12\n", "var/lib/dpkg/status": STATUS})
DAMAGED = layer({"usr/lib/python3.11/site-packages/demo-1.0.dist-info/METADATA": "Summary: nameless\n\n"})
PLAIN = load_settings({}, {})


@pytest.fixture
def registry():
    with WritableRegistrySimulator() as server:
        yield server


@pytest.fixture
def run(tmp_path, capfd, registry):
    def run(reference=":1", **flags):
        flags = {"insecure_registry": ["127.0.0.1"], "cache_dir": str(tmp_path / "cache"), "quiet": True, **flags}
        settings = load_settings(flags, {})
        assert run_buildx("push", {"ref": f"{registry.authority}/team/app{reference}"}, settings) == 0
        return [line.split(None, 3) for line in capfd.readouterr().out.splitlines()]

    return run


def image_for(registry, architecture, *more):
    platform = {"os": "linux", "architecture": architecture}
    return add_image(registry.blobs, [BASE, *more], config={"architecture": architecture}, platform=platform)


def attached(registry, image):
    return {entry["annotations"][VIEW]: entry for entry in registry.referring(image["digest"])}


def document_of(registry, entry):
    manifest = json.loads(registry.blobs[entry["digest"]])
    return registry.blobs[manifest["layers"][0]["digest"]]


def test_the_command(capfd):
    """Without options: this directory to an archive, by our generator of this version."""
    assert run_buildx("command", {}, PLAIN) == 0
    assert capfd.readouterr().out == (
        f"docker buildx build --attest=type=sbom,generator=stellaops/sbom-indexer:{__version__} "
        "--output type=oci,dest=image.tar .\n"
    )


def test_the_command_with_everything():
    """Each option has its place; what a shell would take apart is quoted."""
    values = {
        "image": "registry.example/shop/web:2.0",
        "generator": "registry.example/indexer@sha256:0",
        "param": ["NAME=shop, web", "STRICT=true"],
        "context": "my app",
    }
    assert make_command(values, load_settings({"platform": "linux/amd64,linux/arm64"}, {})) == (
        "docker buildx build --platform linux/amd64,linux/arm64 "
        "'--attest=type=sbom,generator=registry.example/indexer@sha256:0,\"NAME=shop, web\",STRICT=true' "
        "--tag registry.example/shop/web:2.0 --push 'my app'"
    )


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), st.text("ab ,\"'$`=\\", max_size=20))
def test_values_arrive_as_they_were_given(name, value):
    """Through a shell and buildx's reading of comma-separated values."""
    command = make_command({"param": [f"NAME={name}", f"OTHER={value}"]}, PLAIN)
    attest = next(word for word in shlex.split(command) if word.startswith("--attest="))
    fields = next(csv.reader([attest.removeprefix("--attest=")], strict=True))
    assert fields == ["type=sbom", f"generator={GENERATOR}", f"NAME={name}", f"OTHER={value}"]


@pytest.mark.parametrize("parameter", ["NAME", "=x", "a-b=c", "type=x", "generator=x", "disabled=true", ""])
def test_what_is_no_parameter(parameter):
    """It is refused here, not by a build later on."""
    with pytest.raises(UsageError, match="KEY=VALUE"):
        make_command({"param": [parameter]}, PLAIN)


@pytest.mark.parametrize("referrers", [True, False], ids=["api", "tag"])
def test_documents_are_attached_once(registry, run, referrers):
    """Inventory and usage, told by their view; the second time they are there already."""
    registry.referrers = referrers
    image = image_for(registry, "amd64")
    registry.push(image, "1", "other")
    shown = run()
    registry.referrers = True
    found = attached(registry, image)
    registry.referrers = referrers
    assert shown == [["linux/amd64", view, found[view]["digest"], "attached"] for view in ("inventory", "usage")]
    assert {entry["artifactType"] for entry in found.values()} == {CYCLONEDX}
    assert found["usage"]["annotations"][TOOL] == f"stella {__version__}"
    assert json.loads(document_of(registry, found["inventory"]))["components"][1]["name"] == "libexample1"
    before = dict(registry.manifests)
    for reference in (":1", ":other", f"@{image['digest']}"):
        assert [line[3] for line in run(reference)] == ["was there", "was there"]
    assert registry.manifests == before


def test_documents_are_those_of_a_scan(registry, run, tmp_path):
    """Byte for byte, of the image by its digest."""
    image = image_for(registry, "amd64")
    registry.push(image, "1")
    run()
    for view, entry in attached(registry, image).items():
        flags = {"insecure_registry": ["127.0.0.1"], "no_cache": True, "quiet": True, "view": view}
        settings = load_settings({**flags, "output": [f"cdx-json={tmp_path}/{view}"]}, {})
        assert scan({"ref": f"{registry.authority}/team/app@{image['digest']}"}, settings) == 0
        assert (tmp_path / view).read_bytes() == document_of(registry, entry)


def test_every_image_of_an_index(registry, run):
    """Each gets its own documents; attestations get none; `--platform` chooses one."""
    images = {name: image_for(registry, name) for name in ("amd64", "arm64")}
    proof = add_image(
        registry.blobs,
        [b"proof"],
        annotations={"vnd.docker.reference.type": "attestation-manifest"},
        platform={"os": "unknown", "architecture": "unknown"},
    )
    registry.push_index([*images.values(), proof], "1")
    assert [line[0] for line in run(platform="linux/arm64")] == ["linux/arm64"] * 2
    assert attached(registry, images["amd64"]) == {}
    shown = run()
    assert [(line[0], line[3]) for line in shown] == [
        *[("linux/amd64", "attached")] * 2,
        *[("linux/arm64", "was there")] * 2,
    ]
    assert all(set(attached(registry, image)) == {"inventory", "usage"} for image in images.values())
    assert attached(registry, proof) == {}


def test_strict(registry, run):
    """What could not be read is an exit code; the documents, which say so, are attached."""
    image = image_for(registry, "amd64", DAMAGED)
    registry.push(image, "1")
    with pytest.raises(Incomplete):
        run(strict=True)
    assert set(attached(registry, image)) == {"inventory", "usage"}


def test_what_has_no_referrers(tmp_path, registry, run):
    """An image on this host is told apart from one that is not there; offline is refused."""
    with pytest.raises(UsageError, match="not in a registry"):
        run_buildx("push", {"ref": f"dir:{tmp_path}"}, PLAIN)
    with pytest.raises(TargetNotFound):
        run(":none")
    with pytest.raises(UsageError, match="offline"):
        run(offline=True)

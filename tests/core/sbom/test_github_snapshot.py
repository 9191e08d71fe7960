"""The snapshot that GitHub's dependency submission API takes."""

import json

from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.samples import LIBC, OPENSSL, SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.sbom.github_snapshot import REVISION, Build, encode, encode_snapshot
from stellaops_core.sbom.text import escape_path

BUILD = Build("a" * 40, "refs/heads/main", "17", "ci-image", "https://example.com/17")


def labelled(value):
    return replace(SAMPLE, subject=replace(SAMPLE.subject, labels=((REVISION, value),)))


def test_the_build():
    """What is given stands where GitHub looks for it."""
    content = json.loads(encode_snapshot(SAMPLE, BUILD))
    assert (content["version"], content["sha"], content["ref"]) == (0, "a" * 40, "refs/heads/main")
    assert content["job"] == {"id": "17", "correlator": "ci-image", "html_url": "https://example.com/17"}
    assert content["detector"].keys() == {"name", "version", "url"}
    assert content["scanned"] == SAMPLE.timestamp


def test_nothing_is_invented():
    """Unknown is empty; the commit may come from the image's label, if it is one."""
    assert json.loads(encode(SAMPLE))["sha"] == json.loads(encode(labelled("main")))["sha"] == ""
    assert json.loads(encode(labelled("b" * 40)))["sha"] == "b" * 40
    assert json.loads(encode_snapshot(labelled("b" * 40), BUILD))["sha"] == "a" * 40


def test_sample():
    """A manifest for each place; edges within it; what nothing needs is direct."""
    manifests = json.loads(encode(SAMPLE))["manifests"]
    packages = manifests["var/lib/dpkg/status"]["resolved"]
    assert packages[OPENSSL]["dependencies"] == [LIBC]
    assert [packages[ref]["relationship"] for ref in (OPENSSL, LIBC)] == ["direct", "indirect"]
    assert manifests["app/50%25/package.json"]["file"] == {"source_location": "app/50%25/package.json"}


@settings(max_examples=25)
@given(used_sboms())
def test_every_package_in_every_place(sbom):
    """And dependencies are always packages of the same manifest."""
    manifests = json.loads(encode(sbom))["manifests"]
    found = {(path, ref) for path, manifest in manifests.items() for ref in manifest["resolved"]}
    assert found == {
        (escape_path(one.path), component.ref)
        for component in sbom.components
        for one in component.evidence
        if component.purl
    }
    for manifest in manifests.values():
        for package in manifest["resolved"].values():
            assert set(package["dependencies"]) <= set(manifest["resolved"])
            assert all(isinstance(value, str | int) for value in package.get("metadata", {}).values())

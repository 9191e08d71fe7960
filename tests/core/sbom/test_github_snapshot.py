"""The snapshot that GitHub's dependency submission API takes."""

import json
import re

from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.samples import LIBC, OPENSSL, SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.sbom.github_snapshot import REVISION, Build, add_build, encode, lacking
from stellaops_core.sbom.text import escape_path

BUILD = Build("a" * 40, "refs/heads/main", "17", "ci-image", "https://example.com/17", "2026-02-03T04:05:06Z")
HERE = "registry.example.com/shop/api:2.4:/"
MEMBERS = {"version", "sha", "ref", "job", "detector", "scanned", "metadata", "manifests"}
PACKAGE = {"package_url", "metadata", "relationship", "scope", "dependencies"}


def labelled(value):
    return replace(SAMPLE, subject=replace(SAMPLE.subject, labels=((REVISION, value),)))


def test_the_build():
    """What is given stands where GitHub looks for it; all else stays as it was."""
    content = json.loads(add_build(encode(SAMPLE), BUILD))
    assert (content["version"], content["sha"], content["ref"]) == (0, "a" * 40, "refs/heads/main")
    assert content["job"] == {"id": "17", "correlator": "ci-image", "html_url": "https://example.com/17"}
    assert content["detector"].keys() == {"name", "version", "url"}
    assert content["scanned"] == "2026-02-03T04:05:06Z"
    plain = json.loads(encode(SAMPLE))
    assert plain["scanned"] == SAMPLE.timestamp
    assert {**content, **{name: plain[name] for name in ("sha", "ref", "job", "scanned")}} == plain


@settings(max_examples=25)
@given(used_sboms())
def test_a_build_that_knows_nothing_changes_nothing(sbom):
    """Byte for byte, whatever packages are called; so what is kept is the same inside of Actions and outside."""
    assert add_build(encode(sbom), Build()) == encode(sbom)


def test_nothing_is_invented():
    """Unknown is empty; the commit may come from the image's label, if it is one."""
    assert json.loads(encode(SAMPLE))["sha"] == json.loads(encode(labelled("main")))["sha"] == ""
    assert json.loads(encode(labelled("b" * 40)))["sha"] == "b" * 40
    assert json.loads(add_build(encode(labelled("b" * 40)), BUILD))["sha"] == "a" * 40


def test_what_github_would_refuse():
    """Each fact without which it does is named."""
    assert lacking(encode(SAMPLE)) == ["sha", "ref", "job", "correlator"]
    assert lacking(add_build(encode(labelled("b" * 40)), Build(ref="refs/heads/main"))) == ["job", "correlator"]
    assert lacking(add_build(encode(SAMPLE), BUILD)) == []


def test_sample():
    """A manifest for each place; edges within it; what nothing needs is direct."""
    manifests = json.loads(encode(SAMPLE))["manifests"]
    packages = manifests[f"{HERE}var/lib/dpkg/status"]["resolved"]
    assert packages[OPENSSL]["dependencies"] == [LIBC]
    assert [packages[ref]["relationship"] for ref in (OPENSSL, LIBC)] == ["direct", "indirect"]
    assert manifests[f"{HERE}app/50%25/package.json"]["file"] == {"source_location": f"{HERE}app/50%25/package.json"}


def test_places_of_an_image_are_no_files_of_the_repository():
    """GitHub shows one manifest for each file: an image's must not replace the repository's. A directory's may."""
    unnamed = replace(SAMPLE, subject=replace(SAMPLE.subject, name=""))
    assert all(path.startswith(f"{SAMPLE.subject.digest}:/") for path in json.loads(encode(unnamed))["manifests"])
    folder = replace(SAMPLE, subject=replace(SAMPLE.subject, kind="directory"))
    assert "var/lib/dpkg/status" in json.loads(encode(folder))["manifests"]


@settings(max_examples=25)
@given(used_sboms())
def test_every_package_in_every_place(sbom):
    """And dependencies are always packages of the same manifest."""
    manifests = json.loads(encode(sbom))["manifests"]
    found = {(path, ref) for path, manifest in manifests.items() for ref in manifest["resolved"]}
    before = f"{sbom.subject.name or sbom.subject.digest}:/" if sbom.subject.kind == "container" else ""
    assert found == {
        (before + escape_path(one.path), component.ref)
        for component in sbom.components
        for one in component.evidence
        if component.purl
    }
    for manifest in manifests.values():
        for package in manifest["resolved"].values():
            assert set(package["dependencies"]) <= set(manifest["resolved"])


@settings(max_examples=25)
@given(used_sboms())
def test_the_schema(sbom):
    """As GitHub documents the request's body: members, values, at most eight scalars of metadata."""
    content = json.loads(add_build(encode(sbom), BUILD))
    assert content.keys() == MEMBERS
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", content["scanned"])
    for name, manifest in content["manifests"].items():
        assert manifest.keys() <= {"name", "file", "metadata", "resolved"}
        assert manifest["name"] == name
        for key, package in manifest["resolved"].items():
            assert package.keys() <= PACKAGE
            assert package["package_url"] == key
            assert key.startswith("pkg:")
            assert package["relationship"] in {"direct", "indirect"}
            assert package["scope"] in {"runtime", "development"}
            told = package.get("metadata", {})
            assert len(told) <= 8
            assert all(isinstance(value, str | int) for value in told.values())

"""CycloneDX of other tools: what it says is taken, what it does not say is not made up."""

import json

import pytest

from stellaops_core.errors import TargetError
from stellaops_core.sbom.cyclonedx_foreign import MAX_DEPTH
from stellaops_core.sbom.cyclonedx_reader import decode
from stellaops_core.sbom.stella_json import decode as decode_own
from stellaops_core.sbom.stella_json import encode as encode_own

DIFF = "sha256:" + "a" * 64
BASE = "sha256:" + "b" * 64


def facts(**members):
    return [{"name": name.replace("__", ":"), "value": value} for name, value in members.items()]


def read(*components, version="1.5", **members):
    content = {"bomFormat": "CycloneDX", "specVersion": version, "components": components, **members}
    sbom = decode(json.dumps(content).encode())
    assert decode_own(encode_own(sbom)) == sbom
    return sbom


def library(purl="pkg:pypi/a@1", **members):
    return {"type": "library", "bom-ref": "r", "name": "a", "version": "1", "purl": purl, **members}


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_what_a_component_says(version):
    """Name, licences, hashes, supplier, URLs and properties; the package URL in its canonical form."""
    component = library(
        "pkg:PyPI/Flask_Login@1",
        licenses=[{"license": {"id": "MIT"}}, {"license": {"name": "x"}}],
        hashes=[{"alg": "SHA-1", "content": "A" * 40}],
        publisher="someone",
        externalReferences=[{"type": "vcs", "url": "https://example.com"}],
        properties=facts(cdx__a="b"),
    )
    (one,) = read(component, version=version).components
    assert (one.ref, one.type, one.version, one.supplier) == ("pkg:pypi/flask-login@1", "pypi", "1", "someone")
    assert one.licenses == ("MIT", "x")
    assert one.hashes == (("SHA-1", "a" * 40),)
    assert one.urls == (("vcs", "https://example.com"),)
    assert one.properties == (("cdx:a", "b"),)
    assert [(place.path, place.analyzer, place.layer) for place in one.evidence] == [("", "sbom", -1)]


def test_syft_says_where():
    """Paths and layers of its properties; the layers in the order in which they come."""
    places = facts(syft__location__0__layerID=BASE, syft__location__0__path="/a/b", syft__location__1__path="/c")
    sbom = read(library(properties=places))
    assert [(one.path, one.layer) for one in sbom.components[0].evidence] == [("a/b", 0), ("c", -1)]
    assert [layer.diff_id for layer in sbom.subject.layers] == [BASE]
    assert sbom.components[0].layer == 0
    assert sbom.components[0].properties == ()


def test_trivy_says_where():
    """The image's layers in order, its digest, and of packages path and layer."""
    image = {
        "type": "container", "bom-ref": "i", "name": "img",
        "properties": [*facts(aquasecurity__trivy__DiffID=BASE), *facts(aquasecurity__trivy__DiffID=DIFF),
                       *facts(aquasecurity__trivy__ImageID=DIFF, aquasecurity__trivy__RepoTag="img:1")],
    }  # fmt: skip
    places = facts(aquasecurity__trivy__FilePath="app/x", aquasecurity__trivy__LayerDiffID=DIFF)
    system = {"type": "operating-system", "name": "debian", "version": "12"}
    lock = {
        "type": "application",
        "name": "app/package-lock.json",
        "properties": facts(aquasecurity__trivy__Type="npm"),
    }
    sbom = read(system, lock, library(properties=places), metadata={"component": image})
    assert [layer.diff_id for layer in sbom.subject.layers] == [BASE, DIFF]
    assert (sbom.subject.kind, sbom.subject.config_digest, sbom.subject.tags) == ("container", DIFF, ("img:1",))
    assert [(one.path, one.layer) for one in sbom.components[0].evidence] == [("app/x", 1)]
    assert (sbom.distribution.id, sbom.distribution.version) == ("debian", "12")
    assert sbom.unknowns == ()


def test_components_without_a_package_url():
    """By name and version, or by a file's digest; what has neither is unknown; what groups others is neither."""
    file = {"type": "file", "name": "usr/bin/x", "hashes": [{"alg": "SHA-256", "content": "C" * 64}]}
    sbom = read(
        {"type": "library", "group": "g", "name": "n", "version": "1"},
        {"type": "library", "name": "n", "version": "2", "purl": "not a purl"},
        {"type": "library", "name": "nameless%"},
        {"type": "container", "name": "base", "version": "1"},
        file,
    )
    assert [one.ref for one in sbom.components] == ["bin:" + "c" * 64, "pkg:generic/g/n@1", "pkg:generic/n@2"]
    assert [one.path for one in sbom.unknowns] == ["nameless%"]
    assert sbom.components[0].evidence[0].path == "usr/bin/x"


def test_one_package_listed_twice_is_one():
    """With the facts of both, and dependencies by `bom-ref`; what is excluded is left out."""
    first = library(licenses=[{"expression": "MIT"}], **{"bom-ref": "x"})
    second = library(properties=facts(a="1"), **{"bom-ref": "y"})
    other = library("pkg:pypi/b@2", **{"bom-ref": "z"})
    gone = library("pkg:pypi/c@3", scope="excluded")
    edges = [{"ref": "x", "dependsOn": ["z", "x", "?"]}, {"ref": "y", "dependsOn": ["x"]}, {"ref": "?"}]
    sbom = read(first, second, other, gone, dependencies=edges)
    assert [one.ref for one in sbom.components] == ["pkg:pypi/a@1", "pkg:pypi/b@2"]
    assert sbom.components[0].licenses == ("MIT",)
    assert sbom.components[0].properties == (("a", "1"),)
    assert sbom.components[0].depends == ("pkg:pypi/b@2",)


def test_nested_components():
    """Are listed like all others, down to a bound."""
    sbom = read(library(components=[library("pkg:pypi/b@1")]))
    assert [one.ref for one in sbom.components] == ["pkg:pypi/a@1", "pkg:pypi/b@1"]
    deep = library()
    for _ in range(MAX_DEPTH + 1):
        deep = library(components=[deep])
    with pytest.raises(TargetError, match="nested deeper"):
        read(deep)


@pytest.mark.parametrize(
    ("stated", "taken"),
    [
        ("2025-01-02T03:04:05+02:00", "2025-01-02T01:04:05Z"),
        ("2025-01-02T03:04:05.678Z", "2025-01-02T03:04:05Z"),
        ("2025-02-30T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("yesterday", "1970-01-01T00:00:00Z"),
        (5, "1970-01-01T00:00:00Z"),
    ],
)
def test_times(stated, taken):
    """In UTC and whole seconds; no clock is asked."""
    assert read(metadata={"timestamp": stated}).timestamp == taken


def test_members_of_wrong_types_are_passed_over():
    """Others' mistakes don't hide what is right."""
    odd = library(licenses="MIT", hashes=[5], supplier=[], externalReferences={}, evidence=7, properties="x")
    sbom = read(odd, dependencies=5, metadata={"component": [], "tools": 5})
    assert [one.ref for one in sbom.components] == ["pkg:pypi/a@1"]


def test_many_of_one_take_no_longer():
    """A document that lists one package again and again is read in one pass."""
    many = [library(properties=facts(**{f"p{number}": "x"})) for number in range(20_000)]
    assert len(read(*many).components[0].properties) == 20_000

"""SPDX 2 read back: our own without loss, whatever a tool between did to the form; everything else refused politely."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.samples import LIBC, SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.errors import TargetError
from stellaops_core.sbom import spdx_json_reader
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx_json import document, encode
from stellaops_core.sbom.spdx_json_reader import decode


def sample():
    return json.loads(encode(SAMPLE))


@settings(max_examples=40)
@given(used_sboms())
def test_nothing_is_lost(sbom):
    """But packages that an upper layer removed; and what was read is written as the same bytes."""
    data = encode(sbom)
    again = decode(data)
    assert again == replace(sbom, removed=())
    assert encode(again) == data


def test_another_tool_may_have_rewritten_it():
    """Order of packages and members, indentation, further creators, files and annotations make no difference."""
    content = document(SAMPLE)
    content["packages"].reverse()
    content["relationships"].reverse()
    content["creationInfo"]["creators"].insert(0, "Tool: buildkit-v0.26")
    content["files"] = [{"SPDXID": "SPDXRef-f", "fileName": "a", "comment": "layerID: sha256:0"}]
    foreign = {"annotator": "Person: A", "annotationDate": "", "annotationType": "REVIEW", "comment": "{}"}
    for element in (content, *content["packages"]):
        element.setdefault("annotations", []).insert(0, foreign)
    assert decode(json.dumps(content, sort_keys=True).encode()) == replace(SAMPLE, removed=())


def test_fields_are_read_not_only_annotations():
    """Versions, licences, needs and owners stand in the fields of SPDX alone."""
    text = json.dumps([one["annotations"] for one in sample()["packages"] if "annotations" in one])
    assert "7.26.0" not in text
    assert LIBC not in text
    assert "MIT OR Apache" not in text


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["packages"].append(content["packages"][2]),
        lambda content: content["packages"][2]["annotations"][0].update(comment='{"evidence": [{"path": "a"}]}'),
        lambda content: content["packages"][2]["annotations"][0].update(comment='{"evidence": 1, "layer": 0}'),
        lambda content: content["packages"][2].update(versionInfo=7),
        lambda content: content["packages"][2].update(name=None),
        lambda content: content["packages"][2].update(externalRefs=[]),
        lambda content: content["annotations"][0].update(
            comment=content["annotations"][0]["comment"].replace('"index":1', '"index":7')
        ),
    ],
)
def test_contradictions_are_refused(change):
    """Our own documents keep the promises of `Sbom`, or are refused; a package listed twice under one id is one."""
    content = sample()
    change(content)
    data = json.dumps(content).encode()
    if len(content["packages"]) > 6:
        assert decode(data) == replace(SAMPLE, removed=())
    else:
        with pytest.raises(TargetError, match="not an SPDX document"):
            decode(data)


def test_the_same_package_under_two_ids():
    """Is one too many."""
    content = sample()
    content["packages"].append(content["packages"][2] | {"SPDXID": "SPDXRef-other"})
    with pytest.raises(TargetError, match="not sorted by purl, each once"):
        decode(json.dumps(content).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"spdxVersion": []}',
        b'{"spdxVersion": "SPDX-3.0"}',
        b'{"spdxVersion": "SPDX-2.3"}x',
    ],
)
def test_other_things_are_refused(data):
    """With one error."""
    with pytest.raises(TargetError):
        decode(data)


def test_too_large(monkeypatch):
    """Size is looked at before anything is decoded."""
    monkeypatch.setattr(spdx_json_reader, "MAX_DOCUMENT", 10)
    with pytest.raises(TargetError, match="larger than"):
        decode(encode(SAMPLE))


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 3), st.text(max_size=4), st.just("pkg:npm/a@1")),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=4,
)


def places(value, path=()):
    """Paths to all members of a decoded document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


PLACES = list(places(sample()))


def member(value, key):
    if isinstance(value, dict):
        return value.get(key)
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3), st.booleans())
def test_hostile_documents(changes, foreign):
    """Any member may hold anything: an `Sbom` or a `TargetError` comes of it, ours and others' alike."""
    content = sample()
    if foreign:
        del content["annotations"]
    for path, value in changes:
        inner = content
        for key in path[:-1]:
            inner = member(inner, key)
        if member(inner, path[-1]) is not None:
            inner[path[-1]] = value
    try:
        assert isinstance(decode(json.dumps(content).encode()), Sbom)
    except TargetError as error:
        assert "\n" not in error.message  # noqa: PT017  # either is fine


def test_odd_members_are_passed_over():
    """What has not the form that SPDX gives it says nothing."""
    odd = {"annotator": "Tool: stella", "comment": "[["}
    content = {
        "spdxVersion": "SPDX-2.3",
        "packages": 1,
        "annotations": [odd, 1],
        "relationships": [[], 1],
        "SPDXID": {},
    }
    assert decode(json.dumps(content).encode()).components == ()

"""Which component is which."""

import pytest
from hypothesis import given
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from core.sbom.twins import twin
from stellaops_core.component import Evidence
from stellaops_core.sbom import diff_pairs as module
from stellaops_core.sbom.diff_pairs import pair_components, product_of


def one(ref, version="", *paths):
    """A component; its version is the purl's."""
    kind, name = ref.removeprefix("pkg:").partition("/")[::2]
    name, _, stated = name.partition("?")[0].rpartition("/")[2].rpartition("@")
    evidence = tuple(Evidence(path, "test", -1) for path in paths or ("a",))
    return replace(
        SAMPLE.components[0], ref=ref, type=kind, name=name, version=version or stated, layer=-1, evidence=evidence
    )


def npm(version, *paths):
    return one(f"pkg:npm/lodash@{version}", version, *paths)


def pairs(old, new):
    return sorted(
        (before.ref.rpartition("/")[2] if before else "", after.ref.rpartition("/")[2] if after else "")
        for before, after in pair_components(old, new)
    )


def test_several_versions_side_by_side():
    """The same version first, then the same place, then the smallest step."""
    old = [npm("3.10.1", "a"), npm("4.17.20", "b"), npm("4.16.0", "c")]
    new = [npm("3.10.1", "x"), npm("4.17.21", "b"), npm("4.17.22", "c")]
    assert pairs(old, new) == [
        ("lodash@3.10.1", "lodash@3.10.1"), ("lodash@4.16.0", "lodash@4.17.22"), ("lodash@4.17.20", "lodash@4.17.21"),
    ]  # fmt: skip
    old, new = [npm("1.0.0", "a"), npm("2.0.0", "b")], [npm("2.0.1", "c")]
    assert pairs(old, new) == [("lodash@1.0.0", ""), ("lodash@2.0.0", "lodash@2.0.1")]
    assert pairs(new, old) == [("", "lodash@1.0.0"), ("lodash@2.0.1", "lodash@2.0.0")]


def test_variants_stay_together():
    """Architectures side by side are no versions of one another, but one may become the other."""
    refs = [f"pkg:deb/debian/libc6@{version}?arch={arch}" for version in (1, 2) for arch in ("amd64", "i386")]
    old, new = [one(refs[0]), one(refs[1])], [one(refs[2]), one(refs[3])]
    assert pairs(old, new) == [
        ("libc6@1?arch=amd64", "libc6@2?arch=amd64"), ("libc6@1?arch=i386", "libc6@2?arch=i386"),
    ]  # fmt: skip
    assert pairs([one("pkg:deb/debian/tzdata@1?arch=amd64")], [one("pkg:deb/debian/tzdata@1?arch=all")]) == [
        ("tzdata@1?arch=amd64", "tzdata@1?arch=all")
    ]


def test_programs_by_path():
    """The file at the same place was replaced; the same file elsewhere is the same."""
    first, second, third = ("bin:" + letter * 64 for letter in "abc")
    old, new = [one(first, "", "bin/x"), one(second, "", "bin/y")], [one(third, "", "bin/x"), one(second, "", "bin/z")]
    assert pairs(old, new) == [(first, third), (second, second)]
    assert pairs([one(first, "", "bin/x")], [one(third, "", "bin/y")]) == [("", third), (first, "")]


def test_products():
    """Type, namespace, name and subpath; what is no purl is itself."""
    assert product_of("pkg:npm/%40a/b@1?arch=x#c").place == ("npm", "@a", "b", "c")
    assert product_of("bin:00").place == ("bin:00",)
    assert product_of("pkg:deb/x").place == ("pkg:deb/x",)


@given(twin(), twin())
def test_each_once_and_both_ways(old, new):
    """Every component is in exactly one pair; exchanged lists give exchanged pairs; partners are one product."""
    there = list(pair_components(old.components, new.components))
    assert sorted(before.ref for before, _ in there if before) == [one.ref for one in old.components]
    assert sorted(after.ref for _, after in there if after) == [one.ref for one in new.components]
    back = {
        (before and before.ref, after and after.ref)
        for before, after in pair_components(new.components, old.components)
    }
    assert {(after and after.ref, before and before.ref) for before, after in there} == back
    for before, after in there:
        if before and after and not before.ref.startswith("bin:"):
            assert product_of(before.ref).place == product_of(after.ref).place


@pytest.mark.parametrize("limit", [0, 10_000])
def test_many_of_one_product(monkeypatch, limit):
    """Beyond the limit the sorted lists are paired; the nearest are found either way."""
    monkeypatch.setattr(module, "PAIR_LIMIT", limit)
    old, new = [npm(f"{at}.0.0") for at in range(30)], [npm(f"{at}.0.1") for at in range(30)]
    assert pairs(old, new) == sorted((f"lodash@{at}.0.0", f"lodash@{at}.0.1") for at in range(30))

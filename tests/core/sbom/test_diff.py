"""What differs between two bills of materials."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.samples import BABEL, LIBC, OPENSSL, REQUESTS, SAMPLE, digest
from core.sbom.strategies import sboms
from core.sbom.twins import twin
from stellaops_core.component import NOT_REACHED, Distribution, Step, Use
from stellaops_core.sbom.diff import KINDS, Fact, diff, limit_to_use
from stellaops_core.sbom.sbom import Program, Usage

OPPOSITE = {"added": "removed", "removed": "added", "upgraded": "downgraded", "downgraded": "upgraded"}


def changed(which, **fields):
    """The sample with one component made different."""
    components = [replace(one, **fields) if one.ref == which else one for one in SAMPLE.components]
    return replace(SAMPLE, components=tuple(sorted(components, key=lambda one: one.ref)))


def only(old, new):
    """The kinds of the only change there is."""
    (change,) = diff(old, new).changes
    return change.kinds


@given(st.one_of(sboms(), twin()))
def test_a_thing_equals_itself(sbom):
    """Nothing differs, whatever it holds."""
    same = diff(sbom, sbom)
    assert same.empty
    assert same.counts == {}
    assert same.shared == len(sbom.subject.layers)


@given(twin(), twin())
def test_the_other_direction_is_the_opposite(old, new):
    """The same pairs, with sides exchanged and kinds reversed; the same of facts and layers."""
    there, back = diff(old, new), diff(new, old)
    seen = Counter((tuple(OPPOSITE.get(kind, kind) for kind in one.kinds), one.new, one.old) for one in there.changes)
    assert seen == Counter((one.kinds, one.old, one.new) for one in back.changes)
    assert [(fact.name, fact.new, fact.old) for fact in there.facts] == [
        (fact.name, fact.old, fact.new) for fact in back.facts
    ]
    turned = {"added": "removed", "removed": "added"}
    assert Counter((turned.get(one.state, one.state), one.new, one.old) for one in there.layers) == Counter(
        (one.state, one.old, one.new) for one in back.layers
    )
    assert (there.shared, there.base_changed, there.empty) == (back.shared, back.base_changed, back.empty)


@given(twin(), twin())
def test_the_old_with_its_changes_is_the_new(old, new):
    """Nothing is told twice, and nothing that is not told differs in version, licence or use."""
    told = diff(old, new).changes
    gone = {change.old.ref for change in told if change.old}
    come = {change.new.ref for change in told if change.new}
    assert len(gone) == sum(change.old is not None for change in told)
    assert len(come) == sum(change.new is not None for change in told)
    left = {one.ref: one for one in old.components if one.ref not in gone}
    kept = {one.ref: one for one in new.components if one.ref not in come}

    def facts(components):
        return Counter((one.type, one.name, one.version, frozenset(one.licenses)) for one in components.values())

    assert facts(left) == facts(kept)


@given(twin(), twin())
def test_promises(old, new):
    """Kinds are in order and fit the sides; causes name layers that exist and that the other image lacks."""
    whole = diff(old, new)
    states = {id(layer): pair.state for pair in whole.layers for layer in (pair.old, pair.new) if layer}
    for change in whole.changes:
        assert change.kinds
        assert list(change.kinds) == [kind for kind in KINDS if kind in change.kinds]
        assert (change.old is None) == (change.kinds[0] == "added")
        assert (change.new is None) == (change.kinds[0] == "removed")
        if change.cause:
            image = new if change.cause.image == "new" else old
            assert image.subject.layers[change.cause.layer.index] == change.cause.layer
            at = change.cause.layer.index
            here = next(one for one in image.subject.layers if one.index == at)
            if change.kinds[0] in {"added", "removed", "upgraded"}:
                assert states[id(here)] != "same" or whole.shared == at


@pytest.mark.parametrize(
    ("ref", "fields", "kinds"),
    [
        (LIBC, {"ref": LIBC.replace("2.36-9", "2.36-10"), "version": "2.36-10"}, ("upgraded",)),
        (LIBC, {"ref": LIBC.replace("2.36-9", "2.36-9~b"), "version": "2.36-9~b"}, ("downgraded",)),
        (REQUESTS, {"ref": REQUESTS[:-6] + "git", "version": "git"}, ("changed",)),
        (REQUESTS, {"ref": REQUESTS + ".0", "version": "2.32.3.0"}, ("changed",)),
        (OPENSSL, {"ref": OPENSSL.replace("amd64", "i386")}, ("changed",)),
        (REQUESTS, {"ref": REQUESTS + "?vcs_url=git%2Bhttps:%2F%2Fexample.org%2Fx"}, ("changed",)),
        (REQUESTS, {"hashes": (("SHA-256", "f" * 64),)}, ("changed",)),
        (BABEL, {"layer": 0}, ("moved",)),
        (BABEL, {"licenses": ("MIT",)}, ("licence",)),
        (REQUESTS, {"owners": ()}, ("owner",)),
        (
            BABEL,
            {"ref": BABEL.replace("7.26.0", "7.26.1"), "version": "7.26.1", "licenses": ("MIT",)},
            ("upgraded", "licence"),
        ),
        (LIBC, {"type": "deb", "ref": LIBC.replace("libc6", "libc7"), "name": "libc7"}, None),
    ],
)
def test_kinds(ref, fields, kinds):
    """Each way to differ, and what is said of it."""
    if kinds:
        assert only(SAMPLE, changed(ref, **fields)) == kinds
    else:
        assert diff(SAMPLE, changed(ref, **fields)).counts == {"added": 1, "removed": 1}


@pytest.mark.parametrize(
    ("ref", "fields"),
    [
        (OPENSSL, {"ref": OPENSSL.replace("debian-12", "debian-12.5")}),
        (OPENSSL, {"ref": OPENSSL + "&upstream=openssl-src"}),
        (REQUESTS, {"owners": (OPENSSL.replace("3.0.15-1", "3.0.15-2"),)}),
        (REQUESTS, {"hashes": (("MD5", "f" * 32),)}),
        (REQUESTS, {"licenses": ("see NOTICE", "Apache-2.0")}),
        (REQUESTS, {"urls": (("vcs", "https://example.org"),), "supplier": "else"}),
    ],
)
def test_what_is_no_difference(ref, fields):
    """A package's surroundings, another version of its owner, another kind of hash, order, descriptions."""
    assert diff(SAMPLE, changed(ref, **fields)).changes == ()


def test_another_architecture():
    """Between platforms every package has another architecture: that is said once, of the image."""
    other = changed(OPENSSL, ref=OPENSSL.replace("amd64", "arm64"))
    other = replace(other, subject=replace(other.subject, platform="linux/arm64"))
    whole = diff(SAMPLE, other)
    assert whole.changes == ()
    assert whole.facts == (Fact("platform", "linux/amd64", "linux/arm64"),)


def test_usage():
    """The level of use, where both say it; and what is in use in neither can be left out."""
    usage = Usage((Program("bin/a", ("a", None), "used", terminal=True, conditions=(), steps=()),), (), ())
    old = replace(changed(LIBC, use=Use("maybe")), usage=usage)
    used = replace(changed(LIBC, use=Use("used", "lib/x", (Step("CMD", 0, "x"),))), usage=usage)
    assert only(old, used) == ("usage",)
    assert diff(SAMPLE, used).changes == ()
    idle = replace(changed(LIBC, use=NOT_REACHED, licenses=()), usage=usage)
    assert limit_to_use(diff(used, idle)).counts == {"licence": 1, "usage": 1}
    assert limit_to_use(diff(idle, replace(idle, components=changed(LIBC, use=NOT_REACHED).components))).changes == ()
    more = replace(usage, programs=(*usage.programs, replace(usage.programs[0], arguments=("b c",))))
    assert diff(old, replace(old, usage=more)).facts == (Fact("programs", "a ?", "a ?; 'b c'"),)


def test_facts():
    """What is said of the images themselves; their names and times are not."""
    subject = replace(
        SAMPLE.subject, config_digest=digest("e"), labels=(("new", "1"),), name="x", created="", digest=digest("f")
    )
    other = replace(SAMPLE, subject=subject, distribution=Distribution("debian", "13"))
    assert diff(SAMPLE, other).facts == (
        Fact("configuration", digest("c"), digest("e")),
        Fact("distribution", "debian 12", "debian 13"),
        Fact("label maintainer", "shop", ""),
        Fact("label new", "", "1"),
    )
    assert diff(SAMPLE, replace(SAMPLE, subject=replace(subject, config_digest=digest("c")), distribution=None)).facts[
        0
    ] == Fact("distribution", "debian 12", "")
    assert diff(SAMPLE, replace(SAMPLE, unknowns=())).unknowns == (1, 0)

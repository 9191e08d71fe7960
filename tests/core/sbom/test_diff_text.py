"""Words that renderings share."""

from msgspec.structs import replace

from core.sbom.changes import NEW, OLD
from core.sbom.samples import BABEL, LIBC, REQUESTS, SAMPLE
from stellaops_core.component import Use
from stellaops_core.sbom.diff import Change, diff
from stellaops_core.sbom.diff_text import (
    count_changes,
    count_layers,
    details,
    name_of,
    name_subject,
    sections,
    title_of,
    version_of,
)

COMPONENTS = {component.ref: component for component in SAMPLE.components}


def test_sections():
    """One for each layer, the newer image's first, those without a layer last; nothing is lost."""
    for old, new in ((OLD, NEW), (NEW, OLD)):
        whole = diff(old, new)
        parts = sections(whole)
        causes = [part.cause for part in parts]
        assert causes == list(dict.fromkeys(causes))
        assert [title_of(cause)[0] for cause in causes][-1:] != ["no layer"] or causes[-1] is None
        told = sum(len(part.changes) + sum(moved.count for moved in part.moved) for part in parts)
        assert told == len(whole.changes)


def test_moved_is_counted_by_where_it_was():
    """Many rows that say the same become one."""
    moved = [replace(component, layer=1) for component in SAMPLE.components]
    (section,) = sections(diff(SAMPLE, replace(SAMPLE, components=tuple(moved))))
    assert (section.changes, [(one.count, one.before) for one in section.moved]) == ((), [(3, 0)])
    assert section.cause is None


def test_titles():
    """Which layer, of which image, whose, and what made it."""
    whole = diff(OLD, NEW)
    cause = next(change.cause for change in whole.changes if change.cause)
    assert title_of(cause) == ("layer 1", NEW.subject.layers[1].created_by)
    assert title_of(replace(cause, origin="base"))[0] == "layer 1 (base)"
    assert title_of(replace(cause, image="old"))[0] == "layer 1 of the old image, gone"
    assert title_of(None)[0] == "no layer"


def test_names_and_versions():
    """With group or scope where that is part of the name; programs by path and digest."""
    names = [name_of(component) for component in (*NEW.components[:1], COMPONENTS[LIBC], COMPONENTS[BABEL])]
    assert names == ["opt/100%25/tool", "libc6", "@babel/core"]
    assert name_of(NEW.components[2]) == "org.example:core"
    assert name_of(replace(COMPONENTS[BABEL], name="core")) == "@babel/core"
    assert version_of(NEW.components[0]) == "sha256:" + "b" * 12
    assert version_of(replace(COMPONENTS[LIBC], version="")) == "no version"
    assert version_of(None) == ""
    assert name_subject(SAMPLE.subject, "x") == SAMPLE.subject.name
    unnamed = replace(SAMPLE.subject, name="")
    assert [name_subject(unnamed, "x"), name_subject(unnamed, "")] == ["x", "unnamed image"]
    assert name_subject(replace(unnamed, digest=""), "") == "directory"


def test_details():
    """What else differs, each said once."""
    old = replace(COMPONENTS[REQUESTS], use=Use("maybe"))
    new = replace(old, use=Use("used"), licenses=(), owners=(), layer=1)
    kinds = ("moved", "licence", "usage", "owner")
    told = list(details(Change(kinds, old, new, None)))
    assert told == [
        "before in layer 0",
        "licence Apache-2.0, see NOTICE -> none",
        "maybe -> used",
        f"owner {old.owners[0]} -> none",
    ]
    assert list(details(Change(("changed",), old, new, None))) == ["other content"]
    other = replace(new, ref=new.ref + "?a=b")
    assert list(details(Change(("changed",), old, other, None))) == [f"{old.ref} -> {other.ref}"]
    assert list(details(Change(("added",), None, new, None))) == []


def test_counts():
    """In words, and none of what isn't there."""
    assert count_changes(diff(OLD, OLD)) == "none"
    assert count_layers(diff(OLD, OLD).layers) == "2 same"
    assert count_layers(()) == ""

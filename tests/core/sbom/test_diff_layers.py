"""Layers in common, and causes."""

import pytest
from msgspec.structs import replace

from core.sbom.samples import REQUESTS, SAMPLE, digest
from stellaops_core.sbom.diff_layers import match_layers
from stellaops_core.sbom.sbom import LayerOrigin, Removed

FLASK = replace(
    SAMPLE.components[3], ref="pkg:pypi/flask@3", name="flask", version="3", licenses=(), hashes=(), owners=()
)


def image(*layers, removed=()):
    """A bill of materials with layers `letter command`."""
    origins = tuple(
        LayerOrigin(at, "", digest(text[0]) if text[0] != "-" else "", 1, text[2:]) for at, text in enumerate(layers)
    )
    return replace(
        SAMPLE, subject=replace(SAMPLE.subject, layers=origins), components=(), unknowns=(), removed=tuple(removed)
    )


def states(old, new):
    return " ".join(
        f"{pair.state}:{pair.old.index if pair.old else ''}>{pair.new.index if pair.new else ''}"
        for pair in match_layers(old, new).pairs
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (["a base", "b RUN"], ["a base", "b RUN", "c RUN x"], "same:0>0 same:1>1 added:>2"),
        (["a base", "b RUN"], ["a base"], "same:0>0 removed:1>"),
        (["a base", "b RUN"], ["a base", "c RUN"], "same:0>0 rebuilt:1>1"),
        (["a base", "b RUN"], ["a base", "c RUN y"], "same:0>0 added:>1 removed:1>"),
        (["a base", "b RUN"], ["a other"], "same:0>0 removed:1>"),
        (["e x", "a base", "e x"], ["e x", "e x", "a base"], "same:0>0 same:2>1 same:1>2"),
        (["a ", "b "], ["c ", "b "], "added:>0 same:1>1 removed:0>"),
        (["- RUN", "- "], ["- ", "- RUN"], "added:>0 rebuilt:0>1 removed:1>"),
        ([], ["a base"], "added:>0"),
        ([], [], ""),
    ],
)
def test_matching(old, new, expected):
    """By content first, then by command; empty texts match nothing; equal ones in turn."""
    assert states(image(*old), image(*new)) == expected


def test_shared_and_base():
    """Counted from the base; the base has changed when nothing is in common there."""
    layers = match_layers(image("a x", "b y", "c z"), image("a x", "b y", "d z", "c z"))
    assert (layers.shared, layers.base_changed) == (2, False)
    layers = match_layers(image("a x", "b y"), image("c x", "b y"))
    assert (layers.shared, layers.base_changed) == (0, True)
    assert not match_layers(image(), image("a x")).base_changed


def told(layers, old, new, *, content=True):
    cause = layers.cause(old, new, content=content)
    return cause and f"{cause.image} {cause.layer.index} {cause.origin}"


def at(layer):
    return replace(FLASK, layer=layer)


def test_what_a_new_layer_brings_or_takes():
    """Added, replaced or removed in a layer that only the newer image has."""
    layers = match_layers(image("a x"), image("a x", "b RUN", removed=[Removed(FLASK.ref, "p", 0, 1)]))
    assert told(layers, None, at(1)) == "new 1 own"
    assert told(layers, at(0), at(1)) == "new 1 own"
    assert told(layers, at(0), None) == "new 1 own"


def test_what_a_layer_that_is_gone_had_done():
    """The newer image has only what both have: the layer that is gone had brought, replaced or removed it."""
    layers = match_layers(image("a x", "b RUN", removed=[Removed(FLASK.ref, "p", 0, 1)]), image("a x"))
    assert told(layers, at(1), None) == "old 1 own"
    assert told(layers, at(1), at(0)) == "old 1 own"
    assert told(layers, None, at(0)) == "old 1 own"


def test_a_rebuilt_layer_answers_for_what_it_no_longer_does():
    """Its old form had brought it, its new form is to blame."""
    layers = match_layers(image("a x", "b RUN"), image("a x", "c RUN"))
    assert told(layers, at(1), None) == "new 1 own"
    assert layers.same(1, 1)
    assert not layers.same(0, 1)
    assert layers.same(-1, 1)


def test_without_a_trace():
    """The first layer that differs is to blame for content, none for what is stated about it."""
    layers = match_layers(image("a x"), image("a x", "b y"))
    assert told(layers, at(0), None) == "new 1 own"
    assert told(layers, at(0), at(0), content=False) is None
    layers = match_layers(image("a x", "b y"), image("a x"))
    assert told(layers, at(0), at(0)) == "old 1 own"
    assert told(match_layers(image("a x"), image("a x")), at(0), at(0)) is None
    assert told(match_layers(image(), image()), replace(at(0), layer=-1), None) is None


def test_removed_twice():
    """The last removal counts."""
    removed = [Removed(REQUESTS, "p", 0, 1), Removed(REQUESTS, "p", 2, 3)]
    layers = match_layers(image("a x"), image("a x", "b 1", "c 2", "d 3", removed=removed))
    assert told(layers, replace(at(0), ref=REQUESTS), None) == "new 3 own"


def test_the_base_is_what_lies_below_the_common_commands():
    """Where the lowest layer differs; at least that one, and none above where both images end alike."""
    layers = match_layers(image("a os 1", "b tz", "c RUN", "d COPY"), image("e os 2", "f tz2", "0 RUN", "1 COPY"))
    assert [told(layers, None, at(index)) for index in range(4)] == [
        "new 0 base",
        "new 1 base",
        "new 2 own",
        "new 3 own",
    ]
    layers = match_layers(image("a os", "c RUN"), image("e os", "0 RUN"))
    assert [told(layers, None, at(index)) for index in range(2)] == ["new 0 base", "new 1 own"]

"""Who provides what."""

import pytest

from stellaops_core.analyzers.capabilities import ANSWER_LIMIT, Capability, Providers, read_capability, read_word


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a", Capability("a")),
        ("a = 1:2-3", Capability("a", "1:2-3", exact=True)),
        ("a >= 2", Capability("a", "2")),
        ("font(:lang=de)", Capability("font(:lang=de)")),
        ("perl(A B) = 1", Capability("perl(A B)", "1", exact=True)),
        ("a b c", Capability("a b c")),
    ],
)
def test_blanks(text, wanted):
    """Operators stand between blanks; all else belongs to the name."""
    assert read_capability(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a", Capability("a")),
        ("a=1-2", Capability("a", "1-2", exact=True)),
        ("a>=2", Capability("a", "2")),
        ("a<1:3", Capability("a", "1:3")),
        ("lib.so=8-64", Capability("lib.so", "8-64", exact=True)),
    ],
)
def test_words(text, wanted):
    """Operators stand in the middle of a word."""
    assert read_word(text) == wanted


@pytest.mark.parametrize(
    ("required", "found"),
    [
        ("kernel", ("p1", "p2")),
        ("kernel = 5-1", ("p1",)),
        ("kernel = 0:5-2", ("p2",)),
        ("kernel = 6", ("p1", "p2")),
        ("kernel = 5", ("p1", "p2")),
        ("kernel >= 5-2", ("p1", "p2")),
        ("other", ()),
    ],
)
def test_versions(required, found):
    """One version chooses among several that are installed; where none states it, all are meant."""
    providers = Providers()
    providers.add("p1", map(read_capability, ["kernel = 5-1", "kernel = 5-1"]))
    providers.add("p2", map(read_capability, ["kernel = 5-2"]))
    assert providers.resolve([read_capability(required)], "p3") == found


def test_never_itself():
    """A package that requires what it provides has no edge to itself."""
    providers = Providers()
    providers.add("p1", [Capability("a")])
    assert providers.resolve([Capability("a")], "p1") == ()


def test_bounded():
    """A thousand packages that all provide one name don't give a thousand edges."""
    providers = Providers()
    for number in range(1000):
        providers.add(f"p{number}", [Capability("a")])
    assert len(providers.resolve([Capability("a")], "")) == ANSWER_LIMIT

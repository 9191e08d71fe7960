"""Semantic Versions."""

from hypothesis import given
from hypothesis import strategies as st

from core.versions.orders import check_ladder, check_refused, sign
from stellaops_core.versions.scheme import compare

IDENTIFIERS = st.lists(st.sampled_from(["0", "1", "10", "2", "a", "-", "a1", "1a", "B"]), max_size=3)


def test_ladder():
    """The specification's own example, and what stands around it."""
    check_ladder(
        "npm",
        """
        0.9.9 < 1.0.0-0 < 1.0.0-2 < 1.0.0-10 < 1.0.0-- < 1.0.0-10a < 1.0.0-Alpha < 1.0.0-alpha <
        1.0.0-alpha.1 < 1.0.0-alpha.beta < 1.0.0-beta < 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0-rc.1 ==
        1.0.0-rc.1+x < 1.0.0 == v1.0.0 == 1 == 1.0 == 1.0.0+a.b == =1.0.0 < 1.0.1-a < 1.0.1 < 1.9.0
        < 1.10.0 < 2.0.0 <
        1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000.0.0
        """,
    )


def test_refused():
    """Four numbers, empty identifiers, ranges, letters in numbers."""
    check_refused("npm", ["1.2.3.4", "1.0.0-", "1.0.0-a..b", "^1.0.0", "1.x", "latest", "1.0.0-\u00e9", "1.0.0\n"])


@given(IDENTIFIERS, IDENTIFIERS)
def test_precedence_as_the_specification_words_it(one, other):
    """Identifier by identifier: numbers by value, before texts; more identifiers after fewer; none after all."""

    def rank(parts):
        ranks = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]
        return (not parts, ranks)

    texts = ["1.0.0" + "-" * bool(parts) + ".".join(parts) for parts in (one, other)]
    assert compare("cargo", *texts) == sign((rank(one) > rank(other)) - (rank(one) < rank(other)))

"""Parts of keys."""

from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.versions.key import number, padded, word

SIZES = st.one_of(st.integers(0, 1000), st.integers(10**250, 10**260), st.integers(0, 10**900))


@given(SIZES, SIZES, st.integers(0, 3), st.binary(max_size=4), st.binary(max_size=4))
def test_numbers(one, other, zeros, after, more):
    """They compare by value, whatever their size and whatever follows; zeros before them are nothing."""
    left, right = number("0" * zeros + str(one)), number(str(other))
    assert (left < right, left == right) == (one < other, one == other)
    if one != other:
        assert (left + after < right + more) == (one < other)


def test_no_digits_are_zero():
    """As for a part that is missing."""
    assert number("") == number("0") == number("000")


@given(
    st.text(st.characters(exclude_characters="\0"), max_size=5),
    st.text(st.characters(exclude_characters="\0"), max_size=5),
)
def test_words(one, other):
    """By code points, the shorter first; lone surrogates do no harm."""
    assert (word(one) < word(other)) == ([*map(ord, one)] < [*map(ord, other)])


@given(st.lists(st.integers(-3, 3), max_size=6), st.lists(st.integers(-3, 3), max_size=6))
def test_padded(one, other):
    """Lists compare as if zeros without end followed."""
    size = max(len(one), len(other))
    whole = [part + [0] * (size - len(part)) for part in (one, other)]
    left, right = (padded([((n > 0) - (n < 0), bytes([n + 8])) for n in part]) for part in (one, other))
    assert (left < right, left == right) == (whole[0] < whole[1], whole[0] == whole[1])

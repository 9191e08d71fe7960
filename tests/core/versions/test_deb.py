"""Debian's order."""

from itertools import zip_longest

from hypothesis import given
from hypothesis import strategies as st

from core.versions.orders import check_ladder, check_refused
from stellaops_core.versions.scheme import compare

PARTS = st.text("0019a.+~Z", min_size=1, max_size=8)


def test_ladder():
    """Tildes before the end, letters before other characters, epochs before all."""
    check_ladder(
        "deb",
        """
        1.0~~ < 1.0~~a < 1.0~ < 1.0~rc1-1 < 1.0~rc1-1+b1 < 1.0 == 1.0-0 == 0:1.0-00 == 1.00 <
        1.0-0.1 < 1.0-1~bpo12+1 < 1.0-1 == 1.0-01 < 1.0-1build1 < 1.0-1ubuntu2 < 1.0-1+deb12u1 <
        1.0a-1 < 1.0+dfsg-1 < 1.0-1-1 < 1.0.1 < 1.2 < 1.10 < 2-1 < 1:0.1 == 01:0.1-0 < 12:1
        """,
    )


def test_refused():
    """Nothing before or after the colon or the dash, blanks, and characters that Policy does not have."""
    check_refused("deb", ["1:", ":1", "1-", "-1", "a b", "1.0/2", "x:1", "1.0\n", "\u0661", "1.0-1$"])


def by_policy(one, other):
    """Compare as Policy 5.6.12 words it: what is no digit, then what is, from left to right."""

    def weight(character):
        return -1 if character == "~" else 0 if not character else ord(character) + 256 * (not character.isalpha())

    while one or other:
        heads = []
        for text in (one, other):
            end = next((at for at, character in enumerate(text) if character.isdigit()), len(text))
            digits = next((at for at in range(end, len(text)) if not text[at].isdigit()), len(text))
            heads.append((text[:end], int(text[end:digits] or 0), text[digits:]))
        (left, first, one), (right, second, other) = heads
        for a, b in zip_longest(left, right, fillvalue=""):
            if weight(a) != weight(b):
                return 1 if weight(a) > weight(b) else -1
        if first != second:
            return 1 if first > second else -1
    return 0


@given(PARTS, PARTS)
def test_as_policy_words_it(one, other):
    """The key's order is that of the comparison step by step."""
    assert compare("deb", one, other) == by_policy(one, other)


def test_opkg_is_the_same():
    """OpenWrt's packages follow dpkg."""
    check_ladder("opkg", "1.0~rc1-1 < 1.0-1 < 1.0-2 < 2024-01-01-1")

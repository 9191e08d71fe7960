"""Hints for mistyped words. Imported only once there is a mistake."""

from collections.abc import Iterable
from difflib import get_close_matches

NEAREST = 3
"""Words that one hint names."""


def suggest(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, else all of them."""
    known = list(known)
    return find_nearest(word, known, 1) or f"choose one of: {', '.join(known)}"


def find_nearest(word: str, known: Iterable[str], count: int = NEAREST) -> str:
    """The nearest known words as a question; empty where none is near."""
    bare = {item.lstrip("-"): item for item in known}  # or else the dashes alone would make options alike
    matches = get_close_matches(word[:100].lower().lstrip("-"), bare, n=count, cutoff=0.6)
    return f"did you mean {' or '.join(bare[match] for match in matches)}?" if matches else ""

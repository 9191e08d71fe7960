"""Hints for mistyped words. Imported only once there is a mistake."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, else all of them."""
    known = list(known)
    bare = {item.lstrip("-"): item for item in known}  # or else the dashes alone would make options alike
    matches = get_close_matches(word[:100].lower().lstrip("-"), bare, n=1, cutoff=0.6)
    return f"did you mean {bare[matches[0]]}?" if matches else f"choose one of: {', '.join(known)}"

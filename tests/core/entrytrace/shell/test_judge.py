"""Conditions that only ask."""

import pytest

from traces import told, traced

CONDITIONS = {
    "[ a ] && [ '' ]": "other",
    "[ '' ] || [ a ]": "web",
    "{ [ a ] && ! [ '' ]; }": "web",
    "! { [ a ]; }": "other",
    "grep x y && [ '' ]": "other",
    "[ '' ] && grep x y": "other",
    "grep x y || [ a ]": "web",
    "[ -z \"$UNSET\" ] && [ '' ]": "other",
    "command -v web >/dev/null": "web",
    "command -v absent >/dev/null": "other",
    "type web": "web",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_is_known_of_a_part_decides(condition):
    """`a && b` fails where either does, whatever the other; so there is one branch."""
    found = traced({"entry.sh": f"if {condition}; then exec web; fi\nexec other"}, "/entry.sh")
    assert told(found) == [f"used {CONDITIONS[condition]}"]


def test_unknown_parts_stay_unknown():
    """Neither part decides: both branches, and the whole condition is told."""
    found = traced({"entry.sh": "if grep x y && [ a ]; then exec web; fi\nexec other"}, "/entry.sh")
    assert told(found) == ["maybe web if grep x y && [ a ]", "maybe other if not: grep x y && [ a ]"]

"""The dependency graph, as every format that has one writes it.

Comes in: components. Goes out: edges between components that exist, and the few from which all others are reached.
"""

from collections.abc import Sequence

from stellaops_core.component import Component


def edges(components: Sequence[Component]) -> dict[str, list[str]]:
    """Map each `ref` to the sorted `ref`s it depends on; never itself, never one that is not listed."""
    known = {component.ref for component in components}
    return {
        component.ref: sorted({need for need in component.depends if need in known} - {component.ref})
        for component in components
    }


def roots(needs: dict[str, list[str]]) -> list[str]:
    """List what nothing depends on, then members of rings that nothing listed so far leads to: all else is reached."""
    needed = {need for all_of_one in needs.values() for need in all_of_one}
    top = [reference for reference in needs if reference not in needed]
    seen: set[str] = set()
    for root in top:
        _reach(root, needs, seen)
    for reference in needs:
        if reference not in seen:
            top.append(reference)
            _reach(reference, needs, seen)
    return top


def _reach(start: str, needs: dict[str, list[str]], seen: set[str]) -> None:
    todo = [start]
    while todo:
        reference = todo.pop()
        if reference not in seen:
            seen.add(reference)
            todo += needs[reference]

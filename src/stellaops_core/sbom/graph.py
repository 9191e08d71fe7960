"""The dependency graph, as every format that has one writes it.

Comes in: components. Goes out: edges between components that exist, the few from which all others are reached, and
which of them are the distribution's own.
"""

from collections.abc import Iterable, Sequence

from stellaops_core.component import OS_PACKAGE_TYPES, Component, Distribution


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


def split_own(refs: Iterable[str], distribution: Distribution | None) -> tuple[list[str], list[str]]:
    """Part packages of the distribution from all others, by their purls; both in the order they come in.

    Trivy takes what the distribution leads to for packages of the system, and refuses documents in which packages of a
    second system (rpm libraries inside a Python wheel, on Debian) could be that too.
    """
    if not distribution:
        return [], list(refs)
    own = tuple(f"pkg:{kind}/{distribution.id.lower()}/" for kind in OS_PACKAGE_TYPES)
    parts: tuple[list[str], list[str]] = ([], [])
    for ref in refs:
        parts[not ref.startswith(own)].append(ref)
    return parts


def split_foreign(refs: Iterable[str], distribution: Distribution | None) -> tuple[list[str], list[str]]:
    """Part them only where there are packages of a second system.

    For documents that state owners: of packages that the distribution leads to, Trivy leaves out what they own, and all
    that those need, whoever else needs it.
    """
    every = list(refs)
    own, others = split_own(every, distribution)
    systems = tuple(f"pkg:{kind}/" for kind in OS_PACKAGE_TYPES)
    return (own, others) if any(ref.startswith(systems) for ref in others) else ([], every)


def _reach(start: str, needs: dict[str, list[str]], seen: set[str]) -> None:
    todo = [start]
    while todo:
        reference = todo.pop()
        if reference not in seen:
            seen.add(reference)
            todo += needs[reference]

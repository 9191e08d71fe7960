"""Which operating system package owns the files that a language package was found in.

Comes in: evidence paths and the file lists of installed packages. Goes out: owners by path. Rules: nothing is dropped
because it is owned; a path is also looked for under the names that links below the root give it (`/lib` for
`/usr/lib`), for file lists were written before directories moved.
"""

from collections.abc import Iterable, Mapping
from posixpath import normpath


def owners_of(
    paths: Iterable[str], lists: Iterable[tuple[str, str]], links: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the owners of each owned path.

    `lists`: (purl of a package, its files joined by newlines). `links`: symbolic links to their targets; those directly
    below the root count.
    """
    moved = [(link, target) for link, target in links.items() if "/" not in link]
    named: dict[str, list[str]] = {}  # every name of a path: the paths that it stands for
    for path in paths:
        for name in _names(path, moved):
            named.setdefault(name, []).append(path)
    wanted = set(named)
    owners: dict[str, set[str]] = {}
    for purl, files in lists:
        for name in wanted.intersection(files.split("\n")):
            for path in named[name]:
                owners.setdefault(path, set()).add(purl)
    return {path: tuple(sorted(purls)) for path, purls in owners.items()}


def _names(path: str, links: Iterable[tuple[str, str]]) -> list[str]:
    names = [path]
    for link, target in links:
        real = normpath("/" + target).strip("/")
        prefix = real + "/" if real else ""
        if path.startswith(prefix):
            names.append(f"{link}/{path[len(prefix) :]}")
    return names

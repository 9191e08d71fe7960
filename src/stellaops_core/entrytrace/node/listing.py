"""Modules by where they lie, for names that are worked out at run time.

Comes in: a root and a directory, or the beginning of a path. Goes out: real paths, sorted. Rules: what packages
installed inside hold is left out.

Source: nodejs.org/api/modules.html "Loading from the global folders"; Debian's nodejs, README.Debian.
"""

from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Process
from stellaops_core.entrytrace.root import Root

LISTED_LIMIT = 5_000
"""Files that a computed name is taken to mean at most; where there are more, it is undetermined."""
LISTED_DEPTH = 8
"""Directories within one another that are gone into."""

CODE = (".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx")
"""Endings of sources."""
LOADED = (*CODE, ".json", ".node")
"""Endings of modules."""
_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts")
_RECORDS = frozenset({"package.json", "package-lock.json"})


def listed(root: Root, directory: str, bounds: Bounds, endings: tuple[str, ...] = LOADED) -> list[str]:
    """Return all modules in a directory and below it."""
    found: list[str] = []
    todo, seen = [(root.real(directory), 0)], set[str]()
    while todo and len(found) <= LISTED_LIMIT:
        at, depth = todo.pop()
        if at is None or at in seen:
            continue
        seen.add(at)
        if bounds.is_full(depth - 1, LISTED_DEPTH, "directories within one another", directory):
            continue
        for name in reversed(root.names(at)):
            inner = f"{at}/{name}" if at else name
            if name.endswith(endings) and not name.endswith(_DECLARATIONS) and name not in _RECORDS:
                found.append(inner)
            elif name not in {"node_modules", ".git"} and "." not in name[1:] and root.is_directory(inner):
                todo.append((root.real(inner), depth + 1))
    return _real(root, found, directory, bounds)


def beginning(root: Root, path: str, bounds: Bounds) -> list[str]:
    """Return all modules whose paths begin so."""
    directory, _, start = path.rpartition("/")
    found: list[str] = []
    for name in root.names(directory):
        if name.startswith(start) and name != "node_modules" and len(found) <= LISTED_LIMIT:
            inner = f"{directory}/{name}" if directory else name
            if root.is_directory(inner):
                found += listed(root, inner, bounds)
            elif name.endswith(LOADED) and not name.endswith(_DECLARATIONS):
                found.append(inner)
    return _real(root, found, path, bounds)


def _real(root: Root, paths: list[str], place: str, bounds: Bounds) -> list[str]:
    paths = list(bounds.first(paths, LISTED_LIMIT, "files that may be loaded", place))
    return sorted({real for path in paths if (real := root.real(path)) is not None})


def folders_of(root: Root, process: Process) -> list[str]:
    """Return where packages are looked for besides `node.modules`: NODE_PATH, the home, Node's own prefix."""
    environment = process.environment
    folders = (environment.get("NODE_PATH") or "").split(":")
    home = environment.get("HOME") or "/root"
    folders += [f"{home}/.node_modules", f"{home}/.node_libraries"]
    prefix = process.program.rpartition("/")[0].rpartition("/")[0]
    folders += [f"{prefix}/lib/node", f"{prefix}/share/nodejs", f"{prefix}/lib/nodejs"]
    folders += [f"{prefix}/lib/{name}/nodejs" for name in root.names(f"{prefix}/lib") if "-linux-" in name]
    real = (root.real(folder.strip("/")) for folder in folders if folder.strip("/"))
    return [folder for folder in dict.fromkeys(real) if folder]

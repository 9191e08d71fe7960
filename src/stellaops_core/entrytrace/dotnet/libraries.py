"""Native libraries that .NET loads by name: those that assemblies import functions from, and those of its runtime.

Comes in: names as assemblies write them; directories. Goes out: files, and edges that may be. Rule: a name is tried
with and without `lib` and `.so`, beside the assembly, in the application, and where the dynamic linker looks.

Source: .NET documentation, "Unmanaged (native) library loading algorithm" and ".NET Core on Linux: dependencies".
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Edge
from stellaops_core.entrytrace.root import Root

LIBRARIES_LIMIT: Final = 20_000
"""Names of a directory that are looked at."""

_FITTING: Final = re.compile(r"(?:alpine|any|base|centos|debian|fedora|linux|rhel|ubuntu|unix)")
_SYSTEM: Final = re.compile(
    r"lib(?:icu(?:uc|i18n|data)|ssl|crypto|gssapi_krb5|lttng-ust|curl|numa)\.so\.[\d.]+|libgdiplus\.so[\d.]*"
)


def _linked(root: Root) -> Iterator[str]:
    """Yield the directories that the dynamic linker looks into when nothing else is said."""
    for place in ("lib", "usr/lib", "lib64", "usr/lib64", "usr/local/lib"):
        if root.is_directory(place):
            yield place
            if place in {"usr/lib", "lib"}:
                yield from (f"{place}/{name}" for name in root.names(place) if "-linux-" in name)


def find_native(root: Root, assembly: str, name: str, folder: str) -> Iterator[str]:
    """Yield the files, real paths, that an import from `name` may mean. `folder`: the application's."""
    name = name.rpartition("/")[2].rpartition("\\")[2]
    if not name or name == "QCall" or name.lower().endswith((".dll", ".dylib", ".drv")):
        return  # the runtime itself, or a library of another platform
    bare = name.removesuffix(".so")
    names = dict.fromkeys((name, f"{name}.so", f"lib{bare}.so", f"{bare}.so", f"lib{name}"))
    own = assembly.rpartition("/")[0]
    runtimes = filter(_FITTING.match, root.names(f"{folder}/runtimes"))
    places = [own, folder, *(f"{folder}/runtimes/{name}/native" for name in runtimes)]
    found = set()
    for place in (*places, *_linked(root)):
        for one in names:
            real = root.real(f"{place}/{one}")
            if real and real not in found and root.is_file(real):
                found.add(real)
                yield real


def system_edges(root: Root, program: str, folders: Sequence[str], bounds: Bounds) -> Iterator[Edge]:
    """Yield the runtime's native libraries in its directories, and those of the system that it looks for by itself."""
    for folder in dict.fromkeys(folders):
        for name in bounds.first(root.names(folder), LIBRARIES_LIMIT, "names", folder) if folder else ():
            real = root.real(f"{folder}/{name}")
            if real and ".so" in name and root.is_file(real):
                yield Edge(program, real, "a native library of the runtime", level="maybe")
    for place in _linked(root):
        for name in bounds.first(root.names(place), LIBRARIES_LIMIT, "names", place):
            real = root.real(f"{place}/{name}")
            if real and _SYSTEM.fullmatch(name):
                yield Edge(program, real, "a library that the runtime looks for", level="maybe")

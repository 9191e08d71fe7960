"""The files of a Java runtime that its launcher and its virtual machine load.

Comes in: a launcher's path, and whether anything draws. Goes out: edges. Rules: what each start loads is used, all
other libraries of the runtime may be; those that draw, print or play may be only where something refers to such
packages.

Source: OpenJDK, "The Modular Run-Time Image" (JEP 220); `libjli/java_md.c`, which finds `libjvm.so` by `lib/jvm.cfg`;
of Java 8 the layout in "JDK and JRE File Structure". What each start loads was seen in runs of Java 8 to 21.
"""

import re
from collections.abc import Iterator
from typing import Final

from stellaops_core.analyzers.texts import Text
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Edge, Level, Process
from stellaops_core.entrytrace.root import Root

LIBRARIES_LIMIT: Final = 10_000
"""Native libraries of a runtime and of directories where Java looks for them."""

_ALWAYS: Final = frozenset({"libjava.so", "libjimage.so", "libjli.so", "libjvm.so"})
_DRAWS: Final = re.compile(
    r"lib(?:awt.*|fontmanager|freetype|harfbuzz|javajpeg|jawt|jpeg|jsound.*|lcms|mlib_image|splashscreen|t2k)\.so"
)
_DRAWN: Final = ("java/awt", "javax/imageio", "javax/print", "javax/sound", "javax/swing", "javafx")
_BOOT: Final = ("lib/modules", "lib/rt.jar", "lib/resources.jar", "lib/server/classes.jsa")
_EXTENSIONS: Final = ("lib", "lib/ext", "lib/endorsed")
_JNI: Final = re.compile(r"(?:usr/)?lib/(?:[a-z0-9_]+-linux-[a-z0-9]+/)?jni|usr/java/packages/lib")
_ANY: Final = re.compile(r"lib.+\.so[.0-9]*")
_NATIVE: Final = re.compile(r"libtcnative-[12]\.so[.0-9]*")


def home_of(root: Root, program: str) -> str | None:
    """Return the runtime that a program belongs to, real path; None where it is none of Java's programs."""
    folder, _, directory = program.rpartition("/")[0].rpartition("/")
    if directory != "bin":
        return None
    for home in (f"{folder}/jre" if folder else "jre", folder):
        if any(root.is_file(f"{home}/lib/{name}") for name in ("modules", "rt.jar", "jvm.cfg")):
            return root.real(home)
    return None


def is_drawn(package: str) -> bool:
    """Say whether a package, by slashes, has to do with screens, printers or sound."""
    return package.startswith(_DRAWN)


def runtime_edges(root: Root, process: Process, home: str, bounds: Bounds, *, draws: bool) -> Iterator[Edge]:
    """Yield what the launcher loads; `draws`: whether anything it runs may draw."""
    program, libraries = process.program, _libraries(root, f"{home}/lib", bounds)
    machine = _machine(root, home, process, libraries)
    for path in _BOOT:
        if (real := root.real(f"{home}/{path}")) and root.is_file(real):
            yield Edge(program, real, "the runtime's own classes")
    for path in libraries:
        name = path.rpartition("/")[2]
        if _DRAWS.fullmatch(name) and not draws:
            continue
        always = path == machine if name == "libjvm.so" else name in _ALWAYS
        yield Edge(program, path, "the runtime's own library", level="used" if always else "maybe")
    for folder in _EXTENSIONS:
        for name in root.names(f"{home}/{folder}"):
            real = root.real(f"{home}/{folder}/{name}")
            if real and name.endswith(".jar") and name not in {"rt.jar", "resources.jar"}:
                yield Edge(program, real, "the runtime's own classes", level="maybe")
    if (store := root.real(f"{home}/lib/security/cacerts")) and root.is_file(store):
        yield Edge(program, store, "the runtime's trusted certificates", level="maybe")


def _machine(root: Root, home: str, process: Process, libraries: list[str]) -> str | None:
    """Return the virtual machine that is loaded: the first of jvm.cfg, or the one that an option names."""
    known = []
    for path in (f"{home}/lib/jvm.cfg", *(f"{home}/lib/{name}/jvm.cfg" for name in root.names(f"{home}/lib"))):
        if text := root.facts(path, Text):
            known = re.findall(r"^-(\w+)[ \t]+KNOWN", text.content.decode("utf-8", "replace"), re.MULTILINE)
            break
    stated = [word[1:] for word in process.arguments[1:] if word and word[1:] in known]
    for kind in (*stated[-1:], *known[:1], "server"):
        for path in libraries:
            if path.endswith(f"/{kind}/libjvm.so"):
                return path
    return None


def _libraries(root: Root, directory: str, bounds: Bounds) -> list[str]:
    """Return native libraries in a directory and those below it, real paths, each directory's before the next one's."""
    found: list[str] = []
    left, count = [directory], 0
    seen = {root.real(directory)}
    while left:
        place = left.pop()
        inner: list[str] = []
        for name in root.names(place):
            if bounds.is_full(count, LIBRARIES_LIMIT, "files of the runtime", directory):
                return found
            count += 1
            real = root.real(f"{place}/{name}")
            if real is None or real in seen:
                continue
            if ".so" in name and not root.is_directory(real):
                found.append(real)
            elif name != "security" and root.is_directory(real):
                seen.add(real)
                inner.append(real)
        left += reversed(inner)
    return found


def native_edges(root: Root, source: str, properties: dict[str, str], path: str, bounds: Bounds) -> Iterator[Edge]:
    """Yield libraries where `System.loadLibrary` looks: any of them may be asked for. `path`: LD_LIBRARY_PATH."""
    level: Level = "maybe"
    stated = [*properties.get("java.library.path", "").split(":"), *path.split(":")]
    places = {place.strip("/"): _ANY for place in stated if place.startswith("/")}
    for folder in ("usr/lib/jni", "usr/java/packages/lib", "usr/lib", "usr/lib64"):
        places.setdefault(folder, _ANY if _JNI.fullmatch(folder) else _NATIVE)
    for triplet in root.names("usr/lib"):
        if "-linux-" in triplet:
            places.setdefault(f"usr/lib/{triplet}", _NATIVE)
            places.setdefault(f"usr/lib/{triplet}/jni", _ANY)
    found = set()
    for place, wanted in places.items():
        for name in bounds.first(root.names(place), LIBRARIES_LIMIT, "names", place):
            real = root.real(f"{place}/{name}")
            if wanted.fullmatch(name) and real and root.is_file(real) and real not in found:
                found.add(real)
                yield Edge(source, real, f"System.loadLibrary in /{place}", level=level)

"""Roots with programs and libraries for tests of the dynamic linker.

`tree({"usr/bin/app": program("liba.so.1"), "usr/lib/liba.so.1": library("liba.so.1")})` adds glibc's linker;
`loads(root)` gives what `usr/bin/app` loads as `{target: how}`, those that are `maybe` with a `?` before.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from builders import Content, Link
from programs import elf
from roots import root_of
from stellaops_core.analyzers import loader_files, native_code, texts
from stellaops_core.entrytrace.loader.loader import NativeLoader
from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.scan.rootfs import RootFs

NEEDED, SONAME, RPATH, RUNPATH = 1, 14, 15, 29
GLIBC, MUSL = "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"
LINKER = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
MULTIARCH = "usr/lib/x86_64-linux-gnu"
APP = "usr/bin/app"


def library(
    soname: str, *needed: str, rpath: str = "", runpath: str = "", texts: Sequence[str] = (), **knobs: Any
) -> bytes:
    """A library; `texts`: names that stand in its data."""
    dynamic = [(NEEDED, name) for name in needed] + [(SONAME, soname)] * bool(soname)
    dynamic += [(RPATH, rpath)] * bool(rpath) + [(RUNPATH, runpath)] * bool(runpath)
    data = b"\0" + b"".join(text.encode() + b"\0" for text in texts)
    return elf({".rodata": data}, dynamic=dynamic, kind=3, **knobs)


def program(*needed: str, interpreter: str = GLIBC, **knobs: Any) -> bytes:
    """A program."""
    return library("", *needed, interpreter=interpreter, **knobs)


def cache(*entries: tuple[str, str] | tuple[str, str, int, int], order: str = "<", before: bytes = b"") -> bytes:
    """glibc's cache of (name, path, flags, which processors)."""
    rows, texts, start = b"", b"", 48 + 24 * len(entries)
    for name, path, flags, condition in ((*entry, 0x303, 0)[:4] for entry in entries):
        rows += struct.pack(
            order + "iIIIQ", flags, start + len(texts), start + len(texts) + len(name) + 1, 0, condition
        )
        texts += f"{name}\0{path}\0".encode()
    head = struct.pack(order + "IIB3xI12x", len(entries), len(texts), 2 if order == "<" else 3, 0)
    return before + b"glibc-ld.so.cache1.1" + head + rows + texts


def tree(files: Mapping[str, Content]) -> RootFs:
    """A root with glibc's and musl's linkers where Debian and Alpine have them."""
    base = {
        LINKER: library("ld-linux-x86-64.so.2"),
        "lib64": Link("usr/lib64"),
        "usr/lib64/ld-linux-x86-64.so.2": Link("/" + LINKER),
        "lib/ld-musl-x86_64.so.1": library(""),
    }
    return root_of({**base, **files}, analyzers=(native_code.ANALYZER, loader_files.ANALYZER, texts.ANALYZER))


def process(environment: Mapping[str, str | None] = {}, directory: str = "srv") -> Process:
    return Process(APP, ("/" + APP,), environment=environment, directory=directory)


def items(
    root: RootFs, *more: str, environment: Mapping[str, str | None] = {}, finish: bool = True
) -> list[Edge | Undetermined]:
    """All that is loaded: by the program, then by what it loads itself."""
    loader = NativeLoader(root, process(environment))
    found = [item for path in (APP, *more) for item in loader.load(path)]
    return found + (list(loader.finish()) if finish else [])


def loads(root: RootFs, *more: str, environment: Mapping[str, str | None] = {}) -> list[str]:
    """`target`, `?target` and `-reason`, without the linker itself."""
    found = items(root, *more, environment=environment)
    shown = [
        "-" + item.reason if isinstance(item, Undetermined) else "?" * (item.level == "maybe") + item.target
        for item in found
        if not isinstance(item, Edge) or not item.how.startswith("PT_INTERP")
    ]
    return list(dict.fromkeys(shown))

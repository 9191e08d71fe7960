"""Sound inputs that benchmarks/fuzz.py damages: files of tests/cases, what the builders beside this file make, and,
where they are, smaller files of the public fixtures.
"""

import os
import re
import struct
from functools import cache
from pathlib import Path

import dotnet_files
import jars
import linked
import programs
import rpm_files
from analyses import read_case
from classes import compiled, module_info
from go_tables import go_table

HERE = Path(__file__).parent
REAL_LIMIT = 64 << 10
"""Bytes of a real file that is damaged: what takes longer to copy than to read teaches little."""


@cache
def cases() -> list[dict[str, bytes]]:
    """The files of every case."""
    found = []
    for path in sorted((HERE / "cases").rglob("*.case")):
        files, _ = read_case(path.read_text())
        found.append(jars.pack(files))
    for root in sorted((HERE / "cases").glob("*/*/files")):
        paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
        found.append({path.relative_to(root).as_posix(): path.read_bytes() for path in paths})
    return found


@cache
def real_files() -> list[tuple[str, Path, bytes]]:
    """(path, place, first bytes) of the public fixtures, smaller ones only; none where they are absent."""
    folder = Path(os.environ.get("STELLA_FIXTURES") or HERE.parents[1] / "shared/fixtures")
    found = []
    for place in sorted(folder.rglob("*")):
        if place.is_file() and not place.is_symlink() and 0 < place.stat().st_size <= REAL_LIMIT:
            with place.open("rb") as file:
                found.append((place.relative_to(folder).as_posix(), place, file.read(8)))
    return found


def of_cases(pattern: str) -> list[bytes]:
    """The content of all files of cases whose paths a pattern finds."""
    return [data for files in cases() for path, data in files.items() if re.search(pattern, path)]


@cache
def native() -> tuple[bytes, ...]:
    """Programs of all formats, with what Go, Rust, .NET and the linkers write into them."""
    modules = (
        'path\tex.org/a\nmod\tex.org/a\tv1.2.3\th1:x=\ndep\tex.org/b\tv0.1.0\th1:y=\nbuild\t-ldflags="-X main.v=1"\n'
    )
    crates = [{"name": "a", "version": "1.0.0", "source": "registry", "root": True, "dependencies": [1]},
              {"name": "b", "version": "0.2.0", "source": "registry", "kind": "build"}]  # fmt: skip
    needs = [(1, "libc.so.6"), (1, "libm.so.6"), (14, "libown.so.1"), (29, "$ORIGIN/../lib"), (0, "GLIBC_2.34")]
    places = programs.text_positions(needs)
    asked, given = programs.symbol_versions({places["libc.so.6"]: [places["GLIBC_2.34"]]}, {places["libm.so.6"]: 1})
    table = go_table(["main.main", "ex.org/b.F"], ["/go/pkg/mod/ex.org/b@v0.1.0/b.go"])
    old = go_table(["main.main", "ex.org/b.F"], version="1.2")
    texts = b"\0/usr/share/cargo/registry/serde-1.0.190/src/lib.rs\0/rustc/" + b"a" * 40 + b"/library/std\0libz.so.1\0"
    facts = {".gnu.version_r": asked, ".gnu.version_d": given, ".rodata": texts, ".comment": b"rustc version 1.70.0\0"}
    tags = {0x6FFFFFFE: ".gnu.version_r", 0x6FFFFFFF: 1, 0x6FFFFFFC: ".gnu.version_d", 0x6FFFFFFD: 1}
    commands = [programs.text_command(number, "@rpath/libz.dylib") for number in (0xC, 0x8000001C)]
    made = [
        programs.elf(facts, dynamic=needs, tags=tags, interpreter="/lib64/ld-linux-x86-64.so.2",
                     notes=programs.elf_note(b"GNU", 3, bytes(20)), headers=[(0x6474E551, 6), (0x6474E552, 4)]),
        programs.elf({".rodata": b"x" * 40}, bits=32, order=">", machine=8),
        programs.elf({".dep-v0": linked.audit(crates), ".rodata": texts}),
        programs.elf({".gopclntab": table, ".rodata": b"~go1.22.1"}),
        programs.elf({".gopclntab": old}),
        linked.go_program("go1.22.1", modules),
        linked.go_program("go1.22.1", modules, "macho"),
        linked.go_program("go1.22.1", modules, "pe"),
        linked.robbed_program("go1.22.1", modules),
        programs.elf(linked.pointer_record("go1.17", modules), writable=[".go.buildinfo"]),
        linked.rust_program(crates, "pe"),
        linked.rust_program(crates, "macho"),
        programs.pe({".rsrc": programs.version_resource({"FileVersion": "1.2"}, (1, 2, 3, 4))},
                    directories={2: (".rsrc", 400)}),
        programs.pe({".idata": _imports()}, dll_characteristics=0x160,
                    directories={1: (".idata", 60), 0: (".idata", 40)}),
        programs.macho({"__cstring": texts}, commands=commands),
        programs.xcoff({".text": texts}, imports=[("/usr/lib:/lib", "", ""), ("", "libc.a", "shr.o")]),
        programs.xcoff({".text": b"x"}, bits=32, imports=[("/usr/lib", "", ""), ("", "libm.a", "shr.o")]),
        programs.fat(programs.macho({"__text": b"x"}), programs.macho({"__cstring": texts}, commands=commands)),
        dotnet_files.assembly("Some.Name", (1, 2, 3, 4), culture="de", references=["A", "B"], modules=["libx"],
                              attributes={"AssemblyInformationalVersionAttribute": "1.2.3"}),
        dotnet_files.bundle({"App.deps.json": (3, dotnet_files.deps(LIBRARIES).encode()),
                             "App.dll": (1, dotnet_files.assembly("App"))}, compress=True),
        dotnet_files.bundle({"a": (1, dotnet_files.assembly("A"))}, version=1, program=dotnet_files.host(windows=True)),
    ]  # fmt: skip
    return tuple(made)


LIBRARIES = {
    "App/1.0.0": {"type": "project", "dependencies": {"A.B": "2.0.0"}, "runtime": {"App.dll": {}}},
    "A.B/2.0.0": {"type": "package", "sha512": "sha512-AAAA", "path": "a.b/2.0.0", "runtime": {"lib/A.B.dll": {}}},
}


def _imports() -> bytes:
    """A table of imported names, which its pointers lead to."""
    return (
        struct.pack("<5I", programs.PAGE + 64, 0, 0, programs.PAGE + 96, programs.PAGE + 64)
        + bytes(44)
        + (
            struct.pack("<2Q", programs.PAGE + 112, 0).ljust(32, b"\0")
            + b"KERNEL32.dll\0".ljust(16, b"\0")
            + b"\0\0Sleep\0"
        )
    )


@cache
def headers() -> tuple[bytes, ...]:
    """Headers of rpm packages."""
    key = rpm_files.signature("0123456789abcdef")
    return (
        rpm_files.package(
            "bash", "5.2", "1", files=["/usr/bin/bash", "/etc/x"], requires=["libc >= 2"], provides=["sh"]
        ),
        rpm_files.package("libc", "2.40", "3", epoch=1, provides=["libc = 2.40"], extra={268: (rpm_files.BINARY, key)}),
    )


@cache
def archives() -> tuple[bytes, ...]:
    """Java archives, stored ones among them: there a damaged name or text survives."""
    entries = {
        **jars.library("org.x", "a", "1.0"),
        "META-INF/MANIFEST.MF": "Manifest-Version: 1.0\nBundle-SymbolicName: org.x.a\nMain-Class: org.x.Main\n",
        "org/x/Main.class": compiled("org/x/Main", ["org/y/Other", "java/lang/String"], loader=True),
        "module-info.class": module_info("org.x", ["java.base", "org.y"], "org/x/Main"),
    }
    inner = jars.jar(entries, stored=True)
    nested = {"META-INF/MANIFEST.MF": "Spring-Boot-Lib: BOOT-INF/lib/\n", "BOOT-INF/lib/a-1.0.jar": inner}
    launched = jars.jar({"__main__.py": "import a\n", "a.dist-info/METADATA": "Name: a\nVersion: 1\n"}, stored=True)
    return (
        jars.jar(entries),
        inner,
        jars.jar(nested, stored=True),
        jars.jar(nested),
        b"#!/usr/bin/python\n" + launched,
    )


# -- texts that no case holds ----------------------------------------------------------------------------------------

PYTHON = b"""import os, sys as s
from . import a
from ..b.c import (d, e as f)
try:
    import x
except ImportError:
    x = None
importlib.import_module('y.z')
if TYPE_CHECKING:
    import t
def f(a=(1, [2, {3: 4}])):
    'Text.'
    __import__(f"{a}")
    subprocess.run(["python", "-m", "mod"])
"""
NODE = b"""'use strict';
const a = require('./a'), b = require(`b`);
import c, {d as e} from "c/d";
export * from 'x';
await import('y'); // require('no')
/* import z from 'z' */
const r = /require('n')/g;
child.spawn('node', ['w.js']); module.exports = `t ${require('u')}`;
"""
RUBY = b"""require 'json'
require_relative "../a/b"
begin
  require 'c'
rescue LoadError
end
autoload :D, 'd'
load File.expand_path('e.rb', __dir__)
=begin
require 'no'
=end
"""
PERL = b"""use strict; use lib 'lib', "$Bin/../x";
use parent -norequire, qw(A::B C);
require D::E;
if ($x) { require 'f.pl' }
=pod

use No;

=cut

__END__
use None;
"""
PHP = b"""<?php
namespace A; use B\\C;
require_once __DIR__ . '/vendor/autoload.php';
if ($x) { include 'y.php'; }
$baseDir = dirname($vendorDir);
return array('D\\' => array($vendorDir . '/d/src'), 'e' => $baseDir . '/e.php');
"""
FLAGS = (b"-s -w -X 'main.version=1.2.3' -X ex.org/a/cmd.Version=1.2.3 -extldflags \"-static\"", b"-X=main.ver=v2")
ORIGINS = (
    b'{"url": "https://u:p@ex.org/r.git", "vcs_info": {"vcs": "git", "commit_id": "0a", "x": []}}',
    b'{"url": "file:///a/b.whl", "archive_info": {"hashes": {"sha256": "00"}, "hash": "md5=1"}}',
    b'{"url": "file:///a", "dir_info": {"editable": true}, "subdirectory": "s"}',
)
MANIFEST = b'Manifest-Version: 1.0\nBundle-SymbolicName: a;x="1,\n 2",b\n\nName: c\n'
PROPERTIES = b"groupId=a\\\n  b\nartifactId : c\n! note\nversion\\u0041=1\n"
PNPM = b"""lockfileVersion: '9.0'
packages:
  a@1.0.0:
    resolution: {integrity: sha512-AA==}
  '@b/c@2.0.0':
    resolution: {tarball: x}
"""
POM = b"""<project xmlns='x'><groupId>g</groupId><artifactId>a</artifactId><version>${v}</version>
<properties><v>${w}1</v><w>2</w></properties><licenses><license><name>MIT</name></license></licenses>
<dependencies><dependency><groupId>h</groupId><artifactId>${v}</artifactId></dependency></dependencies></project>
"""
PLIST = b"""<?xml version="1.0"?>
<plist version="1.0"><dict><key>bash</key><dict><key>pkgver</key><string>bash-5.2_1</string>
<key>state</key><string>installed</string><key>run_depends</key><array><string>glibc&gt;=2_1</string></array></dict>
<key>glibc</key><dict><key>pkgver</key><string>glibc-2.39_1</string><key>state</key><string>installed</string></dict>
</dict></plist>
"""

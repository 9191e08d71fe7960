"""What benchmarks/fuzz.py damages: for each reader and each analyzer some sound inputs, and how to read one.

`targets()` gives them by name: a reader's is its module (`elf`), an analyzer's has `analyzer:` before it.
"""

import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from importlib import import_module
from typing import Any, NamedTuple

import dotnet_files
import fuzz_inputs
import jars
import loader_roots
import nix_files
import rpm_files
from analyses import File, Files, is_wanted
from classes import compiled, module_info
from fuzz_inputs import LIBRARIES, archives, cases, headers, native, of_cases, real_files
from stellaops_core.analyzers.analyzer import Analyzer, Joins, Malformed, View
from stellaops_core.analyzers.available import BUILTIN, TRACING

REAL_COUNT = 40
"""Real files of one target, spread over all that fit."""
NO_INPUT = frozenset({"__init__", "content", "program", "source_lines", "stated", "trove"})
"""Modules of readers/ that read no file of their own, but for others."""

Read = Callable[[bytes, int], object]
"""Reads one damaged input; the number is that of the damage, for those who vary something else with it."""


class Seed(NamedTuple):
    """A sound input and how to read it."""

    name: str
    data: bytes
    read: Read


class Target(NamedTuple):
    """One reader or analyzer."""

    name: str
    seeds: Callable[[bool], list[Seed]]
    """With files of the public fixtures, or without."""


# -- readers ---------------------------------------------------------------------------------------------------------


def reader(module: str, name: str) -> Any:
    return getattr(import_module(f"stellaops_core.readers.{module}"), name)


def _plain(module: str, *names: str) -> Callable[[bytes], object]:
    """Call functions of a module with the input, one or the other; what they yield is drained."""
    functions = [reader(module, name) for name in names]

    def read(data: bytes, number: int) -> object:
        found = functions[number % len(functions)](data)
        return list(found) if isinstance(found, Iterator) else found

    return read


def _on_programs(read: Callable[[Any], object], format_: str = "") -> Read:
    """Read each program of the input that is of a format."""

    def call(data: bytes, number: int) -> object:
        for program in reader("programs", "read_programs")(data):
            if program.format.startswith(format_):
                _drain(read(program))
        return number

    return call


def _drain(found: object) -> object:
    return list(found) if isinstance(found, Iterator) else found


def _ask(program: Any) -> object:
    """Ask for everything that a program tells of itself."""
    for kind in type(program).__mro__:
        for name, value in vars(kind).items():
            if isinstance(value, property | cached_property) and not name.startswith("_"):
                getattr(program, name)
    return [program.bytes_of(part, 1 << 20) for part in (*program.sections, *program.segments)]


def _all(module: str, *names: str) -> Callable[[Any], object]:
    functions = [reader(module, name) for name in names]
    return lambda program: [_drain(function(program)) for function in functions]


def _walk_archive(data: bytes, number: int) -> object:
    """Look at all entries, read them, and the archives in them."""
    archive = reader("jar", "Archive")(data)
    for entry in archive.entries(lambda name: True):
        archive.holds(entry.name.encode())
        try:
            archive.extent(entry)
            archive.read(entry, 1 << 20)
        except ValueError:
            continue
    return number


def _walk_classes(data: bytes, number: int) -> object:
    archive = reader("class_archive", "ClassArchive")(data)
    classes, _ = archive.classes(lambda name: name.endswith(b".MF"))
    return [archive.begin(one, 4096) for one in classes] or number


def _read_bundle(data: bytes, number: int) -> object:
    bundle = reader("dotnet_bundle", "read_bundle")(data)
    for entry in bundle.entries if bundle else ():
        try:
            reader("dotnet_bundle", "read_entry")(data, entry, 1 << 20)
        except ValueError:
            continue
    return number


def _read_table(data: bytes, number: int) -> object:
    """Read a table of a database, and the schema that every one has."""
    names = ("Packages", "ValidPaths", "sqlite_schema", "Refs")
    return list(reader("sqlite", "Database")(data).read_table(names[number % len(names)]))


def _read_log(data: bytes, number: int) -> object:
    """Read a log as it is or, at every other time, with checksums made right again; then the database with it."""
    log = reader("sqlite_wal", "read_log")(_checked_log(data) if number % 2 else data)
    return list(reader("sqlite", "Database")(b"", log).read_table("Packages")) if log.pages else None


def _checked_log(data: bytes) -> bytes:
    """The same log with the checksums that its content has."""
    if len(data) < 32 or (size := struct.unpack_from(">I", data, 8)[0]) not in {512, 1024, 4096}:
        return data
    checksum, made = reader("sqlite_wal", "_checksum"), bytearray(data)
    order = "<" if data[3] == 0x82 else ">"
    sums = checksum(bytes(made[:24]), order, (0, 0))
    struct.pack_into(">2I", made, 24, *sums)
    for at in range(32, len(made) - 24 - size + 1, 24 + size):
        made[at + 8 : at + 16] = made[16:24]
        sums = checksum(bytes(made[at : at + 8] + made[at + 24 : at + 24 + size]), order, sums)
        struct.pack_into(">2I", made, at + 16, *sums)
    return bytes(made)


def _read_frames(data: bytes, number: int) -> object:
    """Read frames of packages, at every other time with checksums made right again."""
    made = bytearray(data)
    for at in range(4096, len(made), 16) if number % 2 else ():
        if made[at : at + 4] == b"BlbS" and len(made) >= at + 16:
            end = at + -(-(struct.unpack_from("<I", made, at + 12)[0] + 28) // 16) * 16
            if end <= len(made):
                struct.pack_into("<I", made, end - 12, zlib.adler32(made[at : end - 12]))
    return list(reader("rpm_ndb", "read_blobs")(bytes(made)))


def _read_pom(data: bytes, number: int) -> object:
    pom = reader("pom", "read_pom")(data)
    effective = reader("pom", "Effective")([pom])
    effective.licenses(), effective.dependencies()
    return [effective.value(name) for name in ("groupId", "version", "name", "url")] or number


def _read_package_json(data: bytes, number: int) -> object:
    document = reader("package_json", "read_object")(data)
    for name in ("licenses_of", "supplier_of", "links_of", "dependencies_of", "bundled_by"):
        reader("package_json", name)(document)
    reader("package_json", "resolved_links")(document.get("_resolved"))
    return list(reader("package_json", "integrity_of")(document.get("_integrity"))) or number


def _read_fields(data: bytes, number: int) -> object:
    names = ("read_fields", "read_record", "read_installed_files", "read_requires")
    one = names[number % 4]
    read = reader("metadata", one)
    return read(data, "usr/lib/python3/site-packages") if one in names[1:3] else read(data)


def _text(module: str, name: str, *more: str) -> Read:
    function = reader(module, name)
    return lambda data, number: function(data.decode("utf-8", "replace"), *more) or number


def _read_relations(data: bytes, number: int) -> object:
    if number % 2:
        return list(reader("deb822", "read_relations")(data.decode("utf-8", "replace")))
    return list(reader("deb822", "read_stanzas")(data))


def _compare_versions(data: bytes, number: int) -> object:
    left, _, right = data.decode("utf-8", "replace").partition("|")
    return reader("gem_version", "satisfies")(left, right) or number


def _read_header(data: bytes, number: int) -> object:
    return reader("rpm_header", "read_header")(data, range(100, 6000)) or number


def _read_audit(data: bytes, number: int) -> object:
    """Read crates of text that is packed after it was damaged."""
    return reader("rust_audit", "parse_audit")(zlib.compress(data, 1) if number % 8 else data)


def _read_go_table(program: Any) -> object:
    table = reader("go_pclntab", "find_table")(program)
    if table is None:
        return None
    return reader("go_pclntab", "read_packages")(program, table), reader("go_pclntab", "read_source_modules")(
        program, table
    )


def _python_or_whole(data: bytes, number: int) -> object:
    return reader("python_imports", "read_python")(data, whole=bool(number % 2))


def _starts(data: bytes, number: int) -> object:
    read = reader("starts", "read_node_starts") if number % 2 else reader("starts", "read_python_starts")
    return read(data, ["execa"] if number % 2 else "subprocess")


def _node_names(data: bytes, number: int) -> object:
    return reader("node_imports", "read_node_imports")(data) or reader("node_imports", "read_names")(data, number % 9)


def _script_names(data: bytes, number: int) -> object:
    for name in ("read_ruby_imports", "read_perl_imports", "read_php_imports"):
        reader("script_imports", name)(data)
    return reader("script_imports", "read_composer_imports")(data, ("files", "psr4", "classmap")[number % 3]) or number


def _of_nuspec(data: bytes, number: int) -> object:
    return reader("nuspec", "read_nupkg" if data[:2] == b"PK" else "read_nuspec")(data) or number


def _of_class(data: bytes, number: int) -> object:
    if number % 2:
        return reader("class_file", "read_packages")(data), reader("class_file", "makes_loader")(data)
    return reader("class_file", "read_module")(data)


def _file_readers() -> dict[str, tuple[Read, Callable[[], Sequence[bytes]], str]]:
    """How to read, own inputs, and which real files fit: a pattern of their paths, or `magic:` and first bytes."""
    zips = "magic:PK"
    return {
        "berkeley": (_plain("berkeley", "read_pairs"), lambda: [
            rpm_files.berkeley(headers()), rpm_files.berkeley(headers(), order=">", inline=900, page_size=1024),
            rpm_files.berkeley(headers(), page_size=512)], r"/Packages[^/.]*$"),
        "class_archive": (_walk_classes, archives, zips),
        "class_file": (_of_class, lambda: [
            compiled("org/x/Main", ["org/y/Other"]), module_info("org.x", ["org.y"], "org/x/Main")], r"\.class$"),
        "composer": (_plain("composer", "read_installed_json", "read_installed_php"),
                     lambda: of_cases(r"installed\.(json|php)$"), r"installed\.(json|php)$"),
        "copyright": (_plain("copyright", "read_licenses"), lambda: of_cases("copyright$"), r"copyright$"),
        "deb822": (_read_relations, lambda: [*of_cases("(status|control)$"), b"a (>= 1) | b [amd64], c:any <!x>"],
                   r"(status|control)$"),
        "direct_url": (_plain("direct_url", "read_direct_url"), lambda: fuzz_inputs.ORIGINS, r"direct_url\.json$"),
        "dotnet_bundle": (_read_bundle, lambda: [one for one in native() if dotnet_files.SIGNATURE in one], "-"),
        "dotnet_deps": (_plain("dotnet_deps", "read_dependencies"), lambda: [
            *of_cases(r"\.deps\.json$"), dotnet_files.deps(LIBRARIES).encode()], r"\.deps\.json$"),
        "egg": (_plain("egg", "read_egg"), lambda: [
            jars.jar({"EGG-INFO/PKG-INFO": "Name: a\nVersion: 1\n", "EGG-INFO/SOURCES.txt": "x"}, stored=one)
            for one in (True, False)], r"\.egg$"),
        "erlang_terms": (_plain("erlang_terms", "read_terms"), lambda: of_cases(r"\.(app|rel)$|RELEASES$"),
                         r"\.app(\.src)?$"),
        "gem_version": (_compare_versions, lambda: [b"1.2.3.pre4|~> 1.2, >= 1.2.3.a, != 2", b"10.0|< 10.0.1"], "-"),
        "gemspec": (_plain("gemspec", "read_gemspec", "read_rbconfig"),
                    lambda: of_cases(r"\.gemspec$|rbconfig\.rb$"), r"\.gemspec$"),
        "go_flags": (_text("go_flags", "read_version_flag", "ex.org/a"), lambda: fuzz_inputs.FLAGS, "-"),
        "jar": (_walk_archive, archives, zips),
        "manifest": (_plain("manifest", "read_manifest", "read_properties"), lambda: [
            *of_cases(r"MANIFEST\.MF$"), fuzz_inputs.MANIFEST, fuzz_inputs.PROPERTIES], r"(\.MF|pom\.properties)$"),
        "metadata": (_read_fields, lambda: of_cases(r"-info/(METADATA|PKG-INFO|RECORD|requires\.txt)$"),
                     r"(METADATA|PKG-INFO|RECORD|requires\.txt)$"),
        "node_imports": (_node_names, lambda: [fuzz_inputs.NODE], r"\.[cm]?js$"),
        "nuspec": (_of_nuspec, lambda: [*of_cases(r"\.nuspec$"), *(
            jars.jar({"a.nuspec": one}, stored=True) for one in of_cases(r"\.nuspec$")[:2])], r"\.nuspec$"),
        "openpgp": (_plain("openpgp", "read_key_ids"), lambda: [
            rpm_files.signature("0123456789abcdef", version=version, fingerprint=mark, old=old)
            for version, mark, old in ((3, False, True), (4, False, False), (4, True, False), (4, False, True))], "-"),
        "package_json": (_read_package_json, lambda: of_cases(r"package\.json$"), r"package\.json$"),
        "php_literal": (_plain("php_literal", "read_php_literal"), lambda: of_cases(r"installed\.php$"),
                        r"installed\.php$"),
        "pnpm_lock": (_plain("pnpm_lock", "read_pnpm_lock"), lambda: [
            *of_cases(r"(pnpm-)?lock\.yaml$"), fuzz_inputs.PNPM], r"pnpm-lock\.yaml$"),
        "pom": (_read_pom, lambda: [
            *of_cases(r"pom\.xml$"), fuzz_inputs.POM], r"\.(pom|xml)$"),
        "starts": (_starts, lambda: [fuzz_inputs.PYTHON + b"run(['git'])\nexec('ls')\n"], r"\.(py|[cm]?js)$"),
        "python_imports": (_python_or_whole, lambda: [fuzz_inputs.PYTHON], r"\.py$"),
        "rockspec": (_plain("rockspec", "read_rockspec"), lambda: of_cases(r"\.rockspec$"), r"\.rockspec$"),
        "rpm_database": (_plain("rpm_database", "read_headers"), lambda: [
            rpm_files.sqlite(headers()), rpm_files.ndb(headers()), rpm_files.berkeley(headers())],
            r"/(Packages(\.db)?|rpmdb\.sqlite)$"),
        "rpm_header": (_read_header, headers, "-"),
        "rpm_ndb": (_read_frames, lambda: [rpm_files.ndb(headers())], r"/Packages\.db$"),
        "rust_audit": (_read_audit, lambda: [json.dumps({"packages": [
            {"name": "a", "version": "1.0", "source": "registry", "dependencies": [1], "root": True},
            {"name": "b", "version": "2.0", "source": "git", "kind": "build", "features": ["x"]}], "format": 1})
            .encode()], "-"),
        "sbom_document": (_plain("sbom_document", "read_sbom"),
                          lambda: of_cases(r"(\.spdx|cdx|sbom[^/]*)\.json$|\.spdx-[^/]*\.spdx$"),
                          r"(spdx|cdx|sbom|bom)[^/]*\.json$"),
        "script_imports": (_script_names, lambda: [fuzz_inputs.RUBY, fuzz_inputs.PERL, fuzz_inputs.PHP],
                           r"\.(rb|pl|pm|php)$"),
        "sqlite": (_read_table, lambda: [
            rpm_files.sqlite(headers()), rpm_files.sqlite(headers() * 20, page_size=512),
            nix_files.database(nix_files.STORE)], r"\.sqlite$"),
        "sqlite_wal": (_read_log, lambda: [rpm_files.write_ahead(headers()[:1], headers()[1:])[1],
                                           rpm_files.write_ahead((), headers(), page_size=512)[1]], r"-wal$"),
    }  # fmt: skip


_ELF, _PE, _MACHO = "magic:\x7fELF", "magic:MZ", "magic:\xcf\xfa|\xca\xfe|\xce\xfa"


def _program_readers() -> dict[str, tuple[Read, str]]:
    """The same for those that read parts of programs; own inputs are all programs of the format."""
    return {
        "cli_metadata": (_on_programs(_all("cli_metadata", "read_assembly", "read_references"), "pe"), _PE),
        "elf": (_on_programs(_ask, "elf"), _ELF),
        "elf_security": (_on_programs(_all("elf_security", "kind_of", "read_security"), "elf"), _ELF),
        "elf_symbols": (_on_programs(_all("elf_symbols", "count_symbols", "count_checked"), "elf"), _ELF),
        "elf_versions": (_on_programs(_all("elf_versions", "needed_versions", "defined_versions"), "elf"), _ELF),
        "go_buildinfo": (_on_programs(_all("go_buildinfo", "read_buildinfo")), _ELF + "|MZ"),
        "go_pclntab": (_on_programs(_read_go_table), _ELF),
        "machines": (_on_programs(_all("machines", "machine_of")), _ELF),
        "macho": (_on_programs(_ask, "mach"), _MACHO),
        "macho_commands": (_on_programs(_all(
            "macho_commands", "read_dylibs", "read_targets", "is_encrypted", "read_security"), "mach"), _MACHO),
        "pe": (_on_programs(_ask, "pe"), _PE),
        "pe_imports": (_on_programs(_all("pe_imports", "read_imports", "read_exports", "read_security"), "pe"), _PE),
        "pe_version": (_on_programs(_all("pe_version", "read_version"), "pe"), _PE),
        "program_texts": (_on_programs(_all("program_texts", "find_constants", "find_libraries")), _ELF),
        "programs": (_plain("programs", "read_programs"), _ELF + "|MZ|\xcf\xfa"),
        "rust_traces": (_on_programs(_all("rust_traces", "read_traces")), _ELF),
        "xcoff": (_on_programs(_ask, "xcoff"), "magic:\x01\xdf|\x01\xf7"),
    }  # fmt: skip


def _programs_of(kind: str) -> list[bytes]:
    """Those that begin with what the pattern of real files says."""
    heads = tuple(head.encode("latin-1") for head in kind.removeprefix("magic:").split("|"))
    return [data for data in native() if data.startswith(heads)]


def _fits(pattern: str, path: str, head: bytes) -> bool:
    if pattern.startswith("magic:"):
        return head.startswith(tuple(one.encode("latin-1") for one in pattern[6:].split("|")))
    return pattern != "-" and re.search(pattern, "/" + path) is not None


def _reader_seeds(read: Read, own: Callable[[], Sequence[bytes]], pattern: str, real: bool) -> list[Seed]:
    seeds = [Seed(f"own {number}", data, read) for number, data in enumerate(own()) if data]
    fitting = [(path, place) for path, place, head in real_files() if _fits(pattern, path, head)] if real else []
    return seeds + [Seed(path, place.read_bytes(), read) for path, place in _spread(fitting)]


def _spread(items: list[Any]) -> list[Any]:
    return items if len(items) <= REAL_COUNT else [items[len(items) * at // REAL_COUNT] for at in range(REAL_COUNT)]


# -- analyzers -------------------------------------------------------------------------------------------------------


class Runnable(File):
    """A captured file that may be run, as all are here."""

    executable = True


class Refused(Exception):
    """An analyzer said `Malformed`: all that it may raise."""


def _built() -> dict[str, bytes]:
    """Files that no case can hold, at places where somebody looks for them."""
    names = ["nginx", "node", "libcrypto.so.3", "busybox"]
    found = {f"opt/app/p{number}": data for number, data in enumerate(native())}
    found |= {f"usr/local/bin/{names[number % 4]}": data for number, data in enumerate(native()[:4])}
    found |= {f"opt/app/lib{number}.jar": data for number, data in enumerate(archives())}
    found |= {f"opt/app/A{number}.dll": data for number, data in enumerate(native()) if data.startswith(b"MZ")}
    database, log = rpm_files.write_ahead(headers()[:1], headers()[1:])
    store, later = nix_files.write_ahead(nix_files.STORE)
    return found | {
        "etc/ld.so.cache": loader_roots.cache(("libc.so.6", "/lib/libc.so.6"), ("libz.so.1", "/usr/lib/libz.so.1")),
        "opt/app/tool.pyz": archives()[-1],
        "var/lib/rpm/rpmdb.sqlite": database,
        "var/lib/rpm/rpmdb.sqlite-wal": log,
        "usr/lib/sysimage/rpm/Packages.db": rpm_files.ndb(headers()),
        "var/lib/rpm/Packages": rpm_files.berkeley(headers()),
        "var/db/xbps/pkgdb-0.38.plist": fuzz_inputs.PLIST,
        "nix/var/nix/db/db.sqlite": store,
        "nix/var/nix/db/db.sqlite-wal": later,
        "usr/lib/python3.11/site-packages/a.py": b"import os\nfrom b import c\n",
        "usr/lib/node_modules/a/index.js": b"const b = require('b');\n",
        "usr/bin/start": b'#!/bin/sh\nset -e\nexec python3 -m a "$@"\n',
    }


def _analyzer_seeds(name: str, real: bool) -> list[Seed]:
    analyzer: Analyzer = import_module(f"stellaops_core.analyzers.{name}").ANALYZER
    layers = [*cases(), _built()]
    seeds = [
        Seed(path, files[path], _analysis(analyzer, path, files))
        for files in layers
        for path in files
        if files[path] and is_wanted(analyzer, path, len(files[path]), files[path])
    ]
    fitting = []
    for path, place, head in real_files() if real else ():
        parts = path.split("/")
        wanted = ("/".join(parts[at:]) for at in range(2, len(parts)))
        if there := next((one for one in wanted if is_wanted(analyzer, one, 9, head)), ""):
            fitting.append((there, place))
    for path, place in _spread(fitting):
        data = place.read_bytes()
        seeds.append(Seed(path, data, _analysis(analyzer, path, {path: data})))
    return seeds


def _analysis(analyzer: Analyzer, path: str, files: dict[str, bytes]) -> Read:
    """Analyze the damaged file among the sound ones of its layer, and one of those; join what was found."""
    others = [one for one in files if one != path and files[one] and is_wanted(analyzer, one, 9, files[one])]

    def read(data: bytes, number: int) -> object:
        near, found, flaw = Files({**files, path: data}), {}, ""
        for one in (path, *others[number % len(others) :][:1]) if others else (path,):
            found[one] = []
            try:
                found[one].extend(analyzer.analyze(Runnable(one, data if one == path else files[one]), near))
            except Malformed as error:
                flaw = str(error)
                assert flaw
                assert len(flaw) < 1000
                assert "\n" not in flaw
        if isinstance(analyzer, Joins):
            _drain(iter(analyzer.join(View(dict(sorted(found.items()))))))
        if flaw:
            raise Refused(flaw)
        return found

    return read


def targets() -> dict[str, Target]:
    """All of them, by name."""
    table = {name: Target(name, partial(_reader_seeds, *how)) for name, how in _file_readers().items()}
    for name, (read, real) in _program_readers().items():
        table[name] = Target(name, partial(_reader_seeds, read, partial(_programs_of, real), real))
    for name, _ in BUILTIN + TRACING:
        table[f"analyzer:{name}"] = Target(name, partial(_analyzer_seeds, name))
    return dict(sorted(table.items(), key=lambda pair: (pair[0].startswith("analyzer:"), pair[0])))

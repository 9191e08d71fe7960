"""Names of modules to files, as Node finds them.

Comes in: a root, what a source calls a module, the directory of that source. Goes out: the file's real path. Rules:
CommonJS and ECMAScript modules each have their own way; nothing that is not there is found; what links lead to counts,
so that stores with links (pnpm) resolve from where a package really is. Sources in TypeScript are found where no file
that Node itself would take is there: programs that run them look that way.

Source: nodejs.org/api/modules.html "All together", "Loading from the global folders"; esm.html "Resolution Algorithm
Specification"; packages.html "Conditional exports"; typescriptlang.org "modules: reference", file extensions.
"""

from collections.abc import Callable, Collection, Sequence
from posixpath import normpath
from typing import Any

import msgspec
from msgspec import Struct

from stellaops_core.analyzers.texts import Text
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.node.exports import Patterns, exported, imported
from stellaops_core.entrytrace.root import Root

BUILTIN = ""
"""Stands for a module that Node itself has."""

_BUILTINS = frozenset({
    "_http_agent", "_http_client", "_http_common", "_http_incoming", "_http_outgoing", "_http_server",
    "_stream_duplex", "_stream_passthrough", "_stream_readable", "_stream_transform", "_stream_wrap",
    "_stream_writable", "_tls_common", "_tls_wrap", "assert", "assert/strict", "async_hooks", "buffer",
    "child_process", "cluster", "console", "constants", "crypto", "dgram", "diagnostics_channel", "dns",
    "dns/promises", "domain", "events", "fs", "fs/promises", "http", "http2", "https", "inspector",
    "inspector/promises", "module", "net", "os", "path", "path/posix", "path/win32", "perf_hooks", "process",
    "punycode", "querystring", "readline", "readline/promises", "repl", "stream", "stream/consumers",
    "stream/promises", "stream/web", "string_decoder", "sys", "timers", "timers/promises", "tls", "trace_events",
    "tty", "url", "util", "util/types", "v8", "vm", "wasi", "worker_threads", "zlib",
})  # fmt: skip
_EXTENSIONS = (".js", ".json", ".node")
_OTHER_EXTENSIONS = (".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".jsx")
_COMPILED = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",), ".jsx": (".tsx",)}
_SYNCHRONOUS = "module-sync"
"""A condition that holds from Node 22.10 on; which Node it is, an image does not always say."""


class Manifest(Struct, frozen=True):
    """The fields of a package.json that matter; any of them may be anything."""

    name: Any = None
    main: Any = None
    exports: Any = None
    imports: Any = None
    bin: Any = None
    scripts: Any = None
    dependencies: Any = None
    optionalDependencies: Any = None  # noqa: N815  # as it is called there
    peerDependencies: Any = None  # noqa: N815
    peerDependenciesMeta: Any = None  # noqa: N815
    devDependencies: Any = None  # noqa: N815

    def programs(self) -> list[str]:
        """Return the paths of its programs, as written, sorted."""
        named = self.bin.values() if isinstance(self.bin, dict) else [self.bin]
        return sorted({path for path in named if isinstance(path, str)})

    def declared(self, *, development: bool = False) -> list[str]:
        """Return the names of declared dependencies, sorted."""
        tables = [self.dependencies, self.optionalDependencies, self.peerDependencies, self.peerDependenciesMeta]
        tables += [self.devDependencies] if development else []
        return sorted({name for table in tables if isinstance(table, dict) for name in table})


class Resolver:
    """Finds modules in one image, for one process."""

    def __init__(
        self,
        root: Root,
        bounds: Bounds,
        *,
        folders: Sequence[str] = (),
        conditions: Collection[str] = (),
        links: bool = True,
    ) -> None:
        """`folders`: where else to look; `conditions`: those besides Node's; `links`: whether to follow them."""
        self._root, self._bounds, self._folders, self._links = root, bounds, tuple(folders), links
        both = {"node", "node-addons", *conditions}
        self._conditions = {"require": frozenset({*both, "require"}), "import": frozenset({*both, "import"})}
        self._listed: dict[str, frozenset[str]] = {}
        self._folders_of: dict[str, tuple[str, ...]] = {}
        self._manifests: dict[str, Manifest | None] = {}
        self._patterns: dict[tuple[str, str], Patterns] = {}
        self._scopes: dict[str, str | None] = {}
        self._found: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]] = {}

    def find(self, how: str, specifier: str, directory: str) -> tuple[str, ...]:
        """Return the real path of a module as `require` or `import` finds it from a directory; nothing if it doesn't.

        Two, where that depends on the version of Node; (BUILTIN,) for Node's own.
        """
        if how == "import" and specifier[:5] in {"file:", "data:", "http:", "https"}:
            return self._files(specifier[7:], "") if specifier.startswith("file:///") else ()
        if specifier[:1] in {".", "/"}:
            return self._files(specifier, directory, exact=how == "import")
        if specifier.startswith("node:") or specifier in _BUILTINS:
            return (BUILTIN,)
        if specifier[:1] == "#":
            return self._own_import(how, specifier, directory)
        name, subpath = split(specifier)
        scope = self.scope(directory)
        manifest = self.manifest(scope) if scope is not None else None
        if scope is not None and manifest and manifest.name == name and manifest.exports is not None:
            return self._exported(how, scope, manifest, subpath)
        folders = self.folders(directory)
        key = (how, specifier, folders)
        if key not in self._found:
            self._found[key] = self._package(how, name, subpath, folders)
        return self._found[key]

    def scope(self, directory: str) -> str | None:
        """Return the directory of the package.json that holds for files in a directory; None where there is none."""
        passed, found, at = [], None, directory
        while at not in self._scopes:
            passed.append(at)
            parent, _, name = at.rpartition("/")
            if "package.json" in self.names(at) and name != "node_modules":
                self._scopes[at] = at
            elif name == "node_modules" or not at:
                self._scopes[at] = None
            at = parent if at not in self._scopes else at
        found = self._scopes[at]
        self._scopes.update(dict.fromkeys(passed, found))
        return found

    def package(self, directory: str) -> str | None:
        """Return the directory of the package.json that names the package, above those that only state a type."""
        scope = self.scope(directory)
        while scope and (manifest := self.manifest(scope)) and not manifest.name:
            above = self.scope(scope.rpartition("/")[0])
            if above is None:
                break
            scope = above
        return scope

    def manifest(self, directory: str) -> Manifest | None:
        """Return the package.json in a directory."""
        if directory not in self._manifests:
            self._manifests[directory] = self._read(f"{directory}/package.json" if directory else "package.json")
        return self._manifests[directory]

    def _read(self, path: str) -> Manifest | None:
        text = self._bounds.kept(self._root, path, Text)
        try:
            return msgspec.json.decode(text.content.removeprefix(b"\xef\xbb\xbf"), type=Manifest) if text else None
        except (ValueError, RecursionError):
            return None

    def names(self, directory: str) -> frozenset[str]:
        """Return the names in a directory."""
        found = self._listed.get(directory)
        if found is None:
            found = self._listed[directory] = frozenset(self._root.names(directory))
        return found

    def folders(self, directory: str) -> tuple[str, ...]:
        """Return the directories in which packages are looked for from a directory, the nearest first."""
        passed, at = [], directory
        while at not in self._folders_of and at:
            passed.append(at)
            at = at.rpartition("/")[0]
        found = self._folders_of[at] if at in self._folders_of else self._and_inside("", self._folders)
        self._folders_of[at] = found
        for at in reversed(passed):
            found = self._folders_of[at] = self._and_inside(at, found)
        return found

    def _and_inside(self, directory: str, above: tuple[str, ...]) -> tuple[str, ...]:
        if directory.endswith("node_modules") or "node_modules" not in self.names(directory):
            return above
        return (f"{directory}/node_modules" if directory else "node_modules", *above)

    def package_directory(self, name: str, directory: str) -> str | None:
        """Return where a package lies that is visible from a directory."""
        return next((found for folder in self.folders(directory) if (found := self._inside(folder, name))), None)

    # -- files -------------------------------------------------------------------------------------------------------

    def _files(self, specifier: str, directory: str, *, exact: bool = False) -> tuple[str, ...]:
        path = normpath(f"/{specifier}" if specifier[:1] == "/" else f"/{directory}/{specifier}").lstrip("/")
        if exact and self._is_file(path):
            return self._real(path)
        is_directory = specifier.endswith("/") or specifier.rpartition("/")[2] in {".", ".."}
        found = (None if is_directory else self._as_file(path)) or self._as_directory(path) or self._as_source(path)
        return self._real(found) if found else ()

    def _as_file(self, path: str) -> str | None:
        parent, _, name = path.rpartition("/")
        names = self.names(parent)
        if name in names and self._root.is_file(path):
            return path
        for extension in _EXTENSIONS:
            if name + extension in names and self._root.is_file(path + extension):
                return path + extension
        return None

    def _as_directory(self, path: str) -> str | None:
        names = self.names(path)
        if "package.json" in names and (manifest := self.manifest(path)) and isinstance(manifest.main, str):
            main = normpath(f"/{path}/{manifest.main}").lstrip("/")
            if found := self._as_file(main) or self._as_index(main) or self._as_source(main):
                return found
        return self._as_index(path)

    def _as_index(self, path: str) -> str | None:
        names = self.names(path)
        for extension in (*_EXTENSIONS, *_OTHER_EXTENSIONS):
            if "index" + extension in names and self._root.is_file(f"{path}/index{extension}"):
                return f"{path}/index{extension}" if path else "index" + extension
        return None

    def _as_source(self, path: str) -> str | None:
        """Find what a program that compiles sources as they are loaded would take."""
        stem, dot, extension = path.rpartition(".")
        candidates = [stem + other for other in _COMPILED.get(dot + extension, ())]
        return next((one for one in (*candidates, *(path + e for e in _OTHER_EXTENSIONS)) if self._is_file(one)), None)

    def _is_file(self, path: str) -> bool:
        parent, _, name = path.rpartition("/")
        return name in self.names(parent) and self._root.is_file(path)

    def _real(self, path: str) -> tuple[str, ...]:
        real = self._root.real(path) if self._links else path
        return (real,) if real else ()

    # -- packages ----------------------------------------------------------------------------------------------------

    def _inside(self, folder: str, name: str) -> str | None:
        """Return the place of a package in a folder of packages."""
        scope, slash, plain = name.partition("/")
        if scope not in self.names(folder) or (slash and plain not in self.names(f"{folder}/{scope}")):
            return None
        return f"{folder}/{name}"

    def _package(self, how: str, name: str, subpath: str, folders: Sequence[str]) -> tuple[str, ...]:
        for folder in folders:
            place = self._inside(folder, name)
            if place is None:
                if how == "require" and subpath == "." and (file := self._as_file(f"{folder}/{name}")):
                    return self._real(file)
                continue
            manifest = self.manifest(place)
            if manifest and manifest.exports is not None:
                return self._exported(how, place, manifest, subpath)
            if found := self._files("." if subpath == "." else subpath, place, exact=how == "import"):
                return found
            if subpath == "." and (file := self._as_file(place)):
                return self._real(file)
        return ()

    def _exported(self, how: str, place: str, manifest: Manifest, subpath: str) -> tuple[str, ...]:
        patterns = self._patterns_of(place, "exports", manifest.exports)
        targets = self._targets(
            how, place, lambda conditions: exported(manifest.exports, subpath, conditions, patterns)
        )
        found = [path for target in targets for path in self._files(target, place, exact=True)]
        return tuple(dict.fromkeys(found))

    def _patterns_of(self, place: str, name: str, field: Any) -> Patterns:
        if (place, name) not in self._patterns:
            self._patterns[place, name] = Patterns(field)
        return self._patterns[place, name]

    def _own_import(self, how: str, specifier: str, directory: str) -> tuple[str, ...]:
        scope = self.scope(directory)
        manifest = self.manifest(scope) if scope is not None else None
        if scope is None or manifest is None:
            return ()
        patterns = self._patterns_of(scope, "imports", manifest.imports)
        targets = self._targets(
            how, scope, lambda conditions: imported(manifest.imports, specifier, conditions, patterns)
        )
        return tuple(path for target in targets if target[:1] != "#" for path in self.find(how, target, scope))

    def _targets(self, how: str, place: str, of: Callable[[frozenset[str]], str | None]) -> list[str]:
        """Return what a field of a package.json leads to, by the version of Node."""
        conditions = self._conditions[how]
        try:
            found = (of(conditions), of(conditions | {_SYNCHRONOUS}))
        except ValueError as error:
            self._bounds.note(str(error), f"{place}/package.json")
            return []
        return [target for target in dict.fromkeys(found) if target]


def split(specifier: str) -> tuple[str, str]:
    """Return the name of a package and the subpath, `.` or `./x`, that a bare specifier names."""
    parts = specifier.split("/", 2 if specifier[:1] == "@" else 1)
    count = 2 if specifier[:1] == "@" else 1
    return "/".join(parts[:count]), f"./{parts[count]}" if len(parts) > count else "."

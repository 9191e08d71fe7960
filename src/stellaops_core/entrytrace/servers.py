"""Modules that servers load because their configuration says so: nginx, Apache httpd, PHP.

Comes in: a process of such a server. Goes out: its configuration files and modules as edges. Rules: a module is looked
up as the server does; one within a condition of the configuration is `maybe`; what isn't in the image is no edge.

Source: nginx.org, "Core functionality" (`include`, `load_module`), "Command-line parameters"; httpd.apache.org,
"mod_so", "core" (`Include`, `ServerRoot`); php.net, "The configuration file", "extension_dir".
"""

import re
from collections.abc import Iterator

from stellaops_core.entrytrace.bounds import more_than
from stellaops_core.entrytrace.process import Edge, Level, Process, Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.shell.files import GLOB_LIMIT, absolute, find_names, text_of
from stellaops_core.entrytrace.shell.patterns import MANY

CONFIGURATION_LIMIT = 500
"""Configuration files of one server that are read."""

_NGINX = ("/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf", "/usr/local/openresty/nginx/conf/nginx.conf")
_NGINX_HOMES = (
    "/usr/share/nginx",
    "/etc/nginx",
    "/usr/lib/nginx",
    "/usr/lib64/nginx",
    "/var/lib/nginx",
    "/usr/local/nginx",
)
_APACHE = (
    ("/usr/local/apache2/conf/httpd.conf", "/usr/local/apache2"),
    ("/etc/apache2/apache2.conf", "/etc/apache2"),
    ("/etc/httpd/conf/httpd.conf", "/etc/httpd"),
    ("/etc/apache2/httpd.conf", "/var/www"),
)
_PHP = ("/usr/local/etc/php", "/etc/php.d", "/etc/php*/conf.d", "/etc/php/*/{kind}/conf.d")
_PHP_FILES = ("/usr/local/etc/php/php.ini", "/etc/php.ini", "/etc/php*/php.ini", "/etc/php/*/{kind}/php.ini")
_PHP_MODULES = (
    "/usr/local/lib/php/extensions/*",
    "/usr/lib/php/2*",
    "/usr/lib/php*/modules",
    "/usr/lib64/php*/modules",
)

_DIRECTIVE = re.compile(r'^\s*(include|load_module)\s+(?:"([^"]+)"|([^\s;]+))', re.MULTILINE)
_LINE = re.compile(r"\s*(\w+)\s+(.*\S)")
_EXTENSION = re.compile(
    r'^\s*(zend_extension|extension|extension_dir)\s*=\s*"?([^";\r\n]+?)"?\s*(?:;.*)?$', re.MULTILINE
)


def follow_server(root: Root, process: Process) -> Iterator[Edge | Undetermined]:
    """Yield what the server's configuration has it load."""
    name = process.program.rpartition("/")[2]
    if name.startswith(("nginx", "openresty")):
        yield from _Nginx(root, process).follow()
    elif name.startswith(("apache2", "httpd")):
        yield from _Apache(root, process).follow()
    elif name.startswith(("php", "frankenphp")):
        yield from _php(root, process)


class _Files:
    """Configuration files, each read once."""

    def __init__(self, root: Root, process: Process) -> None:
        self.root = root
        self.process = process
        self.seen: set[str] = set()
        self.directory = "/" + process.directory

    def option(self, name: str) -> str:
        """The value of a short option, with or without a blank between."""
        words = self.process.arguments
        for at, word in enumerate(words):
            if word == name:
                return (words[at + 1] if at + 1 < len(words) else "") or ""
            if word and word.startswith(name) and len(name) < len(word) and not word.startswith("--"):
                return word[len(name) :]
        return ""

    def read(self, source: str, path: str, how: str, line: int) -> Iterator[tuple[str, str] | Edge | Undetermined]:
        """Yield the edge to a file, then (real path, text) where it is new."""
        if MANY in path:
            yield Undetermined(source, line, f"{how[:80]}: {more_than(GLOB_LIMIT, 'files')}")
            return
        real = self.root.real(path)
        if real is None or not self.root.is_file(path) or real in self.seen:
            return
        if len(self.seen) >= CONFIGURATION_LIMIT:
            yield Undetermined(self.process.program, 0, f"it reads more than {CONFIGURATION_LIMIT} configurations")
            return
        self.seen.add(real)
        yield Edge(source, real, how, line)
        text = text_of(self.root, path)
        if text is None:
            yield Undetermined(real, 0, "the text of the configuration was not kept")
        else:
            yield real, text


class _Nginx(_Files):
    """nginx."""

    def follow(self) -> Iterator[Edge | Undetermined]:
        named = self.option("-c")
        paths = [absolute(self.option("-p") or "/etc/nginx", named)] if named else list(_NGINX)
        path = next((one for one in paths if self.root.is_file(one)), "")
        self.home = path.rpartition("/")[0]
        if path:
            yield from self._file(self.process.program, path, f"configuration {path}", 0)
        else:
            yield Undetermined(self.process.program, 0, "the configuration of nginx is not in the image")

    def _file(self, source: str, path: str, how: str, line: int) -> Iterator[Edge | Undetermined]:
        for item in self.read(source, path, how, line):
            if not isinstance(item, tuple):
                yield item
                continue
            place, text = item
            for found in _DIRECTIVE.finditer(text):
                value, number = found[2] or found[3], text.count("\n", 0, found.start(1)) + 1
                if found[1] == "load_module":
                    yield from self._module(place, value, number)
                else:
                    for name in find_names(self.root, self.home, value):
                        yield from self._file(place, absolute(self.home, name), f"include {value}", number)

    def _module(self, place: str, value: str, line: int) -> Iterator[Edge | Undetermined]:
        homes = [self.option("-p"), *_NGINX_HOMES] if not value.startswith("/") else ["/"]
        there = [absolute(home, value) for home in homes if home]
        path = next((one for one in there if self.root.is_file(one)), None)
        if path:
            yield Edge(place, self.root.real(path) or "", f"load_module {value}", line)
        else:
            yield Undetermined(place, line, f"no such module in the image: {value[:80]}")


class _Apache(_Files):
    """Apache httpd."""

    def follow(self) -> Iterator[Edge | Undetermined]:
        named, home = self.option("-f"), self.option("-d")
        known = [(absolute(home or "/", named), home or "/")] if named else list(_APACHE)
        path, default = next((one for one in known if self.root.is_file(one[0])), ("", ""))
        self.home = home or default
        self.level: Level = "used"
        if path:
            yield from self._file(self.process.program, path, f"configuration {path}", 0)
        else:
            yield Undetermined(self.process.program, 0, "the configuration of httpd is not in the image")

    def _file(self, source: str, path: str, how: str, line: int) -> Iterator[Edge | Undetermined]:
        for item in self.read(source, path, how, line):
            if isinstance(item, tuple):
                yield from self._lines(*item)
            else:
                yield item

    def _lines(self, place: str, text: str) -> Iterator[Edge | Undetermined]:
        depth = 0
        for number, line in enumerate(text.replace("\\\n", " \0").split("\n"), 1):
            stripped = line.strip().replace("\0", "")
            if re.match(r"<(?:If\w*|ElseIf|Else)\b", stripped, re.IGNORECASE):
                depth += 1
            elif re.match(r"</(?:If\w*|ElseIf|Else)>", stripped, re.IGNORECASE):
                depth -= 1
            found = _LINE.match(stripped)
            if found and not stripped.startswith("#"):
                yield from self._directive(place, number, found[1].lower(), self._words(found[2]), within=depth > 0)

    def _words(self, text: str) -> list[str]:
        known = self.process.environment
        text = re.sub(r"\$\{(\w+)\}", lambda m: known.get(m[1]) or "", text)
        return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', text)]

    def _directive(
        self, place: str, line: int, name: str, words: list[str], *, within: bool
    ) -> Iterator[Edge | Undetermined]:
        if name == "serverroot" and words:
            self.home = words[0]
        elif name in {"include", "includeoptional"} and words:
            for found in find_names(self.root, self.home, words[0]):
                yield from self._file(place, absolute(self.home, found), f"{name} {words[0]}", line)
        elif (name == "loadmodule" and len(words) > 1) or (name == "loadfile" and words):
            path = absolute(self.home, words[-1])
            real = self.root.real(path)
            if real is not None and self.root.is_file(path):
                yield Edge(place, real, f"LoadModule {' '.join(words)}"[:120], line, "maybe" if within else "used")
            else:
                yield Undetermined(place, line, f"no such module in the image: {words[-1][:80]}")


def _php(root: Root, process: Process) -> Iterator[Edge | Undetermined]:
    """Extensions that PHP's `.ini` files name."""
    files, kind = _Files(root, process), "fpm" if "fpm" in process.program else "cli"
    if "-n" in process.arguments:
        return
    scanned = process.environment.get("PHP_INI_SCAN_DIR")
    places = [place for place in (scanned or "").split(":") if place] or [f"{_PHP[0]}/conf.d", *_PHP[1:]]
    patterns = [*_PHP_FILES, *(f"{place}/*.ini" for place in places)]
    found: list[tuple[str, str]] = []
    for pattern in patterns:
        for path in find_names(root, "/", pattern.replace("{kind}", kind)):
            for item in files.read(process.program, path, "configuration", 0):
                if isinstance(item, tuple):
                    found.append(item)
                else:
                    yield item
    yield from _extensions(root, found)


def _extensions(root: Root, found: list[tuple[str, str]]) -> Iterator[Edge | Undetermined]:
    stated = [m[2] for _, text in found for m in _EXTENSION.finditer(text) if m[1] == "extension_dir"]
    places = [*stated, *(path for pattern in _PHP_MODULES for path in find_names(root, "/", pattern))]
    for place, text in found:
        for match in _EXTENSION.finditer(text):
            if match[1] == "extension_dir":
                continue
            line = text.count("\n", 0, match.start(1)) + 1
            names = (match[2], f"{match[2]}.so")
            paths = [absolute(home, name) for home in places for name in names]
            path = next((one for one in paths if root.is_file(one)), None)
            if path:
                yield Edge(place, root.real(path) or "", f"{match[1]}={match[2]}", line)
            else:
                yield Undetermined(place, line, f"no such extension in the image: {match[2][:80]}")

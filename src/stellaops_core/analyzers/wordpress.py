"""WordPress: the core, its plugins and its themes.

Comes in: `wp-includes/version.php`, the PHP files that a plugin may have its header in, `style.css` of themes. Goes
out: one `Package` each; after `join`, what plugins and child themes need. Nothing is run: the core's version is a
literal, headers are comments.

No purl type exists for WordPress, so that these are `pkg:generic/wordpress`, `pkg:generic/wordpress-plugin/SLUG` and
`pkg:generic/wordpress-theme/SLUG`; the slug is the directory's name, by which WordPress itself and its directory of
plugins know them.

Source: WordPress developer handbooks, "Header Requirements" (plugins), "Main Stylesheet" (themes); `get_file_data`.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Found,
    Installed,
    LayerFile,
    LayerFiles,
    Malformed,
    Package,
    View,
)

if TYPE_CHECKING:
    from stellaops_core.purl import Purl

HEADER_LIMIT: Final = 8192
"""Bytes that WordPress reads of a file for its header."""
VERSION_LIMIT: Final = 1 << 20
"""Bytes of version.php."""
TEXT_LIMIT: Final = 1024
"""Characters of one field of a header."""
PLUGIN: Final = "wordpress-plugin"
THEME: Final = "wordpress-theme"

_CORE = re.compile(r"(?:.*/)?wp-includes/version\.php")
_PLUGIN = re.compile(r"(?:.*/)?wp-content/(?:mu-)?plugins/(?:([^/]+)/[^/]+|([^/]+))\.php", re.IGNORECASE)
_THEME = re.compile(r"(?:.*/)?wp-content/themes/([^/]+)/style\.css")
_SLUG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_VERSION = re.compile(r"[!-~][ -~]{0,127}")
_NUMBER = re.compile(rb"^[ \t]*\$wp_version[ \t]*=[ \t]*(['\"])([0-9][0-9A-Za-z.+-]{0,63})\1[ \t]*;", re.MULTILINE)
_FIELD = re.compile(r"^(?:[ \t]*<\?php)?[ \t/*#@]*([A-Za-z][A-Za-z ]{1,30}):(.*)$", re.MULTILINE)


class Wordpress(Analyzer):
    """The analyzer; see the module."""

    name = "wordpress"
    version = 1
    names = frozenset({"style.css"})
    endings = (".php",)

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones are cut, or become an Unknown
        """Whether the path is one that WordPress itself looks at."""
        if "wp-" not in path:
            return False
        return bool(_PLUGIN.fullmatch(path) or _CORE.fullmatch(path) or _THEME.fullmatch(path))

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:  # noqa: ARG002
        """Yield the core, a plugin or a theme; nothing for a plugin's further files."""
        if _CORE.fullmatch(file.path):
            yield _core(file)
            return
        fields = _header(file.content()[:HEADER_LIMIT])
        theme, plugin = _THEME.fullmatch(file.path), _PLUGIN.fullmatch(file.path)
        if theme and "theme name" in fields:
            yield _extension(THEME, theme[1], fields, [fields["template"]] if fields.get("template") else [])
        elif plugin and "plugin name" in fields:
            needed = fields.get("requires plugins", "").split(",")
            yield _extension(PLUGIN, plugin[1] or plugin[2], fields, [slug.strip() for slug in needed if slug.strip()])

    def join(self, view: View) -> Iterable[Installed]:
        """Give each its purl and what it needs of the same `wp-content`."""
        sites: dict[str, dict[tuple[str, str], Purl]] = {}
        packages = [(path, fact) for path, facts in view.found.items() for fact in facts if isinstance(fact, Package)]
        for path, package in packages:
            sites.setdefault(_site(path), {})[package.namespace, package.name] = _purl(package)
        for path, package in packages:
            site = sites[_site(path)]
            needed = {site.get((package.namespace, slug)) for slug in package.requires} | {site.get(("", "wordpress"))}
            depends = {str(purl) for purl in needed if purl} - {str(_purl(package))}
            yield Installed(
                package,
                path,
                _purl(package),
                licenses=package.licenses,
                depends=tuple(sorted(depends)) if package.namespace else (),
                properties=package.properties,
            )


ANALYZER = Wordpress()


def _core(file: LayerFile) -> Package:
    if file.size > VERSION_LIMIT:
        raise Malformed(f"larger than {VERSION_LIMIT} bytes")
    match = _NUMBER.search(file.read())
    if not match:
        raise Malformed("states no version")
    return Package("generic", "wordpress", match[2].decode(), key="core", urls=(("website", "https://wordpress.org"),))


def _header(data: bytes) -> dict[str, str]:
    """Fields of a header, names in lower case; the first of a name counts."""
    from stellaops_core.readers.stated import clean_text  # noqa: PLC0415  # read with a find

    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(data.decode("utf-8", "replace").replace("\r", "\n")):
        fields.setdefault(name.strip().lower(), clean_text(value.partition("*/")[0].partition("?>")[0], TEXT_LIMIT))
    return fields


def _extension(kind: str, slug: str, fields: dict[str, str], requires: list[str]) -> Package:
    from stellaops_core.readers.stated import clean_url  # noqa: PLC0415  # read with a find

    version = fields.get("version", "")
    if not version:
        raise Malformed("states no version")
    if not _SLUG.fullmatch(slug) or not _VERSION.fullmatch(version):
        raise Malformed("states a name or version that can't be one")
    url = clean_url(fields.get("plugin uri") or fields.get("theme uri"))
    title = fields.get("plugin name") or fields.get("theme name", "")
    return Package(
        "generic",
        slug,
        version,
        namespace=kind,
        key=slug,
        licenses=(fields["license"],) if fields.get("license") else (),
        requires=tuple(requires[:64]),
        supplier=fields.get("author", ""),
        urls=(("website", url),) if url else (),
        properties=(("stella:wordpress:title", title),) if title else (),
    )


def _site(path: str) -> str:
    """The directory that a WordPress lies in."""
    return re.split(r"(?:^|/)wp-(?:content|includes)/", path, maxsplit=1)[0]


def _purl(package: Package) -> "Purl":
    from stellaops_core.purl import make_purl  # noqa: PLC0415  # joins only

    return make_purl(package.type, package.name, package.version, namespace=package.namespace)

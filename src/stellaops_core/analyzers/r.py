"""R packages that are installed in a library.

Comes in: a package's DESCRIPTION. Goes out: one `Package` each; `join` adds the packages that it depends on or imports.
Only `R CMD INSTALL` writes the field `Built`, so that sources have none and are passed over. The base packages are R
itself: they become one component of that name, whose version they share.

Source: R, "Writing R Extensions" 1.1.1 and 1.1.3; remotes' `Remote…` fields; the purl type `cran`.
"""

import re
from collections.abc import Iterable, Iterator

from stellaops_core.analyzers.analyzer import Analyzer, Installed, LayerFile, LayerFiles, Package, View
from stellaops_core.analyzers.record import REQUIRES_LIMIT, TEXT_LIMIT, check_word, read_bytes
from stellaops_core.purl import Purl, make_purl

BIOCONDUCTOR = "https://bioconductor.org"
"""`repository_url` of Bioconductor's packages: they have no purl type of their own."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]*")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_FILE = re.compile(r"\s*\+\s*file\s+LICEN[CS]E$")
_MINIMUM = re.compile(r"([AL]?GPL) \(>= ([\d.]+)\)")
_GITHUB = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")


class R(Analyzer):
    """Reads DESCRIPTION of installed packages."""

    name = "r"
    version = 1
    names = frozenset({"DESCRIPTION"})

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """All that lie in a package's directory."""
        return "/" in path

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:  # noqa: ARG002
        """Yield the package, if it was installed where the file lies."""
        from stellaops_core.readers.deb822 import read_stanzas  # noqa: PLC0415  # only where there are packages

        fields = next(iter(read_stanzas(read_bytes(file))), {})
        directory = file.path.split("/")[-2]
        if "built" in fields and fields.get("package") == directory and _NAME.fullmatch(directory):
            yield _package(fields)

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve dependencies: in a package's own library first, as R searches."""
        packages = [(path, item) for path, found in view.found.items() for item in found if isinstance(item, Package)]
        purls = {path: _purl(package) for path, package in packages}
        libraries: dict[str, dict[str, str]] = {}
        anywhere: dict[str, str] = {}
        for path, package in packages:
            library = libraries.setdefault(_library(path), {})
            library[package.key] = anywhere[package.key] = str(purls[path])
        anywhere["R"] = anywhere.get("base", "")
        for path, package in packages:
            library, own = libraries[_library(path)], str(purls[path])
            depends = {library.get(name) or anywhere.get(name) for name in package.requires} - {own, "", None}
            yield Installed(
                package,
                path,
                purls[path],
                licenses=package.licenses,
                depends=tuple(sorted(filter(None, depends))),
                properties=package.properties,
                directory=path.rpartition("/")[0],
            )


ANALYZER = R()


def _library(path: str) -> str:
    return path.rsplit("/", 2)[0]


def _package(fields: dict[str, str]) -> Package:
    from stellaops_core.readers.stated import clean_text  # noqa: PLC0415  # read with a find

    base = fields.get("priority") == "base"
    license_ = _license(clean_text(fields.get("license"), TEXT_LIMIT))
    return Package(
        "generic" if base else "cran",
        "R" if base else fields["package"],
        check_word(fields.get("version"), "version"),
        key=fields["package"],
        qualifiers={} if base else dict(_origin(fields)),
        licenses=(license_,) if license_ and not base else (),
        requires=() if base else tuple(_requires(fields)),
        supplier=clean_text(fields.get("maintainer"), TEXT_LIMIT).partition("<")[0].strip(' "'),
        urls=tuple(sorted(set(_links(fields)))),
        properties=(("stella:r:built", clean_text(fields["built"].partition(";")[0], TEXT_LIMIT)),),
    )


def _license(text: str) -> str:
    """Turn R's own notation into SPDX's: `A | B` are alternatives, `GPL (>= 2)` is a minimum, a file adds names."""
    parts = [_FILE.sub("", part).strip() for part in text.split("|")]
    return " OR ".join(_MINIMUM.sub(r"\1-\2+", part) for part in parts) if all(parts) else text


def _requires(fields: dict[str, str]) -> list[str]:
    """What it needs when it is loaded; LinkingTo matters at build time, Suggests and Enhances do not bind."""
    found = {match[0] for name in ("depends", "imports") for match in map(_NAME.match, _listed(fields, name)) if match}
    return sorted(found)[:REQUIRES_LIMIT]


def _listed(fields: dict[str, str], name: str) -> Iterator[str]:
    return (part.strip() for part in fields.get(name, "").split(","))


def _origin(fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Where it came from, if not from CRAN or one of its mirrors."""
    from stellaops_core.readers.stated import clean_url  # noqa: PLC0415  # read with a find

    project, commit = f"{fields.get('remoteusername')}/{fields.get('remoterepo')}", fields.get("remotesha", "")
    if fields.get("remotetype") == "github" and _GITHUB.fullmatch(project) and _SHA.fullmatch(commit):
        yield "vcs_url", f"git+https://github.com/{project}@{commit}"
    elif "biocviews" in fields and not fields.get("repository", "").startswith(("CRAN", "RSPM")):
        yield "repository_url", BIOCONDUCTOR
    elif url := clean_url(fields.get("repository"), keep_query=False):
        yield "repository_url", url


def _links(fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    from stellaops_core.readers.stated import clean_url  # noqa: PLC0415  # read with a find

    for field, kind in (("url", "website"), ("bugreports", "issue-tracker")):
        for text in re.split(r"[\s,]+", fields.get(field, ""))[:16]:
            if url := clean_url(text):
                yield kind, url


def _purl(package: Package) -> Purl:
    return make_purl(package.type, package.name, package.version, qualifiers=package.qualifiers)

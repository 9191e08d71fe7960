"""Which installed Python distributions need which others.

Comes in: the distributions of a composed image. Goes out: dependency edges, resolved as the interpreter would import:
within one site directory, and between those that one interpreter searches. Markers are evaluated for the image (its
architecture, the Python version in the path), never for the host; an extra's requirements count only where some
installed distribution asks for that extra.

Source: PyPA "Dependency specifiers" (names, extras, markers); Debian's and Fedora's `site` search paths.
"""

import re
from collections.abc import Iterator
from typing import Final

from stellaops_core.analyzers.analyzer import Package, View
from stellaops_core.purl import Purl, make_purl

MARKER_LIMIT: Final = 1000
"""Characters; longer markers count as not satisfied."""
NESTING_LIMIT: Final = 64
"""Opening parentheses in one marker, so that its parser's recursion ends."""
MARKERS_LIMIT: Final = 20_000
"""Markers evaluated for one image; the rest count as not satisfied."""
EXTRAS_LIMIT: Final = 2_000
"""(distribution, extra) pairs followed in one image."""
SITES_LIMIT: Final = 16
"""Directories that one interpreter searches."""

MACHINES: Final = {
    "386": "i686",
    "amd64": "x86_64",
    "arm": "armv7l",
    "arm64": "aarch64",
    "loong64": "loongarch64",
    "mips64le": "mips64",
}
"""OCI's architecture in the kernel's spelling, where they differ."""

_PYTHONS: Final = tuple(f"3.{minor}" for minor in range(6, 16))
"""Tried where the path names no version (Debian's `/usr/lib/python3`): an edge that one of them has, counts."""

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(.*)", re.DOTALL)
_SEPARATORS = re.compile(r"[-_.]+")
_LIBRARY = re.compile(r"(.*/)?lib(?:32|64)?/(python|pypy)(\d+(?:\.\d+)?)/((?:site|dist)-packages)")


class Requirement:
    """One Requires-Dist, split."""

    __slots__ = ("extras", "marker", "name")

    def __init__(self, name: str, extras: frozenset[str], marker: str) -> None:
        self.name = name
        self.extras = extras
        self.marker = marker


class Site:
    """A directory that holds distributions, and the interpreter that its path tells of."""

    __slots__ = ("directory", "distributions", "group", "implementation", "version")

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.distributions: dict[str, Package] = {}
        match = _LIBRARY.fullmatch(directory)
        prefix, self.implementation, self.version, flavour = match.groups(default="") if match else ("",) * 4
        prefix = "usr/" if prefix == "usr/local/" else prefix
        self.group = (prefix, self.implementation, flavour, self.version.partition(".")[0]) if match else (directory,)
        """What sites that one interpreter may search have in common; `/usr/local` belongs to `/usr`."""


class Environments:
    """The distributions of an image by site directory."""

    def __init__(self, view: View) -> None:
        self.packages: list[tuple[str, Package]] = [
            (path, fact)
            for path, facts in view.found.items()
            for fact in facts
            if isinstance(fact, Package) and fact.type == "pypi" and not _stands_twice(path, view)
        ]
        self._homes = {
            fact.key: fact.name
            for facts in view.found.values()
            for fact in facts
            if isinstance(fact, Package) and fact.type == "pyvenv.cfg" and fact.name
        }
        """Virtual environments that see the system's distributions, to the prefix of that system's interpreter."""
        self._machine = MACHINES.get(view.architecture, view.architecture)
        self._purls: dict[str, Purl] = {}
        self._sites: dict[str, Site] = {}
        for _, package in self.packages:
            directory = site_of(package)
            site = self._sites.get(directory) or self._sites.setdefault(directory, Site(directory))
            site.distributions.setdefault(normal_name(package.name), package)
        self._searched = self._search_paths()
        self._markers: dict[tuple[str, str, str], bool] = {}
        self._needs = self._resolve()

    def purl(self, package: Package) -> Purl:
        """The package's purl."""
        known = self._purls.get(package.key)
        if known is None:
            known = self._purls[package.key] = make_purl("pypi", package.name, package.version)
        return known

    def depends(self, package: Package) -> tuple[str, ...]:
        """Canonical purls of installed distributions that this one needs."""
        own = str(self.purl(package))
        return tuple(sorted({str(self.purl(need)) for need in self._needs[package.key]} - {own}))

    def _search_paths(self) -> dict[str, list[Site]]:
        """For each site the sites that its interpreter searches: itself, local ones, the system's.

        A site without a minor version (Debian's `/usr/lib/python3`) is searched by every version, and searches all.
        """
        groups: dict[tuple[str, ...], list[Site]] = {}
        for directory in sorted(self._sites, key=lambda directory: (not directory.startswith("usr/local/"), directory)):
            groups.setdefault(self._sites[directory].group, []).append(self._sites[directory])
        paths: dict[str, list[Site]] = {}
        for sites in groups.values():
            by_version: dict[str, list[Site]] = {}
            for site in sites:
                by_version.setdefault(site.version, []).append(site)
            unversioned = [site for site in sites if "." not in site.version]
            for version, members in by_version.items():
                shared = members + unversioned if "." in version else sites
                for site in members:
                    paths[site.directory] = [site, *shared[:SITES_LIMIT]]
        for directory, site in self._sites.items() if self._homes else ():
            paths[directory] += self._system(site)
        return paths

    def _system(self, own: Site) -> list[Site]:
        """What a virtual environment with `include-system-site-packages` searches after its own."""
        prefix, _, _, major = own.group if len(own.group) == 4 else ("", "", "", "")
        home = self._homes.get(prefix.rstrip("/"))
        if not prefix or home is None:
            return []
        home = "usr" if home == "usr/local" else home
        return [
            site
            for site in self._sites.values()
            if site.group[0] == home + "/" and site.group[-1] == major and site.version in {own.version, major}
        ][:SITES_LIMIT]

    def _resolve(self) -> dict[str, list[Package]]:
        """Follow requirements until no further extra turns out to be wanted."""
        parsed = {package.key: self._candidates(package) for _, package in self.packages}
        owners = {package.key: package for _, package in self.packages}
        needs: dict[str, list[Package]] = {key: [] for key in owners}
        wanted: set[tuple[str, str]] = set()
        queue = [(key, "") for key in reversed(owners)]
        while queue:
            key, extra = queue.pop()
            for requirement, target in parsed[key]:
                if self._holds(requirement.marker, site_of(owners[key]), extra):
                    needs[key].append(target)
                    further = sorted({(target.key, name) for name in requirement.extras} - wanted)
                    further = further[: max(0, EXTRAS_LIMIT - len(wanted))]
                    wanted.update(further)
                    queue.extend(further)
        return needs

    def _candidates(self, package: Package) -> list[tuple[Requirement, Package]]:
        """The requirements whose distribution is installed where this one would find it."""
        searched = self._searched[site_of(package)]
        found = []
        for requirement in map(read_requirement, package.requires):
            if requirement:
                for site in searched:
                    if requirement.name in site.distributions:
                        found.append((requirement, site.distributions[requirement.name]))
                        break
        return found

    def _holds(self, marker: str, directory: str, extra: str) -> bool:
        if not marker:
            return not extra  # without a marker it was followed with the distribution itself
        if extra and "extra" not in marker:
            return False
        known = self._markers.get((marker, directory, extra))
        if known is None:
            known = self._markers[marker, directory, extra] = self._evaluate(marker, self._sites[directory], extra)
        return known

    def _evaluate(self, marker: str, site: Site, extra: str) -> bool:
        """Evaluate a marker for the image; one that can't be evaluated is not satisfied."""
        if len(marker) > MARKER_LIMIT or marker.count("(") > NESTING_LIMIT or len(self._markers) > MARKERS_LIMIT:
            return False
        from packaging.markers import Marker  # noqa: PLC0415  # only where a marker decides

        try:
            parsed = Marker(marker)
            return any(parsed.evaluate({**values, "extra": extra}) for values in self._platforms(site))
        except (ValueError, KeyError, TypeError):  # InvalidMarker, UndefinedComparison and their kin
            return False

    def _platforms(self, site: Site) -> Iterator[dict[str, str]]:
        """Every marker variable, so that nothing of the host is left."""
        versions = (site.version,) if "." in site.version else _PYTHONS
        pypy = site.implementation == "pypy"
        for version in versions:
            yield {
                "implementation_name": "pypy" if pypy else "cpython",
                "implementation_version": version + ".0",
                "os_name": "posix",
                "platform_machine": self._machine,
                "platform_python_implementation": "PyPy" if pypy else "CPython",
                "platform_release": "",
                "platform_system": "Linux",
                "platform_version": "",
                "python_full_version": version + ".0",
                "python_version": version,
                "sys_platform": "linux",
            }


def _stands_twice(path: str, view: View) -> bool:
    """Whether METADATA of another layer stands beside this PKG-INFO."""
    return path.endswith("/PKG-INFO") and path.removesuffix("PKG-INFO") + "METADATA" in view.found


def site_of(package: Package) -> str:
    """The directory on the search path that holds the distribution."""
    return package.key.removesuffix("/EGG-INFO").rpartition("/")[0]


def normal_name(name: str) -> str:
    """PyPA "Names and normalization"."""
    return _SEPARATORS.sub("-", name).lower()


def read_requirement(text: str) -> Requirement | None:
    """Split a requirement; the version specifier is not kept, because an edge leads to whatever is installed."""
    match = _REQUIREMENT.fullmatch(text)
    if not match:
        return None
    name, extras, rest = match.groups(default="")
    marker = re.split(r"\s;" if rest.startswith("@") else ";", rest, maxsplit=1)[1:]  # a URL may hold semicolons
    wanted = frozenset(normal_name(extra.strip()) for extra in extras.split(",") if extra.strip())
    return Requirement(normal_name(name), wanted, marker[0].strip() if marker else "")

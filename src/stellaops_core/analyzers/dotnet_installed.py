"""What of .NET's records and assemblies is installed, in a composed image.

Comes in: all finds of the `dotnet` analyzer. Goes out: an `Installed` for each library, framework, tool and for each
assembly that no record accounts for. Rules:

* a deps.json accounts for the assemblies that it lists, where the host would look for them;
* a library of which none of these is there, nor its folder of packages, stays, with less confidence: the record says
  that the application was put together from it, but its code may have been merged into another file, or left out;
* what lies in a package's own folder belongs to that package.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Installed, OwnedFiles, Package, View
from stellaops_core.analyzers.dotnet import ABSENT, ASSEMBLY, FOLDER, INSTALLED, PROJECT
from stellaops_core.purl import Purl, make_purl


def installed(view: View) -> Iterator[Installed]:
    """Yield what is installed, in the order of paths."""
    image = _Image(view)
    for path, packages in image.records.items():
        yield from image.of_record(path, packages)


class _Image:
    """All finds, by what they are."""

    def __init__(self, view: View) -> None:
        self.records: dict[str, list[Package]] = {}
        for path, facts in view.found.items():
            packages = [fact for fact in facts if isinstance(fact, Package)]
            if packages:
                self.records[path] = packages
        self._lists = {
            path: {fact.key for fact in facts if isinstance(fact, OwnedFiles)} for path, facts in view.found.items()
        }
        """Which libraries have file lists, by record."""
        self._assemblies = {path for path, packages in self.records.items() if packages[0].key == ASSEMBLY}
        self._folders: dict[tuple[str, str], Package] = {}
        self._roots: set[str] = set()
        for path, packages in self.records.items():
            if packages[0].key in {FOLDER, INSTALLED}:
                self._folders[_called(packages[0])] = packages[0]
                self._roots.add(_parent(path))
        self._accounted = {
            _beside(path, file) for path, packages in self.records.items() for one in packages for file in one.provides
        }

    def of_record(self, path: str, packages: list[Package]) -> Iterator[Installed]:
        """Yield what the finds of one file amount to."""
        purls = {one.key: _purl(one) for one in packages if not _is_project(one) and one.key != FOLDER}
        for package in packages:
            if package.key not in purls or (package.key == ASSEMBLY and self._is_accounted(path)):
                continue
            found, folder = self._with_files(path, package), self._folders.get(_called(package))
            depends = {str(purls[key]) for key in package.requires if key in purls}
            yield Installed(
                found,
                path,
                purls[package.key],
                licenses=package.licenses or (folder.licenses if folder and package.type == "nuget" else ()),
                depends=tuple(sorted(depends)),
                evidence=self._present(path, package),
                owns=(path,) if package.key in self._lists.get(path, ()) else (),
                properties=found.properties,
            )

    def _present(self, path: str, package: Package) -> tuple[str, ...]:
        """Return the assemblies of a library that are there."""
        files = {_beside(path, file) for file in package.provides}
        return tuple(sorted(self._assemblies.intersection(files) - {path}))

    def _is_accounted(self, path: str) -> bool:
        """Whether a record lists the assembly at `path`, or it lies in a package's folder."""
        if path in self._accounted:
            return True
        while path and self._roots:
            path = _parent(path)
            if path in self._roots:
                return True
        return False

    def _with_files(self, path: str, package: Package) -> Package:
        """Say of a library whether none of its assemblies is there."""
        files = [file for file in package.provides if "/" not in file]
        if not files or _called(package) in self._folders or _is_project(package):
            return package
        if any(_beside(path, file) in self._assemblies for file in package.provides):
            return package
        properties = tuple(sorted({*package.properties, ABSENT}))
        return replace(package, properties=properties, confidence=min(package.confidence, 50))


def _called(package: Package) -> tuple[str, str]:
    """What folders of packages call it."""
    return package.name.lower(), package.version.lower()


def _is_project(package: Package) -> bool:
    return (PROJECT, "true") in package.properties


def _purl(package: Package) -> Purl:
    return make_purl(package.type, package.name, package.version)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _beside(path: str, file: str) -> str:
    directory, file = _parent(path), file.removeprefix("./")
    return f"{directory}/{file}" if directory else file

"""PHP packages that Composer installed.

Comes in: `vendor/composer/installed.json`; where there is none, `installed.php` beside it. Goes out: one `Package` for
each entry; after `join`, dependency edges within one vendor directory. `composer.json` and `composer.lock` say what was
wanted, and the project itself is no package.

Source: Composer documentation; see the reader.
"""

from collections.abc import Iterable, Iterator
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
    from stellaops_core.readers.composer import Record

JSON: Final = "composer/installed.json"
PHP: Final = "composer/installed.php"


class Php(Analyzer):
    """The analyzer; see the module."""

    name = "php"
    version = 1
    names = frozenset({"installed.json", "installed.php"})
    endings = ()

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Whether the path is that of a record, in a vendor directory of any name."""
        return path.endswith((f"/{JSON}", f"/{PHP}"))

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        """Yield the packages."""
        try:
            yield from _packages(file, near)
        except Malformed:
            raise
        except ValueError as error:  # the readers' limits
            raise Malformed(str(error)) from error

    def join(self, view: View) -> Iterable[Installed]:
        """Give each package its purl and those of its vendor directory that it needs."""
        for path, facts in view.found.items():
            packages = [fact for fact in facts if isinstance(fact, Package)]
            if path.endswith(JSON) or _json_beside(path) not in view.found:
                yield from _installed(path, packages)


ANALYZER = Php()


def _json_beside(path: str) -> str:
    return path.removesuffix(".php") + ".json"


def _packages(file: LayerFile, near: LayerFiles) -> Iterator[Package]:
    from stellaops_core.readers.composer import (  # noqa: PLC0415  # read with a find
        SIZE_LIMIT,
        read_installed_json,
        read_installed_php,
    )

    if file.path.endswith(PHP) and near.get(_json_beside(file.path)):
        return
    if file.size > SIZE_LIMIT:
        raise Malformed(f"larger than {SIZE_LIMIT} bytes")
    records, flaws = (read_installed_json if file.path.endswith(JSON) else read_installed_php)(file.read())
    yield from map(_package, records)
    if flaws:
        raise Malformed(f"{flaws} packages have no usable name or version")


def _package(record: "Record") -> Package:
    namespace, _, name = record.name.partition("/")
    facts = {
        "dev": "true" if record.dev else "",
        "reference": record.reference,
        "type": record.type if record.type != "library" else "",
    }
    return Package(
        "composer",
        name,
        record.version,
        namespace=namespace,
        key=record.name.lower(),
        licenses=record.licenses,
        hashes=record.hashes,
        requires=record.requires,
        provides=record.provides,
        supplier=record.authors,
        urls=record.urls,
        properties=tuple((f"stella:composer:{fact}", value) for fact, value in facts.items() if value),
    )


def _installed(path: str, packages: list[Package]) -> Iterator[Installed]:
    purls = {package.key: _purl(package) for package in packages}
    answers: dict[str, set[str]] = {}
    for package in packages:
        for name in package.provides:
            answers.setdefault(name, set()).add(package.key)
    for package in packages:
        needed = {key for name in package.requires for key in ([name] if name in purls else answers.get(name, ()))}
        yield Installed(
            package,
            path,
            purls[package.key],
            licenses=package.licenses,
            depends=tuple(sorted(str(purls[key]) for key in needed if key != package.key)),
            properties=package.properties,
            directory=_directory(path, package),
        )


def _directory(path: str, package: Package) -> str:
    """Where Composer puts a package's files: below `vendor`, by its name."""
    vendor = path.rpartition("/composer/")[0]
    return f"{vendor}/{package.namespace}/{package.name}" if vendor and package.namespace else ""


def _purl(package: Package) -> "Purl":
    from stellaops_core.purl import make_purl  # noqa: PLC0415  # joins only

    return make_purl(package.type, package.name, package.version, namespace=package.namespace)

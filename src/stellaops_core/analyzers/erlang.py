"""OTP applications: libraries and programs in Erlang, Elixir and other languages of the BEAM.

Comes in: the application resource file in each application's `ebin`, and the `hex_metadata.config` that Hex packages
bring. Goes out: one `Package` each; `join` adds the applications that must run beside it. An application is a package
of Hex where the image also holds that package's metadata, with the same name and version; a release keeps none, and
then it is an OTP application, whatever it once was fetched from.

Source: Erlang/OTP, app(4); Hex, "Package tarball"; the purl types `otp` and `hex`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from stellaops_core.analyzers.analyzer import Analyzer, Installed, LayerFile, LayerFiles, Malformed, Package, View
from stellaops_core.analyzers.record import REQUIRES_LIMIT, TEXT_LIMIT, check_word, read_bytes
from stellaops_core.purl import Purl, make_purl

HEX = "hex_metadata.config"
_NEEDED = ("applications", "included_applications", "optional_applications")


class Erlang(Analyzer):
    """Reads application resource files."""

    name = "erlang"
    version = 1
    names = frozenset({HEX})
    endings = (".app",)

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """`ebin/NAME.app`, and metadata of Hex."""
        return path.endswith((".app", HEX)) and (path.endswith(HEX) or path.split("/")[-2:-1] == ["ebin"])

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:  # noqa: ARG002
        """Yield the application; of metadata the name and version, for `join` alone."""
        from stellaops_core.readers.erlang_terms import read_terms  # noqa: PLC0415  # only where there are some

        try:
            terms = read_terms(read_bytes(file))
        except ValueError as error:
            raise Malformed(str(error)) from error
        yield _metadata(terms, file.path) if file.path.endswith(HEX) else _application(terms, file.path)

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve applications: beside it first, then anywhere."""
        every = [(path, item) for path, found in view.found.items() for item in found if isinstance(item, Package)]
        fetched = {(item.name, item.version) for _, item in every if item.type == "hex"}
        packages = [(path, item) for path, item in every if item.type == "otp"]
        purls = {path: _purl(package, fetched) for path, package in packages}
        known: dict[tuple[str, str], set[str]] = {}
        for path, package in packages:
            known.setdefault((_root(path), package.name), set()).add(str(purls[path]))
            known.setdefault(("", package.name), set()).add(str(purls[path]))
        for path, package in packages:
            own, root = str(purls[path]), _root(path)
            found = (known.get((root, name)) or known.get(("", name)) or set() for name in package.requires)
            yield Installed(
                package,
                path,
                purls[path],
                licenses=package.licenses,
                depends=tuple(sorted({purl for some in found for purl in some} - {own})),
                properties=package.properties,
                directory=path.rpartition("/ebin/")[0],
            )


ANALYZER = Erlang()


def _root(path: str) -> str:
    """What applications lie in side by side; with a slash, so that it is never empty."""
    return "/" + path.rsplit("/", 3)[0] if path.count("/") > 2 else "/"


def _application(terms: list[Any], path: str) -> Package:
    if len(terms) != 1 or not _is_application(terms[0]):
        raise Malformed("not an application resource file")
    _, name, stated = terms[0]
    keys = _pairs(stated)
    requires = {text for key in _NEEDED for text in _texts(keys.get(key))}
    return Package(
        "otp",
        check_word(name, "name"),
        check_word(keys.get("vsn"), "version"),
        key=path,
        licenses=_texts(keys.get("licenses")),
        requires=tuple(sorted(requires)),
        urls=tuple(_links(keys.get("links"))),
    )


def _is_application(term: Any) -> bool:
    return isinstance(term, tuple) and len(term) == 3 and term[0] == "application" and isinstance(term[2], list)


def _metadata(terms: list[Any], path: str) -> Package:
    """What Hex says a package is: `app` is the application's name, which may be another than the package's."""
    keys = _pairs(terms)
    name = keys.get("app") or keys.get("name")
    return Package("hex", check_word(name, "name"), check_word(keys.get("version"), "version"), key=path)


def _pairs(items: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
            found.setdefault(item[0], item[1])
    return found


def _texts(value: Any) -> tuple[str, ...]:
    from stellaops_core.readers.stated import clean_text  # noqa: PLC0415  # read with a find

    some = value[:REQUIRES_LIMIT] if isinstance(value, list) else ()
    return tuple(text for item in some if (text := clean_text(item, TEXT_LIMIT)))


def _links(value: Any) -> Iterator[tuple[str, str]]:
    from stellaops_core.readers.stated import clean_url, kind_of_link  # noqa: PLC0415  # read with a find

    stated = _pairs(value if isinstance(value, list) else [])
    yield from sorted({(kind_of_link(label), url) for label, text in stated.items() if (url := clean_url(text))})


def _purl(package: Package, fetched: set[tuple[str, str]]) -> Purl:
    is_hex = (package.name, package.version) in fetched
    return make_purl("hex" if is_hex else "otp", package.name, package.version)

"""One package of rpm's database.

Comes in: a header. Goes out: a `Package`, and the files it owns. Rule: what the header says and nothing else; it is
decided here what of it is a fact about the package.

Source: rpm, include/rpm/rpmtag.h; docs/manual/tags.md; include/rpm/rpmds.h for the senses of dependencies.
"""

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Package
from stellaops_core.readers.openpgp import read_key_ids
from stellaops_core.readers.rpm_header import Value, read_header
from stellaops_core.readers.stated import clean_url

PATH_LIMIT = 4096
"""Characters of a path; longer ones can't be installed."""

TEXT_LIMIT = 8192
"""Characters of a licence, a vendor and so on; longer ones are passed over. The kernel's licence has some 1,500."""

NAME, VERSION, RELEASE, EPOCH, VENDOR, LICENSE, URL, ARCH = 1000, 1001, 1002, 1003, 1011, 1014, 1020, 1022
SOURCERPM, MODULARITYLABEL = 1044, 5096
OLDFILENAMES, FILESTATES, DIRINDEXES, BASENAMES, DIRNAMES = 1027, 1029, 1116, 1117, 1118
PROVIDES, REQUIRES = (1047, 1112, 1113), (1049, 1048, 1050)  # names, senses, versions
OPENPGP, SIGNATURES = 278, (268, 267, 259, 262)  # of the header (RSA, DSA), then of header and payload (RSA, DSA)

_TAGS = frozenset(
    {NAME, VERSION, RELEASE, EPOCH, VENDOR, LICENSE, URL, ARCH, SOURCERPM, MODULARITYLABEL, OLDFILENAMES, FILESTATES}
    | {DIRINDEXES, BASENAMES, DIRNAMES, *PROVIDES, *REQUIRES, OPENPGP, *SIGNATURES}
)
_SENSES = {2: "<", 4: ">", 8: "=", 10: "<=", 12: ">="}
_RPMLIB = 1 << 24  # a feature of rpm itself is needed
_ELSEWHERE = frozenset({1, 2, 4})  # states: replaced by another package's file, not installed, of another color
_WORD = re.compile(r"[!-~]{1,256}")


class Record(Struct):
    """What is read of a header."""

    package: Package
    files: list[str]
    """Paths without a leading slash, of what is on disk."""


def read_record(blob: bytes, room: int) -> Record | None:
    """Read a header; None for a public key, which rpm keeps among the packages.

    `room`: characters that paths may take. Raises `ValueError`.
    """
    header = read_header(blob, _TAGS)
    name = _text(header, NAME)
    if name == "gpg-pubkey":
        return None
    version, release, arch = _text(header, VERSION), _text(header, RELEASE), _text(header, ARCH)
    if not all(map(_WORD.fullmatch, (name, version, release))):
        raise ValueError(f"no usable name, version or release: {name[:80]!a}")
    epoch = _numbers(header, EPOCH)[:1]
    facts = [
        ("stella:rpm:modularityLabel", _text(header, MODULARITYLABEL)),
        *(("stella:rpm:signatureKey", key) for key in _key_ids(header)),
        ("stella:rpm:sourceRpm", _text(header, SOURCERPM)),
    ]
    website = clean_url(_text(header, URL))
    package = replace(
        name_package(name, f"{version}-{release}", epoch[0] if epoch else 0, arch),
        licenses=tuple(filter(None, [_text(header, LICENSE)])),
        requires=tuple(dict.fromkeys(_capabilities(header, REQUIRES))),
        provides=tuple(dict.fromkeys(_capabilities(header, PROVIDES))),
        supplier=_text(header, VENDOR),
        urls=(("website", website),) if website else (),
        properties=tuple((fact, value) for fact, value in facts if value),
    )
    return Record(package, list(_files(header, room)))


def name_package(name: str, version: str, epoch: int, arch: str) -> Package:
    """Make a package with a key that tells it from others of its database. `version` includes the release."""
    whole = f"{epoch}:{version}" if epoch else version
    qualifiers = {"arch": arch, "epoch": str(epoch or "")}
    return Package(
        "rpm",
        name,
        whole,
        key=f"{name}-{whole}.{arch}" if arch else f"{name}-{whole}",
        qualifiers={key: value for key, value in qualifiers.items() if value},
    )


def _text(header: dict[int, Value], tag: int) -> str:
    """One text; "(none)" is how rpm writes that there is none."""
    value = header.get(tag, "")
    if isinstance(value, tuple):
        value = next((one for one in value if isinstance(one, str)), "")
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return "" if text == "(none)" or len(text) > TEXT_LIMIT else text


def _texts(header: dict[int, Value], tag: int) -> tuple[str, ...]:
    value = header.get(tag, ())
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, tuple) else ()


def _numbers(header: dict[int, Value], tag: int) -> tuple[int, ...]:
    value = header.get(tag, ())
    return tuple(one for one in value if isinstance(one, int)) if isinstance(value, tuple) else ()


def _capabilities(header: dict[int, Value], tags: tuple[int, int, int]) -> Iterator[str]:
    """Yield what is provided or required, as `name`, or `name >= version`; neither rich dependencies nor rpm's own."""
    names, senses, versions = _texts(header, tags[0]), _numbers(header, tags[1]), _texts(header, tags[2])
    for name, sense, version in zip_longest(names, senses[: len(names)], versions[: len(names)], fillvalue=None):
        if not name or name.startswith(("(", "rpmlib(")) or (sense or 0) & _RPMLIB:
            continue
        operator = _SENSES.get((sense or 0) & 14, "")
        yield f"{name} {operator} {version}" if operator and version else name


def _files(header: dict[int, Value], room: int) -> Iterator[str]:
    """Yield paths of files that are installed; directories and links are files."""
    names = _texts(header, BASENAMES)
    paths: Iterable[str] = _texts(header, OLDFILENAMES)
    if names:
        folders, places = _texts(header, DIRNAMES), _numbers(header, DIRINDEXES)
        if len(places) != len(names) or max(places) >= len(folders):
            raise ValueError("a file list of several lengths")
        paths = (folders[place] + name for name, place in zip(names, places, strict=True))
    for path, state in zip_longest(paths, _numbers(header, FILESTATES), fillvalue=0):
        if isinstance(path, str) and state not in _ELSEWHERE and 1 < len(path) <= PATH_LIMIT and "\n" not in path:
            room -= len(path)
            if room < 0:
                raise ValueError("file lists of more characters than the database has")
            yield path.lstrip("/")


def _key_ids(header: dict[int, Value]) -> tuple[str, ...]:
    """Return the ids of the keys that the package was signed with."""
    signatures = [value for tag in SIGNATURES if isinstance(value := header.get(tag), bytes)]
    for text in _texts(header, OPENPGP):
        try:
            signatures.append(b64decode(text, validate=True))
        except ValueError:
            continue
    return tuple(dict.fromkeys(key for signature in signatures for key in read_key_ids(signature)))

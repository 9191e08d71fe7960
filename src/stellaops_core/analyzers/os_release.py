"""Which distribution a root file system holds.

Comes in: os-release, or the release files that were there before it. Goes out: one `Distribution` a file. Which of them
speaks for the image is decided by `choose_distribution` over all layers. No file is evaluated as a shell would: what
os-release(5) does not allow is kept as text.

Source: os-release(5), "Description" and "Options"; LSB "lsb-release" for DISTRIB_*; the older files by what their
distributions put into them.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from stellaops_core.analyzers.analyzer import Analyzer, LayerFile, LayerFiles, Malformed
from stellaops_core.component import Distribution

SIZE_LIMIT = 64 * 1024
"""Bytes; real files have less than 1 KiB."""

VALUE_LIMIT = 1024
"""Characters of one value."""

PRECEDENCE = (
    "etc/os-release",
    "usr/lib/os-release",
    "etc/lsb-release",
    "etc/alpine-release",
    "etc/almalinux-release",
    "etc/rocky-release",
    "etc/oracle-release",
    "etc/centos-release",
    "etc/fedora-release",
    "etc/redhat-release",
    "etc/SuSE-release",
    "etc/arch-release",
    "etc/debian_version",
    "etc/system-release",
)
"""Files read, strongest first; os-release(5) sets the order of the first two."""


class OsRelease(Analyzer):
    """Reads the distribution."""

    name = "os_release"
    version = 1
    names = frozenset(path.rpartition("/")[2] for path in PRECEDENCE)
    endings: tuple[str, ...] = ()

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large a file must show as unreadable
        """Only the files of PRECEDENCE."""
        return path in _READERS

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Distribution]:  # noqa: ARG002
        """Yield what the file says; nothing for an empty marker of an unknown release."""
        if file.size > SIZE_LIMIT:
            raise Malformed(f"larger than {SIZE_LIMIT} bytes")
        distribution = _READERS[file.path](file.read().decode("utf-8", "replace"))
        if distribution:
            yield distribution


def choose_distribution(found: Mapping[str, Distribution]) -> Distribution | None:
    """Return the distribution of the strongest file among {path: what it says}."""
    return next((found[path] for path in PRECEDENCE if path in found), None)


def name_release(distribution: Distribution | None, usual: str) -> tuple[str, str]:
    """Return a package's purl namespace and `distro` qualifier (`debian-12`), or the `usual` namespace and nothing."""
    if not distribution or distribution.id == "linux":
        return usual, ""
    release = distribution.version or distribution.codename
    return distribution.id, f"{distribution.id}-{release}" if release else distribution.id


def read_os_release(text: str) -> Distribution | None:
    """Read os-release(5): the defaults are ID=linux and NAME=Linux, unless the file sets nothing at all."""
    values = read_assignments(text)
    if not values:
        raise Malformed("no KEY=value line")
    return Distribution(
        id=_identifier(values.get("ID", "")) or "linux",
        version=values.get("VERSION_ID", ""),
        name=values.get("NAME", ""),
        like=tuple(filter(None, map(_identifier, values.get("ID_LIKE", "").split()))),
        codename=values.get("VERSION_CODENAME", ""),
        pretty_name=values.get("PRETTY_NAME", ""),
        cpe=values.get("CPE_NAME", ""),
        home_url=values.get("HOME_URL", ""),
        variant=values.get("VARIANT_ID", ""),
    )


_ASSIGNMENT = re.compile(r"[ \t]*([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_PIECE = re.compile(
    r"""'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|\\(?P<escaped>.)|(?P<space>[ \t]+)|(?P<plain>.)"""
)


def read_assignments(text: str) -> dict[str, str]:
    """Read shell-compatible KEY=value lines; the last assignment of a key counts, as in a shell."""
    values = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        match = _ASSIGNMENT.match(line)
        if match:
            values[match[1]] = _unquoted(match[2].strip()[:VALUE_LIMIT])
    return values


def _unquoted(text: str) -> str:
    """Undo a shell's quoting of one word; a comment ends it, unquoted spaces are kept as people mean them."""
    parts = []
    for piece in _PIECE.finditer(text):
        kind, found = str(piece.lastgroup), piece[str(piece.lastgroup)]
        if kind == "double":
            found = re.sub(r"\\([\\\"$`])", r"\1", found)
        elif kind == "space" and text[piece.end() : piece.end() + 1] == "#":
            break
        parts.append(found)
    return "".join(parts).strip()


def _identifier(text: str) -> str:
    """Keep what os-release(5) allows in ID: a-z, 0-9, dot, underscore and dash."""
    return re.sub(r"[^a-z0-9._-]", "", text.strip().lower())


def _read_lsb_release(text: str) -> Distribution | None:
    values = read_assignments(text)
    identifier = _identifier(values.get("DISTRIB_ID", ""))
    if not identifier:
        return None
    return Distribution(
        id=identifier,
        version=values.get("DISTRIB_RELEASE", ""),
        name=values.get("DISTRIB_ID", ""),
        codename=values.get("DISTRIB_CODENAME", ""),
        pretty_name=values.get("DISTRIB_DESCRIPTION", ""),
    )


def _version_of(identifier: str, name: str) -> Callable[[str], Distribution | None]:
    """Return a reader of files that hold nothing but a version."""

    def read(text: str) -> Distribution | None:
        version = _first_line(text)
        return Distribution(id=identifier, version=version, name=name) if version else None

    return read


def _read_debian_version(text: str) -> Distribution | None:
    """Read `12.5`, of which os-release states only 12, or `trixie/sid`, which has no number yet."""
    version = _first_line(text)
    if re.fullmatch(r"\d+(\.\d+)*", version):
        return Distribution(id="debian", version=version.partition(".")[0], name="Debian GNU/Linux")
    codename = version.partition("/")[0]
    return Distribution(id="debian", name="Debian GNU/Linux", codename=codename) if codename else None


def _read_arch_release(text: str) -> Distribution | None:  # noqa: ARG001  # the file is empty: that it exists says it all
    return Distribution(id="arch", name="Arch Linux")


_NAMES = {
    "AlmaLinux": "almalinux",
    "Amazon Linux": "amzn",
    "CentOS": "centos",
    "Fedora": "fedora",
    "Oracle Linux": "ol",
    "Red Hat": "rhel",
    "Rocky Linux": "rocky",
    "Scientific Linux": "scientific",
    "SUSE Linux Enterprise Desktop": "sled",
    "SUSE Linux Enterprise Server": "sles",
    "openSUSE": "opensuse",
    "VMware Photon": "photon",
}
"""How a release line begins: the ID that os-release has for it."""

_RELEASE_LINE = re.compile(r"(?P<name>\S.*?)\s+(?:release\s+)?(?P<version>\d[\w.]*)(?:.*?\((?P<codename>[^)]*)\))?")


def _read_release_line(text: str) -> Distribution | None:
    """Read `CentOS Linux release 7.6.1810 (Core)`."""
    line = _first_line(text)
    identifier = next((_NAMES[name] for name in _NAMES if line.startswith(name)), "")
    match = _RELEASE_LINE.match(line)
    if not identifier or not match:
        return None
    return Distribution(
        id=identifier,
        version=match["version"],
        name=match["name"].removesuffix(" release"),
        codename=match["codename"] or "",
        pretty_name=line,
    )


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()[:VALUE_LIMIT]


_READERS: dict[str, Callable[[str], Distribution | None]] = {
    **dict.fromkeys(PRECEDENCE, _read_release_line),
    "etc/os-release": read_os_release,
    "usr/lib/os-release": read_os_release,
    "etc/lsb-release": _read_lsb_release,
    "etc/alpine-release": _version_of("alpine", "Alpine Linux"),
    "etc/arch-release": _read_arch_release,
    "etc/debian_version": _read_debian_version,
}

ANALYZER = OsRelease()

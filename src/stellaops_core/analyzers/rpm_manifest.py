"""Lists of rpm packages in images that hold no database: distroless images of Mariner and Azure Linux.

Comes in: `container-manifest-2`, a table, or `container-manifest-1`, bare names. Goes out: one `Package` a line. A
damaged line doesn't hide the others: they are yielded before `Malformed` is raised.

Source: what azurelinux's image builder asks rpm for: ten fields, separated by tabs (name, version-release, time of
installation, time of build, vendor, epoch, size, architecture, epoch as a number, source rpm), and `rpm -qa`.
"""

import re
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Malformed, Package
from stellaops_core.analyzers.rpm_record import name_package
from stellaops_core.readers.deb822 import decode_lines

NAMES_CONFIDENCE = 90
"""Percent: bare names hold no epoch."""

_WORD = re.compile(r"[!-~]{1,256}")


def read_table(data: bytes) -> Iterator[Package]:
    """Yield the packages of `container-manifest-2`."""
    return _read_lines(data, _read_row)


def read_names(data: bytes) -> Iterator[Package]:
    """Yield the packages of `container-manifest-1`. Neither version nor release holds a dash, so that names split."""
    return _read_lines(data, _read_name)


def _read_lines(data: bytes, read: Callable[[str], Package | None]) -> Iterator[Package]:
    lines = [line.rstrip("\r") for line in decode_lines(data) if line.strip()]
    flaws = []
    for line in lines:
        package = read(line)
        if package is None:
            flaws.append(line)
        elif package.name != "gpg-pubkey":
            yield package
    if flaws:
        raise Malformed(f"{len(flaws)} of {len(lines)} lines are damaged, first: {flaws[0][:80]!a}")


def _read_row(line: str) -> Package | None:
    fields = ["" if field == "(none)" else field.strip() for field in line.split("\t")]
    if len(fields) < 10 or "-" not in fields[1] or not all(map(_WORD.fullmatch, fields[:2])):
        return None
    epoch = fields[8] or "0"
    if not re.fullmatch(r"[0-9]{1,10}", epoch):
        return None
    source = (("stella:rpm:sourceRpm", fields[9]),) if fields[9] else ()
    package = name_package(fields[0], fields[1], int(epoch), fields[7])
    return replace(package, supplier=fields[4], properties=source)


def _read_name(line: str) -> Package | None:
    whole, _, arch = line.strip().rpartition(".")
    parts = whole.rsplit("-", 2)
    if len(parts) != 3 or not all(map(_WORD.fullmatch, (*parts, arch))):
        return None
    return replace(name_package(parts[0], f"{parts[1]}-{parts[2]}", 0, arch), confidence=NAMES_CONFIDENCE)

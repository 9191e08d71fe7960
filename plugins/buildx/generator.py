"""A BuildKit SBOM generator: root file systems in, in-toto statements with SPDX 2.3 documents out.

Comes in: the environment that BuildKit gives its generators. Goes out: one file for each target in the destination, and
an exit code. The rule: all documents are written or the build fails; the sources are only read.

Source: BuildKit, docs/attestations/sbom-protocol.md; in-toto attestation framework, Statement v0.1.
"""  # noqa: INP001  # a program, not a package

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import msgspec
from msgspec import Struct

from stellaops_core.errors import Incomplete, OutputError, StellaError, TargetNotFound, UsageError
from stellaops_core.images.directory import DirectorySource
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx_json import encode
from stellaops_core.scan.scan import ScanOptions, scan

PREFIX = "BUILDKIT_SCAN_"
SOURCE = PREFIX + "SOURCE"
EXTRAS = PREFIX + "SOURCE_EXTRAS"
DESTINATION = PREFIX + "DESTINATION"
PARAMETERS = frozenset({"NAME", "SOURCE_DATE_EPOCH", "STRICT"})

ENDING = ".spdx.json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v0.1"
PREDICATE_TYPE = "https://spdx.dev/Document"
STATEMENT_LIMIT = 40 << 20
"""Bytes of a file that BuildKit takes."""
EPOCH_LIMIT = 253_402_300_799
"""The last second of the year 9999."""

_YES = frozenset({"1", "true", "yes"})
_NO = frozenset({"", "0", "false", "no"})


class Order(Struct, frozen=True):
    """What BuildKit wants."""

    source: str
    extras: str
    """Directory of further targets; empty for none."""
    destination: str
    name: str
    """What the core document calls its subject; empty: the target's name."""
    epoch: int | None
    strict: bool


def main(environ: Mapping[str, str]) -> int:
    """Scan all targets; return the exit code."""
    try:
        generate(read_order(environ))
    except StellaError as error:
        say(f"error: {error.message}" + (f" ({error.hint})" if error.hint else ""))
        return error.exit_code
    except Exception as error:  # noqa: BLE001  # one line, whatever it is
        say(f"error: internal error: {type(error).__name__}: {error}")
        return 1
    return 0


def generate(order: Order) -> None:
    """Write the statements of all targets. Raises `StellaError`: then what was written does not count."""
    gaps = 0
    taken: set[str] = set()
    for path in (order.source, *find_extras(order.extras)):
        target = os.path.basename(path)
        if target in taken:
            raise UsageError(f"two targets have the name {target!r}")
        sbom = scan_target(path, order, name=target if taken else order.name or target)
        taken.add(target)
        write_statement(order.destination, target, make_statement(sbom))
        gaps += len(sbom.unknowns)
        if sbom.unknowns:
            first = sbom.unknowns[0]
            say(f"warning: {target}: {len(sbom.unknowns)} not read, such as {first.path}: {first.reason}")
    if gaps and order.strict:
        raise Incomplete(f"incomplete: {gaps} could not be read", hint="STRICT is set")


def read_order(environ: Mapping[str, str]) -> Order:
    """Read the environment; raise `UsageError` for what BuildKit never sends. Unknown parameters are warned about."""
    given = {name.removeprefix(PREFIX): text for name, text in environ.items() if name.startswith(PREFIX)}
    source, destination = (demand(environ, name) for name in (SOURCE, DESTINATION))
    for protocol in (SOURCE, EXTRAS, DESTINATION):
        given.pop(protocol.removeprefix(PREFIX), None)
    for name in sorted(given.keys() - PARAMETERS):
        say(f"warning: no such parameter: {name[:100]}; there are {', '.join(sorted(PARAMETERS))}")
    return Order(
        source.rstrip("/"),
        environ.get(EXTRAS, ""),
        destination,
        given.get("NAME", "").strip(),
        read_epoch(given.get("SOURCE_DATE_EPOCH", "")),
        read_switch("STRICT", given.get("STRICT", "")),
    )


def demand(environ: Mapping[str, str], name: str) -> str:
    """Return a directory that has to be given."""
    path = environ.get(name, "")
    if not os.path.basename(path.rstrip("/")):
        raise UsageError(f"{name} names no directory", hint="BuildKit sets it; this program is for BuildKit to run")
    if not os.path.isdir(path):
        raise TargetNotFound(f"{name}: there is no directory {path}")
    return path


def read_epoch(text: str) -> int | None:
    """Read the time that documents state, in seconds since 1970."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text[:20]) <= EPOCH_LIMIT):
        raise UsageError(f"SOURCE_DATE_EPOCH is no number of seconds: {text[:50]!r}")
    return int(text)


def read_switch(name: str, text: str) -> bool:
    """Read `true`, `false` and their likes."""
    if text.lower() not in _YES | _NO:
        raise UsageError(f"{name} is neither true nor false: {text[:50]!r}")
    return text.lower() in _YES


def find_extras(folder: str) -> Iterator[str]:
    """Yield the directories of further targets, sorted; none where there is no such folder."""
    try:
        names = sorted(os.listdir(folder)) if folder else []
    except FileNotFoundError:
        return
    except OSError as error:
        raise TargetNotFound(f"{EXTRAS} can't be read: {error.strerror}") from error
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            yield path


def scan_target(path: str, order: Order, *, name: str) -> Sbom:
    """Scan one root file system."""
    with DirectorySource(path) as source:
        return scan(source, options=ScanOptions(name=name, epoch=order.epoch))[0]


def make_statement(sbom: Sbom) -> bytes:
    """Write a statement whose subject is left to BuildKit: the image does not exist yet."""
    predicate = msgspec.json.format(encode(sbom), indent=-1)
    statement = {"_type": STATEMENT_TYPE, "predicateType": PREDICATE_TYPE, "subject": []}
    return msgspec.json.encode({**statement, "predicate": msgspec.Raw(predicate)}) + b"\n"


def write_statement(destination: str, target: str, data: bytes) -> None:
    """Write one file, named after its target."""
    name = target + ENDING
    if len(data) > STATEMENT_LIMIT:
        raise OutputError(f"{name} has {len(data)} bytes; BuildKit takes {STATEMENT_LIMIT}")
    try:
        Path(destination, name).write_bytes(data)
    except OSError as error:
        raise OutputError(f"cannot write {name}: {error.strerror}") from error


def say(text: str) -> None:
    """One line on standard error, without control characters: names in images are chosen by strangers."""
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    sys.stderr.write(f"stella: {shown}\n")


def start() -> NoReturn:
    """Run as a program."""
    sys.exit(main(os.environ))


if __name__ == "__main__":
    start()

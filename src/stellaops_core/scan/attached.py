"""A bill of materials that is attached to an image, in place of a scan.

Comes in: an opened image in a registry, what is wanted of it, and whose documents are believed. Goes out: an `Sbom`,
or None, which means that the image has to be scanned; and one line on why, either way. The rules: what is taken is
about this very image, has the wanted view, and loses nothing that was asked for; nothing that is attached, or is not,
or never ends, fails a scan; what is taken is not kept in the cache.

Nobody's signature is checked. Whoever may push to a repository may attach what they like, so that nothing is taken
unless somebody has said so.

Source: in-toto attestation framework, Statement; see `images.referrers`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from stellaops_core.errors import NetworkError, StellaError, TargetError
from stellaops_core.images.referrers import CYCLONEDX, TOOL, Attached
from stellaops_core.sbom.formats import FORMATS
from stellaops_core.sbom.sbom import Sbom, Subject
from stellaops_core.scan.options import ScanOptions
from stellaops_core.scan.subject import make_subject, state_time
from stellaops_core.version import __version__

if TYPE_CHECKING:
    from stellaops_core.images.registry import RegistrySource

TRUSTS = ("never", "stella", "any")
"""Whose documents are taken: nobody's; those that this version of Stella writes, which say what a scan would; any that
can be read."""
ATTACHED_SECONDS = 60.0
"""Longest wait for what is attached, all together; the answer that is coming in then may take its own time to fail."""
TRY_LIMIT = 4
"""Attached documents that are fetched in search of one that can be taken."""

_ARTIFACTS = frozenset({CYCLONEDX, "application/vnd.cyclonedx+xml", "application/spdx+json", "text/spdx"})
_PREDICATE = re.compile(r"https://(?:spdx\.dev/Document|cyclonedx\.org/bom)(?:/v?[0-9.]{1,9})?")
_STATEMENT = "https://in-toto.io/Statement/"
_REASON = 300


def take_attached(
    source: "RegistrySource",
    formats: Sequence[str],
    *,
    options: ScanOptions,
    trust: str,
    note: Callable[[str], None],
) -> Sbom | None:
    """Return the bill of materials of an attached document that can be taken, or None. Raises nothing of its own.

    `trust`: of `TRUSTS`. `note`: told, once, what was done and why.
    """
    if trust == "never":
        return None
    try:
        _demand(formats, options)
        with source.hurried(ATTACHED_SECONDS):
            taken, sbom = _first(source, options, trust)
    except StellaError as error:
        note(f"the image is scanned: {error.message[:_REASON]}")
        return None
    note(f"not scanned: taken from the attached document {taken}; nobody's signature is checked")
    return sbom


def _demand(formats: Sequence[str], options: ScanOptions) -> None:
    """Raise `TargetError` where only a scan does what is asked for."""
    if options.strict:
        raise TargetError("--strict checks layers, and an attached document knows of none")
    if options.view == "history":
        raise TargetError("its history is in its layers, not in attached documents")
    whole = next((name for name in formats if FORMATS[name].complete), "")
    if whole:
        raise TargetError(f"`-o {whole}` lists removed packages, and attached documents don't")


def _first(source: "RegistrySource", options: ScanOptions, trust: str) -> tuple[str, Sbom]:
    """Return the first document that can be taken, and its name; raises a `StellaError` that says why there is none."""
    fitting = _fitting(source.find_attached(), options.view, trust)
    reasons = []
    for one in fitting[:TRY_LIMIT]:
        name = (one.statement or one.manifest).digest
        try:
            return name, _read(source, one, options, trust)
        except NetworkError:
            raise
        except StellaError as error:
            reasons.append(f"{name[:19]}: {error.message}")
    if not reasons:
        whose = f" by stella {__version__}" if trust == "stella" else ""
        raise TargetError(f"nothing is attached to it that tells its {options.view}{whose}")
    raise TargetError(f"no attached document can be taken ({'; '.join(reasons)})")


def _fitting(found: Iterable[Attached], view: str, trust: str) -> list[Attached]:
    """Choose what may hold the wanted view, ours first. Sorted before, so that equal lists give equal choices."""
    if trust == "stella":
        return [one for one in found if one.view == view and one.content == CYCLONEDX and _is_own(one)]
    views = {view} if view == "usage" else {view, ""}  # nobody else says what is used
    files = [one for one in found if not one.statement and one.view in views and _kind(one) in _ARTIFACTS]
    statements: dict[str, Attached] = {}
    for one in sorted(found, key=lambda one: one.position):
        if one.statement and "" in views and _PREDICATE.fullmatch(one.content):
            statements.setdefault(one.manifest.digest, one)  # those behind it are about stages of the build
    files.sort(key=lambda one: (not _is_own(one), one.view != view, _kind(one) != CYCLONEDX))
    return [*files, *(one for one in found if one in statements.values())]


def _is_own(one: Attached) -> bool:
    return one.manifest.annotations.get(TOOL) == f"stella {__version__}"


def _kind(one: Attached) -> str:
    return one.content.partition(";")[0].strip().lower()


def _read(source: "RegistrySource", one: Attached, options: ScanOptions, trust: str) -> Sbom:
    """Read a document and see whether it can be taken. Raises `StellaError`."""
    from stellaops_core.sbom.read import read_sbom  # noqa: PLC0415  # images are scanned, as a rule

    data = source.read_attached(one)
    sbom = read_sbom(_predicate(data, source.image.digest) if one.statement else data)
    if bool(sbom.usage) != (options.view == "usage"):
        raise TargetError("it has another view than it says")
    subject = make_subject(source.image, options.name)
    time = state_time(source.image, options.epoch)
    if sbom.tool_version == __version__ and replace(sbom.subject, name=subject.name, tags=subject.tags) == subject:
        return replace(sbom, subject=subject, timestamp=time)
    if sbom.subject.digest not in {"", subject.digest}:
        raise TargetError("it is about another image")
    if trust == "stella":
        raise TargetError(f"it is not as stella {__version__} writes it")
    return _placed(sbom, subject)


def _placed(sbom: Sbom, subject: Subject) -> Sbom:
    """Put somebody's findings into this image; without layers, unless the document knows the same ones."""
    if [one.diff_id for one in sbom.subject.layers] != [one.diff_id for one in subject.layers]:
        components = [
            replace(one, layer=-1, evidence=tuple(replace(found, layer=-1) for found in one.evidence))
            for one in sbom.components
        ]
        unknowns = tuple(replace(one, layer=-1) for one in sbom.unknowns)
        sbom = replace(sbom, components=tuple(components), unknowns=unknowns, removed=())
    return replace(sbom, subject=subject)


class _Named(Struct):
    digest: dict[str, str]


class _Statement(Struct, rename={"kind": "_type", "predicate_type": "predicateType"}):
    kind: str
    predicate_type: str
    subject: list[_Named]
    predicate: Raw


def _predicate(data: bytes, image: str) -> bytes:
    """Return what a statement says, if it says that of this image."""
    try:
        statement = msgspec.json.decode(data, type=_Statement)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise TargetError("it is no in-toto statement") from None
    if not statement.kind.startswith(_STATEMENT) or not _PREDICATE.fullmatch(statement.predicate_type):
        raise TargetError("it is no in-toto statement of a bill of materials")
    algorithm, _, encoded = image.partition(":")
    if not any(one.digest.get(algorithm) == encoded for one in statement.subject):
        raise TargetError("it is about another image")
    return bytes(statement.predicate)

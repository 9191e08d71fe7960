"""`stella buildx command|push`: bills of materials that images carry with them.

Comes in: the action, the command line's values and the settings. Goes out: the command that builds an image with its
SPDX documents; or CycloneDX documents of an image in a registry, attached to it, and a line on each.
"""

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from stellaops_cli.console import has_terminal, printable, write_report
from stellaops_cli.progress import Live
from stellaops_cli.settings import Settings
from stellaops_cli.wiring import (
    jobs,
    open_layer_cache,
    open_target,
    read_platform,
    read_ref,
    registry_options,
)
from stellaops_core.errors import Incomplete, UsageError
from stellaops_core.images.image import ImageRef
from stellaops_core.version import __version__

if TYPE_CHECKING:
    from stellaops_core.digest import Digest
    from stellaops_core.images.push import Document, Pushed, PushRepository

GENERATOR = f"stellaops/sbom-indexer:{__version__}"
"""The image that plugins/buildx/Dockerfile makes, under the name it is published by."""
VIEWS = ("inventory", "usage")


def run_buildx(action: str, values: Mapping[str, Any], settings: Settings) -> int:
    """Run one action."""
    if action == "command":
        write_report((make_command(values, settings) + "\n").encode())
        return 0
    return push_documents(values, settings)


# --- the command ---


def make_command(values: Mapping[str, Any], settings: Settings) -> str:
    """Write the command that builds an image and has our generator describe it; quoted for a shell."""
    image = values.get("image", "")
    command = ["docker", "buildx", "build"]
    if settings.platform:
        command += ["--platform", settings.platform]
    command.append(f"--attest={_attestation(values.get('generator') or GENERATOR, values.get('param', ()))}")
    # The engine's own image store keeps no attestations: they need a registry or a layout.
    command += ["--tag", image, "--push"] if image else ["--output", "type=oci,dest=image.tar"]
    return shlex.join([*command, values.get("context") or "."])


def _attestation(generator: str, parameters: Sequence[str]) -> str:
    fields = ["type=sbom", f"generator={generator}"]
    for parameter in parameters:
        key, equals, _ = parameter.partition("=")
        if not equals or not key.isidentifier() or key in {"type", "generator", "disabled"}:
            raise UsageError(f"--param {parameter!r} is no KEY=VALUE", hint="such as --param STRICT=true")
        fields.append(parameter)
    return ",".join(map(_field, fields))


def _field(text: str) -> str:
    """A field of comma-separated values, as buildx reads them. RFC 4180."""
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


# --- the documents ---


def push_documents(values: Mapping[str, Any], settings: Settings) -> int:
    """Attach both views of an image to it; of an index, to each of its images, or to that for `--platform`."""
    from stellaops_core.images.push import PushRepository  # noqa: PLC0415  # the other action needs no network
    from stellaops_core.images.registry_name import parse_name  # noqa: PLC0415

    ref = read_ref(values["ref"], settings)
    if ref.scheme != "registry":
        raise UsageError(f"{values['ref']} is not in a registry", hint="push the image first, then name it as pushed")
    name = parse_name(ref.location)
    lines: list[str] = []
    unknowns = 0
    repository = PushRepository(name, registry_options(settings), time.sleep, time.monotonic)
    with closing(repository), Live(settings, terminal=has_terminal(stderr=True)) as live:
        for digest in list(_images(repository, settings)):
            pinned = ImageRef("registry", f"{name.registry}/{name.repository}@{digest}")
            platform, documents, count = _documents(pinned, settings, live)
            lines += _lines(platform, repository.attach(digest, documents))
            unknowns += count
    write_report("".join(lines).encode())
    if settings.strict and unknowns:
        raise Incomplete(f"incomplete: {unknowns} could not be read", hint="the documents are attached all the same")
    return 0


def _images(repository: "PushRepository", settings: Settings) -> Iterator["Digest"]:
    """Yield the digests of the images that the name stands for, in the order of their index."""
    from stellaops_core.images.manifest import Index, images_of, resolve  # noqa: PLC0415

    wanted = read_platform(settings)
    digest, top = repository.read_top()
    if not isinstance(top, Index):
        yield digest
    elif wanted:
        yield resolve(top, wanted, repository.read)[0].digest
    else:
        yield from images_of(top, repository.read)


def _documents(ref: ImageRef, settings: Settings, live: Live) -> tuple[str, tuple["Document", ...], int]:
    """Scan an image for both views; its platform, the documents as `stella scan` writes them, how much is unknown."""
    from stellaops_core.images.push import Document  # noqa: PLC0415
    from stellaops_core.images.referrers import CYCLONEDX, TOOL, VIEW  # noqa: PLC0415
    from stellaops_core.scan.scan import ScanOptions, scan_documents  # noqa: PLC0415

    documents, unknowns = [], 0
    cache = None if settings.no_cache else open_layer_cache(settings, warn=live.warn)
    with closing(open_target(ref, settings)) as source:
        for view in VIEWS:
            options = ScanOptions(
                view=view,
                strict=settings.strict,
                jobs=jobs(ref, settings),
                epoch=settings.source_date_epoch,
                spool_dir=settings.temp_dir,
            )
            outcome = scan_documents(source, ("cdx-json",), options=options, cache=cache, progress=live.update)
            told = {VIEW: view, TOOL: f"stella {__version__}"}
            documents.append(Document(outcome.documents["cdx-json"], CYCLONEDX, f"{view}.cdx.json", told))
            unknowns = max(unknowns, outcome.summary.unknown_count)
        return str(source.image.platform), tuple(documents), unknowns


def _lines(platform: str, pushed: Sequence["Pushed"]) -> list[str]:
    return [
        f"{printable(platform):<16}  {view:<9}  {one.manifest}  {'attached' if one.new else 'was there'}\n"
        for view, one in zip(VIEWS, pushed, strict=True)
    ]

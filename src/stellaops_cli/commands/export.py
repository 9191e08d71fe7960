"""`stella export IMAGE`: documents of an image that was scanned before, from the cache alone.

Comes in: the command line's values and the settings. Goes out: documents on standard output or in files; with
`--linked`, a directory with a document of each layer, and the image's, which refers to them.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stellaops_cli.console import has_terminal, say
from stellaops_cli.output import Output, check_places, read_outputs, write_documents
from stellaops_cli.progress import Live
from stellaops_cli.settings import Settings, read_name
from stellaops_cli.wiring import jobs, open_layer_cache, open_step, open_target, read_platform, read_ref
from stellaops_core.digest import parse_digest
from stellaops_core.errors import OutputError, TargetError, UsageError
from stellaops_core.sbom.formats import FORMATS, check_views
from stellaops_core.scan.scan import ScanOptions, choose_view, convert_documents, stored_sbom

if TYPE_CHECKING:
    from stellaops_core.sbom.sbom import Sbom
    from stellaops_core.scan.cache import LayerCache
    from stellaops_core.scan.fragment import Pack


def export(values: Mapping[str, Any], settings: Settings) -> int:
    """Write documents; raises `TargetNotFound` where the cache does not know the image."""
    outputs = read_outputs(settings.output, tuple(FORMATS))
    read_platform(settings)
    if folder := values.get("linked"):
        _export_linked(values, folder, outputs, settings)
        return 0
    formats = tuple(dict.fromkeys(output.format for output in outputs))
    check_views(formats, settings.view)
    check_places(outputs)
    step = open_step(values, settings, formats)
    _, sbom = _stored(values, settings)
    view = "history" if settings.view == "history" else "inventory"  # of the usage view all that is kept is in use
    documents = convert_documents(sbom, formats, options=ScanOptions(name=read_name(values), view=view)).documents
    documents = step.finish(documents) if step else documents
    write_documents([(output, documents[output.format]) for output in outputs])
    return 0


def _stored(values: Mapping[str, Any], settings: Settings) -> "tuple[LayerCache, Sbom]":
    cache = open_layer_cache(settings, warn=say)
    return cache, stored_sbom(cache, _digest(values["image"], settings), settings.view)


def _digest(image: str, settings: Settings) -> str:
    """Return the digest that is meant: what was typed, or that of the image it names, whose layers stay unread."""
    if _is_digest(image):
        return parse_digest(image)
    ref = read_ref(image, settings)
    if ref.scheme in {"dir", "sbom"}:
        raise TargetError(f"{image} is no image: nothing of it is kept", hint="stella scan reads it each time")
    with closing(open_target(ref, settings)) as source:
        return source.image.digest


def _is_digest(image: str) -> bool:
    return image.startswith(("sha256:", "sha512:"))


# --- linked documents ---


def _export_linked(values: Mapping[str, Any], folder: str, outputs: Sequence[Output], settings: Settings) -> None:
    """Write the image's document and those of its layers, which are made of what the cache has of each layer."""
    from stellaops_core.scan.layer_documents import check_format, known_packs, linked_documents  # noqa: PLC0415

    if placed := next((output for output in outputs if output.path), None):
        raise UsageError(
            f"-o {placed.format}={placed.path} and --linked contradict each other", hint=f"write -o {placed.format}"
        )
    format_ = outputs[0].format if settings.output else "cdx-json"
    check_format(format_)
    check_views([format_], settings.view)
    cache, sbom = _stored(values, settings)
    sbom = choose_view(sbom, ScanOptions(name=read_name(values)))
    packs = known_packs(cache, sbom.subject.layers)
    if packs is None:
        packs = _read_again(values["image"], cache, settings)
    documents = linked_documents(sbom, packs, format_, cache)
    try:
        Path(folder).mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the directory {folder}: {error.strerror}") from error
    write_documents([(Output(format_, str(Path(folder) / name)), data) for name, data in documents.items()])


def _read_again(image: str, cache: "LayerCache", settings: Settings) -> "list[Pack]":
    """Read the layers of which the cache no longer has what was found in them."""
    if _is_digest(image):
        raise TargetError(
            f"the cache no longer has what was found in the layers of {image}",
            hint="name the image instead of its digest, and its layers are read again",
        )
    from stellaops_core.analyzers.available import load_analyzers  # noqa: PLC0415
    from stellaops_core.scan.read import read_packs  # noqa: PLC0415

    ref = read_ref(image, settings)
    options = ScanOptions(jobs=jobs(ref, settings), spool_dir=settings.temp_dir)
    with Live(settings, terminal=has_terminal(stderr=True)) as live, closing(open_target(ref, settings)) as source:
        return read_packs(source, load_analyzers(), options, cache, live.update)[0]

"""`stella export IMAGE`: documents of an image that was scanned before, from the cache alone.

Comes in: the command line's values and the settings. Goes out: documents on standard output or in files; with
`--linked`, a directory with one document for each layer, and the image's, which refers to them.
"""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from stellaops_cli.console import say
from stellaops_cli.output import Output, check_places, read_outputs, write_documents
from stellaops_cli.settings import Settings, read_name
from stellaops_cli.wiring import open_layer_cache, open_step, open_target, read_platform, read_ref
from stellaops_core.digest import parse_digest
from stellaops_core.errors import TargetError
from stellaops_core.sbom.formats import FORMATS, check_views
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.scan.scan import ScanOptions, convert_documents, stored_sbom


def export(values: Mapping[str, Any], settings: Settings) -> int:
    """Write documents; raises `TargetNotFound` where the cache does not know the image."""
    outputs = read_outputs(settings.output, tuple(FORMATS))
    read_platform(settings)
    formats = tuple(dict.fromkeys(output.format for output in outputs))
    check_views(["cdx-json"] if values.get("linked") else formats, settings.view)
    check_places(outputs)
    cache = open_layer_cache(settings, warn=say)
    sbom = stored_sbom(cache, _digest(values["image"], settings), settings.view)
    if folder := values.get("linked"):
        write_documents(_linked(sbom, folder))
        return 0
    step = open_step(values, settings, formats)
    view = "history" if settings.view == "history" else "inventory"  # of the usage view all that is kept is in use
    documents = convert_documents(sbom, formats, options=ScanOptions(name=read_name(values), view=view)).documents
    documents = step.finish(documents) if step else documents
    write_documents([(output, documents[output.format]) for output in outputs])
    return 0


def _digest(image: str, settings: Settings) -> str:
    """Return the digest that is meant: what was typed, or that of the image it names, whose layers stay unread."""
    if image.startswith(("sha256:", "sha512:")):
        return parse_digest(image)
    ref = read_ref(image, settings)
    if ref.scheme in {"dir", "sbom"}:
        raise TargetError(f"{image} is no image: nothing of it is kept", hint="stella scan reads it each time")
    with closing(open_target(ref, settings)) as source:
        return source.image.digest


def _linked(sbom: Sbom, folder: str) -> list[tuple[Output, bytes]]:
    """Make the image's document and those of its layers (CycloneDX JSON, BOM-Link)."""
    from stellaops_core.sbom.linked import encode_linked, layer_sbom  # noqa: PLC0415  # few exports are linked

    Path(folder).mkdir(exist_ok=True)
    layers = {one.index: FORMATS["cdx-json"].encode(layer_sbom(sbom, one.index)) for one in sbom.subject.layers}
    documents = [(f"layer-{index}.cdx.json", data) for index, data in layers.items()]
    documents.append(("image.cdx.json", encode_linked(sbom, layers)))
    return [(Output("cdx-json", str(Path(folder) / name)), data) for name, data in documents]

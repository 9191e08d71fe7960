"""`stella scan REF`: an image, a directory or a bill of materials in, documents out.

Comes in: the command line's values and the settings. Goes out: an exit code; documents on standard output or in files.
The core does all the work.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from stellaops_cli.console import columns, has_terminal, wants_color
from stellaops_cli.output import Output, check_places, read_outputs, write_documents
from stellaops_cli.progress import Live
from stellaops_cli.settings import Settings, read_name
from stellaops_cli.wiring import jobs, open_layer_cache, open_step, open_target, read_platform, read_ref
from stellaops_core.errors import Incomplete
from stellaops_core.images.image import ImageRef, ImageSource
from stellaops_core.sbom.formats import FORMATS, check_views
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.summary import render
from stellaops_core.scan.scan import Outcome, ScanOptions, convert_documents, scan_documents
from stellaops_core.telemetry import measured

if TYPE_CHECKING:
    from stellaops_core.telemetry import Spans


def scan(values: Mapping[str, Any], settings: Settings) -> int:
    """Scan one target; 0, or an error of `errors.py`. With --strict, `Incomplete` once the documents are written."""
    path = values.get("profile_to", "")
    if not path and "profile" not in values:
        outcome = _report(values, settings, None)
    else:
        from stellaops_cli.profile import show_profile, start_profile  # noqa: PLC0415  # only on request

        outputs = [Output("profile", path)] if path else []
        check_places(outputs)
        spans = start_profile()
        outcome = _report(values, settings, spans)
        show_profile(spans, outcome.run, path=path, table="profile" in values)
    if settings.strict and outcome.summary.unknown_count:
        raise _incomplete(outcome.summary.unknown_count)
    return 0


def _report(values: Mapping[str, Any], settings: Settings, spans: "Spans | None") -> Outcome:
    """Scan and write the documents."""
    outputs = read_outputs(settings.output, tuple(FORMATS))
    read_platform(settings)
    ref = read_ref(values["ref"], settings)
    formats = tuple(dict.fromkeys(output.format for output in outputs))
    check_views(formats, settings.view)
    check_places(outputs)
    step = open_step(values, settings, formats)
    formats = step.formats if step else formats
    options = _options(values, ref, settings)
    if ref.scheme == "sbom":
        with measured(spans, "convert"):
            from stellaops_core.sbom.read import read_file  # noqa: PLC0415  # images need no readers

            sbom = read_file(ref.location, complete=options.view == "history")
            outcome = convert_documents(sbom, formats, options=options)
    else:
        outcome = _scan(ref, formats, options, settings, spans)
    if step:
        outcome = replace(outcome, documents=step.finish(outcome.documents))
    with measured(spans, "documents.write"):
        write_documents([(output, _document(output, outcome, settings, values["ref"])) for output in outputs])
        if step:
            step.append(outcome.documents.get("markdown", b""))
    return outcome


def _scan(
    ref: ImageRef, formats: Sequence[str], options: ScanOptions, settings: Settings, spans: "Spans | None"
) -> Outcome:
    with Live(settings, terminal=has_terminal(stderr=True)) as live:
        with measured(spans, "target.open"):
            opened = open_target(ref, settings)
        with closing(opened) as source:
            cache = None if settings.no_cache else open_layer_cache(settings, warn=live.warn)
            attached = _attached(source, formats, options, settings, live)
            return scan_documents(
                source, formats, options=options, cache=cache, progress=live.update, attached=attached, spans=spans
            )


def _attached(
    source: ImageSource, formats: Sequence[str], options: ScanOptions, settings: Settings, live: Live
) -> Callable[[], Sbom | None] | None:
    """What looks for an attached bill of materials, where there may be one and somebody's are believed."""
    if settings.trust_attached == "never":
        return None
    from stellaops_core.images.registry import RegistrySource  # noqa: PLC0415
    from stellaops_core.scan.attached import take_attached  # noqa: PLC0415

    if not isinstance(source, RegistrySource):
        return None
    trust = settings.trust_attached
    return partial(take_attached, source, formats, options=options, trust=trust, note=live.note)


def _options(values: Mapping[str, Any], ref: ImageRef, settings: Settings) -> ScanOptions:
    return ScanOptions(
        name=read_name(values),
        view=settings.view,
        strict=settings.strict,
        jobs=jobs(ref, settings),
        epoch=settings.source_date_epoch,
        spool_dir=settings.temp_dir,
    )


def _incomplete(count: int) -> Incomplete:
    things = "1 thing" if count == 1 else f"{count} things"
    return Incomplete(f"incomplete: {things} could not be read", hint="`-o json` lists them all under `unknowns`")


def _document(output: Output, outcome: Outcome, settings: Settings, ref: str) -> bytes:
    """The document; on standard output the table also says what the run took, which a file must not."""
    if output.format != "table" or output.path or settings.view == "history":
        return outcome.documents[output.format]
    color = wants_color(settings, terminal=has_terminal(stderr=False))
    return render(outcome.summary, outcome.run, color=color, width=columns(), title=ref).encode()

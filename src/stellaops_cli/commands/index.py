"""`stella index build|add|remove|query|verify`: the BOM-Index of an image, and of a fleet of images.

Comes in: the action, the command line's values and the settings. Goes out: an exit code; an index, a changed fleet, or
an answer on standard output.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stellaops_cli.console import has_terminal, write_report
from stellaops_cli.output import Output, check_places, write_documents
from stellaops_cli.progress import Live
from stellaops_cli.settings import Settings
from stellaops_cli.suggest import suggest
from stellaops_cli.wiring import jobs, open_layer_cache, open_target, read_platform, read_ref
from stellaops_core.errors import TargetError, UsageError

if TYPE_CHECKING:
    from stellaops_core.sbom.fleet import Reach, Wanted

INDEX_FILE = "bom-index.bin"
"""Where an index goes that is given no place."""


def run_index(action: str, values: Mapping[str, Any], settings: Settings) -> int:
    """Run one action."""
    match action:
        case "build":
            return build_index(values, settings)
        case "add":
            return _tell(_add(values["fleet"], values["indexes"]))
        case "remove":
            return _tell(_remove(values["fleet"], values["images"]))
        case "query":
            return _tell(_query(values))
        case _:
            return _tell(_verify(values["file"]))


def build_index(values: Mapping[str, Any], settings: Settings) -> int:
    """Make the index of an image, or of a bill of materials in a file; what is in use is looked for."""
    output = Output("index", values.get("to") or INDEX_FILE)
    check_places([output])
    write_documents([(output, _encoded(values["ref"], settings))])
    return 0


def _encoded(text: str, settings: Settings) -> bytes:
    read_platform(settings)
    ref = read_ref(text, settings)
    if ref.scheme == "sbom":
        from stellaops_core.sbom.index import encode  # noqa: PLC0415  # each action imports only its own part
        from stellaops_core.sbom.read import read_file  # noqa: PLC0415

        return encode(read_file(ref.location))
    from stellaops_core.scan.scan import ScanOptions, scan_index  # noqa: PLC0415

    options = ScanOptions(view="usage", strict=settings.strict, jobs=jobs(ref, settings), spool_dir=settings.temp_dir)
    with Live(settings, terminal=has_terminal(stderr=True)) as live, closing(open_target(ref, settings)) as source:
        cache = None if settings.no_cache else open_layer_cache(settings, warn=live.warn)
        return scan_index(source, options=options, cache=cache, progress=live.update)


def _add(fleet: str, indexes: Sequence[str]) -> str:
    from stellaops_core.sbom.fleet_writer import FleetWriter, parts_of, repository_of  # noqa: PLC0415
    from stellaops_core.sbom.index_reader import open_index  # noqa: PLC0415

    def place(path: str) -> tuple[str, str, str]:
        with open_index(path) as index:
            subject = index.subject
            return repository_of(subject.name), subject.created, subject.image

    ordered = sorted(indexes, key=place)
    with FleetWriter(fleet) as writer:
        added = writer.add(parts_of(open_index(path)) for path in ordered)
    return f"new        {added.new}\nreplaced   {added.replaced}\nsame       {added.same}\n"


def _remove(fleet: str, images: Sequence[str]) -> str:
    from stellaops_core.sbom.fleet_writer import FleetWriter  # noqa: PLC0415

    _demand(fleet)
    with FleetWriter(fleet) as writer:
        removed = writer.remove(images)
    return f"removed    {removed}\n"


def _query(values: Mapping[str, Any]) -> str | bytes:
    from stellaops_core.sbom.fleet import open_fleet  # noqa: PLC0415
    from stellaops_core.sbom.fleet_report import SHOWN, answer, encode, render  # noqa: PLC0415

    style = values.get("format") or "table"
    if style not in {"table", "json"}:
        raise UsageError(f"unknown format {style!r}", hint=suggest(style, ("table", "json")))
    reach = _reach(values)
    wanted = [_wanted(purl, values.get("versions", "")) for purl in values["purls"]]
    with open_fleet(values["fleet"]) as fleet:
        if style == "json":
            return encode(answer(fleet, wanted, reach))
        return render(answer(fleet, wanted, reach, shown=SHOWN))


def _reach(values: Mapping[str, Any]) -> "Reach":
    if values.get("used") and values.get("possibly_used"):
        raise UsageError("--used and --possibly-used exclude one another", hint="--possibly-used includes what is used")
    return "used" if values.get("used") else "possible" if values.get("possibly_used") else "installed"


def _wanted(purl: str, versions: str) -> "Wanted":
    from stellaops_core.sbom.fleet import read_wanted  # noqa: PLC0415
    from stellaops_core.sbom.version_range import read_range  # noqa: PLC0415

    if not versions:
        return read_wanted(purl)
    type_ = read_wanted(purl).product.removeprefix("pkg:").partition("/")[0]
    return read_wanted(purl, read_range(type_, versions))


def _verify(path: str) -> str:
    if _begins(path, b"SQLite format 3\0"):
        from stellaops_core.sbom.fleet_check import check_fleet  # noqa: PLC0415

        return f"fleet      {check_fleet(path)} images\n"
    from stellaops_core.sbom.index_reader import open_index  # noqa: PLC0415

    with open_index(path) as index:
        index.check()
        return f"index      {len(index)} components\ndigest     {index.digest}\n"


def _begins(path: str, start: bytes) -> bool:
    try:
        with Path(path).open("rb") as file:
            return file.read(64).lstrip()[: len(start)] == start
    except (OSError, ValueError):
        return False


def _demand(fleet: str) -> None:
    """Refuse to make an empty fleet of a name that was mistyped."""
    if not Path(fleet).is_file():
        raise TargetError(f"no such fleet index: {fleet}", hint="stella index add makes one")


def _tell(text: str | bytes) -> int:
    write_report(text if isinstance(text, bytes) else text.encode())
    return 0

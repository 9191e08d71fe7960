"""`stella config show`: every setting, its value, and with `--origin` where the value comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

from stellaops_cli.console import columns, printable, write_report
from stellaops_cli.settings import SETTINGS, Setting, Settings
from stellaops_cli.suggest import suggest
from stellaops_cli.values import write_value
from stellaops_core.errors import UsageError


def show_config(values: Mapping[str, Any], settings: Settings) -> int:
    """Write the settings as a table, or as JSON with `-o json`."""
    style = values.get("format", "table")
    if style not in {"table", "json"}:
        raise UsageError(f"unknown format {style!r}", hint=suggest(style, ("table", "json")))
    rows = [(setting, getattr(settings, setting.name), settings.origins[setting.key]) for setting in SETTINGS]
    if style == "json":
        write_report(_as_json(rows))
    else:
        write_report(_as_table(rows, origin=bool(values.get("origin"))).encode())
    return 0


def _as_json(rows: Sequence[tuple[Setting, Any, str]]) -> bytes:
    import json  # noqa: PLC0415  # a cold verb; and lone surrogates in paths are escaped by it

    document = {setting.key: {"value": value, "origin": origin} for setting, value, origin in rows}
    return json.dumps(document, indent=2).encode() + b"\n"


def _as_table(rows: Sequence[tuple[Setting, Any, str]], *, origin: bool) -> str:
    lines = [("SETTING", "VALUE", "ORIGIN")]
    lines += [(setting.key, _shown(setting, value), printable(source)) for setting, value, source in rows]
    first = max(len(line[0]) for line in lines)
    room = columns() - first - 2
    if not origin:
        return "".join(f"{key:<{first}}  {_cut(value, room)}\n" for key, value, _ in lines)
    third = min(max(len(line[2]) for line in lines), room // 2)
    second = min(max(len(line[1]) for line in lines), room - third - 2)
    return "".join(
        f"{key:<{first}}  {_cut(value, second):<{second}}  {_cut(source, third)}".rstrip() + "\n"
        for key, value, source in lines
    )


def _shown(setting: Setting, value: Any) -> str:
    if value == setting.default and setting.shown:
        return f"({setting.shown})"
    if value in (None, "", ()):
        return "-"
    return printable(", ".join(value) if setting.many else write_value(setting.kind, value))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."

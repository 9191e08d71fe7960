"""What a setting or an option may be written as, and the value that it means.

Comes in: text from a flag, an environment variable or the configuration file. Goes out: a checked value, or
`ValueError` whose message completes the sentence "<where it was written>: …".
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

COUNT_LIMIT = 1024
EPOCH_LIMIT = 253_402_300_799
"""The last second of the year 9999: later times have no RFC 3339 form."""

_SIZES = {
    "": 1,
    "b": 1,
    **{f"{unit}b": 1000**power for power, unit in enumerate("kmgt", 1)},
    **{f"{unit}ib": 1024**power for power, unit in enumerate("kmgt", 1)},
}
_AGES = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800}
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def read_text(text: str) -> str:
    """Any text but none."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("is not UTF-8")
    return read_path(text)


def read_path(text: str) -> str:
    """A path of this host, which may hold any bytes but NUL."""
    if not text:
        raise ValueError("is empty")
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


def read_switch(text: str) -> bool:
    """`true` or `false`, and what people write instead."""
    try:
        return _SWITCH[text.lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither true nor false") from None


def read_count(text: str) -> int:
    """A whole number from 1."""
    number = _whole(text)
    if not 1 <= number <= COUNT_LIMIT:
        raise ValueError(f"{text!r} is not between 1 and {COUNT_LIMIT}")
    return number


def read_epoch(text: str) -> int:
    """Seconds since 1970, as https://reproducible-builds.org/specs/source-date-epoch/ has them."""
    number = _whole(text)
    if number > EPOCH_LIMIT:
        raise ValueError(f"{text!r} lies after the year 9999")
    return number


def read_size(text: str) -> int:
    """Bytes: a whole number, then B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024)."""
    return _measure(text, _SIZES, "a size such as 500MB or 10GiB")


def read_age(text: str) -> int:
    """Seconds: a whole number, then s, m, h, d or w."""
    return _measure(text, _AGES, "an age such as 12h or 30d")


KINDS: Mapping[str, Callable[[str], Any]] = {
    "text": read_text,
    "path": read_path,
    "switch": read_switch,
    "count": read_count,
    "epoch": read_epoch,
    "size": read_size,
    "age": read_age,
}


def read_value(kind: str, text: str, choices: Sequence[str] = ()) -> Any:
    """Read text as `kind`; where there are choices, it must be one of them."""
    if choices and text not in choices:
        raise ValueError(f"{text!r} is not one of {', '.join(choices)}")
    return KINDS[kind](text)


def write_value(kind: str, value: Any) -> str:
    """As short as `read_value` takes it back: `10GB`, `30d`, `true`."""
    if isinstance(value, bool):
        return str(value).lower()
    units = {"size": _SIZES, "age": _AGES}.get(kind)
    if units is None or not value:
        return f"{value}s" if kind == "age" else str(value)
    unit, factor = max(
        ((unit, factor) for unit, factor in units.items() if not value % factor), key=lambda pair: pair[1]
    )
    return f"{value // factor}{unit.upper() if kind == 'size' else unit}"


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _measure(text: str, units: Mapping[str, int], example: str) -> int:
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    unit = units.get(text[len(digits) :].strip().lower())
    if unit is None or not digits:
        raise ValueError(f"{text!r} is not {example}")
    return _whole(digits) * unit

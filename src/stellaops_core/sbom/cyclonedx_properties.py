"""What CycloneDX has no field for, as the text of properties; and back.

Comes in: steps, places, command lines; facts that a field can't give back as they are. Goes out: text for properties,
or from such text the facts. The rule: every `read_` function is the inverse of the one it is named after.
"""

import re
from typing import Any

import msgspec

from stellaops_core.component import Step
from stellaops_core.sbom.steps import command_text
from stellaops_core.sbom.text import escape_path, valid

SYFT_PLACE = "syft:location:0:path"
"""Syft's property for where a package is. Of several packages with one `name` and `version` it keeps one, whatever
their purls and groups, unless this tells them apart."""
EXACT = "stella:exact:"
"""Begins the property that holds a member of Stella's own document, as JSON, where no CycloneDX field can."""
RESERVED = (
    "stella:layer:", "stella:owner", "stella:use", "stella:hash:", "stella:url:", "stella:version", "stella:name",
    EXACT, SYFT_PLACE,
)  # fmt: skip
"""How the names of properties begin that the encoder gives to a component; facts of ecosystems have others."""

_LINE = re.compile(r":([1-9][0-9]*)\Z")
_WORD = re.compile(r"(?:(\?)|([\w@%+=:,./-]+)|'([^']*(?:'\\''[^']*)*)')(?: |\Z)", re.ASCII)

Json = dict[str, Any]


def make_property(name: str, value: str) -> Json:
    """Make one property."""
    return {"name": name, "value": value}


def exact(field: str, value: Any) -> Json:
    """Make the property that holds a member of Stella's own document."""
    try:
        text = msgspec.json.encode(value)
    except UnicodeEncodeError:
        text = msgspec.json.encode(valid(value))
    return make_property(EXACT + field, text.decode())


def place_property(place: str, line: int) -> str:
    """`usr/local/bin/entrypoint.sh:12`; a place that ends like that itself, or holds two spaces, is escaped more."""
    text = escape_path(place)
    if "  " in text or text.endswith(" "):
        text = text.replace(" ", "%20")
    return f"{text}:{line}" if line else _LINE.sub(r"%3A\1", text)


def read_place(text: str) -> tuple[str, int]:
    """Return the place, still escaped as a path is, and the line."""
    found = _LINE.search(text)
    return (text[: found.start()], int(found[1])) if found else (text, 0)


def step_property(step: Step) -> str:
    """`usr/local/bin/entrypoint.sh:12  exec "$@"`."""
    return f"{place_property(step.place, step.line)}  {step.text}"


def read_step(text: str) -> Json:
    """Return a step as Stella's own document has it."""
    where, _, said = text.partition("  ")
    place, line = read_place(where)
    return {"place": place, "line": line, "text": said}


def command_property(arguments: tuple[str | None, ...]) -> str:
    """Quote a command line as a shell would have it; `?` is an argument that is not known."""
    return command_text(arguments)


def read_command(text: str) -> list[str | None]:
    """Return the arguments. Raises `ValueError` for what isn't quoted as `command_property` does."""
    arguments: list[str | None] = []
    at = 0
    while at < len(text):
        found = _WORD.match(text, at)
        if not found:
            raise ValueError(f"not a command line: {text[:100]!r}")
        unknown, bare, quoted = found.groups()
        arguments.append(None if unknown else bare if bare is not None else quoted.replace("'\\''", "'"))
        at = found.end()
    return arguments

"""JSON documents of an image: bytes in, checked values out.

Rules: what is decoded is bounded in size, values and nesting, so that whoever reads it may recurse; a member that comes
twice is refused, however it is spelled: Go's readers merge such members, others believe the last one.

Source: RFC 8259, section 4 (names within an object should be unique); Go, encoding/json, `Unmarshal` (names match in
any case).
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from stellaops_core.errors import CorruptImage

JSON_DEPTH = 100
"""Nesting of a document."""
VALUE_LIMIT = 400_000
"""Values of a document, about: commas and opening brackets, those in texts included."""

Spelling = Mapping[str, Any]
"""Members of a document that are relied on: name to the `Spelling` of the objects below, or None."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"\s*(:?)', re.DOTALL)


def decode_json(data: bytes, spelling: Spelling, what: str) -> Any:
    """Decode a document and spell the members that are relied on as specified; raise `CorruptImage`.

    Docker and containerd take member names in any case, so that Windows images with `rootfS` run.
    """
    if sum(map(data.count, (b",", b"{", b"["))) > VALUE_LIMIT:
        raise CorruptImage(f"{what}: more than {VALUE_LIMIT} values")
    try:
        document = msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:
        raise CorruptImage(f"{what}: not valid JSON: {error}") from None
    if _members(document, what) != _STRING.findall(data).count(b":"):
        raise CorruptImage(f"{what}: a member comes twice")
    return _spelled(document, spelling, what)


def checked(document: Any, type_: Any, what: str) -> Any:
    """Convert a decoded document; raise `CorruptImage` naming the member that is wrong."""
    try:
        return msgspec.convert(document, type_)
    except msgspec.ValidationError as error:
        raise CorruptImage(f"{what}: {error}") from None


def _members(document: Any, what: str) -> int:
    """Count the members of all objects; refuse deep nesting."""
    members, level = 0, [document]
    for _ in range(JSON_DEPTH):
        members += sum(len(node) for node in level if isinstance(node, dict))
        below = (node.values() if isinstance(node, dict) else node for node in level if isinstance(node, dict | list))
        level = [child for children in below for child in children if isinstance(child, dict | list)]
        if not level:
            return members
    raise CorruptImage(f"{what}: nested more than {JSON_DEPTH} deep")


def _spelled(node: Any, spelling: Spelling | None, what: str) -> Any:
    if not spelling:
        return node
    if isinstance(node, list):
        return [item if isinstance(item, list) else _spelled(item, spelling, what) for item in node]
    if not isinstance(node, dict):
        return node
    names = {name.casefold(): name for name in spelling}
    result: dict[str, Any] = {}
    for key, value in node.items():
        name = names.get(key.casefold()) or key
        if name in result:
            raise CorruptImage(f"{what}: `{name}` comes twice in different spellings")
        result[name] = _spelled(value, spelling.get(name), what)
    return result

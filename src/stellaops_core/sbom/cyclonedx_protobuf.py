"""CycloneDX 1.6 as Protocol Buffers.

Comes in: an `Sbom`. Goes out: the bytes of one message `Bom`, which says what the JSON document says. The rule: fields
stand in the order of their numbers and defaults are left out, so that equal `Sbom`s give equal bytes, the same that the
official schema's own serialiser writes.

Source: CycloneDX 1.6, bom-1.6.proto; Protocol Buffers documentation, "Encoding".
"""

from collections.abc import Callable
from typing import Any

from stellaops_core.sbom import cyclonedx_json
from stellaops_core.sbom.cyclonedx_messages import MESSAGES, Field
from stellaops_core.sbom.protobuf_wire import FIXED32, LENGTH, VARINT, single, tag, varint
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.text import valid

_SHARED = frozenset({"LicenseChoice", "Evidence"})
"""Messages that are the same object in several places."""
Json = dict[str, Any]
Write = Callable[[Any], bytes]


def encode(sbom: Sbom) -> bytes:
    """Write the document."""
    try:
        data = _Encoder().message("Bom", cyclonedx_json.outline(sbom))
    except UnicodeEncodeError:  # a lone surrogate somewhere
        data = _Encoder().message("Bom", valid(cyclonedx_json.document(sbom)))
    return cyclonedx_json.numbered(data)


class _Encoder:
    """Writes messages; a part of the document that many components share is written once, and then copied."""

    def __init__(self) -> None:
        self._members: dict[str, list[tuple[str, Write]]] = {name: [] for name in MESSAGES}
        for name, fields in MESSAGES.items():
            self._members[name] += [(field.name, self._writer(field)) for field in fields]

    def message(self, name: str, value: Json) -> bytes:
        return b"".join([write(value[member]) for member, write in self._members[name] if member in value])

    def _writer(self, field: Field) -> Write:
        """Make the function that writes a field with its tag."""
        if field.kind != "message":
            write = _KINDS[field.kind](field)
        elif field.message == "Property":
            write = _properties(field)
        else:
            write = self._message_writer(field)
            write = _once(write) if field.message in _SHARED else write
        return _several(write) if field.repeated else write

    def _message_writer(self, field: Field) -> Write:
        heads, members = _heads(field), self._members[field.message]

        def write(value: Json) -> bytes:  # as `message`: a call less for each of the many
            data = b"".join([write(value[member]) for member, write in members if member in value])
            length = len(data)
            return heads[length] + data if length < 128 else heads[128] + varint(length) + data

        return write


def _once(write: Write) -> Write:
    """Keep what was written of an object, and the object: else another could have its id."""
    written = dict[int, tuple[Any, bytes]]()

    def write_once(value: Any) -> bytes:
        known = written.get(id(value))
        if known is None:
            known = written[id(value)] = (value, write(value))
        return known[1]

    return write_once


def _properties(field: Field) -> Write:
    """Properties are half of all messages, with few names: written without a detour."""
    heads, (name, content) = _heads(field), map(_text, MESSAGES["Property"])
    names = dict[str, bytes]()

    def write(value: Json) -> bytes:
        called = value["name"]
        data = (names.get(called) or names.setdefault(called, name(called))) + content(value["value"])
        length = len(data)
        return heads[length] + data if length < 128 else heads[128] + varint(length) + data

    return write


def _several(write: Write) -> Write:
    return lambda values: b"".join(map(write, (values,) if isinstance(values, dict) else values))


def _heads(field: Field) -> list[bytes]:
    """Tag and length, for lengths below 128."""
    head = tag(field.number, LENGTH)
    return [head + varint(length) for length in range(128)] + [head]


def _delimited(heads: list[bytes], data: bytes) -> bytes:
    length = len(data)
    return heads[length] + data if length < 128 else heads[128] + varint(length) + data


def _text(field: Field) -> Write:
    heads, implicit = _heads(field), field.implicit

    def write(value: str) -> bytes:
        data = value.encode()
        length = len(data)
        if 0 < length < 128:
            return heads[length] + data
        return _delimited(heads, data) if length or not implicit else b""

    return write


def _refs(field: Field) -> Write:
    heads, inner, written = _heads(field), _heads(Field(1, "ref")), dict[str, bytes]()

    def write(value: str) -> bytes:
        data = written.get(value)
        if data is None:
            data = written[value] = _delimited(heads, _delimited(inner, value.encode()))
        return data

    return write


def _enum(field: Field) -> Write:
    head = tag(field.number, VARINT)
    known = {word: head + varint(number) for number, word in enumerate(field.values) if number or not field.implicit}
    return lambda value: known.get(value, b"")


def _int(field: Field) -> Write:
    head = tag(field.number, VARINT)
    return lambda value: head + varint(value)


def _float(field: Field) -> Write:
    head, implicit = tag(field.number, FIXED32), field.implicit
    return lambda value: head + single(value) if value or not implicit else b""


def _timestamp(field: Field) -> Write:
    head, inner = tag(field.number, LENGTH), tag(1, VARINT)

    def write(value: str) -> bytes:
        seconds = _seconds(value)
        data = inner + varint(seconds) if seconds else b""
        return head + varint(len(data)) + data

    return write


def _seconds(value: str) -> int:
    """Seconds since 1970; 0 for a day that does not exist."""
    from datetime import datetime  # noqa: PLC0415  # costs a millisecond

    try:
        return int(datetime.fromisoformat(value).timestamp())
    except (ValueError, OverflowError):
        return 0


_KINDS: dict[str, Callable[[Field], Write]] = {
    "text": _text, "int": _int, "bool": _int, "float": _float, "enum": _enum, "timestamp": _timestamp,
    "refs": _refs,
}  # fmt: skip

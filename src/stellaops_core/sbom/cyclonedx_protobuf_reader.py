"""CycloneDX as Protocol Buffers, read back.

Comes in: the bytes of a message `Bom`. Goes out: the document as JSON would have it, or an `Sbom`. Fields that are not
known are passed over, as Protocol Buffers want it; all else that is wrong is a `TargetError`.

Source: CycloneDX 1.6, bom-1.6.proto (whose numbers 1.3 to 1.7 share, as far as they are read here).
"""

from typing import Any

from stellaops_core.errors import TargetError
from stellaops_core.sbom.cyclonedx_messages import MESSAGES, Field
from stellaops_core.sbom.cyclonedx_reader import read_document
from stellaops_core.sbom.protobuf_wire import FIXED32, LENGTH, VARINT, fields, read_single, signed
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.stella_json import MAX_DOCUMENT

MAX_NESTING = 64
"""Messages within messages."""
MAX_MESSAGES = 2_000_000
"""Messages in one document."""
_FIELDS = {name: {field.number: field for field in listed} for name, listed in MESSAGES.items()}
_WIRE = {"int": VARINT, "bool": VARINT, "enum": VARINT, "float": FIXED32}
Json = dict[str, Any]


def decode(data: bytes) -> Sbom:
    """Read a document. Raises `TargetError` when it isn't one, or contradicts itself."""
    return read_document(read_protobuf(data))


def read_protobuf(data: bytes) -> Json:
    """Decode a document to what its JSON would be. Raises `TargetError`."""
    if len(data) > MAX_DOCUMENT:
        raise TargetError(f"not a CycloneDX document: larger than {MAX_DOCUMENT >> 20} MiB")
    try:
        content = _Decoder(data).message("Bom", 0, len(data), 0, {})
    except (ValueError, OverflowError) as error:
        reason = "text that is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise TargetError(f"not a CycloneDX document: {reason}", hint="it looks like Protocol Buffers") from None
    if not content.get("specVersion"):
        raise TargetError("not a CycloneDX document: it names no version of the specification")
    return content


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = MAX_MESSAGES

    def message(self, name: str, start: int, end: int, depth: int, out: Json) -> Json:
        """Read `data[start:end]` into `out`."""
        self._left -= 1
        if self._left < 0 or depth > MAX_NESTING:
            raise ValueError("too many messages" if self._left < 0 else "messages are nested too deep")
        known = _FIELDS[name]
        for number, wire_type, value, stop in fields(self._data, start, end):
            field = known.get(number)
            if field and wire_type == _WIRE.get(field.kind, LENGTH):
                self._take(field, value, stop, depth, out)
        for field in known.values():
            if field.implicit and field.kind != "text" and field.name not in out:
                out[field.name] = field.values[0] if field.kind == "enum" else 0  # what is not written
        return out

    def _take(self, field: Field, value: int, stop: int, depth: int, out: Json) -> None:
        if field.kind == "message" and not field.repeated:  # one that comes twice is merged
            self.message(field.message, value, stop, depth + 1, out.setdefault(field.name, {}))
            return
        one = self._value(field, value, stop, depth)
        if field.repeated:
            out.setdefault(field.name, []).append(one)
        elif one is not None:
            out[field.name] = one

    def _value(self, field: Field, value: int, stop: int, depth: int) -> Any:
        if field.kind == "message":
            return self.message(field.message, value, stop, depth + 1, {})
        if field.kind == "refs":
            return self.message("Dependency", value, stop, depth + 1, {}).get("ref", "")
        return self._timestamp(value, stop) if field.kind == "timestamp" else self._plain(field, value, stop)

    def _plain(self, field: Field, value: int, stop: int) -> Any:
        match field.kind:
            case "float":
                return read_single(value)
            case "enum":
                return (field.values[value] or None) if value < len(field.values) else None
            case "text":
                return self._data[value:stop].decode()
            case _:
                return signed(value)

    def _timestamp(self, start: int, end: int) -> str:
        from datetime import UTC, datetime, timedelta  # noqa: PLC0415  # costs a millisecond

        seconds = 0
        for number, wire_type, value, _ in fields(self._data, start, end):
            if (number, wire_type) == (1, VARINT):
                seconds = signed(value)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

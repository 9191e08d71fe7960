"""CycloneDX as XML, read back.

Comes in: the bytes of a document. Goes out: the document as JSON would have it, or an `Sbom`. What bills of materials
of packages need is taken, other elements are passed over. The rule: no document type, so no entity is ever expanded and
nothing outside is looked at.

Source: CycloneDX 1.2 to 1.7, bom-1.x.xsd.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from stellaops_core.errors import TargetError
from stellaops_core.sbom.cyclonedx_reader import VERSIONS, read_document
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.stella_json import MAX_DOCUMENT
from stellaops_core.sbom.xml_text import read_xml

MAX_NESTING = 64
"""Elements within elements."""
MAX_ELEMENTS = 4_000_000
"""Elements of one document."""
_SPACE = re.compile(r"http://cyclonedx\.org/schema/bom/(1\.[0-9])\}")
Json = dict[str, Any]
Children = list[tuple[str, Any]]
Make = Callable[[Mapping[str, str], Children, str], Any]


def decode(data: bytes) -> Sbom:
    """Read a document. Raises `TargetError` when it isn't one, or contradicts itself."""
    return read_document(read_document_xml(data))


def read_document_xml(data: bytes) -> Json:
    """Decode a document to what its JSON would be. Raises `TargetError`."""
    from xml.parsers import expat  # noqa: PLC0415  # no other format needs it

    if len(data) > MAX_DOCUMENT:
        raise TargetError(f"not a CycloneDX document: larger than {MAX_DOCUMENT >> 20} MiB")
    builder = _Builder()
    parser = expat.ParserCreate("UTF-8", "}")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise TargetError(f"not a CycloneDX document: line {error.lineno} is not XML") from None
    except ValueError as error:
        raise TargetError(f"not a CycloneDX document: {error}") from None
    if builder.version not in VERSIONS or not isinstance(builder.bom, dict):
        raise TargetError("not a CycloneDX document of a known version", hint="CycloneDX 1.2 to 1.7 is read")
    return {"bomFormat": "CycloneDX", "specVersion": builder.version, **builder.bom}


def _refuse(*_: object) -> None:
    raise ValueError("it has a document type")


class _Builder:
    """Makes values of elements as they end."""

    def __init__(self) -> None:
        self.bom: Any = None
        self.version = ""
        self._open: list[tuple[str, Mapping[str, str], Children, list[str]]] = []
        self._skipped = 0
        self._left = MAX_ELEMENTS

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._left -= 1
        if self._left < 0 or len(self._open) + self._skipped >= MAX_NESTING:
            raise ValueError("too many elements" if self._left < 0 else "elements are nested too deep")
        space = _SPACE.match(name)
        local = name[space.end() :] if space else ""
        if self._skipped or not space or (local == "bom") is not (not self._open):
            self._skipped += 1
            return
        if not self._open:
            self.version = space[1]
        self._open.append((local, attributes, [], []))

    def characters(self, text: str) -> None:
        if self._open and not self._skipped:
            self._open[-1][3].append(text)

    def end(self, _name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        name, attributes, children, texts = self._open.pop()
        text = read_xml("".join(texts)) if texts and not children else ""
        made = _MAKE.get(name, _leaf)({key: read_xml(value) for key, value in attributes.items()}, children, text)
        if self._open:
            self._open[-1][2].append((name, made))
        else:
            self.bom = made


def _leaf(_attributes: Mapping[str, str], children: Children, text: str) -> Any:
    """Text; of an element with others in it that nobody knows, nothing."""
    return None if children else text


def _list(_attributes: Mapping[str, str], children: Children, _text: str) -> Any:
    return [made for _, made in children if made is not None]


def _object(attributes: Mapping[str, str], children: Children, _text: str) -> Any:
    return {**attributes, **{name: made for name, made in children if made is not None}}


def _tools(_attributes: Mapping[str, str], children: Children, _text: str) -> Any:
    """In metadata an object with components, or a list of old; in an identity a list of references."""
    return dict(children) if any(name == "components" for name, _ in children) else [made for _, made in children]


def _tool(attributes: Mapping[str, str], children: Children, text: str) -> Any:
    return attributes["ref"] if "ref" in attributes else _object(attributes, children, text)


def _evidence(_attributes: Mapping[str, str], children: Children, _text: str) -> Any:
    return {**dict(children), "identity": [made for name, made in children if name == "identity"]}


def _license(attributes: Mapping[str, str], children: Children, text: str) -> Any:
    return {"license": _object(attributes, children, text)}


def _expression(attributes: Mapping[str, str], _children: Children, text: str) -> Any:
    return {**attributes, "expression": text}


def _hash(attributes: Mapping[str, str], _children: Children, text: str) -> Any:
    return {**attributes, "content": text}


def _property(attributes: Mapping[str, str], _children: Children, text: str) -> Any:
    return {**attributes, "value": text}


def _reference_to(attributes: Mapping[str, str], _children: Children, _text: str) -> Any:
    return attributes.get("ref", "")


def _dependency(attributes: Mapping[str, str], children: Children, _text: str) -> Any:
    return {**attributes, "dependsOn": [made.get("ref", "") for name, made in children if name == "dependency"]}


def _number(_attributes: Mapping[str, str], _children: Children, text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return None


_MAKE: Mapping[str, Make] = {
    **dict.fromkeys(("bom", "metadata", "component", "supplier", "manufacturer", "swid"), _object),
    **dict.fromkeys(("identity", "method", "occurrence", "reference", "composition"), _object),
    **dict.fromkeys(("components", "properties", "hashes", "licenses", "externalReferences", "dependencies"), _list),
    **dict.fromkeys(("methods", "occurrences", "compositions", "assemblies"), _list),
    "tools": _tools,
    "tool": _tool,
    "evidence": _evidence,
    "license": _license,
    "expression": _expression,
    "hash": _hash,
    "property": _property,
    "dependency": _dependency,
    "assembly": _reference_to,
    "confidence": _number,
}

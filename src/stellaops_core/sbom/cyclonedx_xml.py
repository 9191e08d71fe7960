"""CycloneDX 1.6 as XML.

Comes in: an `Sbom`. Goes out: the bytes of one document, which says what the JSON document says. The rule: equal
`Sbom`s give equal bytes; elements stand in the order that the schema wants.

Source: CycloneDX 1.6, bom-1.6.xsd.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from stellaops_core.sbom import cyclonedx_json
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.xml_text import xml_text

_NAMES = ("group", "name", "version", "description")
Json = dict[str, Any]


def encode(sbom: Sbom) -> bytes:
    """Write the document: UTF-8, two spaces of indentation, a newline at the end."""
    return write(cyclonedx_json.outline(sbom))


def write(content: Json) -> bytes:
    """Write a document that has the nil UUID in place of its serial number."""
    return cyclonedx_json.numbered("".join(_bom(content)).encode())


def _bom(content: Json) -> Iterator[str]:
    version = content["specVersion"]
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/{version}"'
    yield f' serialNumber="{content["serialNumber"]}" version="{content["version"]}">\n'
    writer = _Writer()
    yield from writer.metadata(content["metadata"])
    yield "  <components>\n"
    for component in content["components"]:
        yield writer.component(component, "    ")
    yield "  </components>\n"
    if references := content.get("externalReferences"):
        yield _list("externalReferences", references, _reference, "  ")
    yield "  <dependencies>\n"
    for item in content["dependencies"]:
        yield _dependency(item)
    yield "  </dependencies>\n"
    if compositions := content.get("compositions"):
        yield _list("compositions", compositions, _composition, "  ")
    yield "</bom>\n"


class _Writer:
    """Writes components; what many share is written once."""

    def __init__(self) -> None:
        self._written: dict[tuple[int, str], tuple[Any, str]] = {}

    def metadata(self, metadata: Json) -> Iterator[str]:
        yield f"  <metadata>\n    <timestamp>{xml_text(metadata['timestamp'])}</timestamp>\n"
        yield "    <tools>\n      <components>\n"
        for tool in metadata["tools"]["components"]:
            yield self.component(tool, " " * 8)
        yield "      </components>\n    </tools>\n"
        yield self.component(metadata["component"], "    ")
        if facts := metadata.get("properties"):
            yield self._properties(facts, "    ")
        yield "  </metadata>\n"

    def component(self, component: Json, pad: str) -> str:
        inner = pad + "  "
        out = [f'{pad}<component type="{component["type"]}" bom-ref="{xml_text(component["bom-ref"])}">\n']
        if supplier := component.get("supplier"):
            out.append(f"{inner}<supplier>\n{inner}  <name>{xml_text(supplier['name'])}</name>\n{inner}</supplier>\n")
        out += [f"{inner}<{name}>{xml_text(component[name])}</{name}>\n" for name in _NAMES if name in component]
        if hashes := component.get("hashes"):
            out.append(_list("hashes", hashes, _hash, inner))
        if licenses := component.get("licenses"):
            out.append(self._shared(licenses, inner, _licenses))
        out += [
            f"{inner}<{name}>{xml_text(component[name])}</{name}>\n" for name in ("cpe", "purl") if name in component
        ]
        if references := component.get("externalReferences"):
            out.append(_list("externalReferences", references, _reference, inner))
        if facts := component.get("properties"):
            out.append(self._properties(facts, inner))
        if parts := component.get("components"):
            nested = "".join(self.component(part, inner + "  ") for part in parts)
            out.append(f"{inner}<components>\n{nested}{inner}</components>\n")
        if evidence := component.get("evidence"):
            out.append(self._shared(evidence, inner, _evidence))
        out.append(pad + "</component>\n")
        return "".join(out)

    def _properties(self, facts: Iterable[Json], pad: str) -> str:
        head = f'{pad}  <property name="'
        lines = [f'{head}{xml_text(fact["name"])}">{xml_text(fact["value"])}</property>\n' for fact in facts]
        return f"{pad}<properties>\n{''.join(lines)}{pad}</properties>\n"

    def _shared(self, value: Any, pad: str, write: Callable[[Any, str], str]) -> str:
        known = self._written.get((id(value), pad))
        if known is None:  # kept with its text: else another could have its id
            known = self._written[id(value), pad] = (value, write(value, pad))
        return known[1]


def _list(name: str, values: Iterable[Json], write: Callable[[Json, str], str], pad: str) -> str:
    return f"{pad}<{name}>\n{''.join([write(value, pad) for value in values])}{pad}</{name}>\n"


def _hash(value: Json, pad: str) -> str:
    return f'{pad}  <hash alg="{value["alg"]}">{value["content"]}</hash>\n'


def _reference(reference: Json, pad: str) -> str:
    inner = pad + "    "
    out = f'{pad}  <reference type="{reference["type"]}">\n{inner}<url>{xml_text(reference["url"])}</url>\n'
    if comment := reference.get("comment"):
        out += f"{inner}<comment>{xml_text(comment)}</comment>\n"
    if hashes := reference.get("hashes"):
        out += _list("hashes", hashes, _hash, inner)
    return f"{out}{pad}  </reference>\n"


def _licenses(licenses: Iterable[Json], pad: str) -> str:
    return _list("licenses", licenses, _license, pad)


def _license(value: Json, pad: str) -> str:
    if "expression" in value:
        return f"{pad}  <expression>{xml_text(value['expression'])}</expression>\n"
    ((what, text),) = value["license"].items()
    return f"{pad}  <license>\n{pad}    <{what}>{xml_text(text)}</{what}>\n{pad}  </license>\n"


def _evidence(evidence: Json, pad: str) -> str:
    identities = evidence["identity"]
    identities = [identities] if isinstance(identities, dict) else identities
    written = "".join([_identity(identity, pad + "  ") for identity in identities])
    places = _list("occurrences", evidence["occurrences"], _occurrence, pad + "  ")
    return f"{pad}<evidence>\n{written}{places}{pad}</evidence>\n"


def _identity(identity: Json, pad: str) -> str:
    tools = "".join([f'{pad}    <tool ref="{xml_text(tool)}"/>\n' for tool in identity["tools"]])
    return (
        f"{pad}<identity>\n{pad}  <field>{identity['field']}</field>\n"
        f"{pad}  <confidence>{identity['confidence']}</confidence>\n"
        f"{_list('methods', identity['methods'], _method, pad + '  ')}"
        f"{pad}  <tools>\n{tools}{pad}  </tools>\n{pad}</identity>\n"
    )


def _method(method: Json, pad: str) -> str:
    return (
        f"{pad}  <method>\n{pad}    <technique>{method['technique']}</technique>\n"
        f"{pad}    <confidence>{method['confidence']}</confidence>\n"
        f"{pad}    <value>{xml_text(method['value'])}</value>\n{pad}  </method>\n"
    )


def _occurrence(occurrence: Json, pad: str) -> str:
    out = f"{pad}  <occurrence>\n{pad}    <location>{xml_text(occurrence['location'])}</location>\n"
    if context := occurrence.get("additionalContext"):
        out += f"{pad}    <additionalContext>{xml_text(context)}</additionalContext>\n"
    return f"{out}{pad}  </occurrence>\n"


def _dependency(item: Json) -> str:
    ref, needs = xml_text(item["ref"]), item.get("dependsOn")
    if not needs:
        return f'    <dependency ref="{ref}"/>\n'
    inner = "".join([f'      <dependency ref="{xml_text(need)}"/>\n' for need in needs])
    return f'    <dependency ref="{ref}">\n{inner}    </dependency>\n'


def _composition(composition: Json, pad: str) -> str:
    refs = "".join(f'{pad}      <assembly ref="{xml_text(ref)}"/>\n' for ref in composition["assemblies"])
    return (
        f"{pad}  <composition>\n{pad}    <aggregate>{composition['aggregate']}</aggregate>\n"
        f"{pad}    <assemblies>\n{refs}{pad}    </assemblies>\n{pad}  </composition>\n"
    )

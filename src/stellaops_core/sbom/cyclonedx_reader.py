"""CycloneDX read back, whatever it was written as.

Comes in: the bytes of a JSON document, or a decoded document of another serialisation as JSON would have it. Goes out:
an `Sbom`. The rule: of our own documents nothing is lost but packages that an upper layer removed; it is turned into
Stella's own document, whose reader (`stella_json.decode`) has the last word. Others' go to `cyclonedx_foreign`.

Source: CycloneDX 1.2 to 1.7; docs/reference/cyclonedx.md.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from stellaops_core.component import BINARY
from stellaops_core.errors import TargetError
from stellaops_core.sbom import stella_json
from stellaops_core.sbom.cyclonedx_components import read_licenses, read_references
from stellaops_core.sbom.cyclonedx_properties import EXACT, RESERVED, read_command, read_place, read_step
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.stella_document import SCHEMA
from stellaops_core.sbom.stella_json import MAX_DOCUMENT
from stellaops_core.sbom.text import unescape_path

MAX_OBJECTS = 4_000_000
"""Objects and lists of one JSON document, brackets within text included."""
VERSIONS = frozenset({"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"})
_HINT = "CycloneDX 1.2 to 1.7 is read"
_NUMBERED = re.compile(r"([0-9]{1,7}):([A-Za-z]+)")
_ANALYZER = "stella:analyzer:"
_CONTEXT = re.compile(r"(?:layer ([0-9]{1,7})(?: (?!owner )[^ ]+)?)?(?:(?:^| )owner [^ ]+)*")
_EXACT_FIELDS = frozenset({"evidence", "licenses", "hashes", "urls", "depends", "properties"})
Json = dict[str, Any]


def decode(data: bytes) -> Sbom:
    """Read a JSON document. Raises `TargetError` when it isn't CycloneDX, or contradicts itself."""
    return read_document(read_json(data))


def read_json(data: bytes) -> Json:
    """Decode a JSON document and see that it is CycloneDX. Raises `TargetError`."""
    if len(data) > MAX_DOCUMENT:
        raise TargetError(f"not a CycloneDX document: larger than {MAX_DOCUMENT >> 20} MiB")
    if data.count(b"{") + data.count(b"[") > MAX_OBJECTS:
        raise TargetError("not a CycloneDX document that can be read: too many objects")
    try:
        content = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise TargetError("not a CycloneDX document: not JSON", hint=_HINT) from None
    if not isinstance(content, dict) or content.get("bomFormat") != "CycloneDX":
        raise TargetError("not a CycloneDX document", hint=_HINT)
    return content


def read_document(content: Json) -> Sbom:
    """Read a decoded document. Raises `TargetError`."""
    facts = read_facts(content)
    if "externalReferences" in content and not all(item["evidence"] for item in facts["components"]):
        raise TargetError(
            "this document refers to the documents of its layers", hint="it has to be read together with them"
        )
    return finish(facts)


def read_facts(content: Json) -> Json:
    """Turn a decoded document into Stella's own, unchecked. Raises `TargetError`."""
    if text(content, "specVersion") not in VERSIONS:
        raise TargetError("not a CycloneDX document of a known version", hint=_HINT)
    try:
        if not is_ours(content):
            from stellaops_core.sbom.cyclonedx_foreign import read_foreign  # noqa: PLC0415  # not for our own

            facts: Json = read_foreign(content)
            return facts
        return _own(content)
    except ValueError as error:
        raise TargetError(f"not a CycloneDX document of ours: {error}") from None


def finish(facts: Json) -> Sbom:
    """Check Stella's own document and make it an `Sbom`. Raises `TargetError`."""
    try:
        data = msgspec.json.encode(facts)
    except (msgspec.MsgspecError, OverflowError, UnicodeError, RecursionError):
        raise TargetError("not a CycloneDX document that can be read: numbers or text out of range") from None
    try:
        return stella_json.decode(data)
    except TargetError as error:
        reason = error.message.removeprefix("not a Stella SBOM: ")
        raise TargetError(f"not a CycloneDX document that can be read: {reason}") from None


def is_ours(content: Json) -> bool:
    """Whether this version's encoder, or another's of ours, says to have written it."""
    tools = objects(child(child(content, "metadata"), "tools"), "components")
    return any(tool.get("bom-ref") == "stella" and tool.get("name") == "stella" for tool in tools)


def child(value: Json, name: str) -> Json:
    """Return a member that is an object; anything else is an empty one."""
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def objects(value: Json, name: str) -> list[Json]:
    """Return the objects of a member that is a list, or one object."""
    inner = value.get(name)
    if isinstance(inner, dict):
        return [inner]
    return [item for item in inner if isinstance(item, dict)] if isinstance(inner, list) else []


def text(value: Json, name: str) -> str:
    """Return a member that is text; anything else is empty."""
    inner = value.get(name)
    return inner if isinstance(inner, str) else ""


def texts(value: Json, name: str) -> list[str]:
    """Return the texts of a member that is a list."""
    inner = value.get(name)
    return [item for item in inner if isinstance(item, str)] if isinstance(inner, list) else []


def properties(value: Json) -> list[tuple[str, str]]:
    """Return names and values of `properties`."""
    return [(text(item, "name"), text(item, "value")) for item in objects(value, "properties")]


def dependencies(content: Json) -> dict[str, list[str]]:
    """Map each `bom-ref` to those that it depends on."""
    return {text(item, "ref"): texts(item, "dependsOn") for item in objects(content, "dependencies")}


def percent(confidence: object) -> int:
    """Turn 0 to 1 into percent; what is neither stated nor sensible is 100."""
    return round(confidence * 100) if isinstance(confidence, int | float) and 0 <= confidence <= 1 else 100


def name_values(pairs: Iterable[tuple[str, str]], first: str = "name", second: str = "value") -> list[Json]:
    """Make objects of two members each."""
    return [{first: one, second: other} for one, other in pairs]


# --- our own documents ---


def _own(content: Json) -> Json:
    metadata = child(content, "metadata")
    tool = next(tool for tool in objects(child(metadata, "tools"), "components") if tool.get("bom-ref") == "stella")
    needs, told = dependencies(content), properties(metadata)
    listed = objects(content, "components")
    components = [_component(one, needs) for one in listed if text(one, "bom-ref").startswith(("pkg:", BINARY))]
    facts: Json = {
        "schema": SCHEMA,
        "tool": {"name": "stella", "version": text(tool, "version")},
        "timestamp": text(metadata, "timestamp"),
        "subject": _subject(child(metadata, "component")),
        "distribution": next((_system(one) for one in listed if one.get("type") == "operating-system"), None),
        "components": sorted(components, key=lambda item: str(item.get("purl") or item.get("ref"))),
        "unknowns": sorted(_unknowns(told), key=_unknown_order),
        "removed": [],
    }
    if any(name.startswith("stella:usage:") for name, _ in told):
        facts["usage"] = _usage(told)
    return facts


def _numbered(told: Iterable[tuple[str, str]], prefix: str) -> dict[int, list[tuple[str, str]]]:
    """Group properties `<prefix><number>:<name>` by number, in its order."""
    groups: dict[int, list[tuple[str, str]]] = {}
    for name, value in told:
        if name.startswith(prefix) and (found := _NUMBERED.fullmatch(name, len(prefix))):
            groups.setdefault(int(found[1]), []).append((found[2], value))
    return dict(sorted(groups.items()))


def _subject(component: Json) -> Json:
    told = properties(component)
    facts = dict(told)
    kind, digest, name = component.get("type"), text(component, "version"), text(component, "name")
    kind = "container" if kind == "container" else "directory"
    named = "" if name == (digest or kind) else name
    layers = _numbered(told, "stella:layer:")
    label = "stella:image:label:"
    return {
        "kind": kind,
        "name": facts.get("stella:image:name", named),
        "digest": digest,
        "configDigest": facts.get("stella:image:configDigest", ""),
        "platform": facts.get("stella:image:platform", ""),
        "created": facts.get("stella:image:created", ""),
        "tags": [value for name, value in told if name == "stella:image:tag"],
        "labels": name_values((name.removeprefix(label), value) for name, value in told if name.startswith(label)),
        "layers": [_layer(number, dict(layer)) for number, layer in layers.items()],
    }


def _layer(index: int, facts: dict[str, str]) -> Json:
    return {
        "index": index,
        "digest": facts.get("digest", ""),
        "diffId": facts.get("diffID", ""),
        "size": int(facts.get("size", "-1")),
        "createdBy": facts.get("createdBy", ""),
    }


def _system(component: Json) -> Json:
    prefix = "stella:distribution:"
    told = [(name.removeprefix(prefix), value) for name, value in properties(component) if name.startswith(prefix)]
    facts = dict(told)
    home = next((url for kind, url in read_references(objects(component, "externalReferences"))), "")
    return {
        "id": text(component, "name"),
        "version": facts.get("version", text(component, "version")),
        "name": facts.get("name", ""),
        "like": [value for name, value in told if name == "like"],
        "codename": facts.get("codename", ""),
        "prettyName": text(component, "description"),
        "cpe": facts.get("cpe", text(component, "cpe")),
        "homeUrl": facts.get("homeURL", home),
        "variant": facts.get("variant", ""),
    }


def _component(component: Json, needs: dict[str, list[str]]) -> Json:
    told, ref = properties(component), text(component, "bom-ref")
    facts = dict(told)
    purl = "" if ref.startswith(BINARY) else ref
    item: Json = {"purl": purl} if purl else {"ref": ref}
    item |= {
        "type": purl[4:].partition("/")[0] if purl else BINARY[:-1],
        "name": facts.get("stella:name", text(component, "name")),
        "version": facts.get("stella:version", text(component, "version")),
        "layer": int(facts.get("stella:layer:index", "-1")),
        "evidence": _evidence(child(component, "evidence")),
        "licenses": read_licenses(objects(component, "licenses")),
        "hashes": name_values(_pairs(component, told, "hash"), "algorithm", "content"),
        "depends": needs.get(ref, []),
        "owners": [value for name, value in told if name == "stella:owner"],
        "supplier": text(child(component, "supplier"), "name"),
        "urls": name_values(_pairs(component, told, "url"), "type", "url"),
        "properties": name_values((name, value) for name, value in told if not name.startswith(RESERVED)),
    }
    if "stella:use" in facts:
        steps = [read_step(value) for name, value in told if name == "stella:use:step"]
        item["use"] = {"level": facts["stella:use"], "path": facts.get("stella:use:path", ""), "chain": steps}
    for name, value in told:
        if name.startswith(EXACT) and (field := name.removeprefix(EXACT)) in _EXACT_FIELDS:
            item[field] = _decoded(value)
    return item


def _decoded(value: str) -> Any:
    try:
        return msgspec.json.decode(value)
    except (msgspec.MsgspecError, RecursionError):
        raise ValueError("a property that should hold JSON does not") from None


def _pairs(component: Json, told: Iterable[tuple[str, str]], kind: str) -> list[tuple[str, str]]:
    if kind == "hash":
        pairs = [(text(item, "alg"), text(item, "content")) for item in objects(component, "hashes")]
    else:
        pairs = read_references(objects(component, "externalReferences"))
    prefix = f"stella:{kind}:"
    return pairs + [(name.removeprefix(prefix), value) for name, value in told if name.startswith(prefix)]


def _evidence(evidence: Json) -> list[Json]:
    places: dict[str, tuple[int, list[str]]] = {}
    for item in objects(evidence, "occurrences"):
        context = text(item, "additionalContext")
        found = _CONTEXT.fullmatch(context)
        if not found:
            raise ValueError("an occurrence's context is not as it was written")
        owners = re.findall(r"(?:^| )owner ([^ ]+)", context)
        places.setdefault(text(item, "location"), (int(found[1] or -1), owners))
    items = []
    for identity in objects(evidence, "identity"):
        analyzer = next(iter(texts(identity, "tools")), "").removeprefix(_ANALYZER)
        for method in objects(identity, "methods"):
            path = text(method, "value")
            layer, owners = places.get(path, (-1, []))
            one = {"path": path, "analyzer": analyzer, "layer": layer, "technique": text(method, "technique")}
            items.append(one | {"confidence": percent(method.get("confidence")), "owners": owners})
    return sorted(items, key=_evidence_order)


def _evidence_order(item: Json) -> tuple[Any, ...]:
    names = ("analyzer", "layer", "technique", "confidence", "owners")
    return (unescape_path(item["path"]), *(item[name] for name in names))


def _unknown_order(item: Json) -> tuple[Any, ...]:
    return (unescape_path(item["path"]), item["analyzer"], item["reason"], item["layer"])


def _unknowns(told: Iterable[tuple[str, str]]) -> Iterator[Json]:
    for group in _numbered(told, "stella:unknown:").values():
        facts = dict(group)
        yield {
            "path": facts.get("path", ""),
            "analyzer": facts.get("analyzer", ""),
            "reason": facts.get("reason", ""),
            "layer": int(facts.get("layer", "-1")),
        }


def _usage(told: list[tuple[str, str]]) -> Json:
    count = "stella:usage:count:"
    return {
        "programs": [_program(group) for group in _numbered(told, "stella:usage:program:").values()],
        "gaps": [_gap(dict(group)) for group in _numbered(told, "stella:usage:gap:").values()],
        "counts": {name.removeprefix(count): int(value) for name, value in told if name.startswith(count)},
    }


def _program(group: list[tuple[str, str]]) -> Json:
    facts = dict(group)
    return {
        "path": facts.get("path", ""),
        "arguments": read_command(facts.get("command", "")),
        "level": facts.get("level", ""),
        "terminal": facts.get("terminal") == "true",
        "conditions": [value for name, value in group if name == "condition"],
        "steps": [read_step(value) for name, value in group if name == "step"],
    }


def _gap(facts: dict[str, str]) -> Json:
    place, line = read_place(facts.get("place", ""))
    return {"place": place, "line": line, "reason": facts.get("reason", ""), "scope": facts.get("scope", "")}

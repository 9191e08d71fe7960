"""CycloneDX that others wrote, as far as it says what is there, where, and what needs what.

Comes in: a decoded document. Goes out: Stella's own document. Where a document says nothing, nothing is made up: what
it lists without a package URL is `pkg:generic/…`, or a file by its SHA-256; what has neither becomes an `Unknown`.
Layers and places are taken from what Syft and Trivy add. What is not delivered (`excluded`) is left out.

Source: CycloneDX 1.2 to 1.7; the property names of Syft 1.x and Trivy 0.5x.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from stellaops_core.component import BINARY
from stellaops_core.purl import make_purl, parse_purl
from stellaops_core.sbom.cyclonedx_components import read_licenses, read_references
from stellaops_core.sbom.cyclonedx_reader import child, dependencies, name_values, objects, percent, properties, text
from stellaops_core.sbom.stella_document import SCHEMA
from stellaops_core.sbom.text import escape_path, unescape_path
from stellaops_core.version import __version__

ANALYZER = "sbom"
"""Stands in evidence, and for what could not be read."""
MAX_DEPTH = 32
"""Components within components."""
_TECHNIQUES = frozenset(
    {"manifest-analysis", "source-code-analysis", "binary-analysis", "instrumentation", "hash-comparison", "filename"}
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|z|[+-]\d\d:\d\d)?")
_SYFT_PLACE = re.compile(r"syft:location:\d+:(path|layerID)")
_NODES = frozenset({"application", "operating-system", "container", "platform"})
"""Types of what groups packages (a lock file, the system) rather than being one, when it has no package URL."""
Json = dict[str, Any]


def read_foreign(content: Json) -> Json:
    """Turn a document into Stella's own."""
    metadata = child(content, "metadata")
    subject = child(metadata, "component")
    listed = list(_flat(objects(content, "components"), 0))
    layers = _layers(subject, listed)
    reader = _Reader({diff_id: index for index, diff_id in enumerate(layers)})
    for component in listed:
        reader.add(component)
    return {
        "schema": SCHEMA,
        "tool": {"name": "stella", "version": __version__},
        "timestamp": _time(text(metadata, "timestamp")),
        "subject": _subject(subject, layers),
        "distribution": next((_system(one) for one in listed if one.get("type") == "operating-system"), None),
        "components": reader.components(dependencies(content)),
        "unknowns": [dict(zip(_UNKNOWN, one, strict=True)) for one in sorted(reader.unknowns)],
        "removed": [],
    }


_UNKNOWN = ("path", "analyzer", "reason", "layer")
_MERGED = ("evidence", "licenses", "hashes", "urls", "properties")


class _Reader:
    """Collects components; those with one package URL become one."""

    def __init__(self, layers: dict[str, int]) -> None:
        self._layers = layers
        self._items: dict[str, Json] = {}
        self._refs: dict[str, str] = {}
        self.unknowns: set[tuple[str, str, str, int]] = set()

    def add(self, component: Json) -> None:
        if component.get("scope") == "excluded":
            return
        ref = _ref(component)
        if not ref:
            if text(component, "type") not in _NODES:
                reason = "listed without a package URL, and without a name and a version"
                self.unknowns.add((escape_path(text(component, "name")), ANALYZER, reason, -1))
            return
        self._refs[text(component, "bom-ref") or ref] = ref
        item = self._item(component, ref)
        known = self._items.setdefault(ref, item | {member: {} for member in _MERGED})
        for member in _MERGED:
            for one in item[member]:
                known[member].setdefault(one if isinstance(one, str) else tuple(one.values()), one)

    def components(self, needs: dict[str, list[str]]) -> list[Json]:
        """Return all, in order, with what they depend on."""
        depends: dict[str, set[str]] = {}
        for one, others in needs.items():
            if ref := self._refs.get(one):
                depends.setdefault(ref, set()).update(self._refs[other] for other in others if other in self._refs)
        for ref, item in self._items.items():
            item |= {member: list(item[member].values()) for member in _MERGED}
            item["depends"] = sorted(depends.get(ref, set()) - {ref})
            item["evidence"].sort(key=lambda one: (unescape_path(one["path"]), *list(one.values())[1:]))
            item["layer"] = min((one["layer"] for one in item["evidence"] if one["layer"] >= 0), default=-1)
            item["properties"].sort(key=lambda one: (one["name"], one["value"]))
        return [self._items[ref] for ref in sorted(self._items)]

    def _item(self, component: Json, ref: str) -> Json:
        told = properties(component)
        group, name = text(component, "group"), text(component, "name")
        item: Json = {"ref": ref} if ref.startswith(BINARY) else {"purl": ref}
        return item | {
            "type": BINARY[:-1] if ref.startswith(BINARY) else ref[4:].partition("/")[0],
            "name": name or group,
            "version": text(component, "version"),
            "evidence": self._evidence(component, told),
            "licenses": list(dict.fromkeys(read_licenses(objects(component, "licenses")))),
            "hashes": name_values(
                sorted({(text(one, "alg"), text(one, "content").lower()) for one in objects(component, "hashes")}),
                "algorithm",
                "content",
            ),
            "supplier": _supplier(component),
            "urls": name_values(sorted(set(read_references(objects(component, "externalReferences")))), "type", "url"),
            "properties": name_values(sorted({(name, value) for name, value in told if name and not _is_place(name)})),
        }

    def _evidence(self, component: Json, told: list[tuple[str, str]]) -> list[Json]:
        identity = next(iter(objects(child(component, "evidence"), "identity")), {})
        method = next(iter(objects(identity, "methods")), {})
        technique, confidence = text(method, "technique"), percent(identity.get("confidence"))
        found = {path.removeprefix("/"): self._layers.get(layer, -1) for path, layer in _places(component, told)} or {
            "": -1
        }
        return [
            {
                "path": escape_path(path),
                "analyzer": ANALYZER,
                "layer": layer,
                "technique": technique if technique in _TECHNIQUES else "manifest-analysis",
                "confidence": confidence,
            }
            for path, layer in found.items()
        ]


def _flat(components: Iterable[Json], depth: int) -> Iterator[Json]:
    if depth > MAX_DEPTH:
        raise ValueError(f"components are nested deeper than {MAX_DEPTH}")
    for component in components:
        yield component
        if "components" in component:
            yield from _flat(objects(component, "components"), depth + 1)


def _ref(component: Json) -> str:
    """Return the canonical package URL, or one made up of name and version, or that of a file; empty: there is none."""
    group, name, version = text(component, "group"), text(component, "name"), text(component, "version")
    kind = text(component, "type")
    try:
        return str(parse_purl(text(component, "purl")))
    except ValueError:
        pass
    for one in objects(component, "hashes") if kind == "file" else ():
        content = text(one, "content").lower()
        if one.get("alg") == "SHA-256" and re.fullmatch("[0-9a-f]{64}", content):
            return BINARY + content
    if not name or not version or kind in _NODES - {"application"}:
        return ""
    try:
        return str(make_purl("generic", name, version, namespace=group))
    except ValueError:
        return ""


def _places(component: Json, told: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield (path, diff ID of the layer) of wherever it was found."""
    for occurrence in objects(child(component, "evidence"), "occurrences"):
        yield text(occurrence, "location"), ""
    facts = dict(told)
    syft = [value for name, value in told if _SYFT_PLACE.fullmatch(name)]
    if syft:
        numbers = sorted({name.rpartition(":")[0] for name, _ in told if _SYFT_PLACE.fullmatch(name)})
        for number in numbers:
            if path := facts.get(number + ":path"):
                yield path, facts.get(number + ":layerID", "")
    elif (path := facts.get("aquasecurity:trivy:FilePath")) or "aquasecurity:trivy:LayerDiffID" in facts:
        yield path or "", facts.get("aquasecurity:trivy:LayerDiffID", "")
    if text(component, "type") == "file" and not syft:
        yield text(component, "name"), ""


def _is_place(name: str) -> bool:
    return _SYFT_PLACE.fullmatch(name) is not None


def _layers(subject: Json, listed: Iterable[Json]) -> list[str]:
    """List the diff IDs: in order where Trivy lists them, else those that components name, in the order they come."""
    told = [value for name, value in properties(subject) if name == "aquasecurity:trivy:DiffID"]
    if not told:
        told = [value for component in listed for name, value in properties(component) if name.endswith(":layerID")]
    return list(dict.fromkeys(value for value in told if _DIGEST.fullmatch(value)))


def _subject(component: Json, layers: list[str]) -> Json:
    facts = dict(properties(component))
    version, image = text(component, "version"), facts.get("aquasecurity:trivy:ImageID", "")
    return {
        "kind": "container" if component.get("type") == "container" else "directory",
        "name": text(component, "name"),
        "digest": version if _DIGEST.fullmatch(version) else "",
        "configDigest": image if _DIGEST.fullmatch(image) else "",
        "platform": "",
        "created": "",
        "tags": sorted({value for name, value in properties(component) if name == "aquasecurity:trivy:RepoTag"}),
        "labels": [],
        "layers": [
            {"index": index, "digest": "", "diffId": diff_id, "size": -1, "createdBy": ""}
            for index, diff_id in enumerate(layers)
        ],
    }


def _system(component: Json) -> Json:
    facts = {
        name.removeprefix("syft:distro:"): value
        for name, value in properties(component)
        if name.startswith("syft:distro:")
    }
    return {
        "id": facts.get("id") or text(component, "name"),
        "version": facts.get("versionID") or text(component, "version"),
        "prettyName": facts.get("prettyName") or text(component, "description"),
        "codename": facts.get("versionCodename", ""),
    }


def _supplier(component: Json) -> str:
    for stated in (text(child(component, "supplier"), "name"), text(child(component, "manufacturer"), "name")):
        if stated:
            return stated
    return text(component, "publisher") or text(component, "author")


def _time(stated: str) -> str:
    """In whole seconds of UTC; 1970 where there is none."""
    from datetime import UTC, datetime  # noqa: PLC0415  # costs a millisecond

    if found := _TIME.fullmatch(stated):
        day, clock, zone = found.groups()
        offset = "+00:00" if (zone or "Z") in "Zz" else zone
        try:
            moment = datetime.fromisoformat(f"{day}T{clock}{offset}").astimezone(UTC)
        except (ValueError, OverflowError):
            return "1970-01-01T00:00:00Z"
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    return "1970-01-01T00:00:00Z"

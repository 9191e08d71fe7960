"""Components as CycloneDX has them.

Comes in: components, the layers of the image. Goes out: members of `components`, ready to be written. The rule: what no
field can hold or give back exactly is a property, so that `cyclonedx_reader` makes the same component of it.

Source: CycloneDX 1.6 and 1.7 JSON schemas. The mapping is described in docs/reference/cyclonedx.md.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from stellaops_core.component import Component, Evidence, Use
from stellaops_core.licenses import kind
from stellaops_core.sbom.cyclonedx_fields import (
    MAX_VERSION,
    group_and_name,
    hash_fits,
    hashes_of,
    licenses_of,
    references_of,
    url_fits,
)
from stellaops_core.sbom.cyclonedx_properties import RESERVED, SYFT_PLACE, exact, make_property, step_property
from stellaops_core.sbom.sbom import LayerOrigin
from stellaops_core.sbom.text import escape_path

_CONFIDENCE = tuple(percent // 100 if percent % 100 == 0 else percent / 100 for percent in range(101))
LINK = "urn:cdx:"
"""Begins a BOM-Link."""
Json = dict[str, Any]
Pairs = tuple[tuple[str, str], ...]


class Writer:
    """Writes components of one document; what many of them share (a layer, a database) is worked out once."""

    def __init__(
        self,
        layers: Sequence[LayerOrigin],
        needs: Mapping[str, Sequence[str]],
        version: str,
        twins: Container[tuple[str, str]] = (),
    ) -> None:
        """`twins`: (name, version) of components that Syft would take for one another."""
        self._layers = {layer.index: f"layer {layer.index} {layer.diff_id}".rstrip() for layer in layers}
        self._layer_facts = {
            layer.index: [
                make_property("stella:layer:" + name, value)
                for name, value in (("index", str(layer.index)), ("diffID", layer.diff_id), ("digest", layer.digest))
                if value
            ]
            for layer in layers
        }
        self._needs = needs
        self._twins = twins
        self._evidence: dict[tuple[Evidence, ...], Json] = {}
        self._suppliers: dict[str, Json] = {}
        self._lists = version != "1.6"
        self._licenses = licenses_of if version == "1.6" else stated_licenses

    def write(self, component: Component) -> Json:
        """Make one member of `components`. Parts of it are shared with others: not to be changed."""
        group, name = group_and_name(component)
        purl, more = component.purl, list[Json]()
        out: Json = {"type": "library" if purl else "file", "bom-ref": component.ref}
        if component.supplier:
            out["supplier"] = self._suppliers.setdefault(component.supplier, {"name": component.supplier})
        if group:
            out["group"] = group
        out["name"] = name
        out.update(version_of(component.version))
        if component.hashes:
            _write_hashes(component.hashes, out, more)
        if component.licenses and (licenses := self._licenses(component.licenses)):
            out["licenses"] = licenses
        if purl:
            out["purl"] = purl
        if component.urls:
            _write_urls(component.urls, out, more)
        if component.evidence:
            out["evidence"] = self._evidence_of(component)
        self._write_exact(component, name, more)
        if facts := [*self._layer_facts.get(component.layer, ()), *_facts(component), *more]:
            out["properties"] = facts
        return out

    def _write_exact(self, component: Component, name: str, facts: list[Json]) -> None:
        """Add what was written, but can't be read back as it was."""
        if component.name != name:
            facts.append(make_property("stella:name", component.name))
        if (name, component.version) in self._twins and component.purl and component.evidence:
            facts.append(make_property(SYFT_PLACE, "/" + escape_path(component.evidence[0].path)))
        if len(component.version) > MAX_VERSION:
            facts.append(make_property("stella:version", component.version))
        if len(component.evidence) > 1 and self._ambiguous(component.evidence):
            facts.append(exact("evidence", [evidence_item(one) for one in component.evidence]))
        if component.licenses and not _licenses_read_back(component.licenses):
            facts.append(exact("licenses", component.licenses))
        if component.depends and component.depends != tuple(self._needs[component.ref]):
            facts.append(exact("depends", component.depends))

    def _ambiguous(self, evidence: tuple[Evidence, ...]) -> bool:
        """Whether methods can't be matched with occurrences, which have layer and owners, or with analyzers."""
        places: dict[str, tuple[int, tuple[str, ...]]] = {}
        if any(places.setdefault(one.path, (one.layer, one.owners)) != (one.layer, one.owners) for one in evidence):
            return True
        return not self._lists and len({one.analyzer for one in evidence}) > 1

    def _evidence_of(self, component: Component) -> Json:
        evidence = component.evidence
        written = self._evidence.get(evidence)
        if written is None:
            written = self._evidence[evidence] = self._write_evidence(evidence, "purl" if component.purl else "hash")
        return written

    def _write_evidence(self, evidence: tuple[Evidence, ...], field: str) -> Json:
        ordered = sorted(evidence, key=attrgetter("analyzer")) if len(evidence) > 1 else evidence
        occurrences = {(one.path, one.layer): one for one in evidence}
        if self._lists:
            groups = [list(group) for _, group in groupby(ordered, attrgetter("analyzer"))]
            identity: Any = [_identity(field, group) for group in groups]
        else:  # readers made for 1.5 refuse a list, which 1.6 admits as well
            identity = _identity(field, ordered)
        return {"identity": identity, "occurrences": [self._occurrence(one) for one in occurrences.values()]}

    def _occurrence(self, evidence: Evidence) -> Json:
        out = {"location": escape_path(evidence.path)}
        context = self._layers.get(evidence.layer, "")
        for owner in evidence.owners:
            context += f" owner {owner}" if context else f"owner {owner}"
        if context:
            out["additionalContext"] = context
        return out


def find_twins(components: Iterable[Component]) -> frozenset[tuple[str, str]]:
    """Find (name, version) that several packages have, in different groups or with different qualifiers."""
    counts = Counter((group_and_name(one)[1], one.version) for one in components if one.purl and one.evidence)
    return frozenset(key for key, count in counts.items() if count > 1)


def analyzer_ref(name: str) -> str:
    """The `bom-ref` of an analyzer."""
    return "stella:analyzer:" + name


def version_of(version: str) -> Json:
    """The member `version`, for versions that it can hold."""
    return {"version": version} if 0 < len(version) <= MAX_VERSION else {}


def evidence_item(evidence: Evidence) -> Json:
    """Evidence as Stella's own document has it."""
    return {
        "path": escape_path(evidence.path),
        "analyzer": evidence.analyzer,
        "layer": evidence.layer,
        "technique": evidence.technique,
        "confidence": evidence.confidence,
        "owners": evidence.owners,
    }


@lru_cache(maxsize=4096)
def stated_licenses(licenses: tuple[str, ...]) -> tuple[Json, ...]:
    """Return `licenseChoice` of 1.7, which admits expressions beside other licences. Shared: not to be changed."""
    return tuple(_stated(text) for text in licenses if text)


def _stated(text: str) -> Json:
    what = kind(text)
    if what == "expression":
        return {"expression": text, "acknowledgement": "declared"}
    return {"license": {"id" if what == "id" else "name": text, "acknowledgement": "declared"}}


def read_licenses(items: Iterable[Json]) -> tuple[str, ...]:
    """Return the texts of `licenseChoice`, in order."""
    licenses = []
    for item in items:
        inner = item.get("license")
        one = inner if isinstance(inner, dict) else item
        text = one.get("id") or one.get("name") or one.get("expression")
        licenses.append(text if isinstance(text, str) else "")
    return tuple(filter(None, licenses))


def read_references(items: Iterable[Json]) -> list[tuple[str, str]]:
    """Return (type, URL) of `externalReferences`, links to other documents left out."""
    return [
        (one, url)
        for item in items
        if isinstance(one := item.get("type"), str)
        and isinstance(url := item.get("url"), str)
        and not (one == "bom" and url.startswith(LINK))
    ]


def _identity(field: str, evidence: Sequence[Evidence]) -> Json:
    methods = [
        {"technique": one.technique, "confidence": _confidence(one), "value": escape_path(one.path)} for one in evidence
    ]
    return {
        "field": field,
        "confidence": max([one["confidence"] for one in methods]),
        "methods": methods,
        "tools": list(dict.fromkeys([analyzer_ref(one.analyzer) for one in evidence])),
    }


def _confidence(evidence: Evidence) -> float:
    return _CONFIDENCE[min(max(evidence.confidence, 0), 100)]


def _facts(component: Component) -> list[Json]:
    """List the owners, the use, the analyzers' facts."""
    facts = [make_property("stella:owner", owner) for owner in component.owners] if component.owners else []
    if component.use:
        facts += _use(component.use)
    own = [{"name": name, "value": value} for name, value in component.properties]
    if any(name.startswith(RESERVED) for name, _ in component.properties):
        own = [exact("properties", own)]
    return facts + own


def _write_hashes(hashes: Pairs, out: Json, facts: list[Json]) -> None:
    """Write the hashes that fit, the others as properties, and all of them exactly where the two don't tell."""
    if fit := hashes_of(hashes):
        out["hashes"] = fit
    told = [(one["alg"], one["content"]) for one in fit]
    if told != [*hashes]:
        others = [(algorithm, content) for algorithm, content in hashes if not hash_fits(algorithm, content)]
        facts += [make_property("stella:hash:" + algorithm, content) for algorithm, content in others]
        if told + others != [*hashes]:
            facts.append(exact("hashes", [{"algorithm": one, "content": content} for one, content in hashes]))


def _write_urls(urls: Pairs, out: Json, facts: list[Json]) -> None:
    """Write the URLs that fit, and the rest as hashes are written."""
    if fit := references_of(urls):
        out["externalReferences"] = fit
    told = read_references(fit)
    if told != [*urls]:
        others = [(what, url) for what, url in urls if not url_fits(url)]
        facts += [make_property("stella:url:" + what, url) for what, url in others]
        if told + others != [*urls]:
            facts.append(exact("urls", [{"type": one, "url": url} for one, url in urls]))


def _use(use: Use) -> Iterator[Json]:
    yield make_property("stella:use", use.level)
    if use.path:
        yield make_property("stella:use:path", escape_path(use.path))
    for step in use.chain:
        yield make_property("stella:use:step", step_property(step))


# --- what reads back ---


@lru_cache(maxsize=4096)
def _licenses_read_back(licenses: tuple[str, ...]) -> bool:
    return read_licenses(licenses_of(licenses)) == licenses

"""Documents of single layers, made of what each layer itself holds, and images that refer to them.

Comes in: the packs of an image's layers. Goes out: an `Sbom` for each layer, and documents. The rule: a layer's
document is a function of the layer, the analyzers, the platform, and of two things that lie below it: the distribution
in effect, and which of its records repeat what was recorded there before. Of the image and of what lies above nothing
gets in. So it is the same for all images over one base.

Docs: docs/reference/linked-documents.md.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.analyzers.analyzer import Analyzer
from stellaops_core.analyzers.available import analyzer_versions, load_analyzers
from stellaops_core.analyzers.os_release import PRECEDENCE, choose_distribution
from stellaops_core.component import OS_PACKAGE_TYPES, Distribution
from stellaops_core.digest import Digest, sha256
from stellaops_core.errors import UsageError
from stellaops_core.sbom import linked, spdx_linked
from stellaops_core.sbom.beside import image_name, layer_name
from stellaops_core.sbom.formats import FORMATS
from stellaops_core.sbom.sbom import LayerOrigin, Sbom, Subject
from stellaops_core.scan.assemble import assemble
from stellaops_core.scan.cache import LayerCache, analysis_key
from stellaops_core.scan.compose import Identity, State, compose, packages_of
from stellaops_core.scan.fragment import Pack
from stellaops_core.version import __version__

REVISION = 1
"""Raise it when the same pack comes to give another document."""
_BELOW = -1
"""Stands for the layers below, of which a layer's document says nothing."""
Record = tuple[str, str, Identity]
"""(analyzer, path, identity of a package)."""
TIMESTAMP = "1970-01-01T00:00:00Z"
"""A layer has no time of its own, and its document must be the same for every image."""


class Link(Struct, frozen=True):
    """How a format links."""

    encode_layer: Callable[[Sbom, str], bytes]
    edition_of: Callable[[bytes], str]
    encode_linked: Callable[[Sbom, dict[int, bytes]], bytes]


LINKS = {
    "cdx-json": Link(linked.encode_layer, linked.edition_of, linked.encode_linked),
    "spdx-json": Link(spdx_linked.encode_layer, spdx_linked.edition_of, spdx_linked.encode_linked),
}
"""By format: those in which documents refer to others."""


def check_format(format_: str) -> None:
    """Raise `UsageError` for a format without links."""
    if format_ not in LINKS:
        raise UsageError(f"{format_} has no links to other documents", hint=f"choose one of {', '.join(LINKS)}")


class Place(Struct, frozen=True):
    """A layer and where it lies: all that its document depends on, but for the analyzers."""

    layer: LayerOrigin
    platform: str
    """As `Subject.platform`."""
    distribution: Distribution | None
    """The one in effect, for a layer that records packages of the operating system; else None."""
    repeated: tuple[Record, ...]
    """What the layer's files record and files in their place recorded below already; sorted."""


def known_packs(cache: LayerCache, layers: Iterable[LayerOrigin]) -> list[Pack] | None:
    """Return the packs of all layers from the cache, of a scan with either view; None where it lacks any."""
    keys = [analysis_key(analyzer_versions(tracing=tracing)) for tracing in (False, True)]
    packs: dict[Digest, Pack] = {}
    found = []
    for layer in layers:
        digest = Digest(layer.digest or layer.diff_id)
        pack = packs.get(digest) or next(filter(None, (_pack(cache, digest, key) for key in keys)), None)
        if pack is None:
            return None
        found.append(packs.setdefault(digest, pack))
    return found


def _pack(cache: LayerCache, layer: Digest, analysis: str) -> Pack | None:
    data = cache.get_layer(layer, analysis)
    try:
        return Pack(data) if data else None
    except ValueError:
        return None


def places(layers: Sequence[LayerOrigin], packs: Sequence[Pack], platform: str) -> list[Place]:
    """Say of each layer where it lies; the base comes first."""
    state, spots = State(), []
    for layer, pack in zip(layers, packs, strict=True):
        state.apply(pack, layer.index)
        repeated = (record for record in _records(pack) if state.since.get(record, layer.index) != layer.index)
        distribution = _distribution(state) if _has_system_packages(pack) else None
        spots.append(Place(layer, platform, distribution, tuple(sorted(repeated))))
    return spots


def _records(pack: Pack) -> Iterator[Record]:
    for placed in pack.fragment.placed:
        for package in packages_of(placed.found):
            yield placed.analyzer, placed.path, package.identity


def _distribution(state: State) -> Distribution | None:
    found = ((path, item) for path in PRECEDENCE for items in state.found.get(path, {}).values() for item in items)
    return choose_distribution({path: item for path, item in found if isinstance(item, Distribution)})


def _has_system_packages(pack: Pack) -> bool:
    return any(identity[0] in OS_PACKAGE_TYPES for _, _, identity in _records(pack))


def layer_sbom(place: Place, pack: Pack, analyzers: Sequence[Analyzer]) -> Sbom:
    """Return what one layer introduced, as the bill of materials of an image of this layer alone.

    `analyzers`: those of the inventory; what a pack holds of others' is left out.
    """
    overlay = compose([pack])
    overlay.since.update(dict.fromkeys(place.repeated, _BELOW))
    architecture = place.platform.split("/")[1] if "/" in place.platform else ""
    facts = assemble(overlay, [pack], analyzers, architecture=architecture, distribution=place.distribution)
    own = {component.ref: component for component in facts.components if component.layer != _BELOW}
    names = {"", *(one.name for one in analyzers)}
    name = place.layer.diff_id or place.layer.digest
    return Sbom(
        subject=Subject("container", "", name, "", place.platform, "", (), (), (LayerOrigin(0, "", name, -1, ""),)),
        distribution=facts.distribution,
        components=tuple(
            replace(component, depends=tuple(need for need in component.depends if need in own))
            for component in own.values()
        ),
        unknowns=tuple(one for one in facts.unknowns if one.analyzer in names),
        removed=(),
        tool_version=__version__,
        timestamp=TIMESTAMP,
    )


def edition(place: Place) -> str:
    """Name what a layer's document depends on besides the layer's bytes: 32 hex digits."""
    key = analysis_key(analyzer_versions())
    below = (place.platform, place.distribution, place.repeated)
    facts = (__version__, REVISION, key, place.layer.diff_id or place.layer.digest, *below)
    return hashlib.sha256(msgspec.msgpack.encode(facts)).hexdigest()[:32]


def layer_documents(
    spots: Iterable[Place], packs: Iterable[Pack], format_: str, cache: LayerCache | None = None
) -> dict[int, bytes]:
    """Return each layer's document by the layer's index: the cache's where it is the one, else made and kept there."""
    link, ending, analyzers = LINKS[format_], FORMATS[format_].ending, load_analyzers()
    made: dict[Place, bytes] = {}
    documents = {}
    for place, pack in zip(spots, packs, strict=True):
        key, name = Digest(place.layer.digest or place.layer.diff_id), edition(place)
        same = replace(place, layer=LayerOrigin(0, key, place.layer.diff_id, -1, ""))
        data = made.get(same) or (cache.get_layer_document(key, ending) if cache else None)
        if data is None or link.edition_of(data) != name:
            data = link.encode_layer(layer_sbom(place, pack, analyzers), name)
            if cache:
                cache.put_layer_document(key, ending, data)
        documents[place.layer.index] = made[same] = data
    return documents


def linked_documents(
    sbom: Sbom, packs: Sequence[Pack], format_: str, cache: LayerCache | None = None
) -> dict[str, bytes]:
    """Return an image's document and those of its layers that it refers to, by the names of their files.

    `sbom`: of the whole image, in either view. Layers in which nothing was found have none.
    """
    spots = places(sbom.subject.layers, packs, sbom.subject.platform)
    told = [(spot, pack) for spot, pack in zip(spots, packs, strict=True) if _tells(spot, pack)]
    documents = layer_documents([spot for spot, _ in told], [pack for _, pack in told], format_, cache)
    named = {layer_name(sha256(data), format_): data for data in documents.values()}
    return {**named, image_name(format_): LINKS[format_].encode_linked(sbom, documents)}


def _tells(place: Place, pack: Pack) -> bool:
    """Whether a layer introduced anything, or something in it could not be read."""
    return bool(pack.fragment.gaps) or not set(place.repeated).issuperset(_records(pack))

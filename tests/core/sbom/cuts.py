"""Documents of layers for tests that have no layers: cut out of an image's bill of materials."""

from msgspec.structs import replace

from stellaops_core.sbom.sbom import LayerOrigin, Sbom, Subject


def cut(sbom, index):
    """What the image still has of what the layer of that index introduced."""
    layer = sbom.subject.layers[index]
    mine = {component.ref for component in sbom.components if component.layer == index}
    name = layer.diff_id or layer.digest
    return Sbom(
        subject=Subject("container", "", name, "", "", "", (), (), (LayerOrigin(0, "", layer.diff_id, -1, ""),)),
        distribution=None,
        components=tuple(_of_layer(one, index, mine) for one in sbom.components if one.ref in mine),
        unknowns=tuple(sorted(replace(one, layer=0) for one in sbom.unknowns if one.layer == index)),
        removed=(),
        tool_version=sbom.tool_version,
        timestamp="1970-01-01T00:00:00Z",
    )


def _of_layer(component, index, mine):
    evidence = [one for one in component.evidence if one.layer == index] or component.evidence
    return replace(
        component,
        evidence=tuple(sorted(replace(one, layer=0) for one in evidence)),
        layer=0,
        depends=tuple(need for need in component.depends if need in mine),
        use=None,
    )

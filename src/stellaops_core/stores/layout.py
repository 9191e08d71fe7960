"""Where artefacts are stored: every key there is, in the cache's directory and in any other store alike.

Comes in: digests and names. Goes out: keys of a `BlobStore`. The rule: a key names everything its value depends on, or
ends in the name of a document that states it, which is compared whenever the document is used.

    layers/<hex>/<analysis>.pack            what was found in a layer
    layers/<hex>/sbom.cdx.json.zst          the layer's document, CycloneDX
    layers/<hex>/sbom.spdx.json.zst         the layer's document, SPDX
    images/<hex>/inventory.cdx.pb           what the last scan of an image found
    images/<hex>/usage.cdx.pb               the same, of the usage view
    images/<hex>/history.stella.json        the same, with packages that upper layers removed
    images/<hex>/<key>.<format>             finished documents, and their summaries
    indexes/<hex>/bom-index.bin             the BOM-Index of an image
"""

from stellaops_core.digest import Digest, hexadecimal

LAYERS, IMAGES, INDEXES = "layers", "images", "indexes"
PACK = ".pack"


def pack_key(layer: Digest, analysis: str) -> str:
    """What a set of analyzers found in a layer."""
    return f"{LAYERS}/{hexadecimal(layer)}/{analysis}{PACK}"


def layer_document_key(layer: Digest, ending: str) -> str:
    """A layer's document; `ending` is its format's (`.cdx.json`)."""
    return f"{LAYERS}/{hexadecimal(layer)}/sbom{ending}.zst"


def image_key(image: Digest, name: str) -> str:
    """A document of an image."""
    return f"{IMAGES}/{hexadecimal(image)}/{name}"


def view_name(view: str, ending: str) -> str:
    """Name of an image's document that holds what a view found; `ending` is its format's (`.cdx.pb`)."""
    return f"{view}{ending}"


def index_key(image: Digest) -> str:
    """The BOM-Index of an image."""
    return f"{INDEXES}/{hexadecimal(image)}/bom-index.bin"

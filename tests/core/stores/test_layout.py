"""Keys of stored artefacts."""

from stellaops_core.digest import Digest, sha256
from stellaops_core.stores.directory import DirectoryBlobs
from stellaops_core.stores.layout import image_key, index_key, layer_document_key, pack_key, view_name

LAYER = sha256(b"layer")
HEX = LAYER[7:]


def test_keys():
    """As the design lays artefacts out; other services look for them there."""
    assert pack_key(LAYER, "abc") == f"layers/{HEX}/abc.pack"
    assert layer_document_key(LAYER, ".cdx.json") == f"layers/{HEX}/sbom.cdx.json.zst"
    assert layer_document_key(LAYER, ".spdx.json") == f"layers/{HEX}/sbom.spdx.json.zst"
    assert image_key(LAYER, view_name("inventory", ".cdx.pb")) == f"images/{HEX}/inventory.cdx.pb"
    assert image_key(LAYER, view_name("usage", ".cdx.pb")) == f"images/{HEX}/usage.cdx.pb"
    assert index_key(LAYER) == f"indexes/{HEX}/bom-index.bin"


def test_stores_take_them(tmp_path):
    """Also keys of longer digests."""
    blobs = DirectoryBlobs(str(tmp_path))
    for key in (pack_key(LAYER, "a"), layer_document_key(Digest("sha512:" + "0" * 128), ".cdx.json"), index_key(LAYER)):
        blobs.put(key, b"x")
        assert blobs.get(key) == b"x"

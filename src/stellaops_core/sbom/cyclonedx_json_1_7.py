"""CycloneDX 1.7 as JSON.

Comes in: an `Sbom`. Goes out: the bytes of one document. It differs from 1.6 in what 1.7 lets it say better: `identity`
is always a list (the single object is deprecated), and each licence is written as what it is, with the
acknowledgement `declared`, expressions beside others included.

Source: CycloneDX 1.7 JSON schema (bom-1.7.schema.json).
"""

from stellaops_core.sbom import cyclonedx_json
from stellaops_core.sbom.sbom import Sbom


def encode(sbom: Sbom) -> bytes:
    """Write the document: UTF-8, two spaces of indentation, a newline at the end."""
    return cyclonedx_json.encode(sbom, "1.7")

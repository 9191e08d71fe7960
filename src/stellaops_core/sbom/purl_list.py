"""Package URLs, one a line.

Comes in: an `Sbom`. Goes out: its canonical package URLs, sorted, nothing else; programs that no package explains have
none.
"""

from stellaops_core.sbom.sbom import Sbom


def encode(sbom: Sbom) -> bytes:
    """Write the list: ASCII, each line ended."""
    return "".join(f"{one.ref}\n" for one in sbom.components if one.purl).encode("ascii")

"""CycloneDX as XML: well formed, in order, and by the same rules as JSON."""

import uuid
import xml.etree.ElementTree as ET

from core.sbom.samples import BABEL, LIBC, OPENSSL, SAMPLE
from stellaops_core.digest import sha256
from stellaops_core.sbom.cyclonedx_json import NAMESPACE, document
from stellaops_core.sbom.cyclonedx_xml import encode

NAMES = {"c": "http://cyclonedx.org/schema/bom/1.6"}


def test_another_parser_reads_it():
    """The same components, edges and references as in JSON."""
    root, content = ET.fromstring(encode(SAMPLE)), document(SAMPLE)
    listed = root.findall("c:components/c:component", NAMES)
    assert [one.get("bom-ref") for one in listed] == [one["bom-ref"] for one in content["components"]]
    assert [one.findtext("c:purl", None, NAMES) for one in listed] == [one.get("purl") for one in content["components"]]
    edges = {
        one.get("ref"): [need.get("ref") for need in one.findall("c:dependency", NAMES)]
        for one in root.findall("c:dependencies/c:dependency", NAMES)
    }
    assert edges == {one["ref"]: one.get("dependsOn", []) for one in content["dependencies"]}
    assert edges[OPENSSL] == [LIBC]
    babel = next(one for one in listed if one.get("bom-ref") == BABEL)
    assert babel.findtext("c:evidence/c:identity/c:confidence", None, NAMES) == "0.9"
    assert root.findtext("c:compositions/c:composition/c:aggregate", None, NAMES) == "incomplete"


def test_serial_number_is_the_content():
    """As in JSON: over the bytes with the nil UUID in place."""
    data = encode(SAMPLE)
    serial = ET.fromstring(data).get("serialNumber")
    blank = data.replace(serial.encode(), uuid.UUID(int=0).urn.encode(), 1)
    assert serial == uuid.uuid5(uuid.UUID(NAMESPACE), sha256(blank)).urn

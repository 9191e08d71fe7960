"""CycloneDX 1.7: the document says of itself what it is."""

import json

from core.sbom.samples import SAMPLE
from stellaops_core.sbom import cyclonedx_json, cyclonedx_json_1_7


def test_only_the_version_and_what_it_allows_differ():
    """Both list the same components, dependencies and properties."""
    old, new = (json.loads(one.encode(SAMPLE)) for one in (cyclonedx_json, cyclonedx_json_1_7))
    assert (new["specVersion"], new["$schema"]) == ("1.7", "http://cyclonedx.org/schema/bom-1.7.schema.json")
    assert old["dependencies"] == new["dependencies"]
    assert old["serialNumber"] != new["serialNumber"]
    for one, other in zip(old["components"], new["components"], strict=True):
        differ = {name for name in one | other if one.get(name) != other.get(name)}
        assert differ <= {"licenses", "evidence"}
        assert one["bom-ref"] == other["bom-ref"]

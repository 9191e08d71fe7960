"""The list of package URLs."""

from hypothesis import given, settings

from core.sbom.samples import SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.sbom.purl_list import encode


def test_sample():
    """One a line, nothing else."""
    assert encode(SAMPLE).decode() == "".join(f"{component.ref}\n" for component in SAMPLE.components)


@settings(max_examples=25)
@given(used_sboms())
def test_sorted_and_complete(sbom):
    """All package URLs in the order of their bytes; programs without a package have none."""
    lines = encode(sbom).splitlines()
    assert lines == sorted({component.purl.encode() for component in sbom.components if component.purl})

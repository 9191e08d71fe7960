"""Tables of well-known programs."""

from stellaops_core.entrytrace.node.programs import OUTPUTS, SHARED


def test_places_are_relative():
    """A place lies in the working directory, or in Debian's directory of modules."""
    for place in (*SHARED, *(place for places in OUTPUTS.values() for place in places)):
        assert not place.startswith(("/", "..")), place

"""The reference corpus: two images that differ by one layer whose command is known."""

import os
from pathlib import Path

import pytest

from stellaops_core.images.image import ImageRef
from stellaops_core.images.source import open_image
from stellaops_core.sbom.diff import diff
from stellaops_core.scan.options import ScanOptions
from stellaops_core.scan.scan import scan

CORPUS = Path(os.environ.get("STELLA_CORPUS", Path(__file__).parents[3] / "shared" / "corpus")) / "images"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not (CORPUS / "python-web-v2").is_dir(), reason="no reference corpus: set STELLA_CORPUS"),
]


def inventory(name):
    return scan(open_image(ImageRef("oci", str(CORPUS / name))), options=ScanOptions(jobs=2))[0]


def test_what_pip_did_is_what_is_told():
    """`pip install requests==2.31.0 flask==3.0.3 arrow==1.3.0 && pip uninstall tenacity`, and what arrow needs."""
    old, new = inventory("python-web-v1"), inventory("python-web-v2")
    whole = diff(old, new)
    assert whole.shared == len(old.subject.layers) == len(new.subject.layers) - 1
    assert {(change.cause.image, change.cause.layer.index) for change in whole.changes} == {("new", whole.shared)}
    told = {change.component.name.lower(): change for change in whole.changes}
    assert {name: (change.new.version if change.new else "") for name, change in told.items()} == {
        "arrow": "1.3.0",
        "flask": "3.0.3",
        "requests": "2.31.0",
        "tenacity": "",
        "types-python-dateutil": told["types-python-dateutil"].new.version,
    }
    assert [told[name].kinds[0] for name in ("arrow", "types-python-dateutil", "tenacity")] == [
        "added",
        "added",
        "removed",
    ]
    assert {told[name].kinds[0] for name in ("flask", "requests")} <= {"upgraded", "downgraded"}
    assert diff(new, old).counts == {
        {"added": "removed", "removed": "added", "upgraded": "downgraded", "downgraded": "upgraded"}.get(
            kind, kind
        ): count
        for kind, count in whole.counts.items()
    }

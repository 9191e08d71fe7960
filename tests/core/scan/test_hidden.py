"""Who removed which package, and what took its place."""

import pytest

from builders import layer, oci_layout
from core.scan.test_scan import dist, sbom_of, status

OS = {"etc/os-release": 'ID=debian\nVERSION_ID="12"\n'}
STATUS = "var/lib/dpkg/status"
SITE = "app/site-packages"


def deb(*packages):
    return {STATUS: status(*packages)}


def wheel(version, place=SITE):
    return {f"{place}/flask-{version}.dist-info/METADATA": dist("flask", version)}


@pytest.mark.parametrize(
    ("layers", "rows"),
    [
        ([deb("x=1"), deb("x=2")], ["x@1 0 1 upgraded replaced x@2"]),
        ([deb("x=2"), deb("x=1")], ["x@2 0 1 downgraded replaced x@1"]),
        ([deb("x=1", "y=1"), deb("y=1")], ["x@1 0 1 removed replaced"]),
        ([deb("x=1", "y=1"), deb("y=1"), deb("x=1", "y=1")], []),
        ([deb("x=1"), deb("x=2"), deb("x=3")], ["x@1 0 1 upgraded replaced x@2", "x@2 1 2 upgraded replaced x@3"]),
        ([deb("x=1"), deb("y=1"), deb("y=1", "x=2")], ["x@1 0 1 removed replaced"]),
        ([wheel("1.0"), {f"{SITE}/.wh.flask-1.0.dist-info": "", **wheel("2.0")}], ["1.0 0 1 upgraded whiteout 2.0"]),
        ([wheel("1.0"), {f"{SITE}/.wh.flask-1.0.dist-info": ""}], ["1.0 0 1 removed whiteout"]),
        ([wheel("1.0"), {"app/.wh..wh..opq": ""}], ["1.0 0 1 removed opaque"]),
        ([wheel("1.0"), {"app": "a file"}], ["1.0 0 1 removed replaced"]),
        ([{**wheel("1.0"), **wheel("1.0", "b/site-packages")}, {"app/.wh.site-packages": ""}], []),
        (
            [
                {**wheel("1.0"), **wheel("1.1", "b/site-packages")},
                {"app/.wh.site-packages": "", "b/.wh.site-packages": ""},
                {},
            ],
            ["1.0 0 1 removed whiteout", "1.1 0 1 removed whiteout"],
        ),
        (
            [wheel("1.0"), {f"{SITE}/.wh..wh..opq": "", **wheel("2.0"), **wheel("3.0", "b/site-packages")}],
            ["1.0 0 1 upgraded opaque 2.0"],
        ),
    ],
)
def test_history(tmp_path, layers, rows):
    """Upgrades, downgrades, purges, whiteouts, opaque directories, files for directories; what is back is not gone."""
    image = oci_layout(tmp_path / "image", [layer(OS), *(layer(files) for files in layers)])

    def short(purl):
        return purl.rpartition("/")[2].partition("?")[0].removeprefix("flask@")

    told = [
        f"{short(one.purl)} {one.introduced - 1} {one.removed - 1} {one.fate} {one.hiding.how} {short(one.successor)}"
        for one in sbom_of(image).removed
    ]
    assert [row.rstrip() for row in told] == rows

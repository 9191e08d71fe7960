"""What happened to a path, on images that the tests build."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from builders import Dir, Link, layer, oci_layout
from core.scan.test_scan import dist, open_layout, status
from properties.test_compose import LAYERS, Model, apply, as_tar, consistent, packed
from stellaops_core.sbom.sbom import Hiding
from stellaops_core.scan.explain import explain, layer_events, near_names
from stellaops_core.scan.options import ScanOptions
from stellaops_core.scan.scan import Examined, examine

SITE = "app/site-packages"
FLASK = f"{SITE}/flask-3.0.dist-info/METADATA"
STATUS = "var/lib/dpkg/status"
IMAGE = [
    {
        "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
        "lib": Link("usr/lib"),
        "etc/app.conf": "x",
        "usr/lib/libx.so": Link("libx.so.1"),
        "usr/lib/libx.so.1": "text",
        STATUS: status("old=1", "x=1"),
        "var/lib/dpkg/info/x.list": "/.\n/lib/libx.so.1\n",
        "opt/a/pkg-1.dist-info/METADATA": "Summary: nameless\n\n",
    },
    {FLASK: dist("flask", "3.0"), STATUS: status("x=2"), "opt/a/.wh..wh..opq": "", "opt/a/new": ""},
    {"app/.wh.site-packages": "", "etc/app.conf": Dir(), "usr/lib/.wh.libx.so.1": ""},
]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    return examined(tmp_path_factory.mktemp("image") / "image", IMAGE)


def examined(path: Path, layers: list[dict]) -> Examined:
    with open_layout(oci_layout(path, [layer(files) for files in layers])) as source:
        return examine(source, options=ScanOptions(view="usage"))


def story(image: Examined, what: str):
    told = explain(image, what)
    assert told
    assert told.path
    return told.path


@pytest.mark.parametrize(
    ("path", "kind", "events"),
    [
        ("/" + FLASK, "absent", [(1, "file", None), (2, "absent", Hiding("whiteout", SITE))]),
        ("/" + SITE, "absent", [(1, "directory", None), (2, "absent", Hiding("whiteout", SITE))]),
        ("/" + STATUS, "file", [(0, "file", None), (1, "file", Hiding("replaced", STATUS))]),
        ("/etc/app.conf", "directory", [(0, "file", None), (2, "directory", Hiding("replaced", "etc/app.conf"))]),
        (
            "/opt/a/pkg-1.dist-info/METADATA",
            "absent",
            [(0, "file", None), (1, "absent", Hiding("opaque", "opt/a"))],
        ),
        ("/opt/a", "directory", [(0, "directory", None), (1, "directory", Hiding("opaque", "opt/a"))]),
        ("/lib/libx.so", "link", [(0, "link", None)]),
    ],
)
def test_events(image, path, kind, events):
    """Each layer's deed: brings, replaces, deletes, empties; links of directories are followed."""
    told = story(image, path)
    assert (told.kind, [(one.layer, one.kind, one.hiding) for one in told.events]) == (kind, events)


def test_links_and_owners(image):
    """A link's target and where it leads; the package that lists a file, under a link's name of its directory."""
    told = story(image, "/lib/libx.so")
    assert (told.path, told.target, told.real) == ("usr/lib/libx.so", "libx.so.1", "")
    assert [ref.partition("?")[0] for ref in story(image, "/usr/lib/libx.so.1").owners] == ["pkg:deb/debian/x@2"]


def test_rejected(image):
    """Finds that later layers hid, a file that was refused, packages that a rewritten database no longer has."""
    (hidden,) = [find for find in story(image, "/" + FLASK).finds if find.analyzer == "python"]
    assert (hidden.outcome, hidden.what, hidden.layer, hidden.later) == ("hidden", "pypi flask 3.0", 1, 2)
    assert hidden.hiding == Hiding("whiteout", SITE)
    refused = story(image, "/opt/a/pkg-1.dist-info/METADATA").finds
    assert ("hidden", True) in [(find.outcome, bool(find.reason)) for find in refused]
    finds = [(find.what, find.outcome) for find in story(image, "/" + STATUS).finds if find.what.startswith("deb")]
    assert finds == [("deb old 1", "hidden"), ("deb x 1", "hidden"), ("deb x 2", "listed")]


def test_refused(tmp_path):
    """A file that could not be read, and still is there, says why."""
    told = story(examined(tmp_path / "image", IMAGE[:1]), "/opt/a/pkg-1.dist-info/METADATA")
    assert [(find.outcome, bool(find.reason)) for find in told.finds if find.analyzer == "python"] == [
        ("refused", True)
    ]


def test_merged_and_repeated(tmp_path):
    """One package at two places is one component; a record that is written again says the same."""
    again = {f"{place}/flask-3.0.dist-info/METADATA": dist("flask", "3.0") for place in ("a/site-packages", SITE)}
    told = story(examined(tmp_path / "image", [again, again]), "/" + FLASK)
    assert [find.outcome for find in told.finds if find.analyzer == "python"] == ["repeated", "merged"]


def test_use(image):
    """Of an image that does not say what runs, that is the answer; directories and what is gone have no use."""
    use = story(image, "/etc/os-release").use
    assert use
    assert (use.level, use.chain[0].place) == ("undetermined", "ENTRYPOINT")
    assert story(image, "/etc").use is None
    assert story(image, "/" + FLASK).use is None


def test_components(image):
    """A package's older version is among what was rejected; a package that is gone is told of; nothing is nothing."""
    told = explain(image, "x")
    assert told
    assert [(one.fate, one.hiding) for one in told.hidden] == [("upgraded", Hiding("replaced", STATUS))]
    gone = explain(image, "flask")
    assert gone
    assert not gone.components
    assert [one.fate for one in gone.hidden] == ["removed"]
    assert explain(image, "nothing") is None
    assert explain(image, "/nothing") is None
    assert explain(image, "app/x.jar!/y") is None


@pytest.mark.parametrize(
    ("what", "near"), [("/etc/os-releas", "/etc/os-release"), ("etc/x", "etc/os-release"), ("y", "x")]
)
def test_near(image, what, near):
    """Names beside the path, or all names."""
    assert near in near_names(image, what)


@pytest.mark.property
@settings(max_examples=100)
@given(LAYERS)
def test_events_agree_with_the_squashed_tree(layers):
    """After the last event there is what a plain model of a file system holds, for any path and layers."""
    changes = [consistent(entries) for entries in layers]
    model: Model = {}
    for entries in changes:
        apply(model, entries)
    packs = [packed(as_tar(entries)) for entries in changes]
    for path in ("db", "pkg", "a", "a/db", "a/b", "a/b/db", "db/a/db", "b"):
        events = list(layer_events(packs, path))
        kind = "absent"
        for event in events:
            if event.kind != "absent" or not (kind == "directory" and event.hiding == Hiding("opaque", path)):
                kind = event.kind
        content = model.get(path)
        expected = "directory" if isinstance(content, Dir) else "link" if isinstance(content, Link) else "file"
        assert kind == ("absent" if content is None else expected), path

"""`stella scan --trust-attached`, as users run it, against a simulated registry."""

import json

import pytest

from builders import add_image, layer
from simulators import WritableRegistrySimulator, body
from stellaops_core.sbom.formats import FORMATS

STATUS = "Package: libexample1\nStatus: install ok installed\nVersion: 1:2.3-4\nArchitecture: amd64\n"
DAMAGED = "usr/lib/python3.11/site-packages/demo-1.0.dist-info/METADATA"
LAYERS = [
    layer({"etc/os-release": "ID=debian\nVERSION_ID=12\n", "var/lib/dpkg/status": STATUS}),
    layer({"bin/run": "#!/bin/sh\nexec nothing\n", DAMAGED: "Summary: nameless\n\n"}),
]
PARTIAL = [name for name, format_ in FORMATS.items() if not format_.complete]


@pytest.fixture
def registry():
    with WritableRegistrySimulator() as server:
        config = {"config": {"Entrypoint": ["/bin/run"], "Labels": {"a": "b"}}, "created": "2026-01-02T03:04:05Z"}
        server.image = server.push(add_image(server.blobs, LAYERS, config=config), "1")
        yield server


@pytest.fixture
def run(stella, registry):
    """`stella VERB … registry/team/app:1`."""

    def run(*arguments, **options):
        reference = f"{registry.authority}/team/app:1"
        return stella(*arguments, reference, "--insecure-registry", registry.authority, **options)

    return run


@pytest.mark.parametrize("view", ["inventory", "usage"])
@pytest.mark.parametrize("referrers", [True, False], ids=["api", "tag"])
def test_documents_equal_a_scans(registry, run, tmp_path, view, referrers):
    """Byte for byte, in every format that holds no removed packages; no layer is read, and both are said."""
    registry.referrers = referrers
    assert run("buildx", "push", "--no-cache")[0] == 0
    trusting = ["--trust-attached", "stella", "--no-cache", "--view", view]
    for name in ("scanned", "attached"):
        (tmp_path / name).mkdir()
        files = [f"--output={one}={tmp_path / name / one}" for one in PARTIAL]
        before = len(registry.asked("/blobs/"))
        flags = trusting if name == "attached" else trusting[2:]
        code, _, err = run("scan", *flags, *files)
        assert code == 0
    assert len(registry.asked("/blobs/")) - before == 2, "the configuration and the document"
    note, *warnings = err.splitlines()
    assert note.startswith("stella: note: not scanned: taken from the attached document sha256:")
    assert all("GitHub refuses a snapshot" in warning for warning in warnings)
    for one in PARTIAL:
        assert (tmp_path / "attached" / one).read_bytes() == (tmp_path / "scanned" / one).read_bytes(), one
    code, out, err = run("scan", *trusting)
    assert b"layers   2  attached  0." in out
    assert b"unknown  1\n" in out
    assert run("scan", *trusting, "--quiet")[2] == ""


def test_nothing_is_kept(registry, run, stella):
    """What was taken is no result of a scan: the cache stays empty, and the next scan reads the layers."""
    assert run("buildx", "push", "--no-cache")[0] == 0
    assert run("scan", "--trust-attached", "any")[0] == 0
    assert b"documents  0 in" in stella("cache", "info")[1]
    assert b"attached" not in run("scan")[1]


def test_an_image_that_is_known(registry, run):
    """The cache comes first: not one request more than without the setting."""
    assert run("buildx", "push")[0] == 0
    run("scan")
    counts = []
    for flags in ([], ["--trust-attached", "stella"]):
        before = len(registry.requests)
        code, out, err = run("scan", *flags)
        assert (code, err) == (0, "")
        assert b"image known" in out
        counts.append(len(registry.requests) - before)
    assert counts[0] == counts[1]


def test_off_by_default(registry, run):
    """Nobody's documents are believed, nobody is asked for any, and nothing is said of them."""
    assert run("buildx", "push", "--no-cache")[0] == 0
    before = len(registry.asked("/referrers/"))
    code, out, err = run("scan")
    assert (code, err, b" read  " in out) == (0, "", True)
    assert len(registry.asked("/referrers/")) == before


def test_a_setting(registry, run):
    """The environment may say it; a value that is none is a mistake."""
    assert run("buildx", "push", "--no-cache")[0] == 0
    assert b"attached" in run("scan", environ={"STELLA_TRUST_ATTACHED": "stella"})[1]
    code, _, err = run("scan", "--trust-attached", "all")
    assert code == 3
    assert "never" in err


@pytest.mark.parametrize("fault", [body(b"[]"), body(b"{" + b" " * (5 << 20))])
def test_a_broken_list(registry, run, fault):
    """The image is scanned, as if nothing were attached."""
    plain = run("scan", "-o", "cdx-json", "--no-cache")[1]
    registry.fault("/referrers/", fault, always=True)
    code, out, err = run("scan", "-o", "cdx-json", "--no-cache", "--trust-attached", "any")
    assert (code, out) == (0, plain)
    assert err.startswith("stella: note: the image is scanned: ")
    assert err.count("\n") == 1


def test_a_million_referrers(registry, run):
    """A list of any length costs one answer of bounded size."""
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + "0" * 64, "size": 2}
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"}
    data = json.dumps({**index, "manifests": ["here"]}).encode()
    registry.fault("/referrers/", body(data.replace(b'"here"', b",".join([json.dumps(entry).encode()] * 1_000_000))))
    code, out, err = run("scan", "--trust-attached", "any")
    assert code == 0
    assert b" read  " in out
    assert err.startswith("stella: note: the image is scanned: ")


def test_where_there_is_no_registry(stella, image):
    """The setting says nothing about images on this host; offline stays offline."""
    assert stella("scan", f"oci:{image}", "--trust-attached", "any", "--offline")[::2] == (0, "")
    assert stella("scan", "registry.example/app", "--trust-attached", "any", "--offline")[0] == 3

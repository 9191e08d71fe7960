"""`stella diff`, by its function: what it reads, prints, refuses, and its exit codes."""

import json

import pytest
from msgspec.structs import replace

from builders import layer, oci_layout
from core.sbom.changes import NEW, OLD
from core.sbom.samples import LIBC
from stellaops_cli.commands.diff import read_kinds, show_diff
from stellaops_cli.settings import load_settings
from stellaops_core.component import NOT_REACHED, Use
from stellaops_core.errors import OutputError, TargetError, TargetNotFound, UsageError
from stellaops_core.sbom.diff import KINDS
from stellaops_core.sbom.sbom import Usage, in_use
from stellaops_core.sbom.stella_json import encode

DIST = "usr/lib/python3.11/site-packages/demo-{0}.dist-info/METADATA"


def metadata(version):
    return {DIST.format(version): f"Metadata-Version: 2.1\nName: demo\nVersion: {version}\n"}


@pytest.fixture
def call(tmp_path, capfd):
    """Call with two targets; (exit code, standard output, standard error)."""

    def run(old, new, environ=(), **flags):
        values = {"old": str(old), "new": str(new), **flags}
        settings = load_settings(
            {"cache_dir": str(tmp_path / "cache"), **values}, {"HOME": str(tmp_path), **dict(environ)}
        )
        code = show_diff(values, settings)
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def documents(tmp_path):
    (tmp_path / "old.json").write_bytes(encode(OLD))
    (tmp_path / "new.json").write_bytes(b"\n" + encode(NEW))
    return tmp_path / "old.json", tmp_path / "new.json"


@pytest.fixture
def images(tmp_path):
    base, *others = (layer(files) for files in ({"etc/os-release": "ID=debian\n"}, metadata("1.0"), metadata("1.1")))
    upper = layer({DIST.format("1.0").rpartition("/")[0].replace("demo", ".wh.demo"): ""})
    return oci_layout(tmp_path / "old", [base, others[0]]), oci_layout(
        tmp_path / "new", [base, others[0], others[1], upper]
    )


def test_documents(call, documents):
    """The table goes to standard output, and nothing to standard error."""
    code, out, err = call(*documents)
    assert (code, err) == (0, "")
    assert out.startswith("old      registry.example.com/shop/api:2.4\n")
    assert "upgraded    deb    libc6" in out


def test_images(call, images):
    """Two images are scanned; what they have no name for is called as it was typed."""
    code, out, _ = call(*images)
    assert code == 0
    assert out.startswith(f"old      {str(images[0])[:80]}")
    assert "upgraded    pypi  demo  1.0 -> 1.1" in out


def test_image_and_document_are_as_good(call, images, tmp_path):
    """A side may be either: the differences are the same."""
    from stellaops_core.images.image import ImageRef  # noqa: PLC0415
    from stellaops_core.images.source import open_image  # noqa: PLC0415
    from stellaops_core.scan.scan import ScanOptions, scan  # noqa: PLC0415

    sbom, _ = scan(open_image(ImageRef("oci", str(images[0]))), options=ScanOptions())
    (tmp_path / "sbom").write_bytes(encode(sbom))
    _, of_images, _ = call(*images, output=["json"])
    for name in ("sbom", "sbom:sbom"):
        scheme, _, file = name.rpartition(":")
        _, mixed, _ = call(f"{scheme}{':' * bool(scheme)}{tmp_path / file}", images[1], output=["json"])
        assert json.loads(mixed) == json.loads(of_images)


def test_outputs(call, documents, tmp_path):
    """Several at once, in files and on standard output; without colour in files."""
    code, out, _ = call(
        *documents, output=[f"json={tmp_path / 'd.json'}", f"table={tmp_path / 'd.txt'}", "markdown"], color="always"
    )
    assert code == 0
    assert out.startswith("### `registry.example.com")
    assert json.loads((tmp_path / "d.json").read_text())["counts"]["added"] == 1
    assert "\x1b" not in (tmp_path / "d.txt").read_text()
    assert "\x1b[32madded" in call(*documents, color="always")[1]


def test_settings_for_scans_do_no_harm(call, documents):
    """STELLA_OUTPUT names a format of `stella scan`; a diff has its own."""
    assert call(*documents, environ={"STELLA_OUTPUT": "cdx-json"})[0] == 0


@pytest.mark.parametrize(
    ("wanted", "code", "words"),
    [
        (["added"], 2, "1 added"),
        (["downgraded,licence"], 2, "1 licence"),
        (["upgraded", "removed"], 2, "1 removed, 1 upgraded"),
        (["downgraded", "owner"], 0, ""),
        (["any"], 2, "1 added, 1 removed, 1 upgraded, 1 changed, 1 moved, 1 licence"),
        ([], 0, ""),
    ],
)
def test_fail_on(call, documents, wanted, code, words):
    """2 where a change is among those, said in one line after the report is printed."""
    got, out, err = call(*documents, fail_on=wanted)
    assert got == code
    assert out
    assert err == (f"stella: failed: {words} (--fail-on)\n" if words else "")
    assert call(documents[0], documents[0], fail_on=["any"])[0] == 0


def test_kinds_are_checked():
    """Before anything is read; every kind there is can be asked for."""
    with pytest.raises(UsageError, match="no such change: 'upgrade'") as caught:
        read_kinds(["added,upgrade"])
    assert "upgraded" in caught.value.hint
    assert read_kinds([",".join((*KINDS, "any"))]) == {*KINDS, "any"}


def test_usage(call, tmp_path):
    """Documents without it are refused; where one side lists only what is in use, so does the other."""
    usage = Usage((), (), (("used", 3), ("not-reached", 1)))
    full = replace(
        OLD,
        usage=usage,
        components=tuple(replace(one, use=NOT_REACHED if one.ref == LIBC else Use("used")) for one in OLD.components),
    )
    for name, sbom in (("full", full), ("used", in_use(full)), ("plain", OLD)):
        (tmp_path / name).write_bytes(encode(sbom))
    with pytest.raises(UsageError, match="does not say what is in use"):
        call(tmp_path / "full", tmp_path / "plain", view="usage")
    with pytest.raises(UsageError, match="does not say what is in use"):
        call(tmp_path / "plain", tmp_path / "full", fail_on=["usage"])
    with pytest.raises(UsageError, match="one side lists what is in use"):
        call(tmp_path / "used", tmp_path / "plain")
    assert call(tmp_path / "full", tmp_path / "used", view="usage", fail_on=["any"])[0] == 0
    changed = replace(full, components=tuple(replace(one, licenses=()) for one in full.components))
    (tmp_path / "changed").write_bytes(encode(changed))
    counts = [
        json.loads(call(tmp_path / "full", tmp_path / "changed", view=view, output=["json"])[1])["counts"]["licence"]
        for view in ("inventory", "usage")
    ]
    assert counts[0] == counts[1] + 1


def test_refused(call, documents, tmp_path):
    """What is no such document, is not there, or can't be written: each says so."""
    (tmp_path / "other.json").write_text('{"bomFormat": "CycloneDX"}')
    with pytest.raises(TargetError, match="not a CycloneDX document"):
        call(tmp_path / "other.json", documents[1])
    with pytest.raises(TargetNotFound, match="no bill of materials at"):
        call(f"sbom:{tmp_path / 'none'}", documents[1])
    with pytest.raises(TargetNotFound, match="no image at"):
        call(tmp_path / "none.tar", documents[1])
    with pytest.raises(TargetError, match="can't be read"):
        call(f"sbom:{tmp_path}", documents[1])
    with pytest.raises(UsageError, match="unknown format 'cdx-json'"):
        call(*documents, output=["cdx-json"])
    with pytest.raises(OutputError, match="no such directory"):
        call(*documents, output=[f"json={tmp_path / 'a' / 'b'}"])

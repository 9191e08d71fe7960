"""Differences between images that are built, scanned and compared: exactly what was done, by the layer that did it."""

import json

import pytest

from builders import layer, oci_layout
from programs import elf
from stellaops_core.images.image import ImageRef
from stellaops_core.images.source import open_image
from stellaops_core.sbom.diff import diff
from stellaops_core.sbom.diff_json import encode
from stellaops_core.scan.options import ScanOptions
from stellaops_core.scan.scan import scan

SITE = "app/site-packages"
STATUS = "var/lib/dpkg/status"


def status(*packages):
    """A dpkg database: `name=version`."""
    return "\n".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
        for name, _, version in (package.partition("=") for package in packages)
    )


def flask(version):
    return {f"{SITE}/flask-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: flask\nVersion: {version}\n"}


def npm(name, version, under="app/node_modules"):
    return {f"{under}/{name}/package.json": json.dumps({"name": name, "version": version, "license": "MIT"})}


OS = {"etc/os-release": 'ID=debian\nVERSION_ID="12"\n', STATUS: status("libc6=2.36-9", "curl=8.1-1")}
APP = flask("3.0.0") | npm("left-pad", "1.3.0") | npm("lodash", "3.10.1", "app/node_modules/a/node_modules")
APP |= npm("lodash", "4.17.20")
UP = {STATUS: status("libc6=2.36-10", "curl=8.1-1")}
PURGE = {STATUS: status("libc6=2.36-9")}


def inventory(path, layers, commands=()):
    """Scan an image of these layers."""
    history = [{"created_by": text} for text in commands or [f"step {at}" for at in range(len(layers))]]
    oci_layout(path, [layer(files) for files in layers], config={"history": history})
    sbom, _ = scan(open_image(ImageRef("oci", str(path))), options=ScanOptions())
    return sbom


def told(whole):
    """`kinds name old>new image layer`, a text a change."""
    rows = []
    for change in whole.changes:
        versions = ">".join(one.version or one.ref[:8] if one else "" for one in (change.old, change.new))
        cause = f" {change.cause.image} {change.cause.layer.index} {change.cause.origin}" if change.cause else ""
        rows.append(f"{'+'.join(change.kinds)} {change.component.name} {versions}{cause}")
    return sorted(rows)


CASES = {
    "upgrade": ([OS, APP], [OS, APP, UP], ["upgraded libc6 2.36-9>2.36-10 new 2 own"]),
    "downgrade": (
        [OS, APP], [OS, APP, {STATUS: status("libc6=2.36-9~deb12u1", "curl=8.1-1")}],
        ["downgraded libc6 2.36-9>2.36-9~deb12u1 new 2 own"],
    ),
    "purge": ([OS, APP], [OS, APP, PURGE], ["removed curl 8.1-1> new 2 own"]),
    "purge below what both have": ([OS, APP], [OS, PURGE, APP], ["removed curl 8.1-1> new 1 own"]),
    "again": ([OS, PURGE], [OS, PURGE, {STATUS: OS[STATUS]}], ["added curl >8.1-1 new 2 own"]),
    "again, newer": (
        [OS, PURGE, {STATUS: OS[STATUS]}], [OS, PURGE, {STATUS: status("libc6=2.36-9", "curl=8.2-1")}],
        ["upgraded curl 8.1-1>8.2-1 new 2 own"],
    ),
    "whiteout": ([OS, APP], [OS, APP, {f"{SITE}/.wh.flask-3.0.0.dist-info": ""}], ["removed flask 3.0.0> new 2 own"]),
    "opaque directory": (
        [OS, APP], [OS, APP, {"app/node_modules/.wh..wh..opq": ""} | npm("left-pad", "1.3.0")],
        [
            "removed lodash 3.10.1> new 2 own",
            "removed lodash 4.17.20> new 2 own",
        ],
    ),
    "pip": (
        [OS, APP], [OS, APP, flask("3.0.3") | {f"{SITE}/.wh.flask-3.0.0.dist-info": ""}],
        ["upgraded flask 3.0.0>3.0.3 new 2 own"],
    ),
    "one of two side by side": (
        [OS, APP], [OS, APP, npm("lodash", "4.17.21")], ["upgraded lodash 4.17.20>4.17.21 new 2 own"],
    ),
    "a layer less": ([OS, APP, UP], [OS, APP], ["downgraded libc6 2.36-10>2.36-9 old 2 own"]),
    "no purge any more": ([OS, PURGE], [OS], ["added curl >8.1-1 old 1 own"]),
    "nothing": ([OS, APP], [OS, APP], []),
    "a layer that changes nothing": ([OS, APP], [OS, APP, {"tmp/x": "x"}], []),
    "program replaced": (
        [OS, {"opt/tool": elf(dynamic=[(1, "libc.so.6")])}], [OS, {"opt/tool": elf(dynamic=[(1, "libm.so.6")])}],
        ["changed tool bin:X>bin:X new 1 own"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_was_done_is_what_is_told(tmp_path, case):
    """Nothing less, nothing more; and the other direction is the opposite."""
    old, new, expected = CASES[case]
    one, other = inventory(tmp_path / "old", old), inventory(tmp_path / "new", new)
    whole = diff(one, other)
    rows = [row if "bin:" not in row else "changed tool bin:X>bin:X new 1 own" for row in told(whole)]
    assert rows == sorted(expected)
    assert len(diff(other, one).changes) == len(expected)
    assert encode(whole) == encode(diff(one, other))


def test_rebuilt_layers(tmp_path):
    """The same Dockerfile built again: what the layers bring has not moved, and the one that differs is to blame."""
    commands = ["FROM", "RUN pip install flask", "COPY . ."]
    old = inventory(tmp_path / "old", [OS, flask("3.0.0"), npm("left-pad", "1.3.0")], commands)
    new = inventory(tmp_path / "new", [OS, flask("3.0.3"), npm("left-pad", "1.3.0") | {"app/built": "now"}], commands)
    whole = diff(old, new)
    assert told(whole) == ["upgraded flask 3.0.0>3.0.3 new 1 own"]
    assert [pair.state for pair in whole.layers] == ["same", "rebuilt", "rebuilt"]


def test_squashed(tmp_path):
    """All layers made one: everything is there, and comes from elsewhere."""
    old, new = inventory(tmp_path / "old", [OS, APP]), inventory(tmp_path / "new", [OS | APP], ["squash"])
    whole = diff(old, new)
    assert whole.counts == {"moved": 6}
    assert {row.split()[-3:][0] + row.split()[-2] for row in told(whole)} == {"new0"}


def test_another_base(tmp_path):
    """What the lower layers changed is the base's doing; the application's layers are its own."""
    commands = ["ADD base-1 /", "RUN pip install flask"]
    old = inventory(tmp_path / "old", [OS, flask("3.0.0")], commands)
    base = OS | {STATUS: status("libc6=2.36-10", "curl=8.1-1")}
    new = inventory(tmp_path / "new", [base, flask("3.0.3")], ["ADD base-2 /", commands[1]])
    whole = diff(old, new)
    assert whole.base_changed
    assert told(whole) == [
        "moved curl 8.1-1>8.1-1 new 0 base",
        "upgraded flask 3.0.0>3.0.3 new 1 own",
        "upgraded libc6 2.36-9>2.36-10 new 0 base",
    ]

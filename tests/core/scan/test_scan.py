"""The way, front to back, on images that the tests build."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from builders import Content, Dir, Link, docker_archive, layer, oci_layout, tar_of
from programs import elf
from stellaops_core.errors import CorruptImage, DigestMismatch, MissingBlob
from stellaops_core.images.image import ImageRef
from stellaops_core.images.source import open_image
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.scan import scan as module
from stellaops_core.scan.cache import LayerCache, open_cache
from stellaops_core.scan.options import Progress, ScanOptions
from stellaops_core.scan.scan import Outcome, scan, scan_documents, scan_index


def status(*packages: str) -> str:
    """A dpkg database: `name=version`."""
    return "\n".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
        for name, _, version in (package.partition("=") for package in packages)
    )


def dist(name: str, version: str, requires: str = "") -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + (
        f"Requires-Dist: {requires}\n" if requires else ""
    )


SITE = "usr/lib/python3/dist-packages"
BASE: dict[str, Content] = {
    "etc": Dir(),
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n',
    "lib": Link("usr/lib"),
    "var/lib/dpkg/status": status("libc6=2.36-9", "python3-six=1.16.0-4", "old=1"),
    "var/lib/dpkg/info/python3-six.list": f"/.\n/{SITE}/six-1.16.0.dist-info/METADATA\n",
    f"{SITE}/six-1.16.0.dist-info/METADATA": dist("six", "1.16.0"),
}
UPGRADE: dict[str, Content] = {
    "var/lib/dpkg/status": status("libc6=2.36-10", "python3-six=1.16.0-4"),
}
APP: dict[str, Content] = {
    "app/site-packages/flask-3.0.dist-info/METADATA": dist("Flask", "3.0", "six"),
    "app/site-packages/six-1.16.0.dist-info/METADATA": dist("six", "1.16.0"),
    "app/node_modules/left-pad/package.json": '{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}',
}
LAYERS = [layer(files) for files in (BASE, UPGRADE, APP)]


def open_layout(path: Path) -> Any:
    return open_image(ImageRef("oci", str(path)))


def run(
    path: Path, formats: Sequence[str] = ("json", "cdx-json"), *, cache: LayerCache | None = None, **options: Any
) -> Outcome:
    with open_layout(path) as source:
        return scan_documents(source, formats, options=ScanOptions(**options), cache=cache)


def sbom_of(path: Path, scheme: str = "oci", **options: Any) -> Sbom:
    with open_image(ImageRef(scheme, str(path))) as source:
        return scan(source, options=ScanOptions(**options))[0]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return oci_layout(tmp_path / "image", LAYERS)


def test_layers_compose_to_one_bill(image: Path) -> None:
    """The newest database counts, packages keep the layer that brought them, language packages know their owners."""
    sbom = sbom_of(image)
    assert {(component.purl.partition("?")[0], component.layer) for component in sbom.components} == {
        ("pkg:deb/debian/libc6@2.36-10", 1),
        ("pkg:deb/debian/python3-six@1.16.0-4", 0),
        ("pkg:pypi/six@1.16.0", 0),
        ("pkg:pypi/flask@3.0", 2),
        ("pkg:npm/left-pad@1.3.0", 2),
    }
    by_name = {(component.type, component.name): component for component in sbom.components}
    six = by_name["pypi", "six"]
    assert [(evidence.path.split("/")[0], evidence.layer) for evidence in six.evidence] == [("app", 2), ("usr", 0)]
    assert [[owner.partition("@")[0] for owner in evidence.owners] for evidence in six.evidence] == [
        [],
        ["pkg:deb/debian/python3-six"],
    ]
    assert six.owners == ()  # the application's copy is nobody's
    base = sbom_of(oci_layout(image.parent / "base", LAYERS[:1]))
    owners = [one.owners for one in base.components if one.type == "pypi"]
    assert [[owner.partition("@")[0] for owner in one] for one in owners] == [["pkg:deb/debian/python3-six"]]
    assert by_name["pypi", "Flask"].depends == ("pkg:pypi/six@1.16.0",)
    assert sbom.distribution is not None
    assert sbom.distribution.pretty_name == "Debian 12"
    assert {(removed.purl.partition("?")[0], removed.introduced, removed.removed) for removed in sbom.removed} == {
        ("pkg:deb/debian/old@1", 0, 1),
        ("pkg:deb/debian/libc6@2.36-9", 0, 1),
    }


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_same_facts_from_every_source(compression: str, tmp_path: Path) -> None:
    """Layout, archives of both kinds, and the merged directory list the same components in the same layers."""
    layout = oci_layout(tmp_path / "image", LAYERS, compression=compression)
    wanted = sbom_of(layout)
    archive = tar_of(layout, tmp_path / "image.tar")
    assert sbom_of(archive, "oci-archive").components == wanted.components
    docker = docker_archive(tmp_path / "docker.tar", {"example/app:1": LAYERS})
    from_docker = sbom_of(docker, "docker-archive")
    assert from_docker.components == wanted.components
    assert [one.diff_id for one in from_docker.subject.layers] == [one.diff_id for one in wanted.subject.layers]
    root = tmp_path / "root"
    for path, content in {**BASE, **UPGRADE, **APP}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            (root / path).symlink_to(content.target)
        elif isinstance(content, str):
            (root / path).write_text(content)
    facts = [(one.purl, one.owners, one.depends, [e.path for e in one.evidence]) for one in wanted.components]
    merged = sbom_of(root, "dir")
    assert [(one.purl, one.owners, one.depends, [e.path for e in one.evidence]) for one in merged.components] == facts
    assert {evidence.layer for one in merged.components for evidence in one.evidence} == {-1}


def test_same_bytes_always(image: Path, tmp_path: Path) -> None:
    """Cold and warm, one job or eight, another cache, another zone: the documents are the same to the bit."""
    first = run(image, jobs=1).documents
    zone = os.environ.get("TZ")
    try:
        for number, name in enumerate(("UTC", "Asia/Kathmandu", "America/St_Johns")):
            os.environ["TZ"] = name
            cache = open_cache(str(tmp_path / f"cache{number}"))
            for jobs in (1, 2, 8):
                assert run(image, jobs=jobs, cache=cache).documents == first
                assert run(image, jobs=jobs).documents == first
    finally:
        os.environ.pop("TZ", None)
        if zone is not None:
            os.environ["TZ"] = zone


def test_known_layers_are_not_read_again(image: Path, tmp_path: Path) -> None:
    """A new image over known layers costs its new layers; a known image costs nothing."""
    cache = open_cache(str(tmp_path / "cache"))
    cold = run(image, cache=cache).run
    assert (cold.layers_cached, cold.warm) == (0, False)
    assert cold.bytes_read == sum(
        blob.stat().st_size for blob in (image / "blobs/sha256").iterdir() if blob.read_bytes()[:2] == b"\x1f\x8b"
    )
    top = layer({"app/node_modules/new/package.json": '{"name": "new", "version": "1.0.0"}'})
    newer = run(oci_layout(tmp_path / "newer", [*LAYERS, top]), cache=cache).run
    assert (newer.layers_total, newer.layers_cached) == (4, 3)
    assert 0 < newer.bytes_read < 1000
    warm = run(image, cache=cache).run
    assert (warm.layers_cached, warm.bytes_read, warm.warm) == (3, 0, True)


@pytest.mark.parametrize("what", ["name", "epoch", "view", "strict", "analyzers", "version"])
def test_whatever_changes_a_document_changes_its_key(
    what: str, image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cached document is only given for the same options, analyzers and version."""
    cache = open_cache(str(tmp_path / "cache"))
    run(image, cache=cache)
    options: dict[str, Any] = {
        "name": {"name": "x"},
        "epoch": {"epoch": 7},
        "view": {"view": "other"},
        "strict": {"strict": True},
    }.get(what, {})
    if what == "analyzers":
        monkeypatch.setattr(module, "analyzer_versions", lambda **_: (("dpkg", 99),))
    if what == "version":
        monkeypatch.setattr(module, "__version__", "99")
    assert not run(image, cache=cache, **options).run.warm
    assert run(image, cache=cache, **options).run.warm


@pytest.mark.parametrize(
    ("created", "epoch", "wanted"),
    [
        ("2025-01-02T03:04:05.678901234Z", None, "2025-01-02T03:04:05Z"),
        ("2025-01-02T03:04:05+05:45", None, "2025-01-01T21:19:05Z"),
        ("not a time", None, "1970-01-01T00:00:00Z"),
        ("2025-02-30T00:00:00Z", None, "1970-01-01T00:00:00Z"),
        (None, None, "1970-01-01T00:00:00Z"),
        ("2025-01-02T03:04:05Z", 0, "1970-01-01T00:00:00Z"),
        ("2025-01-02T03:04:05Z", 1700000000, "2023-11-14T22:13:20Z"),
    ],
)
def test_time_is_the_epochs_or_the_images(created: str | None, epoch: int | None, wanted: str, tmp_path: Path) -> None:
    """Never the clock's, always UTC."""
    path = oci_layout(tmp_path / "image", LAYERS[:1], config={"created": created})
    assert sbom_of(path, epoch=epoch).timestamp == wanted


def test_a_lie_about_a_diff_id_is_found_when_strict(tmp_path: Path) -> None:
    """The layer is cached under its verified digest; --strict reads it again and tells the lie."""
    cache = open_cache(str(tmp_path / "cache"))
    lie = {"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}
    path = oci_layout(tmp_path / "image", LAYERS[:1], config=lie)
    assert len(run(path, cache=cache).documents) == 2
    with pytest.raises(DigestMismatch, match=r"layer 0 .*diffID"):
        run(path, cache=cache, strict=True)
    honest = oci_layout(tmp_path / "honest", LAYERS[:1])
    assert run(honest, cache=cache, strict=True).run.layers_cached == 0
    top = layer({"x": b""})
    assert run(oci_layout(tmp_path / "more", [LAYERS[0], top]), cache=cache, strict=True).run.layers_cached == 1


def blob_of(path: Path, number: int) -> Path:
    manifest = json.loads((path / "index.json").read_text())["manifests"][0]["digest"]
    layers = json.loads((path / "blobs/sha256" / manifest[7:]).read_text())["layers"]
    return path / "blobs/sha256" / layers[number]["digest"][7:]


def test_archives_of_one_configuration_are_two_images(tmp_path: Path) -> None:
    """The documents of plain and of compressed layers state different sizes; the cache keeps them apart."""
    cache = open_cache(str(tmp_path / "cache"))
    made = []
    for name, compression in (("plain", "none"), ("small", "gzip")):
        archive = docker_archive(tmp_path / name, {"a:1": LAYERS}, compression=compression)
        with open_image(ImageRef("docker-archive", str(archive))) as source:
            made.append(scan_documents(source, ["json"], options=ScanOptions(), cache=cache).documents["json"])
        with open_image(ImageRef("docker-archive", str(archive))) as source:
            assert scan_documents(source, ["json"], options=ScanOptions()).documents["json"] == made[-1]
    assert made[0] != made[1]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "remove"])
def test_a_damaged_layer_is_an_error_and_nothing_is_kept(damage: str, jobs: int, image: Path, tmp_path: Path) -> None:
    """Whichever worker meets it; the message names the layer; the cache has nothing of it."""
    blob = blob_of(image, 1)
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 64
    changed = {"flip": data, "cut": data[:-5], "grow": data + b"x"}
    if damage == "remove":
        blob.unlink()
    else:
        blob.write_bytes(bytes(changed[damage]))
    cache = open_cache(str(tmp_path / "cache"))
    with pytest.raises(MissingBlob if damage == "remove" else CorruptImage) as raised:
        run(image, cache=cache, jobs=jobs)
    assert blob.name[:12] in raised.value.message
    assert not (tmp_path / "cache/layers" / blob.name).exists()


def test_damaged_cache_entries_are_read_again(image: Path, tmp_path: Path) -> None:
    """A cache with a flipped bit, or a pack of another version, gives the right result."""
    cache = open_cache(str(tmp_path / "cache"))
    wanted = run(image, cache=cache).documents
    for path in (tmp_path / "cache").rglob("*.*"):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(bytes(data))
    again = run(image, cache=cache)
    assert (again.documents, again.run.layers_cached) == (wanted, 0)


def test_one_layer_that_stands_twice(tmp_path: Path) -> None:
    """Builders repeat empty layers; each is read once and counted as often as it stands there."""
    empty = layer({})
    path = oci_layout(tmp_path / "image", [LAYERS[0], empty, empty, empty])
    outcome = run(path)
    assert outcome.run.layers_total == 4
    assert outcome.summary.components == 4


def test_unknowns_are_told_and_composed(tmp_path: Path) -> None:
    """A file that can't be parsed is an unknown of its layer, until a later layer replaces it."""
    broken = {"app/node_modules/x/package.json": "{broken", "var/lib/dpkg/status": status("a=1")}
    sbom = sbom_of(oci_layout(tmp_path / "one", [layer(broken)]))
    assert [(unknown.path, unknown.analyzer, unknown.layer) for unknown in sbom.unknowns] == [
        ("app/node_modules/x/package.json", "node", 0)
    ]
    assert len(sbom.components) == 1
    fixed = layer({"app/node_modules/x/package.json": '{"name": "x", "version": "1.0.0"}'})
    assert sbom_of(oci_layout(tmp_path / "two", [layer(broken), fixed])).unknowns == ()


def test_a_program_counts_where_no_package_owns_it(tmp_path: Path) -> None:
    """The distribution's nginx is the package; the one that was built and copied in is told by its own text."""
    program = elf({".rodata": b"nginx version: nginx/1.27.2\n"})
    files: dict[str, Content] = {
        "usr/sbin/nginx": program,
        "var/lib/dpkg/info/nginx.list": "/usr/sbin/nginx\n",
        "var/lib/dpkg/status": status("nginx=1.27.2-1"),
    }
    owned = sbom_of(oci_layout(tmp_path / "owned", [layer(files)]))
    assert [one.type for one in owned.components] == ["deb"]
    both = sbom_of(oci_layout(tmp_path / "both", [layer(files), layer({"usr/local/sbin/nginx": program})]))
    assert [(one.type, [place.path for place in one.evidence]) for one in both.components if one.type != "deb"] == [
        ("generic", ["usr/local/sbin/nginx"])
    ]


def test_progress_adds_up(image: Path) -> None:
    """The last event says everything was done; bytes never go down."""
    seen: list[Progress] = []
    with open_layout(image) as source:
        scan_documents(source, ["json"], options=ScanOptions(jobs=2), progress=seen.append)
    assert (seen[-1].layers_done, seen[-1].layers, seen[-1].bytes_read) == (3, 3, seen[-1].bytes_total)
    assert [one.bytes_read for one in seen] == sorted(one.bytes_read for one in seen)


def test_scratch_images_and_empty_directories(tmp_path: Path) -> None:
    """Nothing in, a valid and empty bill out."""
    assert sbom_of(oci_layout(tmp_path / "image", [])).components == ()
    (tmp_path / "empty").mkdir()
    assert sbom_of(tmp_path / "empty", "dir").components == ()


def test_the_index_of_a_known_image_is_kept(tmp_path: Path, image: Path) -> None:
    """Where the design puts it; other options or another index in its place, and it is made again."""
    cache = open_cache(str(tmp_path / "cache"))

    def index(**options: Any) -> tuple[bytes, int]:
        steps: list[Progress] = []
        with open_layout(image) as source:
            data = scan_index(source, options=ScanOptions(view="usage", **options), cache=cache, progress=steps.append)
            return data, len(steps)

    with open_layout(image) as source:
        digest = source.image.digest
    first, read = index()
    assert read
    assert index() == (first, 0)
    assert (tmp_path / f"cache/indexes/{digest[7:]}/bom-index.bin").is_file()
    named, _ = index(name="other")
    assert named != first
    for _ in range(2):
        assert index()[0] == first
    cache.put_index(digest, b"other")
    assert index()[0] == first
    assert cache.info().documents == 3

"""Documents of layers: the same for all images over one base, and together with the image's what a single one says."""

import json
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zstandard import ZstdDecompressor

from builders import Link, layer, oci_layout
from core.scan.test_scan import APP, BASE, LAYERS, SITE, UPGRADE, dist, open_layout, status
from stellaops_core.analyzers.available import load_analyzers
from stellaops_core.errors import UsageError
from stellaops_core.images.layer import read_tree
from stellaops_core.sbom import linked, spdx_linked
from stellaops_core.sbom.cyclonedx_reader import decode
from stellaops_core.sbom.sbom import LayerOrigin, Sbom, Subject, in_use
from stellaops_core.scan.assemble import assemble
from stellaops_core.scan.cache import open_cache
from stellaops_core.scan.compose import compose
from stellaops_core.scan.fragment import Pack, read_with
from stellaops_core.scan.layer_documents import (
    check_format,
    edition,
    known_packs,
    layer_documents,
    layer_sbom,
    linked_documents,
    places,
)
from stellaops_core.scan.options import ScanOptions
from stellaops_core.scan.scan import scan

RESOLVE = {"cdx-json": linked.resolve, "spdx-json": spdx_linked.resolve}
FORMATS = pytest.mark.parametrize("format_", RESOLVE)


@lru_cache(maxsize=512)
def pack_of(files):
    tar = layer(list(files))
    return Pack(read_with(load_analyzers(), lambda wants, look: read_tree(lambda: [tar], wants, look=look)))


def origins(count):
    return tuple(LayerOrigin(number, "", f"sha256:{number:064}", -1, "") for number in range(count))


def image_of(packs):
    """The bill of materials of an image of these layers, packages that were removed left out."""
    facts = assemble(compose(packs), packs, load_analyzers(), architecture="amd64")
    subject = Subject("container", "", "sha256:" + "f" * 64, "", "linux/amd64", "", (), (), origins(len(packs)))
    return Sbom(subject, facts.distribution, facts.components, facts.unknowns, (), "1", "2030-01-01T00:00:00Z")


def documents_of(packs, format_="cdx-json"):
    return layer_documents(places(origins(len(packs)), packs, "linux/amd64"), packs, format_)


def refs_of(data):
    return [component.ref for component in decode(data).components]


# --- any layers ---

OS = st.sampled_from(['ID=debian\nVERSION_ID="12"\n', 'ID=debian\nVERSION_ID="13"\n', "ID=ubuntu\n", "=\0broken"])
STATUS = st.lists(st.sampled_from(["a=1", "a=2", "b=1", "c=1"]), max_size=4, unique=True).map(
    lambda names: status(*names)
)
COPYRIGHT = st.sampled_from(["License: MIT\n", "License: GPL-2\n"]).map(
    lambda text: f"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\n{text}"
)
MODULE = st.sampled_from(
    ['{"name": "m", "version": "1", "dependencies": {"n": "*"}}', '{"name": "m", "version": "2"}', '{"name": "n"', "{}"]
)
LISTS = st.sampled_from([f"/{SITE}/six-1.0.dist-info/METADATA\n", "/usr/bin/a\n"])
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "etc/os-release": OS,
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/a.list": LISTS,
        "usr/share/doc/a/copyright": COPYRIGHT,
        "usr/share/doc/b": st.just(Link("a")),
        f"{SITE}/six-1.0.dist-info/METADATA": st.sampled_from([dist("six", "1.0"), dist("six", "1.0", "demo"), "x"]),
        f"{SITE}/.wh.six-1.0.dist-info": st.just(b""),
        "app/site-packages/demo-2.dist-info/METADATA": st.just(dist("demo", "2", "six")),
        "app/node_modules/m/package.json": MODULE,
        "app/node_modules/n/package.json": st.just('{"name": "n", "version": "3", "license": "MIT"}'),
        "app/node_modules/.wh.m": st.just(b""),
        "var/lib/dpkg/.wh..wh..opq": st.just(b""),
    },
).map(lambda files: tuple(files.items()))
IMAGES = st.lists(CHANGES, min_size=1, max_size=4)


@FORMATS
@settings(max_examples=60, deadline=None)
@given(images=IMAGES)
def test_resolved_is_inline(format_, images):
    """Databases rewritten, packages removed, distributions exchanged, joins over layers: nothing is lost or made up."""
    packs = [pack_of(files) for files in images]
    sbom = image_of(packs)
    documents = linked_documents(sbom, packs, format_)
    image = documents.pop("image.cdx.json" if format_ == "cdx-json" else "image.spdx.json")
    assert RESOLVE[format_](image, documents.values()) == sbom


@settings(max_examples=60, deadline=None)
@given(images=IMAGES, others=IMAGES)
def test_what_lies_above_does_not_matter(images, others):
    """Two images over one base have the same documents of its layers."""
    base = [pack_of(files) for files in images]
    alone = documents_of(base)
    more = documents_of([*base, *(pack_of(files) for files in others)])
    assert {index: more[index] for index in alone} == alone


# --- what belongs to which document ---


def test_each_package_is_in_the_document_of_the_layer_that_introduced_it():
    """A rewritten database repeats packages: they stay the lower layer's; removed ones are there."""
    documents = documents_of([pack_of(tuple(files.items())) for files in (BASE, UPGRADE, APP)])
    debian = "pkg:deb/debian/{}?arch=amd64&distro=debian-12"
    six = "pkg:pypi/six@1.16.0"
    assert refs_of(documents[0]) == [
        debian.format(name) for name in ("libc6@2.36-9", "old@1", "python3-six@1.16.0-4")
    ] + [six]
    assert refs_of(documents[1]) == [debian.format("libc6@2.36-10")]
    assert refs_of(documents[2]) == ["pkg:npm/left-pad@1.3.0", "pkg:pypi/flask@3.0", six]


def test_the_distribution_below_counts_where_packages_need_it():
    """Another distribution below is another document of a layer with system packages, and the same of any other."""
    upgrade, app = (pack_of(tuple(files.items())) for files in ({**UPGRADE}, APP))
    ours, theirs = (
        documents_of([pack_of((("etc/os-release", text),)), upgrade, app])
        for text in ("ID=debian\nVERSION_ID=12\n", "ID=ubuntu\nVERSION_ID=24.04\n")
    )
    assert all("distro=debian-12" in ref for ref in refs_of(ours[1]))
    assert all("distro=ubuntu-24.04" in ref for ref in refs_of(theirs[1]))
    assert ours[2] == theirs[2]
    assert decode(ours[2]).distribution is None


def test_nothing_of_the_image_gets_in():
    """No name, index, time or size: the layer lies alone."""
    packs = [pack_of(tuple(files.items())) for files in (BASE, APP)]
    (_, place) = places(origins(2), packs, "linux/amd64")
    sbom = layer_sbom(place, packs[1], load_analyzers())
    assert (sbom.subject.name, sbom.subject.digest, sbom.subject.platform) == ("", f"sha256:{1:064}", "linux/amd64")
    assert [one.index for one in sbom.subject.layers] == [0]
    assert {one.layer for one in sbom.components} == {0}
    assert {one.layer for component in sbom.components for one in component.evidence} == {0}
    assert sbom.timestamp == "1970-01-01T00:00:00Z"


def test_both_views_have_the_same_documents(tmp_path):
    """Of packs of a scan with either view; and what is in use resolves as well."""
    path = oci_layout(tmp_path / "image", LAYERS)
    made = []
    for view in ("inventory", "usage"):
        cache = open_cache(str(tmp_path / view))
        with open_layout(path) as source:
            sbom, _ = scan(source, options=ScanOptions(view=view), cache=cache)
        shown = in_use(sbom) if sbom.usage else sbom
        packs = known_packs(cache, sbom.subject.layers)
        documents = linked_documents(shown, packs, "cdx-json")
        image = documents.pop("image.cdx.json")
        made.append(documents)
        assert linked.resolve(image, documents.values()).components == shown.components
    assert made[0] == made[1]


# --- odd images ---


@FORMATS
def test_odd_layers(format_):
    """A layer that is there twice, empty layers, layers without finds, 127 layers, one layer."""
    base, app = (pack_of(tuple(files.items())) for files in (BASE, APP))
    empty, plain = pack_of(()), pack_of((("etc/motd", "hello"),))
    module = [
        pack_of(((f"m{n}/node_modules/m/package.json", f'{{"name": "m{n}", "version": "1"}}'),)) for n in range(125)
    ]
    for packs, count in (
        ([base, app, app], 2),
        ([base, empty, plain, app, empty], 2),
        ([base, *module, app], 127),
        ([base], 1),
        ([empty], 0),
    ):
        sbom = image_of(packs)
        documents = linked_documents(sbom, packs, format_)
        *_, image = documents
        data = documents.pop(image)
        assert len(documents) == count
        assert RESOLVE[format_](data, documents.values()) == sbom


def test_joins_over_layers_stay_whole():
    """What only two layers together make, such as an owner in another layer, is said in the image's document."""
    lists = {
        "var/lib/dpkg/status": status("python3-six=1.16.0-4"),
        "var/lib/dpkg/info/python3-six.list": f"/{SITE}/six-1.16.0.dist-info/METADATA\n",
    }
    code = {f"{SITE}/six-1.16.0.dist-info/METADATA": dist("six", "1.16.0")}
    packs = [pack_of(tuple(files.items())) for files in (lists, code)]
    sbom = image_of(packs)
    image = json.loads(linked_documents(sbom, packs, "cdx-json")["image.cdx.json"])
    stubs = {one["bom-ref"]: one for one in image["components"]}
    six = stubs["pkg:pypi/six@1.16.0"]
    assert "owner" in six["evidence"]["occurrences"][0]["additionalContext"]
    assert "evidence" not in next(one for ref, one in stubs.items() if "python3-six" in ref)


# --- the cache ---


def stored(cache, path):
    """Scan an image into a cache."""
    with open_layout(path) as source:
        return scan(source, options=ScanOptions(), cache=cache)[0]


def test_documents_are_kept_and_taken(tmp_path):
    """Under the layer's digest; one of another edition, or damaged, is made anew."""
    cache, path = open_cache(str(tmp_path / "cache")), oci_layout(tmp_path / "image", LAYERS)
    sbom = stored(cache, path)
    assert not list((tmp_path / "cache").rglob("sbom.*"))  # a scan makes none
    packs = known_packs(cache, sbom.subject.layers)
    documents = linked_documents(sbom, packs, "cdx-json", cache)
    linked_documents(sbom, packs, "spdx-json", cache)
    layer_digest = sbom.subject.layers[0].digest
    data = cache.get_layer_document(layer_digest, ".cdx.json")
    assert data in documents.values()
    assert len(list((tmp_path / "cache/layers").rglob("sbom.*.json.zst"))) == 6
    assert (cache.info().layers, cache.info().documents) == (3, 6)
    assert cache.verify().damaged == ()
    first = places(sbom.subject.layers, packs, "linux/amd64")[0]
    marked = data.replace(b"libc6", b"LIBC6")
    cache.put_layer_document(layer_digest, ".cdx.json", marked)
    assert marked in linked_documents(sbom, packs, "cdx-json", cache).values()  # taken as it is
    cache.put_layer_document(layer_digest, ".cdx.json", marked.replace(edition(first).encode(), b"other"))
    assert linked_documents(sbom, packs, "cdx-json", cache) == documents
    for bad in (b"", b"{}", b"x"):
        cache.put_layer_document(layer_digest, ".cdx.json", bad)
        assert linked_documents(sbom, packs, "cdx-json", cache) == documents


def test_kept_documents_are_zstd(tmp_path):
    """Whatever else the store puts around them; what is no frame, or says to be too large, counts as absent."""
    cache = open_cache(str(tmp_path))
    key = places(origins(1), [pack_of(())], "")[0].layer.diff_id
    cache.put_layer_document(key, ".cdx.json", b"x" * 1000)
    blobs = cache._blobs
    name = f"layers/{key[7:]}/sbom.cdx.json.zst"
    assert ZstdDecompressor().decompress(blobs.get(name)) == b"x" * 1000
    for bad in (b"no frame", bytes.fromhex("28b52ffde0") + (1 << 40).to_bytes(8, "little") + bytes(4)):
        blobs.put(name, bad)
        assert cache.get_layer_document(key, ".cdx.json") is None


def test_lost_packs(tmp_path):
    """Where the cache lacks one, there is no half of them."""
    cache, path = open_cache(str(tmp_path / "cache")), oci_layout(tmp_path / "image", LAYERS)
    sbom = stored(cache, path)
    pack = next((tmp_path / "cache/layers" / sbom.subject.layers[1].digest[7:]).iterdir())
    pack.unlink()
    assert known_packs(cache, sbom.subject.layers) is None
    cache.put_layer(sbom.subject.layers[1].digest, pack.stem, b"no pack")
    assert known_packs(cache, sbom.subject.layers) is None


def test_formats_without_links_are_refused():
    """With those that have them."""
    with pytest.raises(UsageError, match="csv has no links"):
        check_format("csv")

"""Bills of materials that are attached to images, in place of scans, against simulated registries."""

import json

import pytest
from msgspec.structs import replace

from builders import add_image, layer
from core.images.test_referrers import IN_TOTO, MANIFEST, attestation, refer
from pulls import Client
from simulators import WritableRegistrySimulator, body, endless, status
from stellaops_core.images import referrers
from stellaops_core.images.referrers import CYCLONEDX, TOOL, VIEW
from stellaops_core.sbom.formats import FORMATS
from stellaops_core.scan import attached as subject
from stellaops_core.scan.attached import take_attached
from stellaops_core.scan.options import ScanOptions
from stellaops_core.scan.scan import scan
from stellaops_core.version import __version__

STATUS = "Package: libexample1\nStatus: install ok installed\nVersion: 1:2.3-4\nArchitecture: amd64\n"
LAYERS = [layer({"etc/os-release": "ID=debian\nVERSION_ID=12\n"}), layer({"var/lib/dpkg/status": STATUS})]
PLAIN = ScanOptions()
SPDX = "https://spdx.dev/Document"
OURS = {VIEW: "inventory", TOOL: f"stella {__version__}"}


@pytest.fixture
def registry():
    with WritableRegistrySimulator() as server:
        server.image = server.push(add_image(server.blobs, LAYERS), "1")
        yield server


@pytest.fixture
def source(registry):
    return Client(registry).open()


@pytest.fixture
def take(source):
    """What is taken, and what was said about it."""

    def take(trust="stella", formats=("cdx-json",), source=source, **options):
        said = []
        found = take_attached(source, formats, options=ScanOptions(**options), trust=trust, note=said.append)
        return found, *said

    return take


def written(source, sbom=None, name="cdx-json"):
    return FORMATS[name].encode(sbom or scan(source, options=PLAIN)[0])


def syft_like(digest="", name="other"):
    """A CycloneDX document that somebody else's tool may have written."""
    subject = {"type": "container", "name": "x", "version": digest} if digest else {"type": "container", "name": "x"}
    packages = [{"type": "library", "name": name, "version": "1", "purl": f"pkg:pypi/{name}@1"}]
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": subject}, "components": packages}
    ).encode()


def test_ours_is_what_a_scan_says(registry, source, take):
    """By everything but the packages that were removed; said in one line, without a signature."""
    refer(registry, registry.image, written(source), annotations=OURS)
    scanned = scan(source, options=PLAIN)[0]
    before = len(registry.asked("/blobs/"))
    sbom, said = take()
    assert sbom == replace(scanned, removed=())
    assert len(registry.asked("/blobs/")) == before + 1, "no layer is read"
    assert said.startswith("not scanned: taken from the attached document sha256:")
    assert said.endswith("; nobody's signature is checked")


def test_name_and_time_are_the_callers(registry, source, take):
    """As a scan with these options would have it, whatever the document was pushed with."""
    refer(registry, registry.image, written(source), annotations=OURS)
    options = ScanOptions(name="shop/web", epoch=1_700_000_000)
    assert take(name="shop/web", epoch=1_700_000_000)[0] == replace(scan(source, options=options)[0], removed=())


def test_never_asks_nothing(registry, take):
    """By default the registry is not even asked."""
    before = len(registry.requests)
    assert take("never") == (None,)
    assert len(registry.requests) == before


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"strict": True}, "--strict checks layers"),
        ({"formats": ("cdx-json", "json")}, "`-o json` lists removed packages"),
    ],
)
def test_what_only_a_scan_can_do(registry, take, flags, said):
    """It is scanned, and said why, before anybody is asked."""
    before = len(registry.requests)
    found, told = take("any", **flags)
    assert (found, told.startswith(f"the image is scanned: {said}")) == (None, True)
    assert len(registry.requests) == before


def test_nothing_attached(take):
    """That is said as well."""
    assert take() == (
        None,
        f"the image is scanned: nothing is attached to it that tells its inventory by stella {__version__}",
    )
    assert take("any", view="usage")[1].endswith("nothing is attached to it that tells its usage")


def test_whose_documents(registry, source, take):
    """Another version's and other tools' documents are taken with `any` only; ours are preferred."""
    refer(registry, registry.image, syft_like())
    assert take()[0] is None
    sbom, _ = take("any")
    assert [one.ref for one in sbom.components] == ["pkg:pypi/other@1"]
    assert sbom.subject == scan(source, options=PLAIN)[0].subject, "the image is what was verified, not what is told"
    refer(registry, registry.image, written(source), annotations=OURS)
    assert [one.name for one in take("any")[0].components] == ["libexample1"]


def test_a_document_that_only_says_that_it_is_ours(registry, source, take):
    """The annotation is not enough: subject, layers and version have to be those of this image and this program."""
    sbom = scan(source, options=PLAIN)[0]
    for change in (
        {"tool_version": "0.0.1"},
        {"subject": replace(sbom.subject, layers=sbom.subject.layers[:1])},
        {"subject": replace(sbom.subject, config_digest="sha256:" + "0" * 64)},
    ):
        key = refer(registry, registry.image, written(source, replace(sbom, **change)), annotations=OURS)
        found, said = take()
        assert found is None
        assert f"is not as stella {__version__} writes it" in said
        del registry.manifests[key]


def test_layers_of_somebody_elses_document(registry, source, take):
    """They count where the document knows the layers of this image, all of them; else there are none."""
    sbom = scan(source, options=PLAIN)[0]
    others = tuple(replace(one, diff_id="sha256:" + "2" * 64) for one in sbom.subject.layers)
    for layers, wanted in ((sbom.subject.layers, 1), (others, -1)):
        told = replace(sbom, tool_version="0.0.1", subject=replace(sbom.subject, layers=layers))
        key = refer(registry, registry.image, written(source, told))
        (found,) = take("any")[0].components
        assert (found.layer, found.evidence[0].layer) == (wanted, wanted)
        del registry.manifests[key]


def test_about_another_image(registry, source, take):
    """A document that names another digest is refused, whoever is trusted; so is one that refers to another."""
    other = "sha256:" + "1" * 64
    sbom = scan(source, options=PLAIN)[0]
    refer(registry, registry.image, syft_like(other))
    refer(registry, registry.image, written(source, replace(sbom, subject=replace(sbom.subject, digest=other))))
    found, said = take("any")
    assert (found, said.count("it is about another image")) == (None, 2)
    stray = refer(registry, other, syft_like())
    entry = {"mediaType": MANIFEST, "digest": stray, "size": len(registry.blobs[stray]), "artifactType": CYCLONEDX}
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]}
    registry.fault("/referrers/", body(json.dumps(index).encode()))
    found, said = take("any")
    assert found is None
    assert "refers to something else" in said


def test_another_view_than_it_says(registry, source, take):
    """An inventory is no usage view, whatever is written on it."""
    refer(registry, registry.image, written(source), annotations={**OURS, VIEW: "usage"})
    found, said = take("any", view="usage")
    assert found is None
    assert "it has another view than it says" in said


def statements(registry, *pairs, image=None, **more):
    """An attestation as BuildKit makes it: (predicate type, statement) each; found as a referrer."""
    proof = attestation(registry, registry.image)
    manifest = json.loads(registry.blobs[proof["digest"]])
    for kind, statement in pairs:
        data = json.dumps(statement).encode()
        entry = {"mediaType": IN_TOTO, "digest": registry.blobs.add(data), "size": len(data)}
        manifest["layers"].append({**entry, "annotations": {"in-toto.io/predicate-type": kind}})
    named = {"mediaType": MANIFEST, "digest": image or registry.image, "size": 1}
    key, size = registry.blobs.add_json(
        {**manifest, "artifactType": referrers.ATTESTATION_TYPE, "subject": named, **more}
    )
    registry.push({"mediaType": MANIFEST, "digest": key, "size": size})
    return key


def statement(predicate, image, kind=SPDX):
    subject = [{"name": "pkg:docker/x", "digest": {"sha256": image.partition(":")[2]}}]
    return kind, {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": kind,
        "subject": subject,
        "predicate": predicate,
    }


def test_what_buildkit_attaches(registry, source, take):
    """The first bill of materials is the image's; those behind it are of stages; provenance is none."""
    own = json.loads(written(source, name="spdx-json"))
    stage = json.loads(syft_like(name="stage"))
    slsa = statement({}, registry.image, "https://slsa.dev/provenance/v1")
    statements(registry, slsa, statement(own, registry.image), statement(stage, registry.image))
    assert take()[0] is None, "attestations are of the generator, which knows no layers"
    assert [one.name for one in take("any")[0].components] == ["libexample1"]


@pytest.mark.parametrize(
    "change",
    [
        {"subject": []},
        {"subject": [{"name": "x", "digest": {"sha256": "0" * 64}}]},
        {"subject": [{"name": "x", "digest": {"sha1": ""}}]},
        {"_type": "https://example.com/"},
        {"predicateType": "https://slsa.dev/provenance/v1"},
        {"predicate": []},
        {"subject": "x"},
    ],
)
def test_statements_that_do_not_count(registry, source, take, change):
    """Its subject has to be this image, and its predicate a document."""
    kind, right = statement(json.loads(written(source, name="spdx-json")), registry.image)
    statements(registry, (kind, {**right, **change}))
    found, said = take("any")
    assert found is None
    assert said.startswith("the image is scanned: no attached document can be taken (sha256:")


@pytest.mark.parametrize(
    "fault", [body(b"[]"), body(b'{"config": {}}'), endless(), status(500), status(403), status(429, Retry_After="60")]
)
@pytest.mark.parametrize("place", ["/referrers/", "/manifests/", "/blobs/"])
def test_hostile_answers(registry, source, take, place, fault):
    """Whatever a registry answers: one line, no pause, and the image is scanned."""
    refer(registry, registry.image, written(source), annotations=OURS)
    asked = len(registry.requests)
    registry.fault(place, fault, always=True)
    found, *said = take()
    assert (found, len(said)) == (None, 1)
    assert said[0].startswith("the image is scanned: ")
    assert len(registry.requests) - asked <= 6


def test_lists_that_never_end(registry, take, monkeypatch):
    """Entries and parts of a list are counted, and the time of all of it together is."""
    refer(registry, registry.image, syft_like())
    monkeypatch.setattr(referrers, "ATTACHED_LIMIT", 0)
    assert "more than 0 referrers" in take("any")[1]
    path = f"/v2/team/app/referrers/{registry.image}"
    registry.fault("/referrers/", body(b'{"manifests": []}', Link=f"<{path}>; rel=next"), always=True)
    assert "more than 64 answers" in take("any")[1]
    client = Client(registry)
    slow = client.open()
    client.step = 7.0
    asked = len(registry.asked("/referrers/"))
    assert "takes more than 60 seconds" in take("any", source=slow)[1]
    assert len(registry.asked("/referrers/")) - asked < 9
    client.step = 0.0
    assert scan(slow, options=PLAIN)[0].components, "and then the image can be scanned"


def test_documents_that_lie(registry, source, take, monkeypatch):
    """Too few bytes, too many, other bytes, too large: not taken. A few are tried, and no more."""
    good = written(source)
    for stated, sent in ((len(good) + 1, good), (len(good) - 1, good), (len(good), good[:-1] + b" "), (1 << 40, good)):
        blob = registry.blobs.add(good)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": CYCLONEDX,
            "config": {
                "mediaType": "application/vnd.oci.empty.v1+json",
                "digest": registry.blobs.add(b"{}"),
                "size": 2,
            },
            "layers": [{"mediaType": CYCLONEDX, "digest": blob, "size": stated}],
            "subject": {"mediaType": MANIFEST, "digest": registry.image, "size": 1},
            "annotations": OURS,
        }
        key, size = registry.blobs.add_json(manifest)
        registry.push({"mediaType": MANIFEST, "digest": key, "size": size})
        registry.blobs[blob] = sent
        assert take()[0] is None
        del registry.manifests[key]
        registry.blobs[blob] = good
    monkeypatch.setattr(subject, "TRY_LIMIT", 2)
    for number in range(5):
        refer(registry, registry.image, bytes([number]))
    asked = len(registry.asked("/blobs/"))
    assert take("any")[1].count("not a bill of materials") == 2
    assert len(registry.asked("/blobs/")) - asked == 2

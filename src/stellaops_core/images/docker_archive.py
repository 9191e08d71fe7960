"""What `docker save`, podman, skopeo, crane and bazel write.

Comes in: the archive's files, a selector, a platform. Goes out: the image. Docker 25 and later write an OCI layout into
the same tar: where its index lists the image, the index counts, for only there layers have verified digests.

Source: Docker image specification 1.2, "Combined Image JSON + Filesystem Changeset Format".
"""

from stellaops_core.digest import Digest, hexadecimal, sha256
from stellaops_core.errors import CorruptImage, DigestMismatch
from stellaops_core.images.choice import settled_platform
from stellaops_core.images.configuration import CONFIG_LIMIT, Config, read_config
from stellaops_core.images.descriptor import Descriptor
from stellaops_core.images.files import Files, StoredImage, missing, read_file
from stellaops_core.images.image import Image, Layer, Platform
from stellaops_core.images.layout import access_to, oci_image, read_index
from stellaops_core.images.manifest import Index, Manifest, images_of, manifest_at, resolve
from stellaops_core.images.saved import HEX, Saved, choose_saved, names_of, read_saved

DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


def docker_image(files: Files, selector: str, wanted: Platform | None) -> StoredImage:
    """Find the image that a selector means; raise `PlatformNotFound` if it is for another platform."""
    images = read_saved(files)
    saved = choose_saved(images, selector, files.where)
    data = read_file(files, saved.config, CONFIG_LIMIT)
    config_digest = _config_digest(saved, data)
    name, tags = names_of(images, saved.config)
    if files.size("index.json") is not None and (twin := _oci_twin(files, config_digest, wanted)):
        return oci_image(files, *twin, wanted, (name, tags))
    config = read_config(data)
    image = Image(
        name=name,
        digest=config_digest,
        config_digest=config_digest,
        platform=settled_platform(config.platform, None, wanted),
        layers=_layers(files, saved, config),
        config=config.document,
        tags=tags,
    )
    return StoredImage(image, files, saved.layers or ())


def _layers(files: Files, saved: Saved, config: Config) -> tuple[Layer, ...]:
    names = saved.layers or []
    if len(names) != len(config.diff_ids):
        raise CorruptImage(f"manifest.json lists {len(names)} layers and the configuration {len(config.diff_ids)}")
    return tuple(
        Layer(index, _claimed(name), diff_id, _size(files, name), DOCKER_LAYER, command)
        for index, (name, diff_id, command) in enumerate(zip(names, config.diff_ids, config.commands, strict=True))
    )


def _size(files: Files, name: str) -> int:
    size = files.size(name)
    if size is None:
        raise missing(files, name)
    return size


def _config_digest(saved: Saved, data: bytes) -> Digest:
    digest = sha256(data)
    if saved.image_id not in {"", hexadecimal(digest)}:
        raise DigestMismatch(
            f"the image configuration does not match its name {saved.image_id}", hint="export it again"
        )
    return digest


def _claimed(name: str) -> str:
    """Return the digest that a layer's member name claims for its stored bytes: only blobs of an OCI layout do."""
    hexa = name.removeprefix("blobs/sha256/")
    return f"sha256:{hexa}" if name.startswith("blobs/sha256/") and HEX.fullmatch(hexa) else ""


def _oci_twin(files: Files, config_digest: Digest, wanted: Platform | None) -> tuple[Descriptor, Manifest] | None:
    """Find an image of manifest.json, or another platform of it, in the index of the same archive."""
    fetch, present = access_to(files)
    index = read_index(files)
    for image, top in images_of(index, fetch, present).values():
        if present(image) and manifest_at(image, fetch).config.digest == config_digest:
            same = Index(tuple(entry for entry in index.manifests if entry.digest == top))
            return resolve(same, wanted, fetch, present)
    return None

"""`manifest.json` of a docker archive: which images it lists, and what they are called.

Comes in: the archive's files. Goes out: `Saved` entries, chosen by a selector. Rule: a name is repeated to people and
documents only if it looks like a name.

Source: Docker image specification 1.2, "Combined Image JSON + Filesystem Changeset Format".
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from msgspec import Struct

from stellaops_core.digest import Digest, hexadecimal
from stellaops_core.errors import CorruptImage, NotAnImage, TargetError, TargetNotFound, Unsupported, UsageError
from stellaops_core.images.descriptor import LAYER_LIMIT
from stellaops_core.images.document import Spelling, checked, decode_json
from stellaops_core.images.files import Files, read_file
from stellaops_core.images.manifest import MANIFEST_LIMIT

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,511}")
HEX = re.compile(r"[0-9a-f]{64}")

_SPELLED: Spelling = dict.fromkeys(("Config", "RepoTags", "Layers"))


class Saved(Struct, frozen=True, rename="pascal"):
    """One entry of manifest.json."""

    config: str
    repo_tags: list[str] | None = None
    layers: list[str] | None = None

    @property
    def tags(self) -> list[str]:
        """The tags that are names."""
        return [tag for tag in self.repo_tags or () if NAME.fullmatch(tag)]

    @property
    def image_id(self) -> str:
        """The digits that the configuration's member name claims; empty where it claims none."""
        stem = self.config.rpartition("/")[2].removeprefix("sha256:").removesuffix(".json")
        return stem if HEX.fullmatch(stem) else ""

    def answers(self, wanted: str) -> bool:
        """Whether a selector means this: a name as a daemon understands it, a tag or an image ID."""
        digits = wanted.removeprefix("sha256:")
        if re.fullmatch(r"[0-9a-f]{12,64}", digits) and self.image_id.startswith(digits):
            return True
        names = {_full(tag) for tag in self.repo_tags or ()}
        return _full(wanted) in names or wanted in {name.rpartition(":")[2] for name in names}


def read_saved(files: Files) -> list[Saved]:
    """Read manifest.json; raise `NotAnImage` where there is none, `CorruptImage` for what is wrong in it."""
    if files.size("manifest.json") is None:
        if files.size("index.json") is not None:
            raise NotAnImage(f"{files.where} is an OCI archive", hint="write oci-archive: in front of it")
        if files.size("repositories") is not None:
            raise Unsupported(f"{files.where} was written by a Docker before 1.10", hint="load and save it again")
        raise NotAnImage(f"{files.where} is no image archive: it has neither manifest.json nor index.json")
    document = decode_json(read_file(files, "manifest.json", MANIFEST_LIMIT), _SPELLED, "manifest.json")
    saved: list[Saved] | None = checked(document, list[Saved] | None, "manifest.json")
    if not saved:
        raise NotAnImage(f"{files.where} holds no image: its manifest.json is empty")
    if any(len(entry.layers or ()) > LAYER_LIMIT for entry in saved):
        raise CorruptImage(f"{files.where}: manifest.json lists an image of more than {LAYER_LIMIT} layers")
    return saved


def choose_saved(saved: Sequence[Saved], selector: str, where: str) -> Saved:
    """Choose an entry; raise `TargetNotFound`, or `UsageError` where the selector leaves a choice."""
    wanted = selector.removeprefix("@")
    found = {entry.config: entry for entry in saved if not wanted or entry.answers(wanted)}
    if len(found) == 1:
        return next(iter(found.values()))
    labels = {label for entry in saved for label in entry.tags or [entry.image_id[:12]]}
    if found:
        raise UsageError(f"{where} holds several images; choose one", hint=listed(labels))
    raise TargetNotFound(f"{where} has no image {selector!r}", hint=listed(labels))


def names_of(saved: Iterable[Saved], config: str) -> tuple[str, tuple[str, ...]]:
    """Return the name and the tags that manifest.json gives to the image with a configuration."""
    tags = tuple(dict.fromkeys(tag for entry in saved if entry.config == config for tag in entry.tags))
    return (tags[0] if tags else ""), tags


def saved_names(files: Files, config_digest: Digest) -> tuple[str, tuple[str, ...]] | None:
    """Return the names that a manifest.json beside an index.json gives to an image."""
    with suppress(TargetError):
        saved = read_saved(files)
        config = next((entry.config for entry in saved if entry.image_id == hexadecimal(config_digest)), "")
        names = names_of(saved, config)
        return names if names[0] else None
    return None


def listed(labels: Iterable[str]) -> str:
    """Say which images there are."""
    there = sorted(filter(None, labels))
    more = f" and {len(there) - 20} more" if len(there) > 20 else ""
    return f"there is {', '.join(there[:20])}{more}" if there else "it holds no image that has a name"


def _full(name: str) -> str:
    """Write a name as `docker.io/library/debian:latest`, the way a daemon understands it."""
    host, slash, _ = name.partition("/")
    if not slash:
        name = "docker.io/library/" + name
    elif not re.search(r"[.:]|^localhost$", host):
        name = "docker.io/" + name
    return name if ":" in name.rpartition("/")[2] else name + ":latest"

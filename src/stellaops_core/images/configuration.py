"""Image configurations: bytes in, a checked record out.

Source: OCI image specification 1.1, config.md; Docker image specification 1.2.
"""

from typing import Any

from msgspec import Struct

from stellaops_core.digest import Digest, parse_digest
from stellaops_core.errors import CorruptImage
from stellaops_core.images.descriptor import LAYER_LIMIT, SPELLED_PLATFORM, StatedPlatform, read_platform
from stellaops_core.images.document import Spelling, checked, decode_json
from stellaops_core.images.image import Platform

CONFIG_LIMIT = 16 << 20
"""Bytes of an image configuration."""

_SPELLED: Spelling = {
    **SPELLED_PLATFORM,
    "created": None,
    "rootfs": {"type": None, "diff_ids": None},
    "history": dict.fromkeys(("created", "created_by", "empty_layer", "comment", "author")),
    "config": dict.fromkeys(("User", "Env", "Entrypoint", "Cmd", "Shell", "WorkingDir", "Labels", "ArgsEscaped")),
}


class Config(Struct, frozen=True):
    """An image configuration, as far as the core relies on it."""

    document: dict[str, Any]
    platform: Platform
    """With empty parts where nothing is stated."""
    diff_ids: tuple[Digest, ...]
    commands: tuple[str, ...]
    """The history line of each layer; all empty where the history does not tell one line per layer."""


class _RootFs(Struct):
    diff_ids: list[str] | None = None


class _History(Struct):
    created_by: str | None = None
    empty_layer: bool | None = None


class _Config(StatedPlatform):
    rootfs: _RootFs | None = None
    history: list[_History] | None = None
    config: dict[str, Any] | None = None


def read_config(data: bytes) -> Config:
    """Read an image configuration; raise `CorruptImage` naming the member that is wrong."""
    if len(data) > CONFIG_LIMIT:
        raise CorruptImage(f"a configuration of {len(data)} bytes is more than the {CONFIG_LIMIT} that are read")
    document = decode_json(data, _SPELLED, "image configuration")
    known = checked(document, _Config, "image configuration")
    diff_ids = (known.rootfs and known.rootfs.diff_ids) or []
    if len(diff_ids) > LAYER_LIMIT:
        raise CorruptImage(f"the image configuration lists {len(diff_ids)} layers; {LAYER_LIMIT} are read")
    return Config(
        document=document,
        platform=read_platform(known),
        diff_ids=tuple(map(parse_digest, diff_ids)),
        commands=_commands(known.history or [], len(diff_ids)),
    )


def _commands(history: list[_History], layers: int) -> tuple[str, ...]:
    lines = tuple(line.created_by or "" for line in history if not line.empty_layer)
    return lines if len(lines) == layers else ("",) * layers

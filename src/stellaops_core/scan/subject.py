"""What documents say of the image itself, and the time that they state.

Comes in: an image whose manifest and configuration are verified. Goes out: the `Subject` of its bill of materials; a
time that is never the clock's.
"""

import re
from contextlib import suppress

from stellaops_core.images.image import Image, Layer
from stellaops_core.sbom.sbom import LayerOrigin, Subject

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|z|[+-]\d\d:\d\d)")


def make_subject(image: Image, name: str) -> Subject:
    """Describe the image. `name`: in place of what it calls itself, unless empty."""
    labels = _text_items(image.config.get("config"), "Labels")
    return Subject(
        kind="container" if image.digest else "directory",
        name=name or image.name,
        digest=image.digest,
        config_digest=image.config_digest,
        platform=str(image.platform),
        created=image.created,
        tags=tuple(sorted(image.tags)),
        labels=tuple(sorted(labels.items())),
        layers=tuple(_origin(layer) for layer in image.layers),
    )


def state_time(image: Image, epoch: int | None) -> str:
    """Return the time documents bear, in whole seconds of UTC: `epoch`, else when the image was created, else 1970."""
    from datetime import UTC, datetime  # noqa: PLC0415

    moment = datetime.fromtimestamp(epoch or 0, UTC)
    if epoch is None and (match := _TIME.fullmatch(image.created)):
        *_, zone = match.groups()
        with suppress(ValueError, OverflowError):  # a 30th of February, and what is before year 1 in UTC, stay 1970
            text = "{}-{}-{}T{}:{}:{}".format(*match.groups()[:6]) + ("+00:00" if zone in "Zz" else zone)
            moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat() + "Z"  # strftime writes years before 1000 without their zeros


def _text_items(config: object, key: str) -> dict[str, str]:
    items = config.get(key) if isinstance(config, dict) else None
    if not isinstance(items, dict):
        return {}
    return {name: value for name, value in items.items() if isinstance(name, str) and isinstance(value, str)}


def _origin(layer: Layer) -> LayerOrigin:
    return LayerOrigin(layer.index, layer.digest, layer.diff_id, layer.size, layer.created_by)

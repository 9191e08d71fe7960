"""From settings to the core's parts: image sources and the cache.

Comes in: `Settings` and what the user pointed at. Goes out: an open `ImageSource`, a `LayerCache`. The one place that
knows which setting feeds which argument.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stellaops_cli.settings import Settings
from stellaops_core.errors import NotAnImage, TargetNotFound, UsageError
from stellaops_core.images.archive import kind_of
from stellaops_core.images.image import SCHEMES, ImageRef, ImageSource, Platform, parse_ref
from stellaops_core.images.source import open_image

if TYPE_CHECKING:
    from stellaops_cli.github_step import Step
    from stellaops_core.images.proxies import Proxies
    from stellaops_core.images.registry import RegistryOptions
    from stellaops_core.scan.cache import LayerCache

REGISTRY_JOBS = 4
_PATH_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".oci")


def read_ref(text: str, settings: Settings) -> ImageRef:
    """What the user points at. Raises `TargetNotFound` for a path to nothing, `UsageError` where offline forbids it."""
    ref = parse_ref(text, _kind_of)
    stated = text.partition(":")[0] in SCHEMES
    if ref.scheme == "registry" and not stated and os.path.lexists(text):
        raise NotAnImage(
            f"{text} is neither an image nor a directory that can be read",
            hint=f"if you mean an image of this name in a registry, write registry:{text}",
        )
    if ref.scheme == "registry" and not stated and _looks_like_path(text):
        raise TargetNotFound(f"no image at {text}", hint="check the path; registry names start without . or /")
    if settings.offline and ref.scheme == "registry":
        also = "" if stated else "; nor is it a path on this host"
        raise UsageError(
            f"{text} is in a registry, and --offline is set{also}",
            hint="save the image to a file, or leave out --offline",
        )
    if settings.offline and ref.scheme == "docker" and not _is_local(settings.docker_host):
        raise UsageError(
            f"the Docker Engine at {_without_login(settings.docker_host)} is not on this host, and --offline is set",
            hint="unset DOCKER_HOST, or leave out --offline",
        )
    return ref


def read_platform(settings: Settings) -> Platform | None:
    """The platform that was asked for, if any."""
    return Platform.parse(settings.platform) if settings.platform else None


def _kind_of(path: str) -> str:
    """What stands at a path: an image or a directory; else perhaps a bill of materials."""
    if kind := kind_of(path):
        return kind
    from stellaops_core.sbom.read import is_sbom_file  # noqa: PLC0415  # most targets are images

    return "sbom" if is_sbom_file(path) else ""


def open_target(ref: ImageRef, settings: Settings) -> ImageSource:
    """Open the image; raises what the source does."""
    return open_image(
        ref,
        platform=read_platform(settings),
        registry=registry_options(settings) if ref.scheme == "registry" else None,
        docker_host=settings.docker_host,
        docker_certificates=docker_certificates(settings),
        spool_dir=Path(settings.temp_dir),
    )


def open_layer_cache(settings: Settings, *, warn: Callable[[str], None]) -> "LayerCache":
    """Open the cache; raises `UsageError` for a user without a home who names no directory."""
    from stellaops_core.scan.cache import open_cache  # noqa: PLC0415  # not with --no-cache

    if not settings.cache_dir:
        raise UsageError("no home directory for the cache", hint="use --cache-dir DIR or --no-cache")
    return open_cache(settings.cache_dir, warn=warn)


def jobs(ref: ImageRef, settings: Settings) -> int:
    """Processes for the scan: as set, else one for each processor; registries get few connections at a time."""
    if settings.jobs:
        return settings.jobs
    try:
        processors = len(os.sched_getaffinity(0))
    except AttributeError:
        processors = os.cpu_count() or 1
    return min(processors, REGISTRY_JOBS) if ref.scheme == "registry" else processors


def login_files(settings: Settings) -> tuple[str, ...]:
    """Files with registry logins, in the order of containers-auth.json(5), Docker's last."""
    home = settings.environment.get("HOME", "")
    config = settings.environment.get("XDG_CONFIG_HOME", "") or (f"{home}/.config" if home else "")
    docker = settings.docker_config or (f"{home}/.docker" if home else "")
    if settings.registry_auth_file:
        return (settings.registry_auth_file,)
    files = (
        f"{settings.runtime_dir}/containers/auth.json" if settings.runtime_dir else "",
        f"{config}/containers/auth.json" if config else "",
        f"{docker}/config.json" if docker else "",
    )
    return tuple(file for file in files if file)


def docker_certificates(settings: Settings) -> str:
    """Directory with the certificates for a Docker Engine; "" unless DOCKER_TLS_VERIFY asks for TLS, as with docker."""
    if not settings.environment.get("DOCKER_TLS_VERIFY"):
        return ""
    home = settings.environment.get("HOME", "")
    usual = settings.docker_config or (f"{home}/.docker" if home else "")
    return settings.environment.get("DOCKER_CERT_PATH") or usual


def read_proxies(environment: Mapping[str, str]) -> "Proxies":
    """Return the proxies for registries. They are no settings, so that `stella config show` can't tell their logins.

    HTTP_PROXY does not count: where requests become environments (CGI), it is the header `Proxy` of somebody's request.
    """
    from stellaops_core.images.proxies import Proxies  # noqa: PLC0415  # only for registries

    def first(*names: str) -> str:
        return next((environment[name] for name in names if environment.get(name)), "")

    return Proxies(
        https=first("HTTPS_PROXY", "https_proxy"), http=first("http_proxy"), none=first("NO_PROXY", "no_proxy")
    )


def registry_options(settings: Settings) -> "RegistryOptions":
    """What a registry is asked with."""
    from stellaops_core.images.credentials import Credentials  # noqa: PLC0415  # only for registries
    from stellaops_core.images.registry import RegistryOptions  # noqa: PLC0415

    return RegistryOptions(
        insecure=settings.insecure_registry,
        ca_file=settings.ca_file or settings.ssl_cert_file,
        credentials=Credentials(login_files(settings), settings.environment),
        proxies=read_proxies(settings.environment),
    )


def open_step(values: Mapping[str, Any], settings: Settings, formats: tuple[str, ...]) -> "Step | None":
    """What GitHub Actions have to do with this run, if anything. Raises `UsageError`."""
    if "github" not in formats and not values.get("github") and not values.get("step_summary"):
        return None
    from stellaops_cli.github_step import Step  # noqa: PLC0415

    return Step(values, settings, formats)


def _looks_like_path(text: str) -> bool:
    return text.startswith(("/", "./", "../", "~")) or text in {".", ".."} or text.endswith(_PATH_ENDINGS)


def _is_local(docker_host: str) -> bool:
    return not docker_host or docker_host.startswith(("unix://", "/"))


def _without_login(url: str) -> str:
    scheme, _, rest = url.rpartition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if scheme else rest

"""Images of a Docker Engine (or of podman's service, which speaks the same API).

Comes in: an image's name or ID, where the engine listens, and certificates where it does so over TLS. Goes out: the
image, read from what `docker save` gives.
The engine only exports whole images, so the archive goes through a spool file, which is deleted when the image is
closed. An engine is trusted with being asked, not with what it sends: sizes are limited, digests verified.

Source: Docker Engine API 1.41, `ImageInspect` and `ImageGet`.
"""

import os
import re
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from stellaops_core.errors import NetworkError, TargetError, TargetNotFound, Unauthorized, UsageError
from stellaops_core.images.image import ImageRef, ImageSource, Platform

if TYPE_CHECKING:
    import httpx

DEFAULT_HOST = "unix:///var/run/docker.sock"
EXPORT_LIMIT = 128 << 30
"""Bytes of an exported image."""
DETAILS_LIMIT = 16 << 20
"""Bytes of an image's description."""
CONNECT_SECONDS = 10.0
EXPORT_SECONDS = 600.0
"""Longest silence: older engines write the whole archive before they send its first byte."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:@-]{0,1023}")


class _Details(Struct, rename="pascal"):
    id: str = ""


def open_daemon(
    ref: ImageRef,
    platform: Platform | None,
    docker_host: str = "",
    spool_dir: Path | None = None,
    certificates: str = "",
) -> ImageSource:
    """Export an image to a file in `spool_dir` (the system's temporary directory if None) and open that.

    `docker_host`: `unix:///path` or `tcp://host:port`; empty: DEFAULT_HOST. `certificates`: a directory; if given, TCP
    is spoken to over TLS, with a server that `ca.pem` vouches for, as the client of `cert.pem` and `key.pem` if there
    are these. Raises `UsageError`, `TargetNotFound`, `NetworkError`, `Unauthorized` (the socket is not for us), and
    whatever is the matter with the archive.
    """
    from stellaops_core.images.archive import open_docker_archive  # noqa: PLC0415

    if not _NAME.fullmatch(ref.location) or ".." in ref.location:
        raise UsageError(f"not an image of a Docker Engine: {ref.location[:200]!r}", hint="write docker:NAME[:TAG]")
    path = _spool(ref.location, docker_host or DEFAULT_HOST, spool_dir, certificates)
    try:
        return open_docker_archive(path, "", platform, delete_on_close=True)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _spool(name: str, host: str, spool_dir: Path | None, certificates: str) -> Path:
    """Export an image to a new file that only we can read; leave none behind on failure."""
    path: Path | None = None
    try:
        descriptor, created = tempfile.mkstemp(prefix="stella-", suffix=".tar", dir=spool_dir)
        path = Path(created)
        with os.fdopen(descriptor, "wb") as file, _connect(host, certificates) as engine:
            file.writelines(engine.export(engine.resolve(name)))
    except BaseException as error:
        if path:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            reason = error.strerror or "it can't be written"
            raise TargetError(f"no room for the image's archive: {reason}", hint="choose another TMPDIR") from None
        raise
    return path


class _Engine:
    """The two requests that are needed."""

    def __init__(self, client: "httpx.Client") -> None:
        self._client = client

    def resolve(self, name: str) -> str:
        """Return the name to export by; without a tag, the engine would export all tags."""
        with self._answer(name, "json") as answer:
            data = b"".join(_bounded(answer, DETAILS_LIMIT))
        try:
            identity = msgspec.json.decode(data, type=_Details).id
        except (ValueError, RecursionError):
            raise NetworkError("the Docker Engine answered something that can't be read") from None
        is_id = bool(name) and identity.removeprefix("sha256:").startswith(name.removeprefix("sha256:"))
        tagged = is_id or ":" in name.rpartition("/")[2]
        return name if tagged else f"{name}:latest"

    def export(self, name: str) -> Iterator[bytes]:
        """Yield the archive of one image."""
        with self._answer(name, "get") as answer:
            yield from _bounded(answer, EXPORT_LIMIT)

    @contextmanager
    def _answer(self, name: str, what: str) -> "Iterator[httpx.Response]":
        with self._client.stream("GET", f"/images/{name}/{what}") as answer:
            if answer.status_code == 404:
                raise TargetNotFound(
                    f"the Docker Engine has no image {name}",
                    hint=f"docker pull {name}, or leave out docker: to read it from its registry",
                )
            if answer.status_code != 200:
                raise _refusal(answer, name)
            yield answer


def _refusal(answer: "httpx.Response", name: str) -> NetworkError:
    hint = ""
    if answer.status_code == 400 and b"HTTPS" in next(answer.iter_raw(), b""):
        hint = "it speaks TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the directory with the certificates"
    return NetworkError(f"the Docker Engine answered {answer.status_code} when asked for {name}", hint=hint)


def _bounded(answer: "httpx.Response", limit: int) -> Iterator[bytes]:
    size = 0
    for piece in answer.iter_raw():
        size += len(piece)
        if size > limit:
            raise NetworkError(f"the Docker Engine sends more than {limit} bytes")
        yield piece


@contextmanager
def _connect(host: str, certificates: str) -> Iterator[_Engine]:
    """Connect to an engine; what httpx raises is turned into our errors here."""
    import httpx  # noqa: PLC0415

    place, socket = _place(host)
    secured = bool(certificates and not socket)
    url = f"{'https' if secured else 'http'}://{place}"
    timeout = httpx.Timeout(EXPORT_SECONDS, connect=CONNECT_SECONDS)
    verify = _trust(certificates) if secured else False
    transport = httpx.HTTPTransport(uds=socket or None, verify=verify, trust_env=False)
    try:
        with httpx.Client(base_url=url, transport=transport, timeout=timeout, trust_env=False) as client:
            yield _Engine(client)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise _connect_error(error, host) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NetworkError(f"the Docker Engine at {host} broke off") from error


def _connect_error(error: Exception, host: str) -> NetworkError:
    from stellaops_core.images.failures import reason_of  # noqa: PLC0415

    reason = reason_of(error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        hint = "ca.pem in DOCKER_CERT_PATH must hold the authority that issued it"
        return NetworkError(
            f"the certificate of the Docker Engine at {host} is not trusted: {reason.verify_message}", hint=hint
        )
    if isinstance(reason, ssl.SSLError):
        hint = "unset DOCKER_TLS_VERIFY if it is meant to speak plain HTTP"
        return NetworkError(f"the Docker Engine at {host} does not speak TLS", hint=hint)
    if isinstance(reason, PermissionError):
        hint = "run as root or as a member of the group docker"
        return Unauthorized(f"no permission to use the Docker Engine at {host}", hint=hint)
    hint = "start it, name it with DOCKER_HOST, or leave out docker: to read the image from its registry"
    return NetworkError(f"no Docker Engine listens at {host}", hint=hint)


def _trust(folder: str) -> ssl.SSLContext:
    """Read the certificates that `docker` would use; `ca.pem` is the only authority then."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    path = Path(folder)
    try:
        context.load_verify_locations(path / "ca.pem")
        if (path / "cert.pem").exists():
            context.load_cert_chain(path / "cert.pem", path / "key.pem", password="")
    except (OSError, ssl.SSLError) as error:
        reason = "they are not certificates and their key in PEM" if isinstance(error, ssl.SSLError) else error.strerror
        hint = "DOCKER_CERT_PATH must hold ca.pem, and cert.pem with key.pem if the engine wants to know its clients"
        raise UsageError(f"the certificates in {folder} can't be used: {reason}", hint=hint) from None
    return context


def _place(host: str) -> tuple[str, str]:
    """Return `host[:port]` and socket path (empty: TCP)."""
    scheme, _, place = host.partition("://")
    if scheme == "unix" and place.startswith("/"):
        return "docker", place
    if scheme == "tcp" and re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-f:]+\](:[0-9]{1,5})?", place):
        return place, ""
    hint = "unix:///path/to/docker.sock and tcp://host:port are supported"
    if scheme == "ssh":
        hint = "forward its socket with ssh -nNT -L /path/to/local.sock:/var/run/docker.sock HOST, and name that one"
    raise UsageError(f"not the address of a Docker Engine: {scheme}://{place.rpartition('@')[2][:200]}", hint=hint)

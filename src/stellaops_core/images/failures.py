"""How requests fail, in our errors.

Comes in: what httpcore raises, and answers that say no. Goes out: `NetworkError` with a hint, `Passing` where another
try makes sense. Nothing of a URL but its host is told.
"""

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from stellaops_core.errors import NetworkError, Unauthorized

PASSING = frozenset({429, 502, 503, 504})
"""Statuses that may be another one soon."""


class Passing(NetworkError):
    """A failure that may pass. `wait`: seconds that the server asks for; `unmet`: nobody has answered at all."""

    def __init__(self, message: str, *, hint: str = "", wait: float | None = None, unmet: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.wait = wait
        self.unmet = unmet


@contextmanager
def explained(host: str, proxy: str = "") -> Iterator[None]:
    """Turn what httpcore raises into ours. `proxy`: through whom `host` is asked."""
    import httpcore  # noqa: PLC0415

    try:
        yield
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise connect_error(error, host) from error
    except httpcore.ProxyError as error:
        raise proxy_refusal(str(error)[:3], proxy, host) from None
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
        slow = isinstance(error, httpcore.TimeoutException)
        raise Passing(f"{host} {'stopped sending' if slow else 'dropped the connection'}") from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, ssl.SSLError, ValueError) as error:
        raise NetworkError(f"can't talk to {host}") from error


def connect_error(error: Exception, host: str) -> NetworkError:
    """Say why no connection came about: the certificate, no TLS, no such host, no answer."""
    import socket  # noqa: PLC0415

    cause = reason_of(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return NetworkError(
            f"the certificate of {host} is not trusted: {cause.verify_message}",
            hint="--ca-file FILE names a certificate authority to trust",
        )
    if isinstance(cause, ssl.SSLError | ConnectionResetError):
        return NetworkError(
            f"{host} does not speak TLS", hint=f"--insecure-registry {host}, if it is meant to speak plain HTTP"
        )
    if isinstance(cause, socket.gaierror | UnicodeError):
        return NetworkError(
            f"can't find a host named {host}", hint="check the name and the network; a path on disk must exist"
        )
    slow = isinstance(cause, TimeoutError)
    reason = "does not answer" if slow else f"can't be reached: {getattr(cause, 'strerror', None) or 'no connection'}"
    return Passing(f"{host} {reason}", hint="check that it runs and that no firewall is in the way", unmet=True)


def proxy_error(error: Exception, proxy: str) -> NetworkError:
    """Say why there is no connection to a proxy, in the words of `connect_error`."""
    told = connect_error(error, f"the proxy {proxy}")
    told.hint = "check HTTPS_PROXY, http_proxy and NO_PROXY"
    return told


def proxy_refusal(status: str, proxy: str, host: str) -> NetworkError:
    """Say what a proxy's answer means that is not the registry's."""
    if status == "407":
        hint = "write its URL as http://USER:PASSWORD@HOST:PORT, and special characters as %XX"
        return Unauthorized(f"the proxy {proxy} wants a login", hint=hint)
    hint = f"ask who runs it, or list {host.rpartition(':')[0] or host} in NO_PROXY if it can be reached directly"
    message = f"the proxy {proxy} does not connect to {host} (HTTP {status})"
    return (
        Passing(message, hint=hint, unmet=True)
        if status in {str(code) for code in PASSING}
        else NetworkError(message, hint=hint)
    )


def reason_of(error: BaseException) -> OSError | UnicodeError | None:
    """Find the operating system's error under httpcore's, which drops `__cause__` on its way."""
    step: BaseException | None = error
    while step:
        if isinstance(step, OSError | UnicodeError):
            return step
        step = step.__cause__ or step.__context__
    return None


def busy(status: int, headers: Mapping[str, str], host: str, registry: str) -> Passing:
    """Say that a server wants to be asked later."""
    if status == 429:
        hint = f"wait, or log in for a higher limit: docker login {registry}"
        return Passing(f"{host} limits how often it may be asked", hint=hint, wait=wait_of(headers))
    return Passing(f"{host} is not available (HTTP {status})", hint="try later", wait=wait_of(headers))


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After` (RFC 9110 section 10.2.3). A date is taken relative to the server's own clock."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(until.total_seconds(), 0.0)

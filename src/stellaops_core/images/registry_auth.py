"""How a registry lets us in.

Comes in: what a registry wants to see, as its `WWW-Authenticate` headers put it; the login stored for it. Goes out: the
value of an `Authorization` header, which is for this registry alone.

Nothing is shown before it is asked for. A login goes to the registry it belongs to, or to the token server which that
registry names, and buys a token for pulling from one repository; a stored token goes to the registry only.

Source: RFC 9110 section 11; the token protocol of github.com/distribution/distribution, "spec/auth".
"""

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from stellaops_core.errors import NetworkError, Unauthorized
from stellaops_core.images.credentials import Credentials, Login
from stellaops_core.images.failures import PASSING, busy
from stellaops_core.images.registry_site import Site, shown
from stellaops_core.images.transport import Answer, Transport

if TYPE_CHECKING:
    import httpx

CHALLENGE_LIMIT = 8 << 10
"""Characters of `WWW-Authenticate` that are looked at."""
TOKEN_LIMIT = 1 << 20
"""Bytes of a token server's answer."""

_PARAMETER = r'([A-Za-z0-9_-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s",]+)'
_CHALLENGE = re.compile(rf"\s*,*\s*(?:([A-Za-z][A-Za-z0-9-]*)(?=\s|,|$)(?!\s*=)\s*)?(?:{_PARAMETER})?")
_PULL_SCOPE = re.compile(r"repository:[!-~]+:pull")


class Challenge(Struct, frozen=True):
    """One way in that a server offers."""

    scheme: str
    """In lower case: `bearer`, `basic`, …"""
    parameters: dict[str, str]
    """Names in lower case."""


class Access:
    """What one registry is shown to let us read one repository."""

    def __init__(self, site: Site, credentials: Credentials, transport: Transport) -> None:
        self._site = site
        self._credentials = credentials
        self._transport = transport
        self._authorization = ""
        self._found: tuple[Login | None, str] | None = None

    def headers(self) -> dict[str, str]:
        """Return what goes along with a request to the registry itself: nothing, until it has asked."""
        return {"Authorization": self._authorization} if self._authorization else {}

    def meet(self, challenges: list[Challenge]) -> None:
        """Get in by one of the ways that the registry offers; raise `Unauthorized` or `NetworkError`."""
        self._authorization = self._authorize(challenges)

    def refusal(self) -> Unauthorized:
        """Make the error for a registry that does not let us in."""
        name = self._site.name
        login, problem = self._find_login()
        what = "refuses the stored login for" if login else "does not let anybody read"
        hint = f"log in with: docker login {name.registry}" + (f" ({problem})" if problem else "")
        return Unauthorized(f"{name.registry} {what} {name.repository}, or there is no such repository", hint=hint)

    def _authorize(self, challenges: list[Challenge]) -> str:
        for challenge in sorted(challenges, key=lambda challenge: challenge.scheme != "bearer"):
            login = self._find_login()[0]
            if challenge.scheme == "bearer":
                stored = login.registry_token if login else ""
                return "Bearer " + (stored or self._fetch_token(challenge.parameters, login))
            if challenge.scheme == "basic" and login and login.basic:
                return login.basic
        raise self.refusal()

    def _find_login(self) -> tuple[Login | None, str]:
        if self._found is None:
            self._found = self._credentials.find(self._site.name.registry, self._site.name.repository)
        return self._found

    def _fetch_token(self, asked: dict[str, str], login: Login | None) -> str:
        """Get a token for pulling from this repository, and for nothing else."""
        url = self._site.follow(self._site.url(""), asked.get("realm", ""), "sends logins")
        scope = asked.get("scope", "")
        if not _PULL_SCOPE.fullmatch(scope):
            scope = f"repository:{self._site.name.repository}:pull"
        fields = {"service": asked["service"]} if asked.get("service") else {}
        answer = self._ask(url, {**fields, "scope": scope}, login)
        try:
            if answer.status != 200:
                raise self._token_refusal(answer, url)
            return read_token(answer.body(TOKEN_LIMIT), shown(url))
        finally:
            answer.close()

    def _ask(self, url: "httpx.URL", fields: dict[str, str], login: Login | None) -> Answer:
        import httpx  # noqa: PLC0415

        if not login or not login.identity_token:
            access = {"Authorization": login.basic} if login else {}
            return self._transport.send("GET", url.copy_merge_params(fields), access)
        fields |= {"grant_type": "refresh_token", "client_id": "stella", "refresh_token": login.identity_token}
        form = str(httpx.QueryParams(fields)).encode()
        return self._transport.send("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, form)

    def _token_refusal(self, answer: Answer, url: "httpx.URL") -> NetworkError:
        if answer.status in {400, 401, 403}:
            return self.refusal()
        if answer.status in PASSING:
            return busy(answer.status, answer.headers, shown(url), self._site.name.registry)
        return NetworkError(f"the token server {shown(url)} answered {answer.status}")


def parse_challenges(header: str) -> list[Challenge]:
    """Read `WWW-Authenticate`, several of which may have been joined by commas; what is malformed is left out."""
    found: list[Challenge] = []
    position, text = 0, header[:CHALLENGE_LIMIT]
    while position < len(text):
        match = _CHALLENGE.match(text, position)
        if match is None or match.end() == position:
            break
        scheme, name, value = match.groups()
        if scheme:
            found.append(Challenge(scheme.lower(), {}))
        if name and found:
            plain = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
            found[-1].parameters.setdefault(name.lower(), plain)
        position = match.end()
    return found


def read_token(data: bytes, server: str) -> str:
    """Take the token from a token server's answer; raise `NetworkError` if there is none that fits a header."""
    try:
        answer = msgspec.json.decode(data, type=_TokenAnswer)
    except (ValueError, RecursionError):
        raise NetworkError(f"{server} answered something else than a token") from None
    token = answer.token or answer.access_token or ""
    if not re.fullmatch(r"[!-~]+", token):
        raise NetworkError(f"{server} answered without a usable token")
    return token


class _TokenAnswer(Struct):
    token: str | None = None
    access_token: str | None = None

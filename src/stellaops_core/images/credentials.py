"""Who we are to a registry.

Comes in: configuration files as `docker login` and `podman login` write them. Goes out: the login that belongs to
exactly one registry.

Two rules hold: a login is found only under the very host (and port) that it was stored for; and no part of it shows in
a representation, a message or a log. A login that can't be read is a problem to tell about once the registry refuses
us, not an error: anonymous access may do.

Source: Docker's config.json and credential helper protocol, containers-auth.json(5).
"""

import base64
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

CONFIG_LIMIT = 4 << 20
"""Bytes of a configuration file."""
HELPER_LIMIT = 1 << 20
"""Bytes of a credential helper's answer."""
HELPER_SECONDS = 30.0

DOCKER_HUB = "docker.io"
DOCKER_HUB_KEY = "https://index.docker.io/v1/"
"""What Docker Hub's login is stored under."""

_HUB_HOSTS = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_HELPER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Login(Struct, frozen=True):
    """A name and a password, or an identity token that is exchanged for access, or a token that gives it at once."""

    username: str = ""
    password: str = ""
    identity_token: str = ""
    registry_token: str = ""

    def __repr__(self) -> str:
        return "Login(…)"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []

    @property
    def basic(self) -> str:
        """Value of an `Authorization` header; empty for tokens. RFC 7617."""
        if self.identity_token or self.registry_token:
            return ""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


class Credentials(Struct, frozen=True):
    """Where logins may be found."""

    config_files: tuple[str, ...] = ()
    """Paths of config.json or auth.json files; earlier ones win, missing ones don't matter."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """For credential helpers: found on its PATH, run with all of it."""

    def __repr__(self) -> str:
        return f"Credentials(config_files={self.config_files!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("config_files", self.config_files)]

    def find(self, registry: str, repository: str = "") -> tuple[Login | None, str]:
        """Find the login for a registry (`host[:port]`), and what went wrong on the way (empty: nothing).

        A file's helper for this registry is asked first, then its general helper, then the file itself, where an entry
        for a longer part of the repository's path wins.
        """
        problems = []
        for path in self.config_files:
            login, problem = self._find_in(path, registry, repository)
            if login:
                return login, ""
            problems += [problem] if problem else []
        return None, "; ".join(problems)

    def _find_in(self, path: str, registry: str, repository: str) -> tuple[Login | None, str]:
        try:
            config = _read_config(path)
        except ValueError as error:
            return None, str(error)
        problem = ""
        for helper, server in _helpers(config, registry):
            try:
                login = self._ask(helper, server)
            except ValueError as error:
                problem = str(error)
                continue
            if login:
                return login, ""
        try:
            return _stored(config, registry, repository), problem
        except ValueError:
            return None, f"{path} holds a login for {registry} that can't be read"

    def _ask(self, helper: str, server: str) -> Login | None:
        """Ask a credential helper; raise `ValueError` saying why it gave no answer."""
        name = f"docker-credential-{helper}"
        if not _HELPER_NAME.fullmatch(helper):
            raise ValueError("a configured credential helper has an impossible name")
        path = self.environment.get("PATH", "")
        folders = [folder for folder in path.split(os.pathsep) if folder.startswith("/")]  # "" and "." are the cwd
        program = shutil.which(name, path=os.pathsep.join(folders)) if folders else None
        if program is None:
            raise ValueError(f"the configured credential helper {name} is not on PATH")
        code, output = _run([program, "get"], server.encode(), dict(self.environment))
        if code and b"credentials not found" in output:
            return None
        if code or len(output) > HELPER_LIMIT:
            raise ValueError(f"the credential helper {name} failed")
        try:
            answer = msgspec.json.decode(output, type=_HelperAnswer)
        except (ValueError, RecursionError):
            raise ValueError(f"the credential helper {name} gave an answer that can't be read") from None
        return _login(answer.username, answer.secret)


class _HelperAnswer(Struct, rename="pascal"):
    username: str
    secret: str


class _Auth(Struct):
    auth: str | None = None
    username: str | None = None
    password: str | None = None
    identitytoken: str | None = None
    registrytoken: str | None = None


class _Config(Struct, rename={"cred_helpers": "credHelpers", "creds_store": "credsStore"}):
    auths: dict[str, _Auth | None] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str | None = None


def _read_config(path: str) -> _Config:
    try:
        with open(path, "rb") as file:
            data = file.read(CONFIG_LIMIT + 1)
    except FileNotFoundError:
        return _Config()
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from None
    try:
        return msgspec.json.decode(data[:CONFIG_LIMIT] if len(data) <= CONFIG_LIMIT else b"", type=_Config)
    except (ValueError, RecursionError):  # the message might quote a secret
        raise ValueError(f"{path} is no configuration of docker or podman") from None


def _helpers(config: _Config, registry: str) -> Iterator[tuple[str, str]]:
    """Yield (helper, server name to ask for), in order."""
    usual = DOCKER_HUB_KEY if registry == DOCKER_HUB else registry
    for key, helper in (config.cred_helpers or {}).items():
        if _place(key) == registry:
            yield helper, usual
    if config.creds_store:
        keys = [key for key in config.auths or {} if _place(key) == registry]
        for server in dict.fromkeys([*keys, usual]):
            yield config.creds_store, server


def _stored(config: _Config, registry: str, repository: str) -> Login | None:
    """Find a login within the file; the entry for the longest part of the path wins."""
    wanted = f"{registry}/{repository}".rstrip("/")
    entries = {_place(key): entry for key, entry in sorted((config.auths or {}).items()) if entry}
    while wanted:
        login = _unpack(entries[wanted]) if wanted in entries else None
        if login:
            return login
        wanted = wanted.rpartition("/")[0]
    return None


def _place(key: str) -> str:
    """`host[:port][/path]` of a key: with a scheme, or ending in an API version, it is for the whole host."""
    _, scheme, rest = key.rpartition("://")
    host, _, path = rest.strip("/").partition("/")
    host = host.lower()
    host = DOCKER_HUB if host in _HUB_HOSTS else host
    return host if scheme or path in {"", "v1", "v2"} else f"{host}/{path}"


def _unpack(entry: _Auth) -> Login | None:
    if entry.registrytoken:
        if not re.fullmatch(r"[!-~]+", entry.registrytoken):
            raise ValueError("a token that fits no header")
        return Login(registry_token=entry.registrytoken)
    username, password = entry.username or "", entry.password or ""
    if entry.auth:
        # Docker pads passwords of some stores with NUL.
        username, _, password = base64.b64decode(entry.auth, validate=True).decode().partition(":")
        password = password.strip("\0")
    if entry.identitytoken:
        return Login(identity_token=entry.identitytoken)
    return _login(username, password)


def _login(username: str, secret: str) -> Login | None:
    if username == "<token>":
        return Login(identity_token=secret)
    return Login(username, secret) if username or secret else None


def _run(command: list[str], text: bytes, environment: dict[str, str]) -> tuple[int, bytes]:
    """Run a program; return its exit code (-1 if it had to be ended) and HELPER_LIMIT + 1 bytes of output at most."""
    import subprocess  # noqa: PLC0415  # few scans need a helper
    from threading import Thread  # noqa: PLC0415

    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(  # noqa: S603  # a checked name, found on PATH
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
        )
    except OSError:
        return -1, b""
    assert process.stdin  # noqa: S101
    output: list[bytes] = []
    reader = Thread(target=_take, args=(process.stdout, output), daemon=True)
    reader.start()
    try:
        process.stdin.write(text)
        process.stdin.close()
    except OSError:
        pass  # it doesn't listen; what it answers counts
    reader.join(HELPER_SECONDS)
    return _end(process, finished=not reader.is_alive()), b"".join(output)


def _take(stream: Any, output: list[bytes]) -> None:
    with stream:
        output.append(stream.read(HELPER_LIMIT + 1))


def _end(process: Any, *, finished: bool) -> int:
    """Return the exit code; end the program and what it started unless it ends by itself."""
    import signal  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    if finished:
        try:
            return int(process.wait(HELPER_SECONDS))
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        process.kill()
    process.wait()
    return -1

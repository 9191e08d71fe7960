"""Settings: the only reader of the environment and of the configuration file.

Comes in: flags, `os.environ`, `config.toml`. Goes out: one `Settings` record with every value and its origin. The rule:
a flag wins over a `STELLA_*` variable, that over the configuration file, that over the default. A setting has one name:
`--cache-dir`, `STELLA_CACHE_DIR` and `cache-dir = "…"` are the same.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from stellaops_cli.values import read_value
from stellaops_core.errors import UsageError

APPLICATION = "stella"
CONFIG_LIMIT = 1 << 20
"""Bytes of a configuration file."""


class Setting(Struct, frozen=True):
    """One row of the table."""

    key: str
    help: str
    kind: str = "text"
    """A key of `values.KINDS`."""
    default: Any = ""
    choices: tuple[str, ...] = ()
    many: bool = False
    """A list; commas separate it in the environment."""
    env: str = ""
    """A variable that other programs know as well. Then it has no place in the configuration file."""
    shown: str = ""
    """What the default means, where it does not say so itself."""

    @property
    def name(self) -> str:
        """As Python and the parsers write it."""
        return self.key.replace("-", "_")

    @property
    def variable(self) -> str:
        """Name in the environment."""
        return self.env or "STELLA_" + self.name.upper()


SETTINGS = (
    Setting("output", "what to write: FORMAT or FORMAT=PATH", kind="path", many=True, default=(), shown="table"),
    Setting(
        "view",
        "list all, what the entry point uses, or what layers removed",
        choices=("inventory", "usage", "history"),
        default="inventory",
    ),
    Setting("platform", "os/architecture to take from a multi-platform image", shown="the only one, else linux/amd64"),
    Setting("jobs", "processes that read layers at the same time", kind="count", default=0, shown="one a processor"),
    Setting("no-cache", "neither read nor keep cached layers", kind="switch", default=False),
    Setting("offline", "use no network; the target must be on this host", kind="switch", default=False),
    Setting(
        "trust-attached",
        "whose documents, attached to an image in a registry, are taken for a scan",
        choices=("never", "stella", "any"),
        default="never",
    ),
    Setting("strict", "exit with 8 when something could not be read", kind="switch", default=False),
    Setting("insecure-registry", "HOST[:PORT] to talk to over plain HTTP", many=True, default=()),
    Setting("ca-file", "PEM file with the authorities to trust for registries", kind="path", shown="the system's"),
    Setting("cache-dir", "where cached layers live", kind="path", shown="stella in the user's cache directory"),
    Setting("max-size", "size that `stella cache gc` shrinks the cache to", kind="size", default=10 * 1000**3),
    Setting("older-than", "age from which `stella cache gc` drops unused entries", kind="age", default=30 * 86400),
    Setting("quiet", "no progress, warnings or notes", kind="switch", default=False),
    Setting("color", "colour in tables", choices=("auto", "always", "never"), default="auto"),
    Setting("debug", "show tracebacks of errors", kind="switch", default=False),
    Setting("source-date-epoch", "time that documents state", kind="epoch", default=None, env="SOURCE_DATE_EPOCH"),
    Setting("docker-host", "where the Docker Engine listens", env="DOCKER_HOST"),
    Setting("docker-config", "directory of Docker's config.json with logins", kind="path", env="DOCKER_CONFIG"),
    Setting("registry-auth-file", "Podman's file with logins", kind="path", env="REGISTRY_AUTH_FILE"),
    Setting("runtime-dir", "where Podman keeps logins of a session", kind="path", env="XDG_RUNTIME_DIR"),
    Setting("ssl-cert-file", "authorities to trust where `ca-file` names none", kind="path", env="SSL_CERT_FILE"),
    Setting("temp-dir", "where large files are spooled", kind="path", default="/tmp", env="TMPDIR"),  # noqa: S108
    Setting("term", "kind of terminal; `dumb` has no colour", env="TERM"),
    Setting("no-color", "any text: no colour", env="NO_COLOR"),
    Setting("force-color", "any text but 0: colour even without a terminal", env="FORCE_COLOR"),
)
BY_KEY = {setting.key: setting for setting in SETTINGS}
BY_NAME = {setting.name: setting for setting in SETTINGS}


class Settings(Struct, frozen=True, kw_only=True):
    """All settings, read and checked; a field for each row of the table."""

    output: tuple[str, ...]
    view: str
    platform: str
    jobs: int
    no_cache: bool
    offline: bool
    trust_attached: str
    strict: bool
    insecure_registry: tuple[str, ...]
    ca_file: str
    cache_dir: str
    max_size: int
    older_than: int
    quiet: bool
    color: str
    debug: bool
    source_date_epoch: int | None
    docker_host: str
    docker_config: str
    registry_auth_file: str
    runtime_dir: str
    ssl_cert_file: str
    temp_dir: str
    term: str
    no_color: str
    force_color: str
    origins: dict[str, str]
    """Where each value came from, by key: `default`, `flag --jobs`, `environment STELLA_JOBS` or `file PATH`."""
    environment: Mapping[str, str]
    """The whole environment, for credential helpers."""


def load_settings(flags: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Settle every setting. `flags`: what the command line gave, by name; raises `UsageError`."""
    path, stated = find_config(str(flags.get("config") or ""), environ)
    document = read_config(path, must_exist=stated)
    values, origins = {}, {}
    for setting in SETTINGS:
        values[setting.name], origins[setting.key] = _settle(setting, flags, environ, document, path)
    if not values["cache_dir"]:
        values["cache_dir"] = user_directory("cache", environ)
    return Settings(**values, origins=origins, environment=environ)


def find_config(flag: str, environ: Mapping[str, str]) -> tuple[str, bool]:
    """Path of the configuration file ("" for none), and whether somebody asked for it by name."""
    stated = flag or environ.get("STELLA_CONFIG", "")
    if stated:
        return stated, True
    directory = user_directory("config", environ)
    return (f"{directory}/config.toml" if directory else ""), False


def read_config(path: str, *, must_exist: bool) -> dict[str, Any]:
    """Read a configuration file. Every key must be a setting's; a missing file is an error if it `must_exist`."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(CONFIG_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise UsageError(f"no such configuration file: {path}", hint="check --config and STELLA_CONFIG") from None
        return {}
    except (OSError, ValueError) as error:
        if not must_exist and (not path or _is_hidden(path)):
            return {}
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot read the configuration file {path}: {reason}") from error
    if len(data) > CONFIG_LIMIT:
        raise UsageError(f"{path} is larger than {CONFIG_LIMIT} bytes", hint="is that a configuration file?")
    return _checked(_decode(data, path), path)


def user_directory(kind: str, environ: Mapping[str, str]) -> str:
    """Directory of this application for `cache` or `config`, "" for a user without a home.

    Linux: the XDG base directory specification 0.8, by hand, because platformdirs takes longer to import than a cached
    scan. A test holds both together.
    """
    if sys.platform != "linux":
        return _other_directory(kind)
    base = environ.get(f"XDG_{kind.upper()}_HOME", "")
    if not base.startswith("/"):  # relative paths are to be ignored
        base = str(Path(environ.get("HOME") or "~").expanduser() / f".{kind}") if _has_home(environ) else ""
    return f"{base.rstrip('/')}/{APPLICATION}" if base else ""


def _has_home(environ: Mapping[str, str]) -> bool:
    if environ.get("HOME"):
        return environ["HOME"].startswith("/")
    try:
        return Path("~").expanduser().is_absolute()
    except RuntimeError:
        return False


def _is_hidden(path: str) -> bool:
    """Whether this user may not even look into the directory, as with another user's HOME in a container."""
    try:
        Path(path).stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _other_directory(kind: str) -> str:
    import platformdirs  # noqa: PLC0415  # slow, and not needed on Linux

    if kind == "cache":
        return platformdirs.user_cache_dir(APPLICATION, appauthor=False)
    return platformdirs.user_config_dir(APPLICATION, appauthor=False)


def _settle(
    setting: Setting, flags: Mapping[str, Any], environ: Mapping[str, str], document: Mapping[str, Any], path: str
) -> tuple[Any, str]:
    flag = flags.get(setting.name)
    if flag is not None:
        return _read(setting, flag, f"--{setting.key}"), f"flag --{setting.key}"
    if text := environ.get(setting.variable):
        given = [part.strip() for part in text.split(",")] if setting.many else text
        return _read(setting, given, setting.variable), f"environment {setting.variable}"
    if setting.key in document:
        value = _read(setting, _texts(setting, document[setting.key], path), f"{setting.key} in {path}")
        return _expanded(setting, value, environ), f"file {path}"
    return setting.default, "default"


def _read(setting: Setting, given: Any, where: str) -> Any:
    try:
        if given is True:
            return True
        if setting.many:
            return tuple(read_value(setting.kind, text, setting.choices) for text in given)
        return read_value(setting.kind, given, setting.choices)
    except ValueError as error:
        raise UsageError(
            f"{where} {error}" if str(error).startswith(("is ", "holds ")) else f"{where}: {error}"
        ) from None


def read_name(values: Mapping[str, Any]) -> str:
    """`--name`, which belongs to one run and so is no setting; "" where it was not given."""
    try:
        return read_value("text", values["name"]) if "name" in values else ""
    except ValueError as error:
        raise UsageError(f"--name {error}") from None


def _texts(setting: Setting, value: Any, path: str) -> Any:
    """TOML's own numbers, booleans and arrays, as the text that a flag would have."""
    if setting.many:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        raise UsageError(f"{setting.key} in {path}: a list of strings is wanted")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    raise UsageError(f"{setting.key} in {path}: a single value is wanted")


def _expanded(setting: Setting, value: Any, environ: Mapping[str, str]) -> Any:
    """No shell has read a configuration file: `~/` is still to be replaced."""
    if setting.kind == "path" and not setting.many and value.startswith("~/") and environ.get("HOME"):
        return environ["HOME"] + value[1:]
    return value


def _decode(data: bytes, path: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415  # only where there is a file

    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not TOML: {error}", hint="write lines such as: jobs = 2") from None


def _checked(document: dict[str, Any], path: str) -> dict[str, Any]:
    known = [setting.key for setting in SETTINGS if not setting.env]
    for key in document:
        if key not in known:
            from stellaops_cli.suggest import suggest  # noqa: PLC0415  # only for mistakes

            raise UsageError(f"unknown setting {key!r} in {path}", hint=suggest(key, known))
    return document

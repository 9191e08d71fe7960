"""What a Python command line starts: a script, a module, code; and the application that a server is told to serve.

Comes in: the root and a process whose program is an interpreter. Goes out: a `Launch`. Rules: an argument that isn't
known could be anything; the options of servers that name modules stand in a table.

Source: Python documentation, "Command line and environment"; the manuals of the servers in the table.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from stellaops_core.entrytrace.process import Process
from stellaops_core.entrytrace.python.paths import Flags

_WITH_VALUE: Final = frozenset("WX")
_SPEC = re.compile(r"(?:\w+=)?([A-Za-z_][\w.]*)(?::[\w.()\[\]\"'{}=, ]*)?")
_FILE = re.compile(r"(?:.*/)?[\w.-]+\.py")


class Launch(Struct, frozen=True):
    """What is to run."""

    flags: Flags
    script: str = ""
    """As given: a file, a directory or an archive."""
    module: str = ""
    """Of `-m`."""
    code: str | None = None
    """Of `-c`."""
    arguments: tuple[str | None, ...] = ()
    """Those of the program itself."""
    unknown: bool = False
    """Whether an argument that isn't known hides what runs."""
    nothing: bool = False
    """An interactive session, `--version` or code from standard input."""


def read_launch(process: Process) -> Launch:
    """Read the interpreter's command line."""
    arguments, set_flags = list(process.arguments[1:]), set[str]()
    while arguments:
        one = arguments.pop(0)
        if one is None:
            return Launch(_flags(set_flags, process), unknown=True)
        if one == "-" or one in {"--version", "--help", "-V", "-h", "--help-all"}:
            return Launch(_flags(set_flags, process), nothing=True)
        if one == "--check-hash-based-pycs":
            del arguments[:1]
        elif one.startswith("--"):
            continue
        elif not one.startswith("-"):
            return Launch(_flags(set_flags, process), script=one, arguments=tuple(arguments))
        else:
            for at, letter in enumerate(one[1:], 2):
                if letter in "cm":
                    value = one[at:] or (arguments.pop(0) if arguments else None)
                    return _of_letter(letter, value, _flags(set_flags, process), tuple(arguments))
                if letter in _WITH_VALUE:
                    if not one[at:]:
                        del arguments[:1]
                    break
                set_flags.add(letter)
    return Launch(_flags(set_flags, process), nothing=True, unknown=process.more_arguments)


def _of_letter(letter: str, value: str | None, flags: Flags, arguments: tuple[str | None, ...]) -> Launch:
    if value is None:
        return Launch(flags, unknown=True)
    if letter == "m":
        return Launch(flags, module=value, arguments=arguments)
    return Launch(flags, code=value, arguments=arguments)


def _flags(letters: set[str], process: Process) -> Flags:
    alone = "I" in letters
    environment = not (alone or "E" in letters)
    safe = environment and bool(process.environment.get("PYTHONSAFEPATH"))
    return Flags(environment, not (alone or "s" in letters), "S" not in letters, not (alone or safe or "P" in letters))


# --- applications -----------------------------------------------------------------------------------------------------


class Server(Struct, frozen=True):
    """How a program is told what to load."""

    options: frozenset[str] = frozenset()
    """Options whose value names a module."""
    files: frozenset[str] = frozenset()
    """Options whose value is a Python file."""
    positional: bool = False
    """Whether arguments that are no options name modules or files."""
    commands: frozenset[str] = frozenset()
    """Arguments that are commands of its own."""
    directories: frozenset[str] = frozenset()
    """Options whose value is searched first."""
    variables: tuple[str, ...] = ()
    """Variables whose value names a module."""
    usual: tuple[str, ...] = ()
    """Modules of the working directory that are loaded if they are there."""
    loads: tuple[str, ...] = ()
    """Modules of its own that it always loads, though only within functions."""
    more: str = ""
    """A variable with further arguments."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SERVERS: Final[Mapping[str, Server]] = {
    "gunicorn": Server(
        _words("-k --worker-class --logger-class"),
        _words("-c --config"),
        positional=True,
        directories=_words("--chdir --pythonpath"),
        usual=("gunicorn.conf.py",),
        more="GUNICORN_CMD_ARGS",
        loads=("gunicorn.app.wsgiapp", "gunicorn.arbiter", "gunicorn.workers.sync"),
    ),
    "uvicorn": Server(
        positional=True,
        loads=("uvicorn.main", "uvicorn.server"),
        directories=_words("--app-dir"),
        variables=("UVICORN_APP",),
    ),
    "hypercorn": Server(_words("-k --worker-class"), _words("-c --config"), positional=True),
    "daphne": Server(positional=True),
    "granian": Server(positional=True, directories=_words("--working-dir")),
    "waitress-serve": Server(_words("--app"), positional=True),
    "celery": Server(
        _words("-A --app -P --pool -l --loader --config -S --scheduler"),
        directories=_words("--workdir"),
        variables=("CELERY_APP", "CELERY_LOADER", "CELERY_CONFIG_MODULE"),
        usual=("celeryconfig",),
        loads=("celery.bin.celery", "celery.app.base", "celery.loaders.app"),
    ),
    "flask": Server(_words("-A --app"), variables=("FLASK_APP",), usual=("wsgi", "app")),
    "quart": Server(_words("-A --app"), variables=("QUART_APP",), usual=("app",)),
    "fastapi": Server(
        _words("--app"), positional=True, commands=_words("run dev"), usual=("main", "app", "api", "app.main")
    ),
    "sanic": Server(positional=True),
    "django-admin": Server(
        loads=("django.core.management",),
        options=_words("--settings"),
        directories=_words("--pythonpath"),
        variables=("DJANGO_SETTINGS_MODULE",),
    ),
    "manage": Server(
        loads=("django.core.management",),
        options=_words("--settings"),
        directories=_words("--pythonpath"),
        variables=("DJANGO_SETTINGS_MODULE",),
    ),
    "dramatiq": Server(positional=True, directories=_words("-p --path")),
    "arq": Server(positional=True),
    "rq": Server(_words("-c --config -w --worker-class -j --job-class"), directories=_words("--path"), usual=()),
    "huey_consumer": Server(positional=True),
    "faust": Server(_words("-A --app")),
    "streamlit": Server(positional=True, commands=_words("run")),
    "opentelemetry-instrument": Server(positional=True),
    "ddtrace-run": Server(positional=True),
    "newrelic-admin": Server(positional=True, commands=_words("run-program run-python")),
    "kopf": Server(_words("-m --module"), positional=True, commands=_words("run")),
    "locust": Server(files=_words("-f --locustfile"), usual=("locustfile.py",)),
    "scrapy": Server(positional=True, variables=("SCRAPY_SETTINGS_MODULE",)),
    "aiohttp.web": Server(positional=True),
}
"""By the name of the script or of the module behind `-m`."""

ANY: Final = Server(variables=("DJANGO_SETTINGS_MODULE", "FLASK_APP", "CELERY_APP"))
"""For a program that isn't in the table."""


class Named(Struct, frozen=True):
    """A module or a file that arguments or variables name."""

    text: str
    """`a.b` or a path."""
    how: str
    is_file: bool = False
    surely: bool = True
    """Whether the place where it stands always names one."""


def find_named(name: str, arguments: tuple[str | None, ...], environment: Mapping[str, str | None]) -> list[Named]:
    """Return what the command line and the environment name. `name`: of the script or module, without `.py`."""
    server = SERVERS.get(name, ANY)
    more = environment.get(server.more) if server.more else None
    found = list(_on_line(server, name, (*(_split(more) if more else ()), *arguments)))
    for variable in server.variables:
        if value := environment.get(variable):
            found += _spec(value, f"{variable}={value}", surely=True)
    told = any(one.surely for one in found)
    for usual in server.usual:
        is_file = usual.endswith(".py")
        found.append(Named(usual, f"{name} loads {usual}", is_file, is_file or not told))
    return found


def _on_line(server: Server, name: str, words: tuple[str | None, ...]) -> Iterator[Named]:
    option, short = "", server.options | server.files
    for word in words:
        if word is None:
            option = ""
        elif word.startswith("-") and word != "-":
            option, equals, value = word.partition("=")
            if not equals and word[:2] in short and len(word) > 2 and word[1] != "-":
                option, equals, value = word[:2], "=", word[2:]
            if equals:
                yield from _value(server, name, option, value)
                option = ""
        else:
            yield from _value(server, name, option, word)
            option = ""


def find_directories(name: str, arguments: tuple[str | None, ...]) -> list[str]:
    """Return what options add to the search path, in their order."""
    server = SERVERS.get(name, ANY)
    words = [word or "" for word in arguments]
    found = [words[at + 1] for at, word in enumerate(words[:-1]) if word in server.directories]
    found += [word.partition("=")[2] for word in words if word.partition("=")[0] in server.directories and "=" in word]
    return [directory for text in found for directory in text.split(",") if directory]


def _value(server: Server, name: str, option: str, value: str) -> Iterator[Named]:
    if option in server.options:
        yield from _spec(value, f"{name} {option} {value}", surely=True)
    elif option in server.files:
        if value.startswith("python:"):
            yield from _spec(value[7:], f"{name} {option} {value}", surely=True)
        else:
            yield Named(value.removeprefix("file:"), f"{name} {option} {value}", is_file=True)
    elif server.positional and value not in server.commands:
        yield from _spec(value, f"{name} app spec {value}", surely=not option)
    elif ":" in value or "." in value:
        yield from _spec(value, f"argument {value}", surely=False)


def _spec(value: str, how: str, *, surely: bool) -> Iterator[Named]:
    if _FILE.fullmatch(value.partition(":")[0]):
        yield Named(value.partition(":")[0], how, is_file=True, surely=surely)
    elif match := _SPEC.fullmatch(value):
        yield Named(match[1], how, surely=surely)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()

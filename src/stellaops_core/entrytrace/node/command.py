"""Node's command line: which modules it loads first, and how it finds them.

Comes in: a process. Goes out: a `Command`. Rules: words are taken as Node takes them, those of NODE_OPTIONS first; a
word that isn't known is noted as undetermined.

Source: nodejs.org/api/cli.html "Synopsis", "Options", "NODE_OPTIONS", "NODE_PATH".
"""

import re
from collections.abc import Sequence

from msgspec import Struct, field

from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Process, Undetermined

WORDS_LIMIT = 10_000
"""Words of a command line that are looked at."""

_PRELOADED = {
    "-r": "require", "--require": "require",
    "--import": "import", "--loader": "import", "--experimental-loader": "import",
}  # fmt: skip
_CODE = frozenset({"-e", "--eval", "-p", "--print", "-pe"})
_WITH_VALUE = frozenset({
    "--allow-fs-read", "--allow-fs-write", "--build-snapshot-config", "--cpu-prof-dir", "--cpu-prof-name",
    "--diagnostic-dir", "--disable-warning", "--dns-result-order", "--env-file", "--env-file-if-exists",
    "--es-module-specifier-resolution", "--experimental-config-file", "--experimental-default-type",
    "--experimental-sea-config", "--heap-prof-dir", "--heap-prof-name", "--heapsnapshot-signal", "--icu-data-dir",
    "--input-type", "--inspect-port", "--max-http-header-size", "--openssl-config", "--redirect-warnings",
    "--report-dir", "--report-directory", "--report-filename", "--report-signal", "--secure-heap",
    "--secure-heap-min", "--stack-trace-limit", "--test-name-pattern", "--test-reporter",
    "--test-reporter-destination", "--title", "--tls-cipher-list", "--tls-keylog", "--trace-event-categories",
    "--trace-event-file-pattern", "--trace-require-module", "--unhandled-rejections", "--watch-path",
})  # fmt: skip
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


class Command(Struct):
    """What a command line says."""

    preloaded: list[tuple[str, str]] = field(default_factory=list)
    """(`require` or `import`, specifier), as from a module in the working directory."""
    main: str = ""
    """The script, as written."""
    code: list[tuple[str, str]] = field(default_factory=list)
    """(option, its source text)."""
    script_name: str = ""
    """Of `--run`: a script of package.json, which a shell runs."""
    conditions: list[str] = field(default_factory=list)
    arguments: tuple[str | None, ...] = ()
    """What follows the script."""
    links: bool = True
    """Whether links lead on to where a module really is."""
    main_links: bool = True
    """The same, of the script."""
    gaps: list[Undetermined] = field(default_factory=list)


def read_command(process: Process) -> Command:
    """Read a process's arguments and what its environment adds."""
    command, bounds = Command(), Bounds(process.program, "npm")
    options = process.environment.get("NODE_OPTIONS", "")
    if options is None:
        command.gaps.append(_gap(process, "NODE_OPTIONS is not known"))
    elif options:
        stated = [(one or two).replace("\\", "") for one, two in _WORD.findall(options)]
        _read(command, bounds.first(stated, WORDS_LIMIT, "words in NODE_OPTIONS"), process)
    words = bounds.first(process.arguments[1:], WORDS_LIMIT, "words on the command line")
    command.gaps += bounds.gaps
    if process.script:
        before = next((at for at, word in enumerate(words) if word and word[:1] != "-"), len(words))
        _read(command, words[:before], process)
        command.main, command.arguments = "/" + process.script, tuple(words[before + 1 :])
    else:
        _read(command, words, process, main=True)
    return command


def _gap(process: Process, reason: str) -> Undetermined:
    step = process.steps[-1] if process.steps else None
    return Undetermined(step.place if step else process.program, step.line if step else 0, reason, "npm")


def _read(command: Command, words: Sequence[str | None], process: Process, *, main: bool = False) -> None:
    at, count = 0, len(words)
    while at < count:
        word = words[at]
        at += 1
        if word is None:
            command.gaps.append(_gap(process, "an argument of node is not known"))
            if main:
                return
        elif word in {"--", "inspect", "debug"} and main:
            if at < count and word != "--":
                continue
            _main(command, words[at:], process)
            return
        elif word == "-" or (word[:1] != "-" and main):
            if not command.code:
                _main(command, words[at - 1 :], process)
            return
        else:
            at = _option(command, word, words, at, process)


def _main(command: Command, words: Sequence[str | None], process: Process) -> None:
    word = words[0] if words else ""
    command.arguments = tuple(words[1:])
    if word is None or word == "-":
        command.gaps.append(_gap(process, "what node runs is not known"))
    else:
        command.main = word


def _option(command: Command, word: str, words: Sequence[str | None], at: int, process: Process) -> int:
    """Take in one option; return where the next word is."""
    name, equals, value = word.partition("=")
    kind = _PRELOADED.get(name)
    takes = kind or name in _CODE or name in _WITH_VALUE or name in {"-C", "--conditions", "--run"}
    given: str | None = value
    if takes and not equals:
        if name in {"-p", "--print"} and (at >= len(words) or (words[at] or "-")[:1] == "-"):
            return at
        given = words[at] if at < len(words) else ""
        at += 1
    if takes and given is None:
        command.gaps.append(_gap(process, f"the value of {name} is not known"))
    elif given and kind:
        command.preloaded.append((kind, given))
    elif given and name in _CODE:
        command.code.append((name, given))
    elif given and name in {"-C", "--conditions"}:
        command.conditions.append(given)
    elif given and name == "--run":
        command.script_name = given
    elif name == "--preserve-symlinks":
        command.links = False
    elif name == "--preserve-symlinks-main":
        command.main_links = False
    elif name == "--test":
        command.gaps.append(_gap(process, "node --test runs the files that it finds"))
    return at

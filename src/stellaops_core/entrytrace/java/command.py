"""A Java launcher's command line: what it runs, and where it looks for classes.

Comes in: a process and the root. Goes out: a `Command`. Rules: words are taken as the launcher takes them; a word that
isn't known, and a file of words that isn't there, is noted as undetermined, and reading goes on with the next.

Source: Java SE 17 "The java Command": synopsis, options, "java Command-Line Argument Files", JDK_JAVA_OPTIONS;
"JAVA_TOOL_OPTIONS" in the troubleshooting guide; `libjli/args.c` for what quotes do.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.texts import Text
from stellaops_core.entrytrace.process import Process, Undetermined
from stellaops_core.entrytrace.root import Root

WORDS_LIMIT: Final = 20_000
"""Words of one command line, those of argument files and variables counted."""

_CLASS_PATH: Final = frozenset({"-cp", "-classpath", "--class-path"})
_MODULE_PATH: Final = frozenset({"-p", "--module-path", "--upgrade-module-path"})
_WITH_VALUE: Final = frozenset({
    "--add-exports", "--add-modules", "--add-opens", "--add-reads", "--describe-module", "--enable-native-access",
    "--limit-modules", "--source", "-d",
    "-home", "-user", "-pidfile", "-outfile", "-errfile", "-wait", "-procname",  # of jsvc
})  # fmt: skip
_WORD: Final = re.compile(r"""#[^\n]*|(?:"(?:\\[\s\S]|[^"\\\n])*+"?|'(?:\\[\s\S]|[^'\\\n])*+'?|\\\n|[^\s"'])++""")
_PART: Final = re.compile(r"""\\[\s\S]|"(?:\\[\s\S]|[^"\\\n])*+"?|'(?:\\[\s\S]|[^'\\\n])*+'?""")
_ESCAPE: Final = re.compile(r"\\(\n[ \t\f]*|[\s\S])")
_CONTROL: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", " ": " "}


class Command(Struct):
    """What a command line says."""

    jar: str = ""
    """Of `-jar`."""
    main: str = ""
    """The main class, by dots; empty with `-jar`."""
    module: str = ""
    """Of `-m`."""
    class_path: list[str] = []
    """Elements as written; empty where none is stated."""
    module_path: list[str] = []
    """With patches of modules."""
    boot: list[str] = []
    """What `-Xbootclasspath` names."""
    agents: list[str] = []
    """Archives of `-javaagent`."""
    native_agents: list[str] = []
    """Names of `-agentlib`, paths of `-agentpath`."""
    properties: dict[str, str] = {}
    """Of `-D`."""
    arguments: tuple[str | None, ...] = ()
    """What the main class gets."""
    gaps: list[Undetermined] = []


def read_command(root: Root, process: Process) -> Command:
    """Take a process's arguments and environment apart."""
    reader = _Reader(root, process)
    command = reader.command
    for name in ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS"):
        reader.read_options(_words(reader.variable(name)))
    words = [*reader.expanded(_words(reader.variable("JDK_JAVA_OPTIONS"))), *reader.expanded(process.arguments[1:])]
    rest = reader.read_options(words)
    if process.more_arguments and not (command.jar or command.main or command.module):
        reader.gap("further arguments are not known")
    command.arguments = rest
    if not command.class_path and not command.jar and (stated := reader.variable("CLASSPATH")):
        command.class_path = stated.split(":")
    return command


class _Reader:
    def __init__(self, root: Root, process: Process) -> None:
        self._root, self._process = root, process
        self._step = process.steps[-1] if process.steps else None
        self._left = WORDS_LIMIT
        self.command = Command()

    def gap(self, reason: str) -> None:
        place, line = (self._step.place, self._step.line) if self._step else ("ENTRYPOINT", 0)
        self.command.gaps.append(Undetermined(place, line, reason, "maven"))

    def variable(self, name: str) -> str:
        value = self._process.environment.get(name, "")
        if value is None:
            self.gap(f"the value of {name} is not known")
        return value or ""

    def expanded(self, words: Iterable[str | None]) -> Iterator[str | None]:
        """Yield the words, those of argument files in their places. Files name no further ones."""
        for word in words:
            self._left -= 1
            if self._left < 0:
                self.gap(f"more than {WORDS_LIMIT:,} words")
                return
            if word is None or len(word) < 2 or word[0] != "@":
                yield word
            elif word[1] == "@":
                yield word[1:]
            else:
                yield from self._of_file(word[1:])

    def _of_file(self, name: str) -> Iterator[str | None]:
        path = join(self._process.directory, name)
        text = self._root.facts(path, Text)
        if text is None:
            self.gap(f"the argument file {name} is not known")
            return
        for word in read_words(text.content.decode("utf-8", "replace")):
            self._left -= 1
            if self._left < 0:
                self.gap(f"more than {WORDS_LIMIT:,} words")
                return
            yield word

    def read_options(self, words: Iterable[str | None]) -> tuple[str | None, ...]:
        """Read options up to what is run; return the words behind that."""
        command, left = self.command, iter(words)
        for word in left:
            if word is None:
                self.gap("an argument of java is not known")
            elif word == "-jar":
                command.jar = self._value(left, word)
                return tuple(left)
            elif word in {"-m", "--module"} or word.startswith("--module="):
                value = word[9:] if "=" in word else self._value(left, word)
                command.module, _, command.main = value.partition("/")
                return tuple(left)
            elif not word.startswith("-"):
                command.main = word.replace("/", ".")
                return tuple(left)
            else:
                self._option(word, left)
        return ()

    def _option(self, word: str, left: Iterator[str | None]) -> None:
        command = self.command
        name, equals, value = word.partition("=")
        if word in _CLASS_PATH:
            command.class_path = self._value(left, word).split(":")
        elif name in {"--class-path", "--module-path", "--upgrade-module-path"} and equals:
            if name == "--class-path":
                command.class_path = value.split(":")
            else:
                command.module_path += value.split(":")
        elif word in _MODULE_PATH:
            command.module_path += self._value(left, word).split(":")
        elif name == "--patch-module":
            value = value if equals else self._value(left, word)
            command.module_path += value.partition("=")[2].split(":")
        elif word in _WITH_VALUE:
            next(left, None)
        elif word.startswith("-Xbootclasspath"):
            command.boot += word.partition(":")[2].split(":")
        elif word.startswith("-javaagent:"):
            command.agents.append(word[11:].partition("=")[0])
        elif word.startswith(("-agentlib:", "-agentpath:")):
            command.native_agents.append(word.partition(":")[2].partition("=")[0])
        elif word.startswith("-D"):
            command.properties[name[2:]] = value
            if name == "-Djava.class.path":
                command.class_path = value.split(":")

    def _value(self, left: Iterator[str | None], option: str) -> str:
        value = next(left, None)
        if value is None:
            self.gap(f"the value of {option} is not known")
        return value or ""


def join(directory: str, path: str) -> str:
    """Return a path as seen from a directory, without a leading slash; `..` and links are left for the root."""
    if path.startswith("/"):
        return path.lstrip("/")
    return f"{directory}/{path}" if directory else path


def _words(text: str) -> list[str]:
    """The words of a variable: quotes keep blanks together and are taken off."""
    return list(read_words(text))


def read_words(text: str) -> Iterator[str]:
    """Yield the words of an argument file.

    Either quote keeps blanks; within quotes a backslash takes the next character, and the line's end with its
    indentation away; `#` begins a comment outside of words.
    """
    for match in _WORD.finditer(text):
        if match[0][0] != "#":
            yield _PART.sub(_unquoted, match[0])


def _unquoted(match: re.Match[str]) -> str:
    text = match[0]
    if text[0] == "\\":
        return "" if text[1:] == "\n" else text
    inner = text[1:-1] if len(text) > 1 and text[-1] == text[0] else text[1:]
    return _ESCAPE.sub(lambda escape: _CONTROL.get(escape[1][0], escape[1].strip()), inner)

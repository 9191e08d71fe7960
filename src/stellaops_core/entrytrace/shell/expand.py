"""Words of a script into the fields that a command gets.

Comes in: words and a state. Goes out: fields, texts and patterns, in which what isn't known is `UNKNOWN`. Rules: what
was read of variables that the image doesn't set is noted in `reads`; `:=` changes the state, nothing else does.

Source: POSIX.1-2024, XCU 2.6 "Word Expansions"; Bash Reference Manual 3.5.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeGuard

from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.shell.arithmetic import calculate
from stellaops_core.entrytrace.shell.files import absolute, find_names
from stellaops_core.entrytrace.shell.parameters import Parameters
from stellaops_core.entrytrace.shell.patterns import (
    MANY,
    UNKNOWN,
    Pattern,
    is_empty,
    join,
    literal,
    parse_pattern,
    replace,
    trim,
)
from stellaops_core.entrytrace.shell.state import State
from stellaops_core.entrytrace.shell.syntax import (
    Arithmetic,
    Literal,
    Parameter,
    Part,
    ProcessSubstitution,
    Substitution,
    Word,
)
from stellaops_core.entrytrace.shell.syntax import (
    Sequence as Commands,
)

FIELD_LIMIT = 4096
"""Fields that one command line may come to; what lies beyond is not known."""
EXPAND_DEPTH_LIMIT = 40
"""Expansions within one another."""

_WILD = re.compile(r"[*?]|\[.+\]")


class Host(Protocol):
    """What runs the script."""

    root: Root
    volumes: tuple[str, ...]
    name: str
    """`$0`."""

    @property
    def place(self) -> str:
        """The file that is being run."""

    def capture(self, body: Commands, state: State) -> tuple[str, frozenset[str]]:
        """Run commands in a copy of a state; return what they print, and what was assumed."""


class _Field:
    """A field in the making."""

    __slots__ = ("kept", "loose", "pattern", "text", "wild")

    def __init__(self) -> None:
        self.text = ""
        self.pattern = ""
        self.kept = self.wild = self.loose = False

    def add(self, text: str, *, quoted: bool) -> None:
        self.text = join(self.text, text)
        self.kept = self.kept or quoted
        if quoted:
            self.pattern += re.sub(r"([*?\[\]\\])", r"\\\1", text)
        else:
            self.pattern += text
            self.wild = self.wild or bool(_WILD.search(text))
            self.loose = self.loose or UNKNOWN in text


class Expander:
    """Expands words in one state."""

    def __init__(self, host: Host, state: State) -> None:
        self.host = host
        self.state = state
        self.reads: set[str] = set()
        self.field_reads: list[frozenset[str]] = []
        """What was read for each field of the command."""
        self.depth = 0
        self.parameters = Parameters(host, state, self.reads)

    # --- whole words ---

    def fields(self, words: Sequence[Word]) -> list[str]:
        """Expand words as a command's arguments."""
        found: list[str] = []
        for word in words:
            found.extend(self.word(word))
            if len(found) > FIELD_LIMIT:
                return [*found[:FIELD_LIMIT], MANY]
        return found

    def word(self, word: Word) -> list[str]:
        """Expand one word to no, one or many fields."""
        part = word.parts[0] if len(word.parts) == 1 else None
        if part is not None and _is_simple(part):
            return [part.text]
        fields = [_Field()]
        for number, part in enumerate(word.parts):
            self._part(part, fields, first=number == 0)
        return [text for field in fields for text in self._finished(field)]

    def text(self, word: Word | None) -> str:
        """Expand a word where nothing is split, such as the value of an assignment."""
        if word is None:
            return ""
        return join(*(self._text_of(part, first=number == 0) for number, part in enumerate(word.parts)))

    def pattern(self, word: Word | None) -> Pattern:
        """Expand a word as a pattern: what is quoted stands for itself."""
        pieces: Pattern = ()
        for number, part in enumerate(word.parts if word else ()):
            text = self._text_of(part, first=number == 0)
            quoted = not isinstance(part, ProcessSubstitution) and part.quoted
            pieces += literal(text) if quoted else parse_pattern(text)
        return pieces

    # --- parts ---

    def _part(self, part: Part, fields: list[_Field], *, first: bool) -> None:
        if isinstance(part, Literal):
            text = self._tilde(part.text) if first and not part.quoted else part.text
            fields[-1].add(text, quoted=part.quoted)
        elif isinstance(part, ProcessSubstitution):
            self.host.capture(part.body, self.state)
            fields[-1].add(f"/dev/fd/{UNKNOWN}", quoted=True)
        elif isinstance(part, Parameter):
            self._add(self.parameter(part), fields, quoted=part.quoted, joins=_joins(part))
        else:
            self._add(self._text_of(part), fields, quoted=part.quoted, joins=False)

    def _add(self, value: str | list[str], fields: list[_Field], *, quoted: bool, joins: bool) -> None:
        """Add a value, split where it isn't quoted."""
        if isinstance(value, list) and quoted and joins:
            value = join(*_between(value, self._separators()[:1]))
        if isinstance(value, str) and quoted:
            fields[-1].add(UNKNOWN if value == MANY else value, quoted=True)
            return
        items = [value] if isinstance(value, str) else value
        for number, item in enumerate(items):
            if number:
                fields.append(_Field())
            if item == MANY:
                fields[-1].add(UNKNOWN, quoted=False)
            elif quoted:
                fields[-1].add(item, quoted=True)
            else:
                self._split(item, fields)

    def _split(self, text: str, fields: list[_Field]) -> None:
        """Split by `IFS`."""
        separators = self._separators()
        if not separators:
            fields[-1].add(text, quoted=False)
            return
        blank = "".join(c for c in separators if c in " \t\n")
        pieces = re.split(_splitter(separators, blank), text.strip(blank))
        if blank and text[:1] in blank and fields[-1].text:
            fields.append(_Field())
        for number, piece in enumerate(pieces[:FIELD_LIMIT]):
            if number:
                fields.append(_Field())
            fields[-1].add(piece, quoted=False)
        if blank and text[-1:] and text[-1] in blank:
            fields.append(_Field())

    def _separators(self) -> str:
        known = self.state.variables.get("IFS")
        return known.value if known and isinstance(known.value, str) and UNKNOWN not in known.value else " \t\n"

    def _finished(self, field: _Field) -> Iterator[str]:
        """Expand file names, and drop what is empty."""
        if not field.text and not field.kept:
            return
        if field.text == UNKNOWN and field.loose:
            yield MANY
        elif field.wild and "noglob" not in self.state.options:
            found = find_names(self.host.root, self.state.directory, field.pattern)
            if found:
                yield from found
            elif "nullglob" not in self.state.options:
                yield field.text
        else:
            yield field.text

    def _text_of(self, part: Part, *, first: bool = False) -> str:
        """Expand a part as text."""
        self.depth += 1
        try:
            if self.depth > EXPAND_DEPTH_LIMIT:
                return UNKNOWN
            if isinstance(part, Literal):
                return self._tilde(part.text) if first and not part.quoted else part.text
            if isinstance(part, Parameter):
                value = self.parameter(part)
                return (UNKNOWN if value == MANY else value) if isinstance(value, str) else join(*_between(value, " "))
            if isinstance(part, Substitution):
                text, reads = self.host.capture(part.body, self.state)
                self.reads |= reads
                return text.rstrip("\n")
            if isinstance(part, Arithmetic):
                return self.number(part.text)
            self.host.capture(part.body, self.state)
            return f"/dev/fd/{UNKNOWN}"
        finally:
            self.depth -= 1

    def number(self, text: str) -> str:
        """Work out an arithmetic expression."""
        value = calculate(text, lambda name: self.parameters.text(name) or "")
        return UNKNOWN if value is None else str(value)

    def _tilde(self, text: str) -> str:
        if not text.startswith("~"):
            return text
        user, slash, rest = text[1:].partition("/")
        if user:
            return join(UNKNOWN, slash, rest) if re.fullmatch(r"[\w.-]+", user) else text
        home = self.parameters.text("HOME")
        return join(UNKNOWN if home is None else home, slash, rest)

    # --- parameters ---

    def parameter(self, part: Parameter) -> str | list[str]:
        """Expand `${…}`: a list where it is of several fields."""
        self.depth += 1
        try:
            return UNKNOWN if self.depth > EXPAND_DEPTH_LIMIT else self._parameter(part)
        finally:
            self.depth -= 1

    def _parameter(self, part: Parameter) -> str | list[str]:
        name, subscript = part.name, self.text(part.subscript) if part.subscript else ""
        if part.indirect:
            if part.operator in {"@", "*"} and not part.argument:
                return self.parameters.names(name)
            if subscript in {"@", "*"}:
                return self.parameters.keys(name)
            named = self.parameters.text(name)
            if named is None or UNKNOWN in named:
                return UNKNOWN
            name, subscript = _indirect(named)
        value = self.parameters.value(name, subscript)
        if part.length:
            return _length(value, several=subscript in {"@", "*"} or name in {"@", "*"})
        return self._operated(part, name, subscript, value)

    def _operated(self, part: Parameter, name: str, subscript: str, value: str | list[str] | None) -> str | list[str]:
        operator = part.operator
        if not operator:
            return "" if value is None else value
        if operator.lstrip(":") in {"-", "=", "?", "+"}:
            return self._default(part, name, subscript, value)
        if value is None:
            return ""
        if operator == ":":
            return self._slice(part, value, whole=name in {"@", "*"})
        if isinstance(value, str):
            return self._changed(part, value)
        return [item if item == MANY else self._changed(part, item) for item in value]

    def _default(self, part: Parameter, name: str, subscript: str, value: str | list[str] | None) -> str | list[str]:
        """`-`, `=`, `?`, `+`, each also with a colon."""
        operator = part.operator
        present: bool | None = value is not None and value != []
        if present and operator[0] == ":":
            text = value if isinstance(value, str) else join(*_between(value or [], " "))
            empty = is_empty(UNKNOWN if text == MANY else text)
            present = None if empty is None else not empty
        if operator[-1] == "+":
            return (
                UNKNOWN
                if present is None
                else self._chosen(part)
                if present
                else ([] if _is_list(name, subscript) else "")
            )
        if present:
            return value if value is not None else ""
        if present is None or operator[-1] == "?":
            return UNKNOWN
        chosen = self._chosen(part)
        if operator[-1] == "=" and isinstance(chosen, str) and not subscript:
            self.state.set(name, chosen, frozenset(self.reads))
        return chosen

    def _chosen(self, part: Parameter) -> str | list[str]:
        """Expand the word after the operator."""
        word = part.argument
        if word is None:
            return ""
        several = any(isinstance(p, Parameter) and (p.name == "@" or p.subscript) for p in word.parts)
        if several or (not part.quoted and part.operator[-1] != "=" and any(_is_quoted(p) for p in word.parts)):
            return self.word(word)
        return self.text(word)

    def _slice(self, part: Parameter, value: str | list[str], *, whole: bool) -> str | list[str]:
        """`${name:offset:length}`."""
        start = self.number(self.text(part.argument))
        size = self.number(self.text(part.replacement)) if part.replacement else ""
        if UNKNOWN in start or UNKNOWN in size:
            return UNKNOWN if isinstance(value, str) else [MANY]
        at = int(start)
        if isinstance(value, list):
            items = [self.host.name, *value] if whole else value
            if MANY in items:
                return [MANY] if MANY in items[: max(at, 0) + 1] or size or at < 0 else items[at:]
            at = max(len(items) + at, 0) if at < 0 else at
            return items[at : at + int(size)] if size else items[at:]
        if UNKNOWN in value:
            return self._slice_known(value, at, size)
        at = max(len(value) + at, 0) if at < 0 else at
        if not size:
            return value[at:]
        return value[at : at + int(size)] if int(size) >= 0 else value[at : len(value) + int(size)]

    @staticmethod
    def _slice_known(value: str, at: int, size: str) -> str:
        known = value.partition(UNKNOWN)[0]
        if at < 0 or not size or int(size) < 0 or at + int(size) > len(known):
            return join(value[at:]) if 0 <= at <= len(known) and not size else UNKNOWN
        return known[at : at + int(size)]

    def _changed(self, part: Parameter, value: str) -> str:
        """Trim, replace, or change case."""
        operator = part.operator
        if operator in {"#", "##", "%", "%%"}:
            return trim(value, self.pattern(part.argument), operator)
        if operator in {"/", "//", "/#", "/%"}:
            return replace(value, self.pattern(part.argument), self.text(part.replacement), operator)
        plain = not part.argument or not part.argument.parts
        if operator in {"^^", ",,"} and plain:
            return value.upper() if operator == "^^" else value.lower()
        if operator in {"^", ","} and plain:
            return (value[:1].upper() if operator == "^" else value[:1].lower()) + value[1:]
        if operator == "@":
            return value if self.text(part.argument) in {"E", "Q", "P"} and value.isalnum() else UNKNOWN
        return UNKNOWN

    def path(self, text: str) -> str:
        """Make a path absolute; `UNKNOWN` in it where it isn't known."""
        return absolute(self.state.directory, text)


def _splitter(separators: str, blank: str) -> str:
    rest = "".join(c for c in separators if c not in blank)
    blanks = f"[{re.escape(blank)}]" if blank else "(?!)"
    return f"{blanks}*[{re.escape(rest)}]{blanks}*|{blanks}+" if rest else f"{blanks}+"


def _between(items: list[str], separator: str) -> Iterator[str]:
    for number, item in enumerate(items):
        if number:
            yield separator
        yield UNKNOWN if item == MANY else item


def _joins(part: Parameter) -> bool:
    """Whether a quoted list becomes one field: `"$*"`, `"${a[*]}"`."""
    if part.name == "*":
        return True
    subscript = part.subscript.parts if part.subscript else ()
    return any(isinstance(one, Literal) and one.text == "*" for one in subscript)


def _is_list(name: str, subscript: str) -> bool:
    return name in {"@", "*"} or subscript in {"@", "*"}


def _is_simple(part: Part) -> TypeGuard[Literal]:
    """Whether a part is one field as it stands."""
    if not isinstance(part, Literal):
        return False
    return part.quoted or (bool(part.text) and part.text[0] != "~" and not _WILD.search(part.text))


def _is_quoted(part: Part) -> bool:
    return not isinstance(part, ProcessSubstitution) and part.quoted


def _indirect(named: str) -> tuple[str, str]:
    name, bracket, subscript = named.partition("[")
    return name, subscript.rstrip("]") if bracket else ""


def _length(value: str | list[str] | None, *, several: bool) -> str:
    if isinstance(value, list):
        return UNKNOWN if MANY in value else str(len(value))
    if value is None:
        return "0"
    if several:
        return "1"
    return UNKNOWN if UNKNOWN in value else str(len(value))

"""Shell scripts as trees: what `shell` parses into, and what `trace` runs.

Comes in: nothing. Goes out: records. Rules: every command knows its line; quoting is kept where it changes meaning;
nothing is evaluated here.

Source: POSIX.1-2024, XCU chapter 2 "Shell Command Language"; Bash Reference Manual, chapter 3.
"""

from msgspec import Struct

# --- words ------------------------------------------------------------------------------------------------------------


class Literal(Struct, frozen=True, tag=True):
    """Text that stands for itself, quotes and backslashes removed."""

    text: str
    quoted: bool = False
    """Then `*`, `?`, `[` and `~` in it mean themselves, and it is never empty away."""


class Parameter(Struct, frozen=True, tag=True):
    """`$name`, `${name}`, `${name:-word}`, `${#name}`, `${!name}`, `${name[subscript]}` and so on."""

    name: str
    """A name, digits, or one of `@ * # ? - $ ! 0`."""
    quoted: bool = False
    operator: str = ""
    """As written:
    `:-` `-` `:=` `=` `:?` `?` `:+` `+` `#` `##` `%` `%%` `/` `//` `/#` `/%` `^` `^^` `,` `,,` `:` `@`.
    """
    argument: "Word | None" = None
    """What follows the operator; of `/` and its kin the pattern; of `:` the offset; of `@` the letter."""
    replacement: "Word | None" = None
    """Of `/` and its kin the replacement, of `:` the length; None where there is none."""
    length: bool = False
    """`${#name}`."""
    indirect: bool = False
    """`${!name}`; with `operator` `@` or `*` and no argument: the names that begin with it (`${!prefix@}`)."""
    subscript: "Word | None" = None
    """Of an array."""


class Substitution(Struct, frozen=True, tag=True):
    """`$(…)` or backquotes."""

    body: "Sequence"
    quoted: bool = False


class ProcessSubstitution(Struct, frozen=True, tag=True):
    """`<(…)` or `>(…)`."""

    body: "Sequence"
    direction: str
    """`<` or `>`."""


class Arithmetic(Struct, frozen=True, tag=True):
    """`$((…))`; the expression as text, parameters unexpanded."""

    text: str
    quoted: bool = False


Part = Literal | Parameter | Substitution | ProcessSubstitution | Arithmetic


class Word(Struct, frozen=True):
    """One word, before expansion. Brace expansion has been done (it is textual): `a{1,2}` came as two words."""

    parts: tuple[Part, ...]
    line: int = 0


# --- commands ---------------------------------------------------------------------------------------------------------


class Redirect(Struct, frozen=True):
    """A redirection."""

    operator: str
    """`<` `>` `>>` `<<` `<<-` `<<<` `<&` `>&` `<>` `>|` `&>` `&>>`."""
    target: Word
    """A here-document's: its body, with its parameters where they are expanded."""
    descriptor: str = ""
    """As written before the operator: digits or `{name}`."""


class Assignment(Struct, frozen=True):
    """`name=value` before a command, on its own, or as an argument of `export`, `declare`, `local`, `readonly`."""

    name: str
    value: Word | None = None
    """None where it is an array, or a declaration without a value."""
    append: bool = False
    subscript: Word | None = None
    elements: tuple[Word, ...] | None = None
    """Of `name=(…)`; keys of `[key]=value` are kept as literal text."""


class Command(Struct, frozen=True, tag=True):
    """A simple command."""

    line: int
    assignments: tuple[Assignment, ...] = ()
    words: tuple["Word | Assignment", ...] = ()
    """`Assignment` only after `export`, `readonly`, `local`, `declare`, `typeset`."""
    redirects: tuple[Redirect, ...] = ()


class Pipeline(Struct, frozen=True, tag=True):
    """`a | b`, `! a`."""

    line: int
    commands: tuple["Node", ...]
    negated: bool = False


class AndOr(Struct, frozen=True, tag=True):
    """`first && … || …`, from left to right."""

    line: int
    first: "Node"
    rest: tuple[tuple[str, "Node"], ...]
    """(`&&` or `||`, command)."""


class Background(Struct, frozen=True, tag=True):
    """`command &`."""

    line: int
    command: "Node"


class Sequence(Struct, frozen=True, tag=True):
    """Commands one after the other."""

    commands: tuple["Node", ...]


class Group(Struct, frozen=True, tag=True):
    """`{ …; }` or, in a subshell, `( … )`."""

    line: int
    body: Sequence
    subshell: bool = False
    redirects: tuple[Redirect, ...] = ()


class If(Struct, frozen=True, tag=True):
    """`if`, with all its `elif`s."""

    line: int
    branches: tuple[tuple[Sequence, Sequence], ...]
    """(condition, body)."""
    otherwise: Sequence | None = None
    redirects: tuple[Redirect, ...] = ()


class Arm(Struct, frozen=True):
    """One arm of `case`."""

    patterns: tuple[Word, ...]
    body: Sequence
    ending: str = ";;"
    """`;;`, `;&` or `;;&`."""
    line: int = 0


class Case(Struct, frozen=True, tag=True):
    """`case subject in … esac`."""

    line: int
    subject: Word
    arms: tuple[Arm, ...]
    redirects: tuple[Redirect, ...] = ()


class For(Struct, frozen=True, tag=True):
    """`for name in words`, or `select`."""

    line: int
    name: str
    words: tuple[Word, ...] | None
    """None: the positional parameters."""
    body: Sequence
    select: bool = False
    redirects: tuple[Redirect, ...] = ()


class ForArithmetic(Struct, frozen=True, tag=True):
    """`for ((…;…;…))`."""

    line: int
    text: str
    body: Sequence
    redirects: tuple[Redirect, ...] = ()


class While(Struct, frozen=True, tag=True):
    """`while` or `until`."""

    line: int
    condition: Sequence
    body: Sequence
    until: bool = False
    redirects: tuple[Redirect, ...] = ()


class Function(Struct, frozen=True, tag=True):
    """A definition of a function."""

    line: int
    name: str
    body: "Node"


class ArithmeticCommand(Struct, frozen=True, tag=True):
    """`((…))`, or `let`."""

    line: int
    text: str
    redirects: tuple[Redirect, ...] = ()


class Unary(Struct, frozen=True, tag=True):
    """`-n word` and its kin, within `[[ ]]`; a word alone is `-n`."""

    operator: str
    operand: Word


class Binary(Struct, frozen=True, tag=True):
    """`left operator right`, within `[[ ]]`."""

    operator: str
    """`=` `==` `!=` `=~` `<` `>` `-eq` `-ne` `-lt` `-le` `-gt` `-ge` `-nt` `-ot` `-ef`."""
    left: Word
    right: Word


class Not(Struct, frozen=True, tag=True):
    """`! condition`, within `[[ ]]`."""

    operand: "Condition"


class Logical(Struct, frozen=True, tag=True):
    """`left && right` or `left || right`, within `[[ ]]`."""

    operator: str
    left: "Condition"
    right: "Condition"


Condition = Unary | Binary | Not | Logical


class Test(Struct, frozen=True, tag=True):
    """`[[ condition ]]`. `[ … ]` and `test …` are simple commands."""

    line: int
    condition: Condition
    redirects: tuple[Redirect, ...] = ()


Node = (
    Command
    | Pipeline
    | AndOr
    | Background
    | Sequence
    | Group
    | If
    | Case
    | For
    | ForArithmetic
    | While
    | Function
    | ArithmeticCommand
    | Test
)


class Damage(Struct, frozen=True, order=True):
    """A part of a script that could not be parsed."""

    line: int
    reason: str


class Script(Struct, frozen=True):
    """A whole script."""

    body: Sequence
    damage: Damage | None = None
    """Where parsing gave up; `body` holds all complete commands before it."""

"""Shell trees without their lines, and trees written as scripts."""

from msgspec import Struct
from msgspec.structs import fields

from stellaops_core.entrytrace.shell.script import parse
from stellaops_core.entrytrace.shell.syntax import (
    Assignment,
    Binary,
    Command,
    For,
    If,
    Literal,
    Not,
    Substitution,
    Unary,
    While,
    Word,
)


def unlined(value):
    """The same tree with all lines 0."""
    if isinstance(value, Struct):
        kept = {field.name: unlined(getattr(value, field.name)) for field in fields(value)}
        return type(value)(**(kept | {"line": 0} if "line" in kept else kept))
    return tuple(map(unlined, value)) if isinstance(value, tuple) else value


def nodes(value, kind):
    """All records of a kind in a tree, in order."""
    if isinstance(value, kind):
        yield value
    if isinstance(value, Struct):
        value = tuple(getattr(value, field.name) for field in fields(value))
    if isinstance(value, tuple):
        for inner in value:
            yield from nodes(inner, kind)


QUOTED = '$`"\\'
"""What takes a backslash between double quotes."""


def one(text, **options):
    """The only command of a script, without lines."""
    script = parse(text, **options)
    assert script.damage is None, script.damage
    (node,) = script.body.commands
    return unlined(node)


def word(text):
    """The parts of the only argument of a command."""
    (_, argument) = one("x " + text).words
    return argument.parts


def plain(text):
    """A word of unquoted text."""
    return Word((Literal(text),))


class Writer:
    """Writes trees as a script, one command a line; here-documents behind the line that names them."""

    def __init__(self):
        self.text = ""
        self.bodies = []

    def newline(self):
        self.text += "\n" + "".join(self.bodies)
        self.bodies = []

    def write(self, node):
        getattr(self, type(node).__name__.lower())(node)
        for redirect in getattr(node, "redirects", ()) if not isinstance(node, Command) else ():
            self.redirect(redirect)

    def sequence(self, node):
        for one in node.commands:
            self.write(one)
            self.newline()

    def command(self, node):
        gap = ""
        for one in (*node.assignments, *node.words):
            self.text += gap
            (self.assignment if isinstance(one, Assignment) else self.word)(one)
            gap = " "
        for redirect in node.redirects:
            self.redirect(redirect)

    def redirect(self, node):
        self.text += f" {node.descriptor}{node.operator}"
        if node.operator == "<<":
            self.text += "END"
            outer, self.text = self.text, ""
            self.parts(node.target.parts, "$`\\")
            self.bodies.append(self.text + "END\n")
            self.text = outer
        else:
            self.word(node.target)

    def assignment(self, node):
        self.text += node.name
        if node.subscript:
            self.text += "["
            self.word(node.subscript)
            self.text += "]"
        if node.value is None and node.elements is None:
            return
        self.text += "+=" if node.append else "="
        if node.elements is None:
            self.word(node.value)
            return
        self.text += "("
        for element in node.elements:
            self.word(element)
            self.newline()
        self.text += ")"

    def word(self, node):
        quoted = False
        for part in node.parts:
            if part.quoted is not quoted:
                self.text += '"'
                quoted = part.quoted
            self.parts((part,), QUOTED if quoted else "")
        self.text += '"' if quoted else ""

    def parts(self, parts, special):
        for part in parts:
            if isinstance(part, Literal):
                self.text += "".join("\\" + char if char in special else char for char in part.text)
            elif isinstance(part, Substitution):
                outer, self.bodies = self.bodies, []
                self.text += "$("
                self.sequence(part.body)
                self.text += ")"
                self.bodies = outer
            else:
                self.parameter(part)

    def parameter(self, part):
        self.text += "${" + "#" * part.length + "!" * part.indirect + part.name
        if part.subscript:
            self.text += "["
            self.word(part.subscript)
            self.text += "]"
        self.text += part.operator
        inherits = part.quoted and part.operator in (":-", "=", ":+", "?")
        if part.argument and inherits:
            self.parts(part.argument.parts, QUOTED)
        elif part.argument:
            self.word(part.argument)
        if part.replacement:
            self.text += "/"
            self.word(part.replacement)
        self.text += "}"

    def pipeline(self, node):
        self.text += "! " * node.negated
        for at, one in enumerate(node.commands):
            self.text += " | " if at else ""
            self.write(one)

    def andor(self, node):
        self.write(node.first)
        for operator, one in node.rest:
            self.text += f" {operator} "
            self.write(one)

    def background(self, node):
        self.write(node.command)
        self.text += " &"

    def block(self, opening, body, closing):
        self.text += opening
        self.newline()
        self.sequence(body)
        self.text += closing

    def group(self, node):
        self.block(*("(", node.body, ")") if node.subshell else ("{", node.body, "}"))

    def function(self, node):
        self.text += node.name + "() "
        self.write(node.body)

    def if_(self, node):
        for at, (condition, body) in enumerate(node.branches):
            self.block("elif" if at else "if", condition, "")
            self.block("then", body, "")
        if node.otherwise:
            self.block("else", node.otherwise, "")
        self.text += "fi"

    def while_(self, node):
        self.block("until" if node.until else "while", node.condition, "")
        self.block("do", node.body, "done")

    def for_(self, node):
        self.text += f"{'select' if node.select else 'for'} {node.name}"
        if node.words is not None:
            self.text += " in"
            for word in node.words:
                self.text += " "
                self.word(word)
        self.newline()
        self.block("do", node.body, "done")

    def case(self, node):
        self.text += "case "
        self.word(node.subject)
        self.text += " in"
        for arm in node.arms:
            self.newline()
            for at, pattern in enumerate(arm.patterns):
                self.text += "|" if at else "("
                self.word(pattern)
            self.block(")", arm.body, arm.ending)
        self.newline()
        self.text += "esac"

    def test(self, node):
        self.text += "[[ "
        self.condition(node.condition)
        self.text += " ]]"

    def condition(self, node):
        self.text += "( "
        if isinstance(node, Unary):
            self.text += node.operator + " "
            self.word(node.operand)
        elif isinstance(node, Binary):
            self.word(node.left)
            self.text += f" {node.operator} "
            self.word(node.right)
        elif isinstance(node, Not):
            self.text += "! "
            self.condition(node.operand)
        else:
            self.condition(node.left)
            self.text += f" {node.operator} "
            self.condition(node.right)
        self.text += " )"


for _kind in (If, While, For):
    setattr(Writer, _kind.__name__.lower(), getattr(Writer, _kind.__name__.lower() + "_"))

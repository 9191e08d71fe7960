"""Maven's pom.xml: what a project says of itself, with its `${properties}` filled in.

Comes in: bytes of a pom.xml. Goes out: a `Pom`, and `Effective` values once parents are known. Rules: no entity may be
declared and nothing is ever loaded; names of HTML's characters, which Maven tolerates, are read; a value that a
property is missing for counts as absent.

Source: Maven POM reference; Maven Model Builder, "Interpolation" and "Inheritance Assembly".
"""

import re
from collections.abc import Mapping, Sequence
from html.entities import name2codepoint
from typing import Final
from xml.parsers import expat

from msgspec import Struct, field

POM_LIMIT: Final = 1 << 20
"""Bytes of a pom.xml."""
ELEMENT_LIMIT: Final = 100_000
"""Elements of a pom.xml."""
ELEMENT_DEPTH: Final = 64
"""Elements within elements of a pom.xml."""
VALUE_LIMIT: Final = 1024
"""Characters of one value of a pom.xml, properties filled in."""
ROUND_LIMIT: Final = 16
"""Properties within properties."""
PARENT_LIMIT: Final = 16
"""Parents of parents that are followed."""

_PROPERTY = re.compile(r"\$\{([^${}]{1,200})\}")
_LISTS: Final = ("project/licenses/license", "project/dependencies/dependency")
_FIELDS: Final = frozenset(
    "project/" + name
    for name in (
        *("groupId", "artifactId", "version", "packaging", "url"),
        *("parent/groupId", "parent/artifactId", "parent/version"),
        *("organization/name", "scm/url", "issueManagement/url"),
    )
)

_PARTS: Final = frozenset(
    {"parent", "organization", "scm", "issueManagement", "properties", "licenses", "dependencies"}
)


class Pom(Struct, frozen=True):
    """One pom.xml as it is written."""

    values: dict[str, str] = field(default_factory=dict)
    """Text of single elements by their path below `project`, such as `parent/version`."""
    properties: dict[str, str] = field(default_factory=dict)
    licenses: tuple[dict[str, str], ...] = ()
    dependencies: tuple[dict[str, str], ...] = ()

    @property
    def parent(self) -> tuple[str, str, str]:
        """Group, artifact and version of the parent, as written."""
        values = self.values
        return (values.get("parent/groupId", ""), values.get("parent/artifactId", ""), values.get("parent/version", ""))


class _Target:
    """What the parser calls."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.text: list[str] = []
        self.elements = 0
        self.values: dict[str, str] = {}
        self.properties: dict[str, str] = {}
        self.lists: dict[str, list[dict[str, str]]] = {name: [] for name in _LISTS}

    def start(self, tag: str, _attributes: object) -> None:
        self.elements += 1
        if self.elements > ELEMENT_LIMIT or len(self.path) >= ELEMENT_DEPTH:
            raise ValueError("more or deeper elements than a pom.xml has")
        self.path.append(tag.rpartition(":")[2])
        self.text.clear()
        if len(self.path) == 3 and (items := self.lists.get("/".join(self.path))) is not None:
            items.append({})

    def data(self, text: str) -> None:
        self.text.append(text)

    def skipped(self, name: str, _parameter: object) -> None:
        self.text.append(chr(name2codepoint[name]) if name in name2codepoint else "")

    def end(self, _tag: str) -> None:
        path = self.path
        depth = len(path)
        if depth == 2 or (3 <= depth <= 4 and path[1] in _PARTS):
            text = "".join(self.text).strip()[:VALUE_LIMIT]
            above, whole = "/".join(path[:-1]), "/".join(path)
            if whole in _FIELDS:
                self.values.setdefault(whole.removeprefix("project/"), text)
            elif above == "project/properties":
                self.properties[path[-1]] = text
            elif above in self.lists:
                self.lists[above][-1].setdefault(path[-1], text)
        self.text.clear()
        path.pop()


def read_pom(data: bytes) -> Pom:
    """Read a pom.xml. Raises `ValueError` for what is none."""
    if len(data) > POM_LIMIT:
        raise ValueError(f"larger than {POM_LIMIT:,} bytes")
    target, parser = _Target(), expat.ParserCreate()
    parser.buffer_text = True
    parser.UseForeignDTD(True)  # unknown entities are passed over instead of being errors; nothing is loaded
    parser.StartElementHandler, parser.EndElementHandler = target.start, target.end
    parser.CharacterDataHandler, parser.SkippedEntityHandler = target.data, target.skipped
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(f"not XML: {error}") from None
    except UnicodeError:
        raise ValueError("not XML: not in the encoding it states") from None
    licenses, dependencies = (tuple(target.lists[name]) for name in _LISTS)
    return Pom(target.values, target.properties, licenses, dependencies)


def _refuse(*_: object) -> None:
    raise ValueError("it declares an entity")


class Effective:
    """A pom with its parents, the nearest first: values as Maven would fill them in."""

    def __init__(self, line: Sequence[Pom]) -> None:
        self.pom = line[0]
        self._line = line

    def value(self, name: str) -> str:
        """Return a value, inherited where Maven inherits it; empty where there is none or a property is missing."""
        return self.fill(self._raw(name))

    def licenses(self) -> tuple[str, ...]:
        """Return names of the licences, or the URLs of nameless ones, of the nearest pom that states any."""
        stated = next((pom.licenses for pom in self._line if pom.licenses), ())
        return tuple(filter(None, (self.fill(item.get("name") or item.get("url", "")) for item in stated)))

    def dependencies(self) -> tuple[str, ...]:
        """Return `group:artifact` of what is needed when it runs; sorted."""
        found = set()
        for item in self.pom.dependencies:
            group, artifact = self.fill(item.get("groupId", "")), self.fill(item.get("artifactId", ""))
            if group and artifact and item.get("scope", "") not in {"test", "system", "import"}:
                found.add(f"{group}:{artifact}")
        return tuple(sorted(found))

    def fill(self, text: str) -> str:
        """Replace `${…}`; empty where one of them is not known or leads to itself."""
        for _ in range(ROUND_LIMIT):
            if "${" not in text:
                return text
            if not _PROPERTY.search(text):
                return ""
            text = _PROPERTY.sub(lambda match: self._property(match[1]), text)
            if len(text) > VALUE_LIMIT:
                return ""
        return ""

    def _property(self, name: str) -> str:
        for prefix in ("project.", "pom."):
            short = name.removeprefix(prefix).replace(".", "/")
            if name.startswith(prefix) and short in _KNOWN:
                return self._raw(short) or "${}"
        found = next((pom.properties[name] for pom in self._line if name in pom.properties), None)
        if found is None and name in {"version", "groupId", "artifactId"}:
            found = self._raw(name)
        return found or "${}"  # which nothing fills

    def _raw(self, name: str) -> str:
        if name == "artifactId" or name.startswith("parent/") or name == "packaging":
            return self.pom.values.get(name, "")
        for pom in self._line:
            if found := pom.values.get(name) or (pom.values.get(f"parent/{name}") if name in _INHERITED else ""):
                return found
        return ""


_INHERITED: Final = frozenset({"groupId", "version"})
_KNOWN: Final = frozenset(name.removeprefix("project/") for name in _FIELDS)


def line_of(pom: Pom, known: Mapping[tuple[str, str], Pom]) -> list[Pom]:
    """Return the pom and its parents, as far as `known` (by group and artifact) has them."""
    line = [pom]
    while len(line) < PARENT_LIMIT:
        group, artifact, _ = line[-1].parent
        above = known.get((group, artifact))
        if above is None or above in line:
            break
        line.append(above)
    return line

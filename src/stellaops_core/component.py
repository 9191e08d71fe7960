"""What a bill of materials lists: components, where the facts came from, and what could not be read.

Comes in: nothing. Goes out: the records that every stage after the analyzers shares. All are immutable and typed, so
that they are hashed, compared and packed without ceremony.
"""

from typing import Literal

from msgspec import Struct

Technique = Literal[
    "manifest-analysis", "source-code-analysis", "binary-analysis", "instrumentation", "hash-comparison", "filename"
]
"""How a fact was had; CycloneDX 1.6 `evidence.identity.methods.technique`."""

OS_PACKAGE_TYPES = frozenset({"deb", "apk", "rpm", "alpm", "opkg", "ebuild", "xbps"})
"""purl types of operating system packages: what they own, they answer for."""


BINARY = "bin:"
"""Begins the `ref` of a program that no package explains."""

Level = Literal["used", "maybe", "undetermined", "not-reached"]
"""How sure it is that something is loaded by what the image runs.

`used`: whenever its program runs. `maybe`: on a condition that is not known, or as data. `undetermined`: there is
something that could not be followed, and may lead to it. `not-reached`: nothing leads to it."""


class Step(Struct, frozen=True, array_like=True):
    """One step from an image's entry point towards what is in use."""

    place: str
    """The file that says so; `ENTRYPOINT` or `CMD` for the image's configuration."""
    line: int
    """From 1; 0 where the place has no lines."""
    text: str
    """What it says there, such as `exec gunicorn "$@"`; one line."""


class Use(Struct, frozen=True, array_like=True):
    """Whether a component is in use, and how that shows."""

    level: Level
    path: str = ""
    """The file of it that is reached; empty where none is."""
    chain: tuple[Step, ...] = ()
    """From the entry point to that file; of what is undetermined, what could not be followed."""


NOT_REACHED = Use("not-reached")


class Distribution(Struct, frozen=True, array_like=True, tag_field="kind", tag="distribution"):
    """Which distribution a root file system holds; os-release(5)."""

    id: str
    version: str = ""
    name: str = ""
    like: tuple[str, ...] = ()
    codename: str = ""
    pretty_name: str = ""
    cpe: str = ""
    home_url: str = ""
    variant: str = ""


class Evidence(Struct, frozen=True, order=True):
    """Where one fact about a component was read."""

    path: str
    """Path in the image, without a leading slash."""
    analyzer: str
    layer: int
    """Index of the layer that *introduced* the component at this path, from 0; -1 where there are no layers."""
    technique: Technique = "manifest-analysis"
    confidence: int = 100
    """Percent."""
    owners: tuple[str, ...] = ()
    """purls of the operating system packages whose file lists hold this path; sorted."""


class Component(Struct, frozen=True, omit_defaults=True):
    """One thing that is installed, however many places it was found in."""

    ref: str
    """Its identity in a document: the canonical package URL; of a program that no package explains, `bin:` and the
    SHA-256 of its file in hex."""
    type: str
    """purl type, or `bin`."""
    name: str
    version: str
    evidence: tuple[Evidence, ...]
    """Sorted; never empty."""
    layer: int
    """The lowest layer that introduced it."""
    licenses: tuple[str, ...] = ()
    """SPDX expressions where they could be normalised, else the text as declared."""
    hashes: tuple[tuple[str, str], ...] = ()
    """(algorithm as CycloneDX names it, hex) of the distributed package, where a record states it."""
    depends: tuple[str, ...] = ()
    """`ref`s of installed components that this one declares to need."""
    owners: tuple[str, ...] = ()
    """purls of the operating system packages that own it: empty as soon as one of its places is nobody's."""
    supplier: str = ""
    urls: tuple[tuple[str, str], ...] = ()
    """(CycloneDX external reference type, URL)."""
    properties: tuple[tuple[str, str], ...] = ()
    """Sorted facts without a field of their own: (`stella:<type>:<fact>`, value)."""
    use: "Use | None" = None
    """Whether it is in use; None where that was not asked, or can't be."""

    @property
    def purl(self) -> str:
        """Canonical package URL; empty where it is no package."""
        return "" if self.ref.startswith(BINARY) else self.ref


class Unknown(Struct, frozen=True, order=True, array_like=True):
    """Something that should have been read and could not be."""

    path: str
    analyzer: str
    reason: str
    layer: int = -1

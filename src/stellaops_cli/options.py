"""The option table: every verb with its arguments and options, once.

Comes in: nothing. Goes out: `VERBS`, from which the quick parser (`parser.py`), help (`app.py`), shell completion
(`completion.py`) and the reference pages are made.
"""

from msgspec import Struct

from stellaops_cli.settings import BY_KEY


class Option(Struct, frozen=True):
    """A flag (no metavar), or an option with a value. Values stay text here; `settings` reads them."""

    flags: tuple[str, ...]
    """As written on the command line, the short one first; the long one names the option."""
    help: str
    metavar: str = ""
    repeat: bool = False
    """May be given several times; all values count. Otherwise the last one does."""
    choices: tuple[str, ...] = ()
    complete: str = ""
    """What a shell offers for the value: `file`, `directory`, `output`; else the choices."""

    @property
    def name(self) -> str:
        """As the parsers call its value."""
        return self.flags[-1].lstrip("-").replace("-", "_")


class Argument(Struct, frozen=True):
    """A positional argument; all are required."""

    name: str
    help: str
    example: str
    choices: tuple[str, ...] = ()
    complete: str = ""
    repeat: bool = False
    """Takes all that follow, at least one; the last argument only. Its value is a list."""

    @property
    def metavar(self) -> str:
        """As usage lines write it."""
        return self.name.upper() + "..." * self.repeat


class Verb(Struct, frozen=True):
    """One command."""

    path: tuple[str, ...]
    """`("cache", "info")` is `stella cache info`."""
    help: str
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    hot: bool = False
    """Parsed without typer, which takes longer to import than a cached scan to run."""


GROUPS = {
    "buildx": "Make images carry their bills of materials.",
    "index": "Find images by what is in them.",
    "cache": "Look after the cache of layers.",
    "config": "Show the settings.",
}


def _for(key: str, *, metavar: str = "", short: str = "", complete: str = "") -> Option:
    """An option that overrides a setting, and speaks its words."""
    setting = BY_KEY[key]
    flags = (short, f"--{key}") if short else (f"--{key}",)
    if setting.choices:
        metavar = "|".join(setting.choices)
    return Option(flags, setting.help, metavar, setting.many, setting.choices, complete)


CONFIG = Option(("--config",), "configuration file to read", "FILE", complete="file")
COLOR = _for("color")
DEBUG = _for("debug")
QUIET = _for("quiet", short="-q")
CACHE_DIR = _for("cache-dir", metavar="DIR", complete="directory")
COMMON = (CACHE_DIR, CONFIG, DEBUG)
PLACE = (
    _for("platform", metavar="PLATFORM"),
    _for("offline"),
    _for("insecure-registry", metavar="HOST"),
    _for("ca-file", metavar="FILE", complete="file"),
)
"""How an image is found."""
TARGET = (*PLACE, _for("jobs", metavar="N"), _for("no-cache"))
"""How an image is found and read."""
GITHUB = Option(
    ("--github",),
    "fact for the GitHub snapshot: sha, ref, job, correlator, url or scanned",
    "KEY=VALUE",
    repeat=True,
)
STEP_SUMMARY = Option(("--step-summary",), "add a page to the summary of this step of GitHub Actions")

SCAN = Verb(
    ("scan",),
    "List what is installed in a container image or a directory.",
    (
        Argument(
            "ref",
            "oci:PATH[:TAG], oci-archive:, docker-archive:, dir: or sbom:PATH, docker:NAME, registry:NAME, or a path",
            "oci:build/image or registry.example/app:1.2",
            complete="image",
        ),
    ),
    (
        _for("output", metavar="FORMAT[=PATH]", short="-o", complete="output"),
        _for("view"),
        Option(("--name",), "what documents call the image", "NAME"),
        GITHUB,
        STEP_SUMMARY,
        _for("trust-attached"),
        *TARGET,
        _for("strict"),
        QUIET,
        COLOR,
        Option(("--profile",), "show where the time went, on standard error"),
        Option(("--profile-to",), "file for where the time went, as JSON", "FILE", complete="file"),
        *COMMON,
    ),
    hot=True,
)
EXPLAIN = Verb(
    ("explain",),
    "Tell why something is listed, and what leads to its use.",
    (
        SCAN.arguments[0],
        Argument("what", "a purl, a component's name, or a path in the image", "pkg:pypi/flask"),
    ),
    (
        Option(("-o", "--format"), "how to tell it", "table|json", choices=("table", "json")),
        *TARGET,
        QUIET,
        *COMMON,
    ),
)
DIFF = Verb(
    ("diff",),
    "Show what differs between two images, and which layer made it so.",
    (
        Argument(
            "old",
            "the older image, as for scan, or a bill of materials",
            "web-2.0.json",
            complete="image",
        ),
        Argument("new", "the newer one", "oci:build/image", complete="image"),
    ),
    (
        Option(
            ("-o", "--output"),
            "what to write: table, json or markdown, or FORMAT=PATH",
            "FORMAT[=PATH]",
            repeat=True,
        ),
        Option(
            ("--view",),
            "compare all, or what the entry points use",
            "inventory|usage",
            choices=("inventory", "usage"),
        ),
        Option(
            ("--fail-on",),
            "exit with 2 on changes: added, removed, upgraded, downgraded, changed, moved, licence, usage, owner, any",
            "KIND[,KIND]",
            repeat=True,
        ),
        STEP_SUMMARY,
        *TARGET,
        QUIET,
        COLOR,
        *COMMON,
    ),
    hot=True,
)
EXPORT = Verb(
    ("export",),
    "Write documents of an image that was scanned before, from the cache alone.",
    (Argument("image", "a digest (sha256:HEX), or an image as for scan", "sha256:0c5f...", complete="image"),),
    (
        _for("output", metavar="FORMAT[=PATH]", short="-o", complete="output"),
        _for("view"),
        Option(("--name",), "what documents call the image", "NAME"),
        GITHUB,
        Option(
            ("--linked",),
            "one document a layer, and the image's that refers to them",
            "DIR",
            complete="directory",
        ),
        *PLACE,
        *COMMON,
    ),
)
_FLEET = Argument("fleet", "the fleet's file", "fleet.bomx", complete="file")
INDEX = (
    Verb(
        ("index", "build"),
        "Make the BOM-Index of an image.",
        (
            Argument(
                "ref",
                "an image as for scan, or a bill of materials",
                "oci:build/image",
                complete="image",
            ),
        ),
        (
            Option(("-o", "--to"), "file to write instead of bom-index.bin", "FILE", complete="file"),
            *TARGET,
            QUIET,
            *COMMON,
        ),
    ),
    Verb(
        ("index", "add"),
        "Add images to a fleet, or put them in the place of what was known of them.",
        (_FLEET, Argument("indexes", "files that index build wrote", "bom-index.bin", complete="file", repeat=True)),
        (CONFIG, DEBUG),
    ),
    Verb(
        ("index", "remove"),
        "Take images out of a fleet.",
        (_FLEET, Argument("images", "digests as query lists them", "sha256:0c5f...", repeat=True)),
        (CONFIG, DEBUG),
    ),
    Verb(
        ("index", "query"),
        "List the images of a fleet that have any of some packages.",
        (_FLEET, Argument("purls", "package URLs, with a version or without", "pkg:deb/debian/openssl", repeat=True)),
        (
            Option(("--versions",), "only versions in this range, such as '>=1.2,<1.4.5'", "RANGE"),
            Option(("--used",), "only images that surely use it"),
            Option(("--possibly-used",), "without images where nothing leads to it"),
            Option(("-o", "--format"), "how to list them", "table|json", choices=("table", "json")),
            CONFIG,
            DEBUG,
        ),
    ),
    Verb(
        ("index", "verify"),
        "Check everything in an index, of an image or of a fleet.",
        (Argument("file", "the index", "bom-index.bin", complete="file"),),
        (CONFIG, DEBUG),
    ),
)
BUILDX_COMMAND = Verb(
    ("buildx", "command"),
    "Print the command that builds an image and attaches SPDX documents to it.",
    options=(
        Option(("--image",), "what to call the image, and to push it; else an OCI archive is written", "NAME"),
        Option(("--generator",), "image of the generator", "IMAGE"),
        Option(("--param",), "parameter of the generator", "KEY=VALUE", repeat=True),
        Option(("--context",), "directory that is built", "DIR", complete="directory"),
        _for("platform", metavar="PLATFORM"),
        CONFIG,
        DEBUG,
    ),
)
BUILDX_PUSH = Verb(
    ("buildx", "push"),
    "Attach CycloneDX documents to an image in a registry.",
    (Argument("ref", "an image in a registry", "registry.example/app:1.2", complete="image"),),
    (
        *TARGET,
        _for("strict"),
        QUIET,
        *COMMON,
    ),
)
CACHE = (
    Verb(("cache", "info"), "Show where the cache is and what it holds.", options=COMMON),
    Verb(
        ("cache", "gc"),
        "Drop old entries, and the least recently used until the cache fits.",
        options=(_for("max-size", metavar="SIZE"), _for("older-than", metavar="AGE"), *COMMON),
    ),
    Verb(("cache", "clear"), "Drop everything.", options=COMMON),
    Verb(("cache", "verify"), "Check every entry, and drop the damaged ones.", options=COMMON),
)
CONFIG_SHOW = Verb(
    ("config", "show"),
    "Show every setting with its value.",
    options=(
        Option(("--origin",), "say where each value comes from"),
        Option(("-o", "--format"), "how to print them", "table|json", choices=("table", "json")),
        CONFIG,
        DEBUG,
    ),
)
COMPLETION = Verb(
    ("completion",),
    "Print the completion script for a shell.",
    (Argument("shell", "bash, zsh or fish", "bash", choices=("bash", "zsh", "fish")),),
)
VERBS = (SCAN, EXPLAIN, EXPORT, DIFF, *INDEX, BUILDX_COMMAND, BUILDX_PUSH, *CACHE, CONFIG_SHOW, COMPLETION)
BY_PATH = {verb.path: verb for verb in VERBS}

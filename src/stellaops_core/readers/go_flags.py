"""The version that `-ldflags "-X package.variable=value"` gives a Go program.

Comes in: the setting, the main module's path. Goes out: the version, or nothing. The rule: it has to be a variable
called version or ver of the main module, and no other of the same rank may say otherwise; a guess between two is none.

Source: Go, cmd/link, flag -X; the customs of release tools (`main.version`, `…/version.Version`, `…/cmd.version`).
"""

import re
from typing import Final

FLAGS_LIMIT: Final = 64 << 10
"""Characters of the setting."""

_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")
_VERSION = re.compile(r"v?[0-9][0-9A-Za-z.+~_-]{0,127}")
_VARIABLES = frozenset({"version", "ver"})
_CUSTOMARY = frozenset({"main", "common", "version", "cmd", "app", "build", "buildinfo", "info"})


def read_version_flag(flags: str, module: str) -> str:
    """Return the version that the flags give the main module `module`; empty where none or several do."""
    ranks: list[set[str]] = [set(), set(), set()]
    for setting in _settings(flags[:FLAGS_LIMIT]):
        name, _, value = setting.partition("=")
        package, _, variable = name.rpartition(".")
        if variable.lower() in _VARIABLES and _belongs(package, module) and _VERSION.fullmatch(value):
            ranks[_rank(package.lower())].add(value)
    found = next((values for values in ranks if values), set())
    return found.pop() if len(found) == 1 else ""


def _settings(flags: str) -> list[str]:
    """What the `-X` flags set: `-X a=b`, `-X=a=b`, `-X 'a=b'`; the same name may come again."""
    words = [re.sub("['\"]", "", word) for word in _WORD.findall(flags)]
    settings = []
    for at, word in enumerate(words):
        if word in {"-X", "--X"}:
            settings += words[at + 1 : at + 2]
        elif word.startswith(("-X=", "--X=")):
            settings.append(word.partition("=")[2])
    return settings


def _belongs(package: str, module: str) -> bool:
    return package in {"main", module} or package.startswith(module + "/")


def _rank(package: str) -> int:
    """Commands first, then packages whose name is customary, then the rest."""
    parts = package.split("/")
    if package == "main" or "cmd" in parts:
        return 0
    return 1 if parts[-1] in _CUSTOMARY else 2

"""The lockfile that pnpm keeps of what it installed: where archives came from is not in any package.json.

Comes in: bytes of `node_modules/.pnpm/lock.yaml`. Goes out: (name, version) to integrity. pnpm writes this file itself
and always alike, so that its lines are read as they stand; what has another form is passed over.

Source: pnpm, lockfile versions 5.3 to 9.0 (`packages`, `resolution`).
"""

import re

_KEY = re.compile(r"  '?/?((?:@[^/@'\s]+/)?[^/@'(\s]+)[@/]([^/@'(_:\s]++)[^:'\n]*+'?:\s*+")
"""`/NAME/VERSION_PEERS:`, `/NAME@VERSION(PEERS):` and `NAME@VERSION:`. What may be long gives nothing back."""
_RESOLUTION = "    resolution: {"
_INTEGRITY = re.compile(r"[{ ]integrity: ([^\s,{}]++)")


def read_pnpm_lock(data: bytes) -> dict[tuple[str, str], str]:
    """Return the integrity (SRI) of each package that came from a registry."""
    found: dict[tuple[str, str], str] = {}
    key: tuple[str, str] | None = None
    is_inside = False
    for line in data.decode("utf-8", "replace").split("\n"):
        if line[:1].strip():
            is_inside = line.startswith("packages:")
        elif is_inside and line[:3].strip():
            match = _KEY.fullmatch(line)
            key = (match[1], match[2]) if match else None
        elif is_inside and key and line.startswith(_RESOLUTION) and (match := _INTEGRITY.search(line)):
            found[key] = match[1]
    return found

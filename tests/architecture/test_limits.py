"""docs/reference/limits.md lists every named bound with its value; `pytest --accept` rewrites its tables."""

import ast
import re

from sources import ROOT, modules

PAGE = ROOT / "docs/reference/limits.md"
HEADING = "\n## Commands and settings\n"
NAMED = re.compile(r"[A-Z][A-Z_]*_(LIMIT|DEPTH|SECONDS|PIECE)|MAX_[A-Z_]+")
PLAIN = {
    "CONNECT_SECONDS": "Seconds to wait for a connection.",
    "COUNT_LIMIT": "Processes that can be asked for.",
    "HELPER_SECONDS": "Seconds that a credential helper may take.",
    "MAX_URL": "Characters of a URL.",
    "MAX_WIDTH": "Columns of a table.",
    "NAME_LIMIT": "Characters of a name.",
    "REDIRECT_LIMIT": "Redirects that are followed for one request.",
    "VERSION_LIMIT": "Characters of a version.",
}
"""What names that speak for themselves say."""

GROUPS = {
    "Commands and settings": ("stellaops_cli", ""),
    "Images and layers": ("stellaops_core", "images."),
    "Readers of file formats": ("stellaops_core", "readers."),
    "Analyzers": ("stellaops_core", "analyzers."),
    "Tracing": ("stellaops_core", "entrytrace."),
    "Scans": ("stellaops_core", "scan."),
    "Versions": ("stellaops_core", "versions."),
    "Licences": ("stellaops_core", "licenses"),
    "Documents": ("stellaops_core", "sbom."),
}


def bounds(source):
    """(name, value, what it says) of a module's named bounds."""
    body = source.parse().body
    for at, node in enumerate(body):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and NAMED.fullmatch(target.id) and node.value:
            value = eval(compile(ast.Expression(node.value), target.id, "eval"), {})
            after = body[at + 1].value if at + 1 < len(body) and isinstance(body[at + 1], ast.Expr) else None
            text = after.value if isinstance(after, ast.Constant) and isinstance(after.value, str) else ""
            text = " ".join(text.split()) or PLAIN.get(target.id, "")
            yield target.id, shown(value, text, node.value), text


def shown(value, text, node):
    """`4 MiB` where it counts bytes, which is said or written as a shift, else the number."""
    shifted = isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift) and value >= 1 << 20
    if shifted or re.search(r"\bbytes\b", text, re.IGNORECASE):
        for unit, power in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
            if value >= 1 << power and not value % (1 << power):
                return f"{value >> power:,} {unit}"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def tables():
    """The generated part of the page."""
    parts = []
    for heading, (package, prefix) in GROUPS.items():
        rows = [
            f"| `{source.name}.{name}` | {value} | {text.replace('|', chr(92) + '|')} |"
            for source in modules(package)
            if source.name.startswith(prefix)
            for name, value, text in bounds(source)
        ]
        parts.append(f"\n## {heading}\n\n| limit | value | of what |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def test_every_bound_is_listed(request):
    """The tables are what the modules say."""
    text = PAGE.read_text()
    head, mark, _ = text.partition(HEADING)
    assert mark
    if request.config.getoption("--accept"):
        PAGE.write_text(head + tables())
    assert PAGE.read_text() == head + tables()


def test_every_bound_belongs_to_a_group_and_says_what_it_is():
    """No module with bounds is forgotten, and none has a bound without a word on it."""
    for source in modules():
        for name, _, text in bounds(source):
            assert text, f"{source.name}.{name} needs a docstring"
            assert any(
                source.package == package and source.name.startswith(prefix) for package, prefix in GROUPS.values()
            )

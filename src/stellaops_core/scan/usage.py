"""Which components are in use: the entry point's programs, all they load, and whose files those are.

Comes in: the image's configuration, the packs of its layers, and the composed inventory. Goes out: the `Usage`, and a
`Use` for each component. Rules: a component is as much in use as its surest file; what could not be followed makes
`undetermined`, never `not-reached`; a system package without any program or library is data, which any process may
read.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.analyzers.golang import purl_of
from stellaops_core.analyzers.golang_code import GoPackages
from stellaops_core.component import NOT_REACHED, OS_PACKAGE_TYPES, Component, Level, Step, Use
from stellaops_core.entrytrace.closure import Closure, chain_of, close
from stellaops_core.entrytrace.process import Process, Undetermined
from stellaops_core.entrytrace.trace import EntryConfig, trace
from stellaops_core.sbom.sbom import Gap, Program, Usage
from stellaops_core.scan.fragment import Pack
from stellaops_core.scan.holders import Holders
from stellaops_core.scan.rootfs import RootFs

LEVELS: tuple[Level, ...] = get_args(Level)
"""From the surest to nothing."""

_SCOPES = {"java": "maven", "python": "pypi", "node": "npm", "dotnet": "nuget", "ruby": "gem", "php": "composer"}
"""What a gap of a language may lead to whatever its type: an analyzer's finds, such as jars without coordinates."""

_NO_CODE = "it holds no program or library: any process may read its files"
_NO_LINKED_CODE = "none of its packages has code in the program"
_NO_FILES = "its record does not say which files are its own"


class Traced(Struct, frozen=True):
    """What an image runs, and what of it is in use."""

    usage: Usage
    components: tuple[Component, ...]
    """All, each with its `use`."""
    processes: tuple[Process, ...]
    closure: Closure
    root: RootFs


def find_usage(
    config: Mapping[str, Any], packs: Sequence[Pack], components: Sequence[Component], holders: Holders
) -> Traced:
    """Say what an image with this configuration (OCI image configuration) runs, and which components that needs."""
    root = RootFs(packs)
    traced = trace(_entry(config), root)
    closure = close(root, traced.processes, traced.sourced)
    gaps = tuple(sorted({*traced.undetermined, *closure.undetermined}))
    uses = _Uses(traced.processes, closure, gaps, holders, root)
    used = uses.of_all(components)
    usage = Usage(
        programs=tuple(_program(process) for process in traced.processes),
        gaps=tuple(Gap(one.place, one.line, one.reason, one.scope) for one in gaps),
        counts=_counts(used),
    )
    return Traced(usage, used, traced.processes, closure, root)


def _entry(document: Mapping[str, Any]) -> EntryConfig:
    """Take from an image's configuration how it is run; what has another type counts as absent."""
    config = document.get("config")
    config = config if isinstance(config, dict) else {}

    def words(key: str) -> tuple[str, ...] | None:
        value = config.get(key)
        return tuple(filter(_is_text, value)) if isinstance(value, list) else None

    def text(value: object) -> str:
        return value if isinstance(value, str) else ""

    return EntryConfig(
        entrypoint=words("Entrypoint"),
        cmd=words("Cmd"),
        environment=dict(one.split("=", 1) for one in words("Env") or () if "=" in one),
        working_dir=text(config.get("WorkingDir")),
        user=text(config.get("User")),
        volumes=tuple(sorted(volumes)) if isinstance(volumes := config.get("Volumes"), dict) else (),
        os=text(document.get("os")) or "linux",
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _program(process: Process) -> Program:
    return Program(
        path=process.program,
        arguments=process.arguments,
        level=process.level,
        terminal=process.terminal,
        conditions=process.conditions,
        steps=process.steps,
    )


def _counts(components: Iterable[Component]) -> tuple[tuple[str, int], ...]:
    counts = dict.fromkeys(LEVELS, 0)
    for component in components:
        if component.use:
            counts[component.use.level] += 1
    return tuple(counts.items())


def _scopes_of(component: Component) -> tuple[str, ...]:
    """Return the scopes of gaps that may lead to a component."""
    return (component.type, *(_SCOPES[one.analyzer] for one in component.evidence if one.analyzer in _SCOPES))


class _Uses:
    """Works out each component's `Use`."""

    def __init__(
        self,
        processes: tuple[Process, ...],
        closure: Closure,
        gaps: Sequence[Undetermined],
        holders: Holders,
        root: RootFs,
    ) -> None:
        self._known: dict[str, Use] = {}
        """By ref."""
        self._owned_scopes: dict[str, set[str]] = {}
        """By an owner's ref, the scopes of what it owns: a gap of Python is one of Debian's Python packages too."""
        self._gaps: dict[str, Undetermined] = {}
        """By scope, the first of each."""
        for gap in gaps:
            self._gaps.setdefault(gap.scope, gap)
        self._holders, self._root = holders, root
        self._reach(processes, closure, holders)
        self._with_files = holders.with_files()
        self._with_code = {ref for refs in holders.owners(root.code()).values() for ref in refs}

    def _reach(self, processes: tuple[Process, ...], closure: Closure, holders: Holders) -> None:
        best: dict[str, tuple[int, int, str]] = {}
        order = {path: number for number, path in enumerate(closure.reached)}
        for path, refs in holders.of(closure.reached).items():
            codeless = self._without_code_in(path)
            for ref in refs:
                level: Level = "maybe" if ref in codeless else closure.reached[path].level
                rank = (LEVELS.index(level), order[path], path)
                best[ref] = min(best.get(ref, rank), rank)
        for ref, (level_at, _, path) in best.items():
            how = closure.reached[path]
            chain = chain_of(processes, how)
            if LEVELS[level_at] != how.level:
                chain = (*chain, Step(path, 0, _NO_LINKED_CODE))
            self._known[ref] = Use(LEVELS[level_at], path, chain)

    def _without_code_in(self, path: str) -> set[str]:
        """Return the Go modules of which no code is in a program, only types or constants if anything."""
        record = self._root.facts(path, GoPackages)
        return {str(purl_of(one.name, one.version)) for one in record.modules if not one.packages} if record else set()

    def of_all(self, components: Iterable[Component]) -> tuple[Component, ...]:
        """Give each its use: those with files first, owners before what they own; then those without files."""
        components = sorted(components, key=lambda one: (bool(one.owners), one.ref))
        for one in components:
            for owner in one.owners:
                self._owned_scopes.setdefault(owner, set()).update(_scopes_of(one))
        bare = {one.ref: one for one in components if one.ref not in self._with_files and one.ref not in self._known}
        for one in components:
            if one.ref not in bare:
                self._known.setdefault(one.ref, self._unreached(one))
        around = self._holders.of(evidence.path for one in bare.values() for evidence in one.evidence)
        for ref, one in bare.items():
            self._known[ref] = self._of_others(one, around)
        used = (replace(one, use=self._known[one.ref]) for one in components)
        return tuple(sorted(used, key=lambda one: one.ref))

    def _of_others(self, component: Component, around: Mapping[str, Sequence[str]]) -> Use:
        """A component without files of its own is in use as those are whose files tell of it."""
        refs = {ref for evidence in component.evidence for ref in around.get(evidence.path, ())}
        return self._surest(refs.union(component.owners)) or Use(
            "undetermined", "", (Step(component.evidence[0].path, 0, _NO_FILES),)
        )

    def _surest(self, refs: Iterable[str]) -> Use | None:
        uses = [self._known[ref] for ref in sorted(refs) if ref in self._known]
        return min(uses, key=lambda use: LEVELS.index(use.level)) if uses else None

    def _unreached(self, component: Component) -> Use:
        """Judge a component of which no file was reached; what the system's packages own is in use as they are."""
        if owned := self._surest(component.owners):
            return owned
        if component.type in OS_PACKAGE_TYPES and component.ref not in self._with_code:
            return Use("maybe", "", (Step(component.evidence[0].path, 0, _NO_CODE),))
        for scope in (*_scopes_of(component), *sorted(self._owned_scopes.get(component.ref, ())), ""):
            if gap := self._gaps.get(scope):
                return Use("undetermined", "", (Step(gap.place, gap.line, gap.reason),))
        return NOT_REACHED

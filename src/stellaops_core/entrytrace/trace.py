"""From ENTRYPOINT and CMD to all programs that run, and how each came to run.

Comes in: what the image's configuration says, and its files. Goes out: `Trace`. Rules: programs are looked up as the
kernel and shells do; scripts are followed, launchers looked through; what can't be followed is `Undetermined`.

Source: OCI Image Configuration, `config`; execve(2), section "Interpreter scripts"; POSIX.1-2024, XCU 2.9.1.4.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from stellaops_core.analyzers.texts import TEXT_LIMIT, LongText
from stellaops_core.component import Step
from stellaops_core.entrytrace.calls import DEFAULT_PATH, Call, Found
from stellaops_core.entrytrace.launch.launchers import launch_of
from stellaops_core.entrytrace.loader.libraries import NATIVE
from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.shell.commands import home_of
from stellaops_core.entrytrace.shell.files import SHEBANG, absolute, find_program, text_of
from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN
from stellaops_core.entrytrace.shell.programs import SHELLS, run_shell
from stellaops_core.entrytrace.ways import ALWAYS, Forks, unite

STEP_LIMIT = 10_000
"""Commands of scripts that are followed for one image."""
CALL_LIMIT = 24
"""Programs that start one another."""
FOUND_LIMIT = 2000
"""Processes of one image."""
SHEBANG_LIMIT = 4
"""Scripts that are each other's interpreters."""

_TELLING = re.compile(r"PATH$|^(?:LD_|PYTHON|NODE_|JAVA|JDK_|_JAVA|CLASSPATH|RUBY|GEM_|BUNDLE_|PERL|PHP|DOTNET_)")
"""Variables that say what a program loads."""


class EntryConfig(Struct, frozen=True):
    """What an image's configuration says of how to run it."""

    entrypoint: tuple[str, ...] | None = None
    """The shell form comes as `/bin/sh -c TEXT`."""
    cmd: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = ""
    user: str = ""
    volumes: tuple[str, ...] = ()
    """Paths that a container gets from elsewhere: what the image lacks there is unknown rather than absent."""
    os: str = "linux"


class Trace(Struct, frozen=True):
    """What runs."""

    processes: tuple[Process, ...] = ()
    """In the order in which they are come upon."""
    undetermined: tuple[Undetermined, ...] = ()
    """Sorted, each once."""
    sourced: tuple[Edge, ...] = ()
    """Files that scripts read into themselves, sorted."""


def trace(config: EntryConfig, root: Root) -> Trace:
    """Follow the image's entry point."""
    argv = (*(config.entrypoint or ()), *(config.cmd or ()))
    if config.os == "windows":
        return Trace(undetermined=(Undetermined("ENTRYPOINT", 0, "programs of Windows images are not followed"),))
    if not argv or not argv[0]:
        return Trace(undetermined=(Undetermined("ENTRYPOINT", 0, "the image says neither ENTRYPOINT nor CMD"),))
    steps = tuple(
        Step(name, 0, _shown(words))
        for name, words in (("ENTRYPOINT", config.entrypoint), ("CMD", config.cmd))
        if words
    )
    tracer = Tracer(root, config.volumes)
    call = Call(
        argv=tuple(word.replace("\0", "") for word in argv),
        environment=_environment(config, root),
        directory=absolute("/", config.working_dir.replace("\0", "")),
        user=config.user.replace("\0", ""),
        place=steps[0].place,
        positional=True,
    )
    try:
        found = tracer.run(call)
    except RecursionError:
        found = ()
        tracer.note(Undetermined(steps[0].place, 0, "the scripts are nested too deeply to be followed"))
    return Trace(
        _processes(found, steps, tracer), tuple(sorted(tracer.gaps)), tuple(sorted(tracer.sourced, key=_edge_key))
    )


def _edge_key(edge: Edge) -> tuple[str, int, str]:
    return (edge.source, edge.line, edge.target)


def _shown(words: tuple[str, ...]) -> str:
    text = "[" + ", ".join(f'"{word}"' for word in words) + "]"
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)
    return text if len(text) <= 120 else text[:119] + "…"


def _environment(config: EntryConfig, root: Root) -> dict[str, str]:
    """The image's variables, and those that every container has."""
    given = {name: value.replace("\0", "") for name, value in config.environment.items()}
    return {"PATH": DEFAULT_PATH, "HOME": home_of(root, config.user), "HOSTNAME": UNKNOWN, **given}


def _processes(found: Iterable[Found], steps: tuple[Step, ...], tracer: "Tracer") -> tuple[Process, ...]:
    """Make processes of finds: each once, with all ways that lead there."""
    kept: dict[tuple[object, ...], Found] = {}
    for one in found:
        process = one.process
        telling = tuple(sorted((n, v) for n, v in process.environment.items() if _TELLING.search(n)))
        key = (process.program, process.arguments, process.script, process.directory, telling)
        before = kept.get(key)
        if before:
            shown = one if one.tip and not before.tip else before  # the chain of what the container becomes
            kept[key] = Found(shown.process, unite((*before.ways, *one.ways)), tip=shown.tip)
        elif len(kept) < FOUND_LIMIT:
            kept[key] = one
        else:
            tracer.note(Undetermined("ENTRYPOINT", 0, f"more than {FOUND_LIMIT:,} processes"))
            break
    return tuple(_finished(one, steps, tracer.forks) for one in kept.values())


def _finished(one: Found, steps: tuple[Step, ...], forks: Forks) -> Process:
    always = forks.is_always(one.ways)
    return replace(
        one.process,
        level="used" if always else "maybe",
        conditions=() if always else forks.conditions(one.ways),
        steps=(*steps, *one.process.steps),
        terminal=one.tip,
    )


class Tracer:
    """Follows calls; the state of one trace."""

    def __init__(self, root: Root, volumes: tuple[str, ...] = ()) -> None:
        self.root = root
        self.volumes = tuple(absolute("/", volume) for volume in volumes)
        self.forks = Forks()
        self.depth = 0
        self.gaps: set[Undetermined] = set()
        self.sourced: set[Edge] = set()
        self.steps = 0
        self.calls = 0
        self._known: dict[tuple[object, ...], tuple[Found, ...]] = {}
        self._open: set[tuple[object, ...]] = set()

    def note(self, gap: Undetermined) -> None:
        """Keep something that can't be followed."""
        self.gaps.add(gap)

    def spend(self) -> bool:
        """Count one command of a script."""
        self.steps += 1
        if self.steps == STEP_LIMIT:
            self.note(Undetermined("ENTRYPOINT", 0, f"scripts run more than {STEP_LIMIT:,} commands"))
        return self.steps < STEP_LIMIT

    def source(self, edge: Edge) -> None:
        """Keep that a script reads a file into itself."""
        self.sourced.add(edge)

    def run(self, call: Call) -> tuple[Found, ...]:
        """Follow a call; what it runs, in order. A call within an equal call would never end, and runs nothing more."""
        key = call.key()
        if key in self._known:
            return self._known[key]
        if key in self._open:
            return ()
        if len(self._open) >= CALL_LIMIT:
            self.note(Undetermined(call.place, call.line, f"more than {CALL_LIMIT} programs start one another"))
            return ()
        self._open.add(key)
        found = self._known[key] = tuple(self._follow(call))
        self._open.discard(key)
        return found

    def _follow(self, call: Call) -> Iterator[Found]:
        name = call.argv[0]
        if UNKNOWN in name:
            self.note(Undetermined(call.place, call.line, "the name of the program is not known"))
            return
        path = self.find(name, call.environment.get("PATH", DEFAULT_PATH), call.directory)
        if path is None:
            scope = "" if call.place in {"ENTRYPOINT", "CMD"} else NATIVE
            self.note(Undetermined(call.place, call.line, f"no such program in the image: {name[:80]}", scope))
            yield found_of(call, "")
            return
        yield from self._start(path, call, "", 0)

    def find(self, name: str, path: str, directory: str) -> str | None:
        """Look a program up as the shell does: absolute path, or None."""
        return find_program(self.root, name, path, directory)

    def _start(self, path: str, call: Call, script: str, level: int) -> Iterator[Found]:
        """Start a file: by its interpreter where it is a script."""
        real = self.root.real(path) or ""
        text = text_of(self.root, path)
        if text is None or level > SHEBANG_LIMIT:
            self._note_unread(path, real, is_text=text is not None)
            yield from self._program(path, real, call, script)
            return
        shebang = SHEBANG.match(text)
        launch = launch_of(self, path, real, call) if not script else None
        interpreter = shebang[1] if shebang else "/bin/sh"
        options = (shebang[2],) if shebang and shebang[2] else ()
        inner = call.then(interpreter, *options, path if "/" not in call.argv[0] else call.argv[0], *call.argv[1:])
        there = absolute(call.directory, interpreter)
        if not self.root.is_file(there):
            self.note(Undetermined(real, 1, f"no such program in the image: {interpreter[:80]}", NATIVE))
            yield found_of(inner, "", real)
            return
        if launch:
            yield found_of(inner, self.root.real(there) or "", real, tip=False)
            yield from launch
        else:
            found = self._start(there, inner, script or real, level + 1)
            if interpreter.rpartition("/")[2] in SHELLS or interpreter.endswith("/env"):
                yield from found
            else:  # a launcher in an interpreter's place hands over to something else
                step = Step(real, 1, f"#!{' '.join((interpreter, *options))}"[:120])
                own = self.root.real(there)
                yield from (
                    one if one.process.program == own else one.within((step,), ALWAYS, tip=True) for one in found
                )

    def _note_unread(self, path: str, real: str, *, is_text: bool) -> None:
        """Tell of a script that is taken for a program because it can't be followed."""
        if is_text:
            self.note(Undetermined(real, 1, f"more than {SHEBANG_LIMIT} scripts are each other's interpreters"))
        elif self.root.facts(path, LongText):
            self.note(Undetermined(real, 0, f"a script of more than {TEXT_LIMIT:,} bytes"))

    def _program(self, path: str, real: str, call: Call, script: str) -> Iterator[Found]:
        """A program proper: a shell, a launcher, or the end of the chain."""
        name, called = real.rpartition("/")[2], path.rpartition("/")[2]
        if name in {"busybox", "toybox"} and called == name and len(call.argv) > 1:
            called = call.argv[1]
            call = call.then(*call.argv[1:])
        if called in SHELLS or name in SHELLS:
            yield from run_shell(self, real, call, script)
            return
        launch = launch_of(self, path, real, call)
        if launch is None:
            yield found_of(call, real, script)
        else:
            yield found_of(call, real, script, tip=False)
            yield from (self._scripted(one, script) for one in launch)

    @staticmethod
    def _scripted(one: Found, script: str) -> Found:
        """An interpreter that `env` found for a script has that script."""
        if not script or one.process.script or one.process.steps or f"/{script}" not in one.process.arguments:
            return one
        return Found(replace(one.process, script=script), one.ways, tip=one.tip)


def found_of(call: Call, program: str, script: str = "", *, tip: bool = True) -> Found:
    """The process that a call becomes."""
    process = Process(
        program=program,
        arguments=tuple(None if UNKNOWN in word else word for word in call.argv),
        script=script,
        environment={name: None if UNKNOWN in text else text for name, text in sorted(call.environment.items())},
        directory=call.directory.strip("/") if UNKNOWN not in call.directory else "",
        more_arguments=MANY in call.argv,
    )
    return Found(process, tip=tip)

"""Entry points traced in small root file systems.

`traced({"entry.sh": "exec web"}, "/entry.sh")` gives the `Trace`; every name of `PROGRAMS` is a program in `usr/bin`,
and `told` shows a trace in lines: `maybe web --port 1 if [ "$A" ]`.
"""

from builders import Link
from roots import root_of
from stellaops_core.analyzers.texts import ANALYZER
from stellaops_core.entrytrace.trace import EntryConfig, trace

_NAMES = (
    "dash bash env busybox id find chown cat rm mkdir touch sed grep sleep tini dumb-init gosu su-exec su "
    "setpriv chroot nice timeout xargs flock web worker other server node npm npx python3 java nginx httpd "
    "php-fpm ruby bundle supervisord s6-svscan run-parts tee ls sort basename dirname date which readlink "
    "python perl "
)
PROGRAMS = tuple(_NAMES.split())


def root_with(files, *, programs=PROGRAMS, links=None):
    """A root of programs and of files; texts beginning with `#!` are executable."""
    tree = {f"usr/bin/{name}": b"\x7fELF" for name in programs}
    tree |= {"bin": Link("usr/bin"), "usr/bin/sh": Link("dash")}
    tree |= {path: content.encode() if isinstance(content, str) else content for path, content in files.items()}
    return root_of(tree | {path: Link(target) for path, target in (links or {}).items()}, analyzers=[ANALYZER])


def traced(files, *entrypoint, cmd=(), root=None, **config):
    """Trace an entry point; a script without `#!` gets that of the shell."""
    scripts = {
        path: text
        if path.endswith((".conf", ".json", ".ini", ".env")) or text.startswith("#!")
        else f"#!/bin/sh\n{text}"
        for path, text in files.items()
    }
    return trace(EntryConfig(entrypoint or None, tuple(cmd) or None, **config), root or root_with(scripts))


def told(trace, *, helpers=False):
    """The processes as lines; shells and launchers are left out unless helpers are asked for."""
    lines = []
    for process in trace.processes:
        if process.terminal or helpers:
            words = " ".join("?" if word is None else word for word in process.arguments)
            condition = f" if {' & '.join(process.conditions)}" if process.conditions else ""
            lines.append(f"{process.level} {words}{condition}")
    return lines

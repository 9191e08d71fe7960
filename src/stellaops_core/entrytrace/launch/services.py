"""Programs that keep several services running: supervisord, s6, s6-overlay, runit.

Comes in: a call of such a program. Goes out: the programs of its configuration.

Source: supervisord.org, "Configuration File"; skarnet.org, "s6-svscan", "s6-rc"; github.com/just-containers/s6-overlay,
"Usage"; smarden.org/runit, "runsvdir".
"""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stellaops_core.component import Step
from stellaops_core.entrytrace.calls import Call, Caller, Found, first
from stellaops_core.entrytrace.process import Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.shell.files import absolute, find_names, text_of
from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN
from stellaops_core.entrytrace.ways import ALWAYS, Ways

SERVICE_LIMIT = 200
"""Services of one supervisor."""
INCLUDE_LIMIT = 200
"""Files that one configuration of supervisord includes."""

_PROGRAMS = frozenset({"program", "fcgi-program", "eventlistener"})
_SEARCHED = ("supervisord.conf", "etc/supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf")
_SECTION = re.compile(r"\[([^\]]+)\]")
_SETTING = re.compile(r"([\w-]+)\s*[=:]\s*(.*)")
_EXPANSION = re.compile(r"%\((\w+)\)[sd]")


class Setting(Struct, frozen=True):
    """One setting of a configuration."""

    value: str
    line: int


class Section(Struct, frozen=True):
    """One section, such as `program:web`."""

    name: str
    place: str
    settings: dict[str, Setting]


def read_sections(text: str, place: str) -> list[Section]:
    """Read an INI file as supervisord does: indented lines continue a setting, ` ;` begins a comment."""
    sections: list[Section] = []
    last = ""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped[0] in ";#":
            continue
        header = _SECTION.match(stripped)
        setting = _SETTING.match(stripped)
        plain = re.split(r"\s;", stripped, maxsplit=1)[0].rstrip()
        if header:
            sections.append(Section(header[1], place, {}))
        elif sections and line[0] in " \t" and last:
            old = sections[-1].settings[last]
            sections[-1].settings[last] = Setting(f"{old.value}\n{plain}", old.line)
        elif sections and setting:
            last = setting[1].lower()
            sections[-1].settings[last] = Setting(re.split(r"\s;", setting[2], maxsplit=1)[0].strip(), number)
            continue
        last = last if line[0] in " \t" and not header else ""
    return sections


def _supervisord(caller: Caller, call: Call) -> Iterator[Found]:
    """All programs of its configuration."""
    named = [value for word, value in zip(call.argv, call.argv[1:], strict=False) if word in {"-c", "--configuration"}]
    named.extend(word.partition("=")[2] for word in call.argv if word.startswith("--configuration="))
    named.extend(word[2:] for word in call.argv if word.startswith("-c") and len(word) > 2)
    for name in named or _SEARCHED:
        path = absolute(call.directory, name)
        text = None if UNKNOWN in path else text_of(caller.root, path)
        if text is not None:
            yield from _programs(caller, call, path, text)
            return
    caller.note(
        Undetermined(call.place, call.line, "the configuration of supervisord is not in the image, or was not kept")
    )


def _programs(caller: Caller, call: Call, path: str, text: str) -> Iterator[Found]:
    sections = read_sections(text, caller.root.real(path) or path)
    here = path.rpartition("/")[0] or "/"
    for section in list(sections):
        if section.name == "include" and "files" in section.settings:
            sections.extend(_included(caller, call, section, here))
    programs = [one for one in sections if one.name.partition(":")[0] in _PROGRAMS and "command" in one.settings]
    for section in first(caller, call, programs, SERVICE_LIMIT, "services"):
        yield from _service(caller, call, section, section.name.partition(":")[2], here)


def _included(caller: Caller, call: Call, section: Section, here: str) -> list[Section]:
    found: list[Section] = []
    root = caller.root
    for pattern in section.settings["files"].value.split():
        expanded = _EXPANSION.sub(lambda m: here if m[1] == "here" else UNKNOWN, pattern)
        for path in first(caller, call, find_names(root, here, expanded), INCLUDE_LIMIT, "included files"):
            there = absolute(here, path)
            text = text_of(root, there)
            if text is not None:
                found.extend(read_sections(text, root.real(there) or ""))
            elif path == MANY or root.is_file(there):
                reason = f"not all that {pattern[:80]} includes can be read"
                caller.note(Undetermined(section.place, section.settings["files"].line, reason))
    return found


def _service(caller: Caller, call: Call, section: Section, name: str, here: str) -> Iterator[Found]:
    """One program of supervisord."""
    known = {"program_name": name, "group_name": name, "process_num": "0", "here": here, "host_node_name": UNKNOWN}
    known |= {f"ENV_{key}": value for key, value in call.environment.items()}

    def value(key: str) -> str:
        setting = section.settings.get(key)
        return _EXPANSION.sub(lambda m: known.get(m[1], UNKNOWN), setting.value) if setting else ""

    command = section.settings["command"]
    words = _words(value("command"))
    environment = dict(call.environment)
    for pair in re.findall(r"(\w+)=(?:\"([^\"]*)\"|'([^']*)'|([^,]*))", value("environment")):
        environment[pair[0]] = pair[1] or pair[2] or pair[3].strip()
    if not words:
        return
    inner = replace(
        call.then(*words),
        environment=environment,
        directory=absolute(call.directory, value("directory")) if value("directory") else call.directory,
        user=value("user") or call.user,
        place=section.place,
        line=command.line,
    )
    step = Step(section.place, command.line, f"command={' '.join(command.value.split())}"[:120])
    yield from lift(
        caller, inner, step, condition=f"autostart={value('autostart')}" if _is_off(value("autostart")) else ""
    )


def _is_off(text: str) -> bool:
    return text.lower() in {"false", "no", "off", "0"}


def _words(text: str) -> list[str]:
    import shlex  # noqa: PLC0415  # rarely needed

    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def lift(caller: Caller, call: Call, step: Step, *, condition: str = "", tip: bool = True) -> Iterator[Found]:
    """Run something that a configuration names."""
    ways: Ways = ALWAYS
    if condition:
        ways = ((caller.forks.new("", condition, assumed=True) + 1,),)
    for one in caller.run(call):
        yield one.within((step,), ways, tip=tip)


# --- directories of services ---


def _directories(caller: Caller, call: Call, places: Sequence[str]) -> Iterator[Found]:
    """`DIRECTORY/*/run`."""
    for place in places:
        if UNKNOWN in place or not caller.root.is_directory(place):
            caller.note(Undetermined(call.place, call.line, "the directory of services is not in the image"))
            continue
        for name in first(caller, call, caller.root.names(place), SERVICE_LIMIT, "services"):
            run = f"{place.rstrip('/')}/{name}/run"
            if caller.root.is_file(run):
                yield from _file(caller, replace(call, directory=f"{place.rstrip('/')}/{name}"), run)


def _file(caller: Caller, call: Call, path: str, *, tip: bool = True) -> Iterator[Found]:
    real = caller.root.real(path) or ""
    yield from lift(caller, replace(call.then(path), place=real, line=0), Step(real, 0, "service"), tip=tip)


def _scanned(caller: Caller, call: Call) -> Iterator[Found]:
    """`s6-svscan`, `svscan`, `runsvdir`."""
    operands = _operands(call.argv[1:], "tcdCX")
    yield from _directories(caller, call, [absolute(call.directory, operands[0] if operands else ".")])


def _single(caller: Caller, call: Call) -> Iterator[Found]:
    """`runsv`, `s6-supervise`: one service."""
    for place in _operands(call.argv[1:], "")[:1]:
        directory = absolute(call.directory, place)
        yield from _file(caller, replace(call, directory=directory), f"{directory}/run")


def _operands(words: Sequence[str], values: str) -> list[str]:
    found, at = [], 0
    while at < len(words):
        if words[at].startswith("-") and len(words[at]) > 1:
            at += words[at][-1] in values
        else:
            found.append(words[at])
        at += 1
    return found


def is_overlay(root: Root) -> bool:
    """Whether `/init` is that of s6-overlay."""
    return any(
        root.is_directory(place)
        for place in ("/etc/s6-overlay", "/etc/services.d", "/etc/cont-init.d", "/package/admin/s6-overlay")
    )


def overlay(caller: Caller, call: Call) -> Iterator[Found]:
    """s6-overlay's `/init`: what runs once, services of both kinds, and the command that it is given."""
    root = caller.root
    for name in first(caller, call, root.names("/etc/cont-init.d"), SERVICE_LIMIT, "scripts"):
        yield from _file(caller, call, f"/etc/cont-init.d/{name}", tip=False)
    for name in first(caller, call, _bundle(root, "user"), SERVICE_LIMIT, "services"):
        yield from _compiled(caller, call, f"/etc/s6-overlay/s6-rc.d/{name}")
    if root.is_directory("/etc/services.d"):
        yield from _directories(caller, call, ["/etc/services.d"])
    if len(call.argv) > 1:
        yield from caller.run(call.then(*call.argv[1:]))


def _bundle(root: Root, first: str) -> list[str]:
    """All services of a bundle, with those that they depend on."""
    todo, seen = [first], {first: None}
    while todo and len(seen) <= SERVICE_LIMIT + 1:
        base = f"/etc/s6-overlay/s6-rc.d/{todo.pop()}"
        for name in (*root.names(f"{base}/contents.d"), *root.names(f"{base}/dependencies.d")):
            if name not in seen:
                seen[name] = None
                todo.append(name)
    return [name for name in seen if name != first]


def _compiled(caller: Caller, call: Call, directory: str) -> Iterator[Found]:
    """A source directory of s6-rc: `run` of a service, or the command line in `up`."""
    root = caller.root
    if root.is_file(f"{directory}/run"):
        yield from _file(caller, replace(call, directory=directory), f"{directory}/run")
    elif root.is_file(f"{directory}/up"):
        text, real = text_of(root, f"{directory}/up"), root.real(f"{directory}/up") or ""
        words = _words(text) if text else []
        if not words:
            caller.note(Undetermined(real, 0, "the text of the service was not kept"))
            return
        inner = replace(call.then(*words), place=real, line=1)
        yield from lift(caller, inner, Step(real, 1, " ".join(words)[:120]), tip=False)


def _my_init(caller: Caller, call: Call) -> Iterator[Found]:
    """Baseimage's `my_init`: scripts that run once, services, and the command behind `--`."""
    root = caller.root
    for name in first(caller, call, root.names("/etc/my_init.d"), SERVICE_LIMIT, "scripts"):
        yield from _file(caller, call, f"/etc/my_init.d/{name}", tip=False)
    if root.is_file("/etc/rc.local"):
        yield from _file(caller, call, "/etc/rc.local", tip=False)
    if root.is_directory("/etc/service"):
        yield from _directories(caller, call, ["/etc/service"])
    if "--" in call.argv[:-1]:
        yield from caller.run(call.then(*call.argv[call.argv.index("--") + 1 :]))


def _system(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`systemd`: its units are not followed."""
    caller.note(Undetermined(call.place, call.line, "units of systemd are not followed"))
    return None


SERVICE_LAUNCHERS: dict[str, Callable[[Caller, Call], "Iterator[Found] | None"]] = {
    "supervisord": _supervisord,
    **dict.fromkeys(("s6-svscan", "svscan", "runsvdir"), _scanned),
    **dict.fromkeys(("s6-supervise", "runsv", "supervise"), _single),
    "my_init": _my_init,
    "systemd": _system,
}

"""Programs that run what a project's own file names: npm and its kin, process managers of Node, Bundler.

Comes in: a call of such a program. Goes out: what it runs beside itself.

Source: npm CLI manual, "npm-run-script", "npm-start", "npx"; yarnpkg.com/cli; pnpm.io/cli/run; pm2.keymetrics.io,
"Ecosystem File"; bundler.io/man, "bundle-exec".
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import DecodeError, json
from msgspec.structs import replace

from stellaops_core.component import Step
from stellaops_core.entrytrace.bounds import more_than
from stellaops_core.entrytrace.calls import Call, Caller, Found, first
from stellaops_core.entrytrace.process import Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.shell.files import absolute, text_of
from stellaops_core.entrytrace.shell.patterns import UNKNOWN

PARENT_LIMIT = 40
"""Directories above one another in which a package is looked for."""
APP_LIMIT = 100
"""Programs of one file of pm2."""

_RUN = {"run", "run-script", "rum", "urn"}
_EXECUTE = {"exec", "x", "dlx"}
_DIRECTORY = {"--prefix", "-C", "--cwd", "--dir"}
_OWN = frozenset({
    "add", "audit", "cache", "ci", "config", "dedupe", "help", "i", "info", "init", "install", "link", "list", "ls",
    "outdated", "pack", "prune", "publish", "rebuild", "remove", "root", "set", "uninstall", "update", "version", "why",
})  # fmt: skip
_NODE_VALUES = {"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--env-file"}
_WATCH_VALUES = {
    "-w",
    "--watch",
    "-e",
    "--ext",
    "-i",
    "--ignore",
    "-d",
    "--delay",
    "-x",
    "--exec",
    "--config",
    "-s",
    "--signal",
}


def project_of(root: Root, directory: str) -> str | None:
    """The nearest directory, from this one up, that has a `package.json`."""
    for _ in range(PARENT_LIMIT):
        if UNKNOWN in directory:
            return None
        if root.is_file(f"{directory}/package.json"):
            return directory
        if directory in {"/", ""}:
            return None
        directory = directory.rpartition("/")[0] or "/"
    return None


def _manifest(root: Root, directory: str) -> tuple[str, Mapping[str, str]] | None:
    """The text of a `package.json`, and its scripts."""
    text = text_of(root, f"{directory}/package.json")
    try:
        manifest = json.decode(text or "")
    except (DecodeError, UnicodeError, RecursionError):
        return None
    scripts = manifest.get("scripts") if isinstance(manifest, dict) else None
    known = scripts if isinstance(scripts, dict) else {}
    return text or "", {key: value for key, value in known.items() if isinstance(value, str)}


def _npm(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`npm start`, `npm run X`, `yarn X`, `pnpm X`, `bun run X`."""
    words, directory = _options(call)
    command = words[0] if words else ""
    if any(UNKNOWN in word for word in words[:2]):
        caller.note(Undetermined(call.place, call.line, "the script that npm runs is not known"))
        return iter(())
    if command in _EXECUTE:
        return _binary(caller, replace(call, directory=directory), words[1:])
    name, rest = (words[1], words[2:]) if command in _RUN and len(words) > 1 else (command, words[1:])
    tool = call.argv[0].rpartition("/")[2]
    if not name or (command in _OWN and command not in {"start", "test", "restart", "stop"}):
        return None
    if tool == "npm" and command not in _RUN and name not in {"start", "test", "t", "restart", "stop"}:
        return None
    return _script(caller, call, directory, {"t": "test"}.get(name, name), [word for word in rest if word != "--"])


def _options(call: Call) -> tuple[list[str], str]:
    """Words that aren't npm's options, and the directory that is asked for."""
    words: list[str] = []
    directory, at = call.directory, 1
    while at < len(call.argv):
        word = call.argv[at]
        name, equals, value = word.partition("=")
        if name in _DIRECTORY and (equals or at + 1 < len(call.argv)):
            at += not equals
            directory = absolute(directory, value if equals else call.argv[at])
        elif not word.startswith("-") or len(words) > 1 or word == "--":
            words.append(word)
        at += 1
    return words, directory


def _script(caller: Caller, call: Call, directory: str, name: str, rest: Sequence[str]) -> Iterator[Found]:
    """A script of the project, with those before and after it."""
    project = project_of(caller.root, directory)
    manifest = _manifest(caller.root, project) if project else None
    if project is None or manifest is None:
        caller.note(
            Undetermined(call.place, call.line, "the package.json of the script is not in the image, or not readable")
        )
        return
    text, scripts = manifest
    place = caller.root.real(f"{project}/package.json") or ""
    inner = replace(call, directory=project, environment=_environment(caller, call, project, name), place=place)
    if name not in scripts:
        yield from _default(caller, inner, name, project, rest)
        return
    for step in (f"pre{name}", name, f"post{name}"):
        if step in scripts:
            line = _line_of(text, step)
            command = " ".join([scripts[step], *(_quoted(word) for word in rest if step == name)])
            one = replace(inner.then("/bin/sh", "-c", command), line=line)
            for found in caller.run(one):
                yield found.within((Step(place, line, f'"{step}": "{scripts[step]}"'[:120]),), ((),), tip=step == name)


def _default(caller: Caller, call: Call, name: str, project: str, rest: Sequence[str]) -> Iterator[Found]:
    """Without such a script: `node server.js` for `start`, else a program of a package."""
    if name == "start" and caller.root.is_file(f"{project}/server.js"):
        yield from caller.run(call.then("node", "server.js", *rest))
    elif caller.find(name, call.environment["PATH"], project):
        yield from caller.run(call.then(name, *rest))
    else:
        caller.note(Undetermined(call.place, 0, f"the package has no script {name[:80]}"))


def _environment(caller: Caller, call: Call, project: str, name: str) -> dict[str, str]:
    """What npm adds: programs of packages come first."""
    places = []
    directory = project
    for _ in range(PARENT_LIMIT):
        places.append(f"{directory.rstrip('/')}/node_modules/.bin")
        if directory in {"/", ""}:
            break
        directory = directory.rpartition("/")[0] or "/"
    else:
        caller.note(Undetermined(call.place, call.line, more_than(PARENT_LIMIT, "directories above one another")))
    path = ":".join([*places, call.environment.get("PATH", "")])
    return {**call.environment, "PATH": path, "npm_lifecycle_event": name, "INIT_CWD": call.directory}


def _line_of(text: str, name: str) -> int:
    found = re.search(rf'"{re.escape(name)}"\s*:', text[max(text.find('"scripts"'), 0) :])
    return text[: max(text.find('"scripts"'), 0) + found.start()].count("\n") + 1 if found else 0


def _quoted(word: str) -> str:
    return word if re.fullmatch(r"[\w@%+=:,./-]+", word) else "'" + word.replace("'", "'\\''") + "'"


def _npx(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`npx X`: a program of an installed package."""
    return _binary(caller, call, call.argv[1:])


def _binary(caller: Caller, call: Call, words: Sequence[str]) -> Iterator[Found] | None:
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "--":
        at += 2 if words[at] in {"-p", "--package", "-c", "--call"} else 1
    at += list(words[at : at + 1]) == ["--"]
    if at >= len(words):
        return None
    project = project_of(caller.root, call.directory) or call.directory
    inner = replace(call.then(*words[at:]), environment=_environment(caller, call, project, "npx"))
    return iter(caller.run(inner))


# --- process managers of Node ---


def _pm2(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`pm2-runtime app.js`, `pm2 start ecosystem.json`."""
    words = [word for word in call.argv[1 : _dashes(call.argv)] if not word.startswith("-")]
    words = words[1:] if words[:1] in (["start"], ["restart"], ["reload"]) else words
    if not words or UNKNOWN in words[0]:
        return None
    path, rest = absolute(call.directory, words[0]), call.argv[_dashes(call.argv) + 1 :]
    if re.search(r"\.(?:config\.[cm]?js|ya?ml)$", path):
        caller.note(Undetermined(call.place, call.line, f"the programs in {words[0][:80]} are not followed", "npm"))
        return iter(())
    if path.endswith(".json"):
        return _apps(caller, call, path)
    return iter(caller.run(call.then(*_interpreter(words[0]), words[0], *rest)))


def _dashes(argv: Sequence[str]) -> int:
    return list(argv).index("--") if "--" in argv else len(argv)


def _interpreter(name: str) -> tuple[str, ...]:
    return {"py": ("python",), "sh": ("bash",), "rb": ("ruby",), "php": ("php",)}.get(
        name.rpartition(".")[2], ("node",)
    )


def _apps(caller: Caller, call: Call, path: str) -> Iterator[Found]:
    """The programs of pm2's own file."""
    try:
        stated = json.decode(text_of(caller.root, path) or "")
    except (DecodeError, UnicodeError, RecursionError):
        stated = None
    if not isinstance(stated, (dict, list)):
        caller.note(Undetermined(call.place, call.line, "the file of pm2 was not kept, or is not readable", "npm"))
        return
    apps = stated.get("apps", [stated]) if isinstance(stated, dict) else stated
    for app in first(caller, call, apps, APP_LIMIT, "programs of pm2") if isinstance(apps, list) else ():
        script = app.get("script") if isinstance(app, dict) else None
        if not isinstance(script, str) or not script:
            continue
        where = app.get("cwd")
        directory = absolute(call.directory, where) if isinstance(where, str) else call.directory
        place = caller.root.real(path) or ""
        inner = replace(call.then(*_interpreter(script), script.replace("\0", "")), directory=directory, place=place)
        for found in caller.run(inner):
            yield found.within((Step(place, 0, f'"script": "{script}"'[:120]),), ((),), tip=True)


def _watcher(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`nodemon`, `forever`, `node-dev`: node with the same script."""
    words = list(call.argv[1:])
    values = _WATCH_VALUES | _NODE_VALUES
    commands = [words[at + 1] for at, word in enumerate(words[:-1]) if word in {"-x", "--exec"}]
    at = 0
    while at < len(words) and (words[at].startswith("-") or words[at] in {"start", "watch"}):
        at += 2 if words[at] in values else 1
    if commands:
        return iter(caller.run(call.then("/bin/sh", "-c", " ".join([commands[0], *words[at:]]))))
    return iter(caller.run(call.then("node", *words[at:]))) if at < len(words) else None


def _bundle(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`bundle exec X`."""
    words = list(call.argv[1:])
    if words[:1] != ["exec"]:
        return None
    words = [word for at, word in enumerate(words[1:]) if at or word != "--keep-file-descriptors"]
    return iter(caller.run(call.then(*words))) if words else None


def _concurrently(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`concurrently "a" "b"`: each a line for the shell."""
    lines = [word for word in call.argv[1:] if not word.startswith("-")]
    return (found for line in lines for found in caller.run(call.then("/bin/sh", "-c", line)))


def _crossed(caller: Caller, call: Call) -> Iterator[Found] | None:
    """`cross-env A=b command`."""
    environment, at = dict(call.environment), 1
    while at < len(call.argv) and re.match(r"\w+=", call.argv[at]):
        name, _, value = call.argv[at].partition("=")
        environment[name] = value
        at += 1
    return (
        iter(caller.run(replace(call.then(*call.argv[at:]), environment=environment))) if at < len(call.argv) else None
    )


SCRIPT_LAUNCHERS: dict[str, Callable[[Caller, Call], "Iterator[Found] | None"]] = {
    **dict.fromkeys(("npm", "npm-cli.js", "yarn", "yarn.js", "yarnpkg", "pnpm", "pnpm.cjs", "bun"), _npm),
    **dict.fromkeys(("npx", "npx-cli.js", "bunx", "pnpx", "pnpm-dlx"), _npx),
    **dict.fromkeys(("pm2", "pm2-runtime", "pm2-docker"), _pm2),
    **dict.fromkeys(("nodemon", "forever", "node-dev", "supervisor"), _watcher),
    **dict.fromkeys(("bundle", "bundler"), _bundle),
    "concurrently": _concurrently,
    **dict.fromkeys(("cross-env", "cross-env-shell"), _crossed),
}

"""What well-known programs print, where the image tells.

Comes in: a command line, the state, and what the command reads. Goes out: its output, or None where that isn't known.
"""

import re
from collections.abc import Callable, Sequence

from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.shell.files import absolute, text_of
from stellaops_core.entrytrace.shell.patterns import UNKNOWN, fits, parse_pattern
from stellaops_core.entrytrace.shell.printf import echoed, formatted
from stellaops_core.entrytrace.shell.state import State

FIND_LIMIT = 2000
"""Names below a directory that `find` looks at; of more nothing is known."""
LINE_LIMIT = 5000
"""Lines that a filter gets; of more nothing is known."""

Output = Callable[[Root, list[str], State, str], str | None]


def output_of(root: Root, argv: Sequence[str], state: State, user: str) -> str | None:
    """Tell what a program prints."""
    command = _COMMANDS.get(argv[0].rpartition("/")[2])
    if not command or any(UNKNOWN in field for field in argv):
        return None
    return command(root, list(argv[1:]), state, user)


def user_number(root: Root, user: str) -> str:
    """The number of a user, from `/etc/passwd`; of one that isn't there, only that it isn't 0."""
    name = user.partition(":")[0]
    if name in {"", "root", "0"}:
        return "0"
    if name.isdigit():
        return name
    for line in (text_of(root, "/etc/passwd") or "").splitlines():
        fields = line.split(":")
        if fields[0] == name and len(fields) > 2 and fields[2].isdigit():
            return fields[2]
    return UNKNOWN if UNKNOWN in name else f"1{UNKNOWN}"


def home_of(root: Root, user: str) -> str:
    """A user's home directory, from `/etc/passwd`; unknown where it isn't there, but for root."""
    name = user.partition(":")[0] or "root"
    for line in (text_of(root, "/etc/passwd") or "").splitlines():
        fields = line.split(":")
        if len(fields) > 5 and name in {fields[0], fields[2]}:
            return fields[5]
    return "/root" if user_number(root, user) == "0" else UNKNOWN


def _id(root: Root, arguments: list[str], state: State, user: str) -> str | None:  # noqa: ARG001
    asked = [one for one in arguments if not one.startswith("-")]
    flags = "".join(one.lstrip("-") for one in arguments if one.startswith("-"))
    who = asked[0] if asked else user
    if flags in {"u", "ur", "ru", "user"}:
        return user_number(root, who) + "\n"
    if flags in {"g", "gr", "rg", "group"} and not asked:
        group = user.partition(":")[2]
        return (group if group.isdigit() else user_number(root, user) if user in {"", "0", "root"} else UNKNOWN) + "\n"
    if flags in {"un", "nu"} and not who.isdigit():
        return (who or "root") + "\n"
    return "root\n" if flags in {"un", "nu"} and who == "0" else None


def _whoami(root: Root, arguments: list[str], state: State, user: str) -> str | None:
    return _id(root, ["-un", *arguments], state, user)


def _basename(root: Root, arguments: list[str], state: State, user: str) -> str | None:  # noqa: ARG001
    names = [one for one in arguments if one != "--"]
    if not names or names[0].startswith("-") or len(names) > 2:
        return None
    name = names[0].rstrip("/").rpartition("/")[2] or names[0][:1]
    return (name.removesuffix(names[1]) if len(names) > 1 and name != names[1] else name) + "\n"


def _dirname(root: Root, arguments: list[str], state: State, user: str) -> str | None:  # noqa: ARG001
    names = [one for one in arguments if one != "--"]
    if len(names) != 1 or names[0].startswith("-"):
        return None
    head, slash, _ = names[0].rstrip("/").rpartition("/")
    return (head.rstrip("/") or slash or ".") + "\n"


def _cat(root: Root, arguments: list[str], state: State, user: str) -> str | None:  # noqa: ARG001
    if not arguments or arguments == ["-"]:
        return state.stdin
    texts = [text_of(root, absolute(state.directory, one)) for one in arguments if not one.startswith("-")]
    known = [text for text in texts if text is not None]
    return "".join(known) if len(known) == len(texts) else None


def _readlink(root: Root, arguments: list[str], state: State, user: str) -> str | None:  # noqa: ARG001
    """`readlink -f`, `realpath`."""
    names = [one for one in arguments if not one.startswith("-")]
    path = absolute(state.directory, names[0]) if len(names) == 1 else UNKNOWN
    real = None if UNKNOWN in path else root.real(path)
    return None if real is None else f"/{real}\n"


def _uname(root: Root, arguments: list[str], state: State, user: str) -> str | None:  # noqa: ARG001
    return "Linux\n" if arguments in ([], ["-s"]) else None


def _find(root: Root, arguments: list[str], state: State, user: str) -> str | None:  # noqa: ARG001
    """Files below directories, by name, kind and depth."""
    places = []
    for one in arguments:
        if one.startswith(("-", "!", "(")):
            break
        places.append(one)
    tests = _find_tests(arguments[len(places) :])
    if tests is None:
        return None
    lines: list[str] = []
    for place in places or ["."]:
        start = absolute(state.directory, place)
        found = _below(root, start, place.rstrip("/") or "/", tests["depth"])
        if found is None or UNKNOWN in start:
            return None
        lines.extend(shown for shown, path, depth in found if _is_wanted(root, path, depth, tests))
    return "".join(f"{line}\n" for line in lines[: 1 if tests["quit"] else None])


def _find_tests(words: list[str]) -> dict[str, object] | None:
    tests: dict[str, object] = {"depth": 20, "least": 0, "kind": "", "names": (), "quit": False}
    at = 0
    while at < len(words):
        word, value = words[at], words[at + 1] if at + 1 < len(words) else ""
        if word in {"-maxdepth", "-mindepth"} and value.isdigit():
            tests["depth" if word == "-maxdepth" else "least"] = int(value)
        elif word == "-type" and value in {"f", "d"}:
            tests["kind"] = value
        elif word in {"-name", "-iname"}:
            tests["names"] = (*tests["names"], value)  # type: ignore[misc]
        elif word in {"-print", "-follow", "-L", "-quit"}:
            tests["quit"] = tests["quit"] or word == "-quit"
            at -= 1
        else:
            return None
        at += 2
    return tests


def _below(root: Root, start: str, shown: str, depth: object) -> list[tuple[str, str, int]] | None:
    """Everything below a directory; None where that is too much."""
    if root.real(start) is None:
        return []
    todo, found = [(shown, start, 0)], []
    while todo:
        one = todo.pop(0)
        found.append(one)
        if len(found) > FIND_LIMIT:
            return None
        if one[2] < (depth if isinstance(depth, int) else 0) and root.is_directory(one[1]):
            todo.extend((f"{one[0]}/{name}", f"{one[1]}/{name}", one[2] + 1) for name in root.names(one[1]))
    return found


def _is_wanted(root: Root, path: str, depth: int, tests: dict[str, object]) -> bool:
    names = tests["names"]
    kind = tests["kind"]
    return (
        depth >= int(str(tests["least"]))
        and (not kind or (root.is_file if kind == "f" else root.is_directory)(path))
        and all(
            fits(parse_pattern(str(name)), path.rpartition("/")[2])
            for name in (names if isinstance(names, tuple) else ())
        )
    )


def _ls(root: Root, arguments: list[str], state: State, user: str) -> str | None:  # noqa: ARG001
    flags = [one for one in arguments if one.startswith("-")]
    names = [one for one in arguments if not one.startswith("-")]
    if any(one.strip("-A1a") for one in flags) or len(names) > 1:
        return None
    path = absolute(state.directory, names[0] if names else ".")
    if UNKNOWN in path or not root.is_directory(path):
        return None
    return "".join(f"{name}\n" for name in root.names(path) if flags or name[0] != ".")


def _run_parts(root: Root, arguments: list[str], state: State, user: str) -> str | None:  # noqa: ARG001
    """`run-parts --list` and `--test`."""
    if not {"--list", "--test"} & set(arguments):
        return None
    return "".join(f"{path}\n" for path in parts_of(root, absolute(state.directory, arguments[-1]), arguments))


def parts_of(root: Root, directory: str, arguments: Sequence[str]) -> list[str]:
    """The files that `run-parts` runs, in its order."""
    pattern = next((one.partition("=")[2] for one in arguments if one.startswith("--regex=")), "")
    suffixed = r"[\w.-]+" if pattern or "--lsbsysinit" in arguments else r"[\w-]+"
    names = [name for name in root.names(directory) if re.fullmatch(suffixed, name)]
    if pattern:
        ending = re.fullmatch(r"\^?\.\*(?:\\\.)(\w+)\$", pattern)
        names = [name for name in names if not ending or name.endswith("." + ending[1])]
    return [f"{directory.rstrip('/')}/{name}" for name in names if root.is_file(f"{directory}/{name}")]


def _filter(change: Callable[[list[str], list[str]], list[str] | None]) -> Output:
    """A program that changes lines which it reads."""

    def output(root: Root, arguments: list[str], state: State, user: str) -> str | None:  # noqa: ARG001
        text = state.stdin
        if text is None or UNKNOWN in text:
            return None
        lines = text.splitlines()
        changed = change(lines, arguments) if len(lines) <= LINE_LIMIT else None
        return None if changed is None else "".join(f"{line}\n" for line in changed)

    return output


def _sort(lines: list[str], arguments: list[str]) -> list[str] | None:
    if any(one.strip("-Vzur") for one in arguments):
        return None
    numbered = any("V" in one for one in arguments)
    key: Callable[[str], object] = _version_key if numbered else str
    ordered = sorted(set(lines) if any("u" in one for one in arguments) else lines, key=key)  # type: ignore[arg-type]
    return ordered[::-1] if any("r" in one for one in arguments) else ordered


def _version_key(line: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d{1,18}|\D+", line)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def _head(lines: list[str], arguments: list[str]) -> list[str] | None:
    count = "".join(arguments).removeprefix("-n").removeprefix("-")
    return lines[: int(count)] if count.isdigit() and len(count) < 6 else None


def _cut(lines: list[str], arguments: list[str]) -> list[str] | None:
    found = re.fullmatch(r"-d ?(.) -f ?([1-9]\d?)", " ".join(arguments), re.DOTALL)
    if not found:
        return None
    at = int(found[2]) - 1
    return [
        parts[at] if at < len(parts := line.split(found[1])) else "" if found[1] in line else line for line in lines
    ]


def _tr(lines: list[str], arguments: list[str]) -> list[str] | None:
    lower, upper = {"[:lower:]", "a-z"}, {"[:upper:]", "A-Z"}
    if len(arguments) == 2 and arguments[0] in upper and arguments[1] in lower:
        return [line.lower() for line in lines]
    if len(arguments) == 2 and arguments[0] in lower and arguments[1] in upper:
        return [line.upper() for line in lines]
    if len(arguments) == 2 and len(arguments[0]) == len(arguments[1]) == 1:
        return [line.replace(arguments[0], arguments[1]) for line in lines]
    return None


_COMMANDS: dict[str, Output] = {
    "id": _id,
    "whoami": _whoami,
    "basename": _basename,
    "dirname": _dirname,
    "cat": _cat,
    "readlink": _readlink,
    "realpath": _readlink,
    "uname": _uname,
    "find": _find,
    "ls": _ls,
    "run-parts": _run_parts,
    "sort": _filter(_sort),
    "head": _filter(_head),
    "cut": _filter(_cut),
    "tr": _filter(_tr),
    "echo": lambda root, arguments, state, user: echoed(arguments),  # noqa: ARG005
    "printf": lambda root, arguments, state, user: formatted(arguments),  # noqa: ARG005
}

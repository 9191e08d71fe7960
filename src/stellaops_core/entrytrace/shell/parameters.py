"""What parameters are: variables, arguments, and what the shell itself sets.

Comes in: a name. Goes out: its text, its list of fields, or None where it is unset. Rule: a variable that neither the
image nor the script sets is unset, and its name is noted: whoever starts the container may set it.

Source: POSIX.1-2024, XCU 2.5 "Parameters and Variables"; Bash Reference Manual 5.
"""

from typing import Protocol

from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN
from stellaops_core.entrytrace.shell.state import State

_SHELL: dict[str, str] = {
    "OSTYPE": "linux-gnu",
    "IFS": " \t\n",
    "OPTIND": "1",
    "BASH": "/bin/bash",
    "BASH_VERSION": f"5{UNKNOWN}",
    "BASH_VERSINFO": "5",
}
"""What bash sets and scripts ask for."""
_CHANGING = frozenset({
    "RANDOM", "SECONDS", "PPID", "HOSTNAME", "LINENO", "SHLVL", "EPOCHSECONDS", "EPOCHREALTIME", "BASHPID", "HOSTTYPE",
    "MACHTYPE", "PIPESTATUS", "BASH_REMATCH", "REPLY", "_", "GROUPS", "SRANDOM", "BASH_COMMAND", "OPTARG", "COLUMNS",
    "LINES",
})  # fmt: skip


class Named(Protocol):
    """A script."""

    name: str

    @property
    def place(self) -> str:
        """The file that is being run."""


class Parameters:
    """Reads parameters of one state."""

    def __init__(self, host: Named, state: State, reads: set[str]) -> None:
        self.host = host
        self.state = state
        self.reads = reads

    def text(self, name: str) -> str | None:
        """A parameter's text; of a list its first."""
        value = self.value(name, "")
        if isinstance(value, list):
            return (UNKNOWN if value[0] == MANY else value[0]) if value else None
        return value

    def value(self, name: str, subscript: str) -> str | list[str] | None:  # noqa: PLR0911  # one for each sort
        """A parameter's value: a list for `@`, `*`, and arrays with such a subscript."""
        if name in {"@", "*"}:
            for reads in self.state.positional_reads:
                self.reads |= reads
            return list(self.state.positional)
        if name.isdigit():
            return self._argument(int(name))
        if not name[:1].isalpha() and name[:1] != "_":
            return self._special(name)
        if name in {"FUNCNAME", "BASH_SOURCE"} and name not in self.state.variables:
            return _pick(self._stack(name), (), subscript)
        variable = self.state.variables.get(name)
        if variable is None:
            return self._unset(name, subscript)
        self.reads |= variable.reads
        if isinstance(variable.value, tuple):
            return _pick(variable.value, variable.keys, subscript)
        if variable.value is None or subscript in {"", "0"}:
            return variable.value
        if subscript in {"@", "*"}:
            return [MANY if variable.value == UNKNOWN else variable.value]
        return UNKNOWN if UNKNOWN in variable.value else None

    def keys(self, name: str) -> list[str]:
        """`${!name[@]}`."""
        variable = self.state.variables.get(name)
        if variable is None or not isinstance(variable.value, tuple):
            return [] if variable is None or variable.value is None else ["0"]
        return list(variable.keys) if variable.keys else [str(n) for n in range(len(variable.value))]

    def names(self, beginning: str) -> list[str]:
        """`${!name@}`; others may come from outside."""
        found = sorted(
            name for name, v in self.state.variables.items() if name.startswith(beginning) and v.value is not None
        )
        self.reads.add(beginning)
        return found

    def _argument(self, number: int) -> str | None:
        if not number:
            return self.host.name
        for reads in self.state.positional_reads[number - 1 : number]:
            self.reads |= reads
        before = self.state.positional[:number]
        if MANY in before:
            return UNKNOWN
        return before[number - 1] if len(before) == number else None

    def _special(self, name: str) -> str:
        if name == "#":
            return UNKNOWN if MANY in self.state.positional else str(len(self.state.positional))
        if name == "?":
            self.reads |= self.state.status.reads
            return {True: "0", False: "1", None: UNKNOWN}[self.state.status.value]
        return UNKNOWN

    def _unset(self, name: str, subscript: str) -> str | list[str] | None:
        if name in _CHANGING:
            return UNKNOWN
        if name == "PWD":
            return self.state.directory
        if name in _SHELL:
            return _SHELL[name]
        self.reads.add(name)
        return [] if subscript in {"@", "*"} else None

    def _stack(self, name: str) -> tuple[str, ...]:
        frames = self.state.frames[::-1]
        if name == "BASH_SOURCE":
            return (f"/{self.host.place}" if any(f.name == "source" for f in frames) else self.host.name,)
        return (*(frame.name for frame in frames), "main") if frames else ()


def _pick(values: tuple[str, ...], keys: tuple[str, ...], subscript: str) -> str | list[str] | None:
    """An element, or all."""
    if subscript in {"@", "*"}:
        return list(values)
    if MANY in values or UNKNOWN in subscript:
        return UNKNOWN
    if keys:
        return values[keys.index(subscript)] if subscript in keys else None
    try:
        return values[int(subscript or 0)]
    except (ValueError, IndexError):
        return None

"""What one command costs, counted instead of timed: `python costs.py ARGUMENT...` runs it and prints JSON.

Comes in: a command line of `stella`. Goes out: calls of Python functions of ours, and calls that these make of C
functions, in all and by module; and what was imported. Only this process's main thread is counted: give `--jobs 1`;
the thread that inflates makes a few calls a megabyte. Nothing is imported here that the command might import itself.
"""

import os
import sys

INLINED = {"<listcomp>", "<dictcomp>", "<setcomp>"}
"""Functions that are none from Python 3.12 on (PEP 709)."""


class Counter:
    """A profiler that counts calls by module."""

    def __init__(self):
        self.places, self.found = {}, {}

    def place(self, code):
        """Module of a function of ours, such as `scan/read`; "" for others."""
        known = self.places.get(code)
        if known is None:
            name = code.co_filename.replace("stellaops_cli", "stellaops_core/cli")
            _, ours, path = name.rpartition("stellaops_core/")
            known = path.removesuffix(".py") if ours and code.co_name not in INLINED else ""
            self.places[code] = known
        return known

    def __call__(self, frame, event, _):
        if event in {"call", "c_call"} and (place := self.place(frame.f_code)):
            kind = "calls" if event == "call" else "calls of C"
            for name in (kind, f"{kind} in {place}"):
                self.found[name] = self.found.get(name, 0) + 1


def main():
    before = set(sys.modules)
    counter = Counter()
    output = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.setprofile(counter)
    from stellaops_cli.__main__ import main as run  # noqa: PLC0415  # importing counts as well

    code = run()
    sys.setprofile(None)
    imported = set(sys.modules) - before
    counts = {**counter.found, "modules of ours": sum(name.startswith("stellaops_") for name in imported)}
    foreign = {name.partition(".")[0] for name in imported} - {"stellaops_core", "stellaops_cli"}
    import json  # noqa: PLC0415  # after the count

    result = {"code": code, "counts": counts, "imports": [name for name in foreign if not name.startswith("_")]}
    os.write(output, json.dumps(result).encode())


if __name__ == "__main__":
    main()

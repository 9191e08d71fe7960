"""One command, measured from outside: time, processor time, memory, bytes read; its children included.

Linux only: `/proc` tells what the system keeps of a process until it is waited for.
"""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PAUSE = 0.03


class Taken(NamedTuple):
    """What one run took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, of the process and of all children that it waited for."""
    read: int
    """Bytes that read calls returned (rchar of proc_pid_io(5)), children included; mapped files don't count."""
    memory: int = 0
    """Most bytes at once of all processes: proportional set sizes (proc_pid_smaps(5)), sampled; 0: not measured."""


def run(command: Sequence[str], environ: Mapping[str, str], *, memory: bool = False) -> Taken:
    """Run to the end; raise `RuntimeError` where it fails. Sampling memory slows it: take times from other runs."""
    peak = [0]
    started = time.perf_counter()
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        done = threading.Event()
        sampler = threading.Thread(target=_sample, args=(process.pid, done, peak))
        if memory:
            sampler.start()
        errors = process.stderr.read() if process.stderr else b""
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = time.perf_counter() - started
        fields = dict(line.split(": ") for line in Path(f"/proc/{process.pid}/io").read_text().splitlines())
        done.set()
        if memory:
            sampler.join()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{Path(command[0]).name} ended with {process.returncode}: {errors.decode()[-300:]}")
    return Taken(wall, usage.ru_utime + usage.ru_stime, int(fields["rchar"]), peak[0])


def _sample(process: int, done: threading.Event, peak: list[int]) -> None:
    while not done.wait(PAUSE):
        peak[0] = max(peak[0], sum(map(_size, _family(process))))


def _family(process: int) -> list[int]:
    found = [process]
    for one in found:
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                found += map(int, Path(f"/proc/{one}/task/{task}/children").read_text().split())
        except OSError:  # it has ended
            continue
    return found


def _size(process: int) -> int:
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0

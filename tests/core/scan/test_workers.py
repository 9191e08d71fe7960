"""Jobs in forked workers: every result once, one error for all, nobody left behind."""

import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from stellaops_core.errors import DigestMismatch, StellaError
from stellaops_core.scan.workers import Report, run_jobs


def nothing(_: int) -> None:
    """Take no report."""


def children() -> set[str]:
    with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as file:
        return set(file.read().split())


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_every_job_once(workers: int) -> None:
    """Results of any size come back under their numbers, and reports add up."""
    read: list[int] = []

    def work(job: int, report: Report) -> bytes:
        report(job)
        return bytes([job]) * (job * 40_000)

    results = dict(run_jobs(list(range(30, 0, -1)), work, workers=workers, report=read.append))
    assert results == {job: bytes([job]) * (job * 40_000) for job in range(1, 31)}
    assert sum(read) == sum(range(31))


def run_program(body: str) -> str:
    """Run a program without other threads, which forking needs; return what it prints."""
    program = "import os, signal, time\nfrom stellaops_core.scan.workers import run_jobs\n" + textwrap.dedent(body)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def test_work_is_done_elsewhere_and_at_once() -> None:
    """Two workers are two other processes."""
    printed = run_program("""
        def work(job, report):
            time.sleep(0.05)
            return str(os.getpid()).encode()
        processes = {result for _, result in run_jobs(range(8), work, workers=2, report=print)}
        print(len(processes), str(os.getpid()).encode() in processes)
    """)
    assert printed == "2 False"


def test_a_killed_worker_is_an_error() -> None:
    """The signal is named, and nobody is left behind."""
    printed = run_program("""
        def work(job, report):
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            list(run_jobs([1, 2], work, workers=2, report=print))
        except Exception as error:
            print(error)
        try:
            os.wait()
        except ChildProcessError:
            print("no children")
    """)
    assert "SIGKILL" in printed
    assert printed.endswith("no children")


@pytest.mark.parametrize("workers", [1, 3])
def test_our_errors_come_back_as_they_are(workers: int) -> None:
    """Kind, message and hint survive the process border; the other workers end."""

    def work(job: int, report: Report) -> bytes:
        if job == 3:
            raise DigestMismatch("not what it was", hint="pull it again")
        time.sleep(0.01 if workers == 1 else 5)
        return b""

    with pytest.raises(DigestMismatch, match="not what it was") as raised:
        list(run_jobs([1, 3, 2], work, workers=workers, report=nothing))
    assert raised.value.hint == "pull it again"
    assert children() == set()


def test_bugs_are_errors() -> None:
    """An exception that is not ours is told with its kind."""

    def broken(job: int, report: Report) -> bytes:
        raise ZeroDivisionError("oops")

    with pytest.raises((StellaError, ZeroDivisionError), match="oops"):
        list(run_jobs([1, 2], broken, workers=2, report=nothing))
    assert children() == set()


def test_leaving_early_ends_the_workers() -> None:
    """A consumer that stops leaves no process behind."""

    def work(job: int, report: Report) -> bytes:
        if job:
            time.sleep(60)
        return b""

    jobs = run_jobs([0, 1, 2], work, workers=2, report=nothing)
    next(jobs)
    jobs.close()  # type: ignore[attr-defined]
    assert children() == set()


def test_no_fork_beside_threads() -> None:
    """Where other threads run, the work is done here."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        own = {
            result for _, result in run_jobs([1, 2], lambda *_: str(os.getpid()).encode(), workers=2, report=nothing)
        }
    finally:
        stop.set()
        thread.join()
    assert own == {str(os.getpid()).encode()}


def test_workers_tell_what_they_measured() -> None:
    """Each worker's spans arrive once, however many jobs it did; without forking they are recorded directly."""
    printed = run_program("""
        from stellaops_core.telemetry import Spans
        for workers in (1, 2):
            spans = Spans(time.monotonic, time.thread_time, lambda: (1.0, 2))
            def work(job, report):
                with spans.span("layer", str(job)):
                    time.sleep(0.02)
                return b""
            with spans.span("layers"):
                list(run_jobs(range(6), work, workers=workers, report=print, spans=spans))
            found = spans.root.spans["layers"].spans.values()
            print(len(spans.workers), sorted(one.of for one in found), all(one.wall > 0.01 for one in found))
    """)
    jobs = "['0', '1', '2', '3', '4', '5'] True"
    assert printed == f"0 {jobs}\n2 {jobs}"


def test_workers_end_with_a_killed_parent() -> None:
    """Whatever they are at: after kill -9 of the parent nobody works on, though nobody can clean up."""
    printed = run_program("""
        import sys
        reader, writer = os.pipe()
        parent = os.fork()
        if parent == 0:
            def work(job, report):
                os.write(writer, b"x")
                time.sleep(60)
            list(run_jobs([1, 2, 3], work, workers=3, report=print))
        os.close(writer)
        assert len([os.read(reader, 1) for _ in range(3)]) == 3
        os.kill(parent, signal.SIGKILL)
        began = time.monotonic()
        print(os.read(reader, 1), time.monotonic() - began < 5)  # the end, once no worker holds the pipe
    """)
    assert printed == "b'' True"

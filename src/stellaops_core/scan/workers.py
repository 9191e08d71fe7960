"""Work on several layers at once, in forked processes.

Comes in: the numbers of jobs, largest first, and a function that does one. Goes out: results in the order they are
ready. Rules: the queue is a pipe of job numbers that every worker reads from, so the free one takes the next; one
failure ends all; no worker outlives the call, whatever ends it: a worker gets a signal when its parent is gone.

Why processes: the walk is Python and holds the GIL beside the threads that inflate. Why fork: a worker is at work
after a millisecond, with every module imported. Where forking is not safe (threads run, no Linux) or not worth it, the
jobs are done here, one by one.
"""

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from select import POLLIN, poll
from struct import Struct as Binary

import msgspec

from stellaops_core import errors
from stellaops_core.errors import StellaError
from stellaops_core.telemetry import Spans

_JOB = Binary("<I")
_FRAME = Binary("<cIQ")  # kind, job, length of what follows
_RESULT, _PROGRESS, _ERROR, _SPANS = b"R", b"P", b"E", b"S"

Report = Callable[[int], None]
"""Told how many more bytes have been read."""

Work = Callable[[int, Report], bytes]


def run_jobs(
    jobs: Sequence[int], work: Work, *, workers: int, report: Report, spans: Spans | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yield (job, result) of each job. Raises what `work` raises, if it is one of our errors.

    `spans`: what a worker measures with it is taken over when the worker ends.
    """
    workers = min(workers, len(jobs))
    if workers > 1 and sys.platform == "linux" and threading.active_count() == 1:
        yield from _run_forked(jobs, work, workers, report, spans)
    else:
        for job in jobs:
            yield job, work(job, report)


def _run_forked(
    jobs: Sequence[int], work: Work, workers: int, report: Report, spans: Spans | None
) -> Iterator[tuple[int, bytes]]:
    queue, feed = os.pipe()
    os.write(feed, b"".join(map(_JOB.pack, jobs)))  # 4 bytes each: thousands of layers fit a pipe's 64 KiB
    os.close(feed)
    children: dict[int, int] = {}  # read end to process
    lives: list[int] = []  # pipes that nobody writes to; a worker holds the other end of its own
    try:
        for _ in range(workers):
            reader, writer = os.pipe()
            parent, life = os.pipe()
            lives.append(life)
            process = os.fork()
            if process == 0:
                _serve(queue, writer, parent, [reader, *children, *lives], work, spans)
            os.close(writer)
            os.close(parent)
            children[reader] = process
        yield from _collect(children, report, spans)
    finally:
        os.close(queue)
        for reader, process in children.items():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            os.close(reader)
        for life in lives:
            os.close(life)


def _collect(children: dict[int, int], report: Report, spans: Spans | None) -> Iterator[tuple[int, bytes]]:
    buffers = {reader: bytearray() for reader in children}
    waiting = poll()
    for reader in children:
        waiting.register(reader, POLLIN)
    while buffers:
        for reader, _ in waiting.poll():
            data = os.read(reader, 1 << 20)
            if not data:
                waiting.unregister(reader)
                if buffers.pop(reader) is not None:
                    _check_end(children, reader)
                continue
            buffers[reader] += data
            for kind, job, body in _frames(buffers[reader]):
                if kind == _RESULT:
                    yield job, body
                elif kind == _PROGRESS:
                    report(int.from_bytes(body, "little"))
                elif kind == _SPANS and spans:
                    spans.adopt(body)
                else:
                    raise _revived(body)


def _check_end(children: dict[int, int], reader: int) -> None:
    _, status = os.waitpid(children[reader], 0)
    del children[reader]
    os.close(reader)
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGINT:
        raise KeyboardInterrupt  # the terminal's Ctrl-C, which this process is about to see as well
    if code < 0:
        raise StellaError(
            f"a worker was ended by signal {signal.Signals(-code).name}",
            hint="the system may be short of memory; try --jobs 1",
        )
    if code:
        raise StellaError(f"a worker ended with the exit code {code}", hint="--jobs 1 --debug shows why")


def _frames(buffer: bytearray) -> Iterator[tuple[bytes, int, bytes]]:
    """Take whole frames off the front of a buffer."""
    at = 0
    while len(buffer) - at >= _FRAME.size:
        kind, job, length = _FRAME.unpack_from(buffer, at)
        end = at + _FRAME.size + length
        if end > len(buffer):
            break
        yield kind, job, bytes(buffer[at + _FRAME.size : end])
        at = end
    del buffer[:at]


def _serve(queue: int, writer: int, parent: int, others: Sequence[int], work: Work, spans: Spans | None) -> None:
    """Do jobs until there are none, then leave without the parent's cleanup. Never returns."""
    code = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM):  # just end: the parent cleans up
            signal.signal(number, signal.SIG_DFL)
        for descriptor in others:
            os.close(descriptor)
        _end_with(parent)
        if spans:
            spans.fork()

        def send(kind: bytes, job: int, body: bytes) -> None:
            with open(writer, "wb", closefd=False) as pipe:
                pipe.write(_FRAME.pack(kind, job, len(body)) + body)

        while ticket := os.read(queue, _JOB.size):
            (job,) = _JOB.unpack(ticket)

            def report(count: int, job: int = job) -> None:
                send(_PROGRESS, job, count.to_bytes(8, "little"))

            try:
                send(_RESULT, job, work(job, report))
            except StellaError as error:
                send(_ERROR, job, msgspec.msgpack.encode((type(error).__name__, error.message, error.hint)))
                break
        if spans:
            send(_SPANS, 0, spans.message())
        code = 0
    except BaseException as error:  # noqa: BLE001  # a bug: told as an internal error, not as a traceback of a child
        with suppress(BaseException):
            send(_ERROR, 0, msgspec.msgpack.encode(_internal(error)))
    finally:
        os._exit(code)


def _end_with(parent: int) -> None:
    """Have this process killed once nobody holds the other end of a pipe, as when the parent is killed.

    A pipe that is closed tells its readers by SIGIO, or the signal they asked for (fcntl(2), F_SETSIG). The result pipe
    alone would tell too late: a worker may wait for a network, or look at one file for minutes, before it writes.
    """
    fcntl.fcntl(parent, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(parent, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(parent, fcntl.F_SETFL, os.O_ASYNC)
    gone = poll()
    gone.register(parent, 0)
    if gone.poll(0):  # it was killed before it could be listened for
        os._exit(1)


def _internal(error: BaseException) -> tuple[str, str, str]:
    return (
        "StellaError",
        f"internal error in a worker: {type(error).__name__}: {error}",
        "--jobs 1 --debug shows where",
    )


def _revived(body: bytes) -> StellaError:
    name, message, hint = msgspec.msgpack.decode(body, type=tuple[str, str, str])
    kind = getattr(errors, name, StellaError)
    error: StellaError = kind(message, hint=hint)
    return error

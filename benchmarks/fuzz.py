"""Damage inputs of every reader and every analyzer, and see that nothing but the errors they name comes of it.

`python benchmarks/fuzz.py [--count N] [--seed S] [--only NAME]... [--at NUMBER] [--keep DIRECTORY] [--own]` prints a
line for each target: inputs, damages, calls a second, the longest call, how much memory the process
grew to while it read, how many inputs were refused, and what else happened. Ends with 1 if anything else did.

Each target runs in a process of its own, which may take SECONDS a call and MEMORY beyond what it began with. A damage
depends on the seed, the target and its number alone: `--only NAME --seed S --at NUMBER` does one again, with its
traceback, and `--keep` writes what it damaged. `--own` leaves out the public fixtures.
"""

import argparse
import contextlib
import gc
import mmap
import os
import re
import resource
import signal
import struct
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from fuzz_targets import NO_INPUT, Refused, Seed, Target, targets  # noqa: E402

COUNT = 2_000
SECONDS = 5
"""Of processor time, for one call."""
MEMORY = 768 << 20
"""Bytes that one process may grow by."""
NOISE = 0.01
"""Seconds of a call on the clock that are looked into."""
PATIENCE = 60
"""Seconds on the clock without any progress, after which a process counts as hanging."""
LARGE = 256 << 10
"""Bytes that a damaged input may have at most."""

BYTES = (0, 1, 0x7F, 0x80, 0xFF, 0x22, 0x5C, 0x0A, 0x20, 0x7B, 0x5B)
NUMBERS = (
    *(0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF),
    *(1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1),
)
WORDS = (
    *(b"", b"0", b"-1", b"1e999", b"99999999999999999999", b"NaN", b"null", b"true", b"[]", b"{}", b'""', b"pkg:a/b@c"),
    *(b"\\u0000", b"\\ud800", b"\n", b"\r\n", b"\n\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xff\xfe"),
    *(b"..", b"../..", b"//", b"%2e%2e", b"${a}", b"$(x)", b"&a;", b"<!ENTITY a 'b'>", b"<![CDATA[", b"--[[", b"/*"),
    *(b"*/", b"<<X\n", b"a" * 3000, *(bytes([sign]) for sign in b"\\'\"#;:=,@()[]{}*?-/ \t")),
)
NESTS = (
    *(b"[", b"{", b"(", b'{"a":', b"[[", b"<a>", b"((", b"a:", b"- ", b"!", b"`${", b"-", b"\\", b"'", b"a.", b"f("),
    *(b"not ", b"lambda:", b"[{", b"1", b"a", b"a-1.", b", "),
)
TOKEN = re.compile(rb"\w+|\s+|[^\w\s]")


# -- damage ----------------------------------------------------------------------------------------------------------


def damage(data: bytes, other: bytes, chance: Random) -> bytes:
    """Return a damaged copy; `other` is what pieces may come from besides."""
    text = b"\0" not in data[:2000]
    for _ in range(chance.choice((1, 1, 1, 2, 4, 8))):
        steps = TEXT_STEPS if text and chance.random() < 0.7 else STEPS
        data = chance.choice(steps)(data, other, chance)[:LARGE] or b"\0"
    return data


def _spot(data: bytes, chance: Random) -> int:
    """Somewhere: in the head, in the tail, or anywhere."""
    end = len(data)
    kind = chance.random()
    if kind < 0.4:
        return chance.randrange(min(end, 512))
    return chance.randrange(max(0, end - 2048), end) if kind < 0.6 else chance.randrange(end)


def _put(data: bytes, at: int, piece: bytes) -> bytes:
    return data[:at] + piece + data[at + len(piece) :]


def _flip(data: bytes, _: bytes, chance: Random) -> bytes:
    at = _spot(data, chance)
    return _put(data, at, bytes([data[at] ^ 1 << chance.randrange(8)]))


def _set(data: bytes, _: bytes, chance: Random) -> bytes:
    return _put(data, _spot(data, chance), bytes([chance.choice(BYTES)]))


def _number(data: bytes, _: bytes, chance: Random) -> bytes:
    """A field of 2, 4 or 8 bytes at an extreme, at the size of the file, or a little away from what it was."""
    width, order = chance.choice((2, 4, 4, 8)), chance.choice(("little", "big"))
    at = _spot(data, chance)
    at -= at % width if chance.random() < 0.7 else 0
    was = int.from_bytes(data[at : at + width], order)
    near = was + chance.choice((-1, 1, 4, -8, 1000))
    value = chance.choice((chance.choice(NUMBERS), chance.choice(NUMBERS), near, len(data), was << 1, was >> 1))
    return _put(data, at, (value & ((1 << 8 * width) - 1)).to_bytes(width, order))[: max(len(data), 1)]


def _block(data: bytes, chance: Random) -> tuple[int, int]:
    at = _spot(data, chance)
    return at, min(len(data), at + 1 + int(chance.paretovariate(0.4)) % 4096)


def _delete(data: bytes, _: bytes, chance: Random) -> bytes:
    at, end = _block(data, chance)
    return data[:at] + data[end:]


def _repeat(data: bytes, _: bytes, chance: Random) -> bytes:
    at, end = _block(data, chance)
    return data[:end] + data[at:end] * chance.choice((1, 1, 2, 50)) + data[end:]


def _insert(data: bytes, _: bytes, chance: Random) -> bytes:
    at = _spot(data, chance)
    return data[:at] + chance.choice((chance.randbytes(chance.randrange(1, 9)), chance.choice(WORDS))) + data[at:]


def _move(data: bytes, _: bytes, chance: Random) -> bytes:
    at, end = _block(data, chance)
    return _put(data, _spot(data, chance), data[at:end])[: len(data)]


def _splice(data: bytes, other: bytes, chance: Random) -> bytes:
    at, start = _spot(data, chance), _spot(other, chance) if other else 0
    return data[:at] + other[start : start + chance.randrange(1, 4096)] + data[at + chance.choice((0, 64, 4096)) :]


def _cut(data: bytes, _: bytes, chance: Random) -> bytes:
    return data[: _spot(data, chance)]


def _tokens(data: bytes, chance: Random) -> tuple[int, int, list[bytes]]:
    """Some thousand bytes of a text in its tokens."""
    at = chance.randrange(max(1, len(data) - 1000))
    end = at + 2000
    return at, end, TOKEN.findall(data[at:end]) or [b" "]


def _swap(data: bytes, _: bytes, chance: Random) -> bytes:
    at, end, tokens = _tokens(data, chance)
    one, two = chance.randrange(len(tokens)), chance.randrange(len(tokens))
    tokens[one], tokens[two] = tokens[two], tokens[one]
    return data[:at] + b"".join(tokens) + data[end:]


def _drop(data: bytes, _: bytes, chance: Random) -> bytes:
    at, end, tokens = _tokens(data, chance)
    del tokens[chance.randrange(len(tokens))]
    return data[:at] + b"".join(tokens) + data[end:]


def _replace(data: bytes, other: bytes, chance: Random) -> bytes:
    at, end, tokens = _tokens(data, chance)
    words = (chance.choice(WORDS), chance.choice(_tokens(other or data, chance)[2]))
    tokens[chance.randrange(len(tokens))] = chance.choice(words)
    return data[:at] + b"".join(tokens) + data[end:]


def _nest(data: bytes, _: bytes, chance: Random) -> bytes:
    at, end, tokens = _tokens(data, chance)
    tokens[chance.randrange(len(tokens))] += chance.choice(NESTS) * chance.choice((3, 100, 3000, 20_000))
    return data[:at] + b"".join(tokens) + data[end:]


def _line(data: bytes, other: bytes, chance: Random) -> bytes:
    """A line deleted, repeated, or taken from elsewhere."""
    lines, more = data.split(b"\n"), (other or data).split(b"\n")
    at = chance.randrange(len(lines))
    lines[at : at + chance.randrange(2)] = [chance.choice(more)] * chance.choice((0, 1, 2, 200))
    return b"\n".join(lines)


STEPS = (_flip, _set, _set, _number, _number, _number, _delete, _repeat, _insert, _move, _splice, _cut)
TEXT_STEPS = (_swap, _drop, _replace, _replace, _nest, _line, _splice)


def damaged(target: str, seeds: list[Seed], seed: int, number: int) -> tuple[Seed, bytes]:
    """Return one sound input of a target and its damaged copy."""
    chance = Random(f"{seed}/{target}/{number}")
    one, other = seeds[number % len(seeds)], chance.choice(seeds)
    return one, damage(one.data, other.data, chance)


# -- one process -----------------------------------------------------------------------------------------------------


class TooLong(BaseException):
    """A call took too long. No `Exception`: no reader shall catch it."""


class State(NamedTuple):
    """What a process has told: where it is, and what came of it."""

    number: int
    refused: int
    failed: int
    longest: float
    longest_at: int
    memory: int
    time: float


STATE = struct.Struct("<qqqdqqd")


def _stop(*_: object) -> NoReturn:
    raise TooLong


def judge(error: BaseException) -> str:
    """Return what is wrong with an error; nothing with those that readers name."""
    if type(error) in {ValueError, Refused}:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    own = next((frame for frame in reversed(frames) if "stellaops_core" in frame.filename), frames[-1])
    return f"{type(error).__name__} at {Path(own.filename).name}:{own.lineno}"


def work(target: str, seeds: list[Seed], options: argparse.Namespace, told: mmap.mmap, log: int, start: int) -> None:
    """Read damaged inputs from number `start` on; tell of each before and after it."""
    signal.signal(signal.SIGPROF, _stop)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if os.path.exists("/proc/self/statm") else 0
    if pages:
        room = pages * mmap.PAGESIZE + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
    state = State(*STATE.unpack(told[: STATE.size]))
    refused, failed, longest, longest_at, spent = (
        state.refused,
        state.failed,
        state.longest,
        state.longest_at,
        state.time,
    )
    memory = state.memory
    for number in range(start, options.count):
        one, data = damaged(target, seeds, options.seed, number)
        told[: STATE.size] = STATE.pack(number, refused, failed, longest, longest_at, memory, spent)
        flaw = ""
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        begun = time.perf_counter()
        try:
            one.read(data, number)
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is what is looked for
            flaw = judge(error)
            refused += not flaw
        took = time.perf_counter() - begun
        if took > max(longest, NOISE) and not flaw:
            took = min(took, again(one, data, number))
        signal.setitimer(signal.ITIMER_PROF, 0)
        spent += took
        if took > longest:
            longest, longest_at = took, number
        memory = max(memory, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        if flaw:
            failed += 1
            os.write(log, f"{number}\t{flaw}\n".encode())
    told[: STATE.size] = STATE.pack(options.count, refused, failed, longest, longest_at, memory, spent)


def again(one: Seed, data: bytes, number: int) -> float:
    """Return the seconds of a second call: something else may have run during the first."""
    begun = time.perf_counter()
    with contextlib.suppress(ValueError, Refused):
        one.read(data, number)
    return time.perf_counter() - begun


# -- all of them -----------------------------------------------------------------------------------------------------


def run(target: str, seeds: list[Seed], options: argparse.Namespace) -> tuple[State, dict[str, list[int]]]:
    """Run one target in processes; a process that dies or hangs is told of, and another goes on behind that number."""
    told = mmap.mmap(-1, mmap.PAGESIZE)
    told[: STATE.size] = STATE.pack(0, 0, 0, 0.0, 0, 0, 0.0)
    flaws: dict[str, list[int]] = {}
    start = 0
    while start < options.count:
        end, log = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if not child:
            os.close(end)
            with contextlib.suppress(BaseException):
                work(target, seeds, options, told, log, start)
            os._exit(0)
        os.close(log)
        hung = _await(child, told)
        with open(end, "rb") as lines:
            for line in lines.read().decode().splitlines():
                number, flaw = line.split("\t")
                flaws.setdefault(flaw, []).append(int(number))
        start = STATE.unpack(told[: STATE.size])[0]
        if start < options.count:
            flaws.setdefault("hangs" if hung else "kills the process", []).append(start)
            start += 1
    return State(*STATE.unpack(told[: STATE.size])), flaws


def _await(child: int, told: mmap.mmap) -> bool:
    """Wait for a process; end it once it makes no progress. Returns whether that was needed."""
    last, since = -1, time.monotonic()
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        number = STATE.unpack(told[: STATE.size])[0]
        if number != last:
            last, since = number, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return True
        time.sleep(0.05)
    return False


def repeat(target: str, seeds: list[Seed], options: argparse.Namespace) -> None:
    """Do one damage again."""
    one, data = damaged(target, seeds, options.seed, options.at)
    print(f"{target} {options.at}: {one.name}, {len(one.data)} bytes, damaged {len(data)}")
    if options.keep:
        place = options.keep / f"{target.replace(':', '-')}-{options.at}"
        place.write_bytes(data)
        print(f"kept as {place}")
    begun = time.perf_counter()
    try:
        print(f"read: {str(one.read(data, options.at))[:300]}")
    except (ValueError, Refused) as error:
        print(f"refused: {type(error).__name__}: {error}" + (f"; {judge(error)}" if judge(error) else ""))
    finally:
        print(f"{time.perf_counter() - begun:.3f} s")


def unknown_readers(known: dict[str, Target]) -> Iterator[str]:
    """Readers that nothing damages."""
    for path in sorted((ROOT / "src/stellaops_core/readers").glob("*.py")):
        if path.stem not in known and path.stem not in NO_INPUT:
            yield path.stem


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=COUNT, help="damages for each target (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", metavar="NAME", help="a reader, or analyzer:NAME; repeats")
    parser.add_argument("--at", type=int, metavar="NUMBER", help="do one damage again")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="write the damaged input of --at there")
    parser.add_argument("--own", action="store_true", help="leave the public fixtures out")
    options = parser.parse_args()
    known = targets()
    if options.only and (strange := set(options.only) - known.keys()):
        parser.error(f"no such target: {', '.join(sorted(strange))}")
    wrong = Counter[str]()
    print(f"{'target':<24}{'inputs':>7}{'damages':>9}{'calls/s':>9}{'worst ms':>10}{'at':>8}{'MB':>6}{'refused':>9}")
    for name in options.only or known:
        seeds = known[name].seeds(not options.own)
        if not seeds:
            print(f"{name:<24}{0:>7}  no inputs")
            wrong["no inputs"] += 1
            continue
        gc.collect()
        if options.at is not None:
            repeat(name, seeds, options)
            continue
        state, flaws = run(name, seeds, options)
        outcome = "; ".join(f"{flaw} in {len(at)}, first {at[0]}" for flaw, at in sorted(flaws.items())) or "ok"
        print(
            f"{name:<24}{len(seeds):>7}{options.count:>9,}{options.count / (state.time or 1):>9,.0f}"
            f"{state.longest * 1000:>10.1f}{state.longest_at:>8}{state.memory / 1024:>6.0f}"
            f"{100 * state.refused / options.count:>8.1f}%  {outcome}",
            flush=True,
        )
        wrong.update(flaws.keys())
    if not options.only:
        for name in unknown_readers(known):
            print(f"{name:<24} no target")
            wrong["no target"] += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

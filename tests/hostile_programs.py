"""Hostile databases, programs and scripts, in a sound layer."""

import struct
from collections.abc import Callable, Iterator

import rpm_files
from builders import layer
from hostile_case import FIRST, LAST, READ, UNKNOWN, Place, Target, between, case
from hostile_files import large, repeated
from programs import elf, macho, pe
from tars import header

PIECE = 1 << 20


# -- databases ---------------------------------------------------------------------------------------------------------

RPM = [rpm_files.package("bash", "5.1", "1"), rpm_files.package("zlib", "1.2", "3")]
RPM_PLACE = "var/lib/rpm/"


def damaged(data: bytes, at: int, piece: bytes) -> bytes:
    return data[:at] + piece + data[at + len(piece) :]


def databases() -> dict[str, tuple[str, Callable[[], bytes]]]:
    sqlite = RPM_PLACE + "rpmdb.sqlite"
    return {
        "rpmdb.sqlite cut in half": (sqlite, lambda: rpm_files.sqlite(RPM)[:6000]),
        "rpmdb.sqlite of a header alone": (sqlite, lambda: rpm_files.sqlite(RPM)[:100]),
        "rpmdb.sqlite whose pages are all 0xff": (sqlite, lambda: rpm_files.sqlite(RPM)[:100] + b"\xff" * 30_000),
        "rpmdb.sqlite with pages that point at themselves": (sqlite, lambda: _circular(rpm_files.sqlite(RPM))),
        "rpmdb.sqlite that claims 2^32 pages": (sqlite, lambda: damaged(rpm_files.sqlite(RPM)[:5000], 28, b"\xff" * 4)),
        "rpmdb.sqlite that is text": (sqlite, lambda: b"hello\n" * 1000),
        "Packages of Berkeley DB cut in half": (RPM_PLACE + "Packages", lambda: rpm_files.berkeley(RPM)[:9000]),
        "Packages of Berkeley DB whose pages are all 0xff": (
            RPM_PLACE + "Packages",
            lambda: rpm_files.berkeley(RPM)[:512] + b"\xff" * 30_000,
        ),
        "Packages.db cut in half": (RPM_PLACE + "Packages.db", lambda: rpm_files.ndb(RPM)[:4200]),
        "Packages.db that claims 2^32 slots": (
            RPM_PLACE + "Packages.db",
            lambda: damaged(rpm_files.ndb(RPM), 12, b"\xff" * 4),
        ),
        "an empty rpmdb.sqlite": (sqlite, lambda: b""),
    }  # fmt: skip


def _circular(data: bytes) -> bytes:
    """Interior table pages whose children are they themselves; SQLite file format, 1.6."""
    page = 4096
    pages = [data[at : at + page] for at in range(0, len(data), page)]
    for number in range(1, len(pages)):
        head = struct.pack(">B3HBI", 5, 0, 1, page - 6, 0, number + 1)
        pages[number] = (
            (head + struct.pack(">H", page - 5)).ljust(page - 5, b"\0") + struct.pack(">I", number + 1) + b"\1"
        )
    return b"".join(pages)


def database(name: str, path: str, make: Callable[[], bytes]) -> None:
    @case("databases", name, UNKNOWN, "", quick=0 if "themselves" in name or "Packages.db cut" in name else -1)
    def build(place: Place, _: int) -> Target:
        return place.files({path: make()})


for _name, (_path, _make) in databases().items():
    database(_name, _path, _make)


@case("databases", "rpmdb.sqlite of 200 MB of zeros", UNKNOWN, "", full=200 << 20)
def zero_database(place: Place, size: int) -> Target:
    return large(place, RPM_PLACE + "rpmdb.sqlite", repeated(b"SQLite format 3\0", bytes(PIECE), b"", size), 16 + size)


# -- programs ----------------------------------------------------------------------------------------------------------


def programs() -> dict[str, bytes]:
    sound = elf({".text": b"\x90" * 64}, dynamic=[(1, "libc.so.6")])
    return {
        "ELF of its magic alone": b"\x7fELF" + bytes(60),
        "ELF that claims 65,535 sections": damaged(sound, 60, b"\xff\xff"),
        "ELF whose sections lie beyond its end": damaged(sound, 40, b"\xff" * 7 + b"\x7f"),
        "ELF that claims 65,535 segments": damaged(sound, 56, b"\xff\xff"),
        "ELF whose segments overlap its header": damaged(sound, 32, bytes(8)),
        "ELF whose dynamic section runs without end": elf({".text": b""}, dynamic=[(1, "x")] * 60_000),
        "ELF with names of libraries of 40 KB each": elf({}, dynamic=[(1, "n" * 40_000)] * 100),
        "ELF cut in half": sound[: len(sound) // 2],
        "PE of its magic alone": b"MZ" + bytes(62),
        "PE whose header lies beyond its end": b"MZ" + bytes(58) + b"\xff\xff\xff\x7f" + bytes(100),
        "PE cut in half": (whole := pe({".text": b"\x90" * 512}))[: len(whole) // 2],
        "PE that claims 65,535 sections": damaged(whole, whole.index(b"PE\0\0") + 6, b"\xff\xff"),
        "Mach-O that claims 2^32 commands": damaged(one := macho(), 16, b"\xff" * 8),
        "Mach-O cut in half": one[: len(one) // 2],
        "fat Mach-O of itself": struct.pack(">2I15I", 0xCAFEBABE, 3, *(7, 3, 0, 4096, 0) * 3) + bytes(4096),
    }  # fmt: skip


@case("programs", "programs with lying tables", UNKNOWN, "section headers", quick=0)
def lying_programs(place: Place, _: int) -> Target:
    made = programs()
    tar = layer({f"opt/x/{number}": data for number, data in enumerate(made.values())}, mode_of=lambda *_: 0o755)
    return place.layout([place.tar(between()), place.tar([tar])])


@case("programs", "ELF of 300 MB of zeros behind its magic", READ, full=300 << 20, quick=1 << 20, megabytes=700)
def large_elf(place: Place, size: int) -> Target:
    return large(
        place, "usr/bin/x", repeated(elf({".text": b""}), bytes(PIECE), b"", size), len(elf({".text": b""})) + size
    )


@case("programs", "10^5 programs", READ, full=100_000, seconds=60, megabytes=500)
def many_programs(place: Place, count: int) -> Target:
    data = elf({".text": b"x"}, dynamic=[(1, "libc.so.6")])
    body = data.ljust(-(-len(data) // 512) * 512, b"\0")

    def tar() -> Iterator[bytes]:
        yield FIRST
        for one in range(count):
            yield header(b"opt/p%d" % one, b"%o" % len(data), _100=b"0000755\0") + body
        yield LAST

    return place.image(tar())


# -- entry points ------------------------------------------------------------------------------------------------------

SCRIPTS = {
    "nested substitutions, 10^4 deep": "x=" + "$(" * 10_000 + "echo" + ")" * 10_000,
    "nested ifs, 10^4 deep": "if true; then\n" * 10_000 + "exec /bin/x\n" + "fi\n" * 10_000,
    "nested parentheses, 10^5 deep": "(" * 100_000 + "exec x" + ")" * 100_000,
    "nested arithmetic, 10^5 deep": "x=$((" + "(" * 100_000 + "1" + ")" * 100_000 + "))",
    "a variable that doubles 100 times": "x=aaaaaaaaaa\n" + "x=$x$x\n" * 100 + "exec $x\n",
    "a loop without end": "while :; do x=$x.; done\nexec /bin/x\n",
    "loops in loops in loops": "for a in 0 1 2 3 4 5 6 7 8 9; do\n" * 30 + "/bin/x\n" + "done\n" * 30,
    "a brace bomb": "exec /bin/x " + "{a,b,c,d,e,f,g,h}" * 30,
    "eval of eval of eval": 'x=\'eval "$x"\'\neval "$x"\n',
    "a script that sources itself": ". /entry.sh\n. /entry.sh\n. /entry.sh\nexec /bin/x\n",
    "a script that runs itself twice": "/entry.sh a\n/entry.sh b\n",
    "functions that call one another": "f() { g; g; }\ng() { f; f; }\nf\n",
    "cases that double, 40 times": "case $1 in a) x=$x1;; *) x=$x2;; esac\n" * 40 + "exec /bin/$x\n",
    "an open quote of 1 MB": "exec '" + "x" * 1_000_000,
    "a here-document of 1 MB without an end": "cat <<END\n" + "x\n" * 500_000,
    "10^5 commands": "/bin/x a b c\n" * 100_000,
    "a pattern over everything": "exec /*/*/*/*/*/*/*/*\n",
    "parameters within parameters, 10^4 deep": "exec " + "${x:-" * 10_000 + "y" + "}" * 10_000,
}


def script(name: str, body: str) -> None:
    @case(
        "entry points",
        name,
        READ,
        quick=0 if name.startswith(("a v", "a l", "a b", "a script that s", "cases")) else -1,
        options=("--view", "usage"),
    )
    def build(place: Place, _: int) -> Target:
        many = {f"d{one}/e/f": "" for one in range(50)} if "pattern" in name else {}
        return place.files(
            {"entry.sh": "#!/bin/sh\n" + body, "bin/x": "#!/bin/sh\n", "bin/sh": elf({".text": b""}), **many},
            Entrypoint=["/entry.sh"],
        )


for _name, _body in SCRIPTS.items():
    script(_name, _body)

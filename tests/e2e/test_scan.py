"""`stella scan`, as users run it."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from builders import Blobs, add_image, docker_archive, layer, oci_layout, write_layout

FORBIDDEN = {
    "argparse",
    "asyncio",
    "click",
    "dataclasses",
    "difflib",
    "httpx",
    "importlib.metadata",
    "json",
    "logging",
    "pdb",
    "platformdirs",
    "pydantic",
    "rich",
    "subprocess",
    "tomllib",
    "traceback",
    "typer",
    "urllib.request",
}
"""Modules that cost more than they give on the way of a scan."""


def names(document):
    return sorted(component["name"] for component in json.loads(document)["components"])


def test_table_is_the_default(stella, image):
    """Without -o a table is printed; nothing else is, on either stream."""
    code, out, err = stella("scan", f"oci:{image}")
    assert (code, err) == (0, "")
    text = out.decode("ascii")
    assert "2 components" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_bare_path_is_recognised(stella, image, tmp_path):
    """A path needs no scheme, whatever kind of image stands there."""
    archive = docker_archive(tmp_path / "saved.tar", {"demo/app:1": [layer({"etc/os-release": "ID=alpine\n"})]})
    for path in (image, archive, image.parent):
        code, out, err = stella("scan", path)
        assert (code, err) == (0, ""), path
        assert out


def test_same_bytes_from_anywhere(stella, image):
    """Cold, warm, without cache, with one worker or four, in another time zone and language: the same documents."""
    seen = set()
    for arguments, environ in (
        ([], {}),
        ([], {}),
        (["--no-cache"], {}),
        (["--no-cache", "--jobs", "1"], {"TZ": "Asia/Tokyo"}),
        (["--jobs", "4"], {"LC_ALL": "C", "PYTHONHASHSEED": "7"}),
    ):
        code, out, err = stella("scan", f"oci:{image}", "-o", "cdx-json", *arguments, environ=environ)
        assert (code, err) == (0, "")
        seen.add(out)
    assert len(seen) == 1
    assert {"demo", "libexample1"} <= set(names(seen.pop()))


def test_source_date_epoch(stella, image):
    """SOURCE_DATE_EPOCH is the time that documents state, cached or not."""
    stella("scan", f"oci:{image}", "-o", "json")
    _, out, _ = stella("scan", f"oci:{image}", "-o", "json", environ={"SOURCE_DATE_EPOCH": "86400"})
    assert b"1970-01-02T00:00:00Z" in out


def test_several_outputs(stella, image, tmp_path):
    """One run writes several documents; files are what standard output would have been."""
    files = tmp_path / "out"
    files.mkdir()
    code, out, err = stella(
        "scan", f"oci:{image}", "-o", f"cdx-json={files}/a", "-o", "table", "--output=json=" + str(files / "b")
    )
    assert (code, err) == (0, "")
    assert b"2 components" in out
    assert sorted(os.listdir(files)) == ["a", "b"]
    for name, format_ in (("a", "cdx-json"), ("b", "json")):
        _, alone, _ = stella("scan", f"oci:{image}", "-o", format_)
        assert (files / name).read_bytes() == alone


def test_a_written_table_is_reproducible(stella, image, tmp_path):
    """`-o table=FILE` has no times in it, and no colour whatever the environment says."""
    tables = set()
    for name in ("a", "b"):
        stella("scan", f"oci:{image}", "-o", f"table={tmp_path / name}", environ={"FORCE_COLOR": "1"})
        tables.add((tmp_path / name).read_bytes())
    assert len(tables) == 1
    assert b"\x1b" not in tables.pop()


def test_colour_is_asked_for(stella, image):
    """A pipe gets none, unless FORCE_COLOR or --color=always say so."""
    plain, forced, always, refused = (
        stella("scan", f"oci:{image}", *arguments, environ=environ)[1]
        for arguments, environ in (
            ([], {}),
            ([], {"FORCE_COLOR": "1"}),
            (["--color=always"], {"NO_COLOR": "1"}),
            ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}),
        )
    )
    assert (b"\x1b[" in plain, b"\x1b[" in forced, b"\x1b[" in always, b"\x1b[" in refused) == (
        False,
        True,
        True,
        False,
    )


def test_name_is_used(stella, image):
    """`--name` names the image in documents."""
    _, out, _ = stella("scan", f"oci:{image}", "-o", "cdx-json", "--name", "shop/api")
    assert json.loads(out)["metadata"]["component"]["name"].endswith("api")


@pytest.mark.parametrize("flags", [[], ["--strict"]])
def test_unknowns(stella, damaged, tmp_path, flags):
    """What can't be read is in the document; only --strict makes it exit code 8, and the document is still written."""
    file = tmp_path / "document"
    code, out, err = stella("scan", f"oci:{damaged}", "-o", f"json={file}", *flags)
    assert "dist-info/METADATA" in file.read_text()
    assert out == b""
    assert (code, err.splitlines()) == (
        (8, ["stella: error: incomplete: 1 thing could not be read", "hint: `-o json` lists them all under `unknowns`"])
        if flags
        else (0, [])
    )


def test_settings_come_from_file_and_environment(stella, image, tmp_path):
    """config.toml and STELLA_* stand in for flags, and flags win."""
    file = tmp_path / "c.toml"
    file.write_text('output = ["cdx-json"]\n')
    assert stella("scan", image, "--config", file)[1].startswith(b"{")
    assert b"2 components" in stella("scan", image, "--config", file, environ={"STELLA_OUTPUT": "table"})[1]
    assert b"2 components" in stella("scan", image, "-o", "table", environ={"STELLA_OUTPUT": "json"})[1]


def test_cache_is_used_and_optional(stella, image):
    """A second scan knows the image; --no-cache leaves nothing behind."""
    assert b"cached" not in stella("scan", image, "--no-cache")[1]
    assert not stella.cache.exists()
    assert b"cached" not in stella("scan", image)[1]
    assert b"image known" in stella("scan", image)[1]


def test_unusable_cache_costs_time_only(stella, image, tmp_path):
    """Where the cache can't be written, one warning says so and the document is right; --quiet keeps it down."""
    (tmp_path / "file").touch()
    place = str(tmp_path / "file" / "cache")
    code, out, err = stella("scan", image, "-o", "cdx-json", "--cache-dir", place)
    assert code == 0
    assert re.fullmatch(r"stella: warning: the cache .* can't be .*\n", err)
    assert out == stella("scan", image, "-o", "cdx-json")[1]
    assert stella("scan", image, "-q", "--cache-dir", place)[::2] == (0, "")


def test_read_only_cache(stella, image):
    """A cache that may only be read is read; that nothing can be kept is told once."""
    for entry in ("json", "table"):
        stella("scan", image, "-o", entry)
    for folder in (stella.cache, *filter(os.path.isdir, stella.cache.rglob("*"))):
        folder.chmod(0o500)
    if os.access(stella.cache, os.W_OK):
        pytest.skip("this user may write anywhere")
    code, out, err = stella("scan", image)
    assert (code, err) == (0, "")
    assert b"image known" in out
    code, out, err = stella("scan", image, "-o", "cdx-json")
    assert code == 0
    assert re.fullmatch(r"stella: warning: the cache .* can't be written .*\n", err)
    assert out == stella("scan", image, "-o", "cdx-json", "--no-cache")[1]


def test_no_home_no_cache(stella, image):
    """A user without a home is told what to do."""
    code, out, err = stella("scan", image, environ={"HOME": "relative", "STELLA_CACHE_DIR": ""})
    assert (code, out) == (3, b"")
    assert err.splitlines()[1] == "hint: use --cache-dir DIR or --no-cache"
    assert stella("scan", image, "--no-cache", environ={"HOME": "relative", "STELLA_CACHE_DIR": ""})[0] == 0


MISTAKES = [
    (["scan"], 3, "stella scan needs REF", "such as: stella scan oci:"),
    (["scan", "IMAGE", "-o", "cdx-jsn"], 3, "unknown format 'cdx-jsn'", "did you mean cdx-json?; formats: table, json"),
    (["scan", "IMAGE", "-o", "cdx-json="], 3, "-o cdx-json= names no file", "write -o cdx-json=PATH"),
    (["scan", "IMAGE", "-o", "json", "-o", "table"], 3, "two documents can't both go to standard output", "give each"),
    (["scan", "IMAGE", "--jobs", "0"], 3, "--jobs: '0' is not between 1 and 1024", ""),
    (["scan", "IMAGE", "--platform", "arm"], 3, "not a platform: 'arm'", "write it as os/architecture"),
    (["scan", "IMAGE", "--platform", "linux/s390x"], 4, "", ""),
    (["scan", "IMAGE", "--view", "used"], 3, "--view: 'used' is not one of inventory, usage", ""),
    (["scan", "IMAGE", "--name", ""], 3, "--name is empty", ""),
    (["scan", "IMAGE", "--color", "blue"], 3, "--color: 'blue' is not one of auto, always, never", ""),
    (["scan", "IMAGE", "--frobnicate"], 3, "stella scan has no option --frobnicate", "see stella scan --help"),
    (["scan", "IMAGE", "more"], 3, "one argument too many: 'more'", "see stella scan --help"),
    (["scan", "IMAGE", "-o", "json=no/such/x"], 1, "no such directory: no/such", "create it first"),
    (["scan", "IMAGE", "-o", "json=/"], 1, "/ is a directory", "name a file in it"),
    (["scan", "IMAGE", "--config", "none.toml"], 3, "no such configuration file: none.toml", "check --config"),
    (["scan", ""], 3, "not an image reference: ''", "write oci:PATH"),
    (["scan", "oci:"], 3, "'oci:' names nothing", "write oci:REFERENCE"),
    (["scan", "oci:missing"], 4, "", ""),
    (["scan", "./missing.tar"], 4, "no image at ./missing.tar", "check the path"),
    (["scan", "dir:missing"], 4, "", ""),
    (["scan", "IMAGE:nosuchtag"], 4, "", ""),
    (["scan", "--offline", "debian:12"], 3, "debian:12 is in a registry, and --offline is set", "save the image"),
    (["scan", "--offline", "registry:debian:12"], 3, "registry:debian:12 is in a registry", "save the image"),
    (["cache", "gc", "--max-size", "big"], 3, "--max-size: 'big' is not a size such as 500MB or 10GiB", ""),
    (["cache", "purge"], 3, "no such command: cache purge", "choose one of: info, gc, clear, verify"),
    (["completion", "csh"], 3, "no completion for 'csh'", "did you mean"),
    (["config", "show", "-o", "yaml"], 3, "unknown format 'yaml'", "choose one of: table, json"),
    (["--frobnicate"], 3, "no such option: --frobnicate", "options stand after the command"),
    ([], 3, "no command", "commands: scan, explain, export, diff, index, buildx, cache, config, completion"),
]


@pytest.mark.parametrize(("arguments", "code", "message", "hint"), MISTAKES, ids=lambda value: str(value)[:50])
def test_mistakes(stella, image, arguments, code, message, hint):
    """A mistake gets one line that names it, a hint, its exit code, an empty standard output, and no traceback."""
    given = [argument.replace("IMAGE", f"oci:{image}") for argument in arguments]
    result = stella(*given)
    assert result[:2] == (code, b"")
    first, *rest = result[2].splitlines()
    assert first.startswith(f"stella: error: {message}")
    assert len(rest) <= 1
    assert "\n".join(rest).startswith(f"hint: {hint}" if hint else "")
    assert not stella.cache.exists() or code == 4


def test_offline_engine(stella):
    """A Docker Engine on another host is refused offline; its login, if any, is not told."""
    code, out, err = stella("scan", "--offline", "docker:x", environ={"DOCKER_HOST": "tcp://me:secret@host:2375"})
    assert (code, out) == (3, b"")
    assert "tcp://host:2375" in err
    assert "secret" not in err


def test_debug_shows_the_traceback(stella, image):
    """Only --debug shows where an error came from."""
    _, _, err = stella("scan", "oci:missing", "--debug")
    assert "Traceback (most recent call last):" in err
    assert err.splitlines()[-2].startswith("stella: error: ") or err.splitlines()[-1].startswith("stella: error: ")


def test_bytes_that_are_no_text(stella, tmp_path):
    """Undecodable arguments and paths are no reason to fail in another way."""
    folder = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(folder)
    with open(folder + b"/\xfe", "wb"):
        pass
    code, out, err = stella("scan", b"dir:" + folder, "-o", "json", "--no-cache")
    assert (code, err) == (0, "")
    assert json.loads(out)
    code, _, err = stella("scan", b"oci:/\xff\x1b[31m")
    assert code == 4
    assert err.isascii()
    assert "\x1b" not in err


def test_full_disk(stella, image):
    """A report that does not fit is an error, on standard output and in files."""
    with open("/dev/full", "wb") as full:
        for arguments in (
            ["scan", image],
            ["scan", image, "-o", "json"],
            ["config", "show"],
            ["--help"],
            ["cache", "info"],
        ):
            code, _, err = stella(*arguments, stdout=full)
            assert (code, err) == (1, "stella: error: cannot write to standard output: No space left on device\n")
        assert stella("--version", stdout=full)[0] == 1
    code, out, err = stella("scan", image, "-o", "json=/dev/full")
    assert (code, out) == (1, b"")
    assert err == "stella: error: cannot write /dev/full: No space left on device\n"


def test_closed_stdout(stella, image):
    """`>&-` is told about, not tripped over."""
    code, _, err = stella("scan", image, preexec_fn=lambda: os.close(1))
    assert code == 1
    assert err.startswith("stella: error: standard output is closed\n")


@pytest.mark.parametrize("arguments", [["scan", "IMAGE"], ["--help"], ["config", "show"]])
def test_broken_pipe_is_quiet(stella, image, arguments):
    """A reader that went away is no error worth a word."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        code, _, err = stella(*[str(image) if word == "IMAGE" else word for word in arguments], stdout=pipe)
    assert (code, err) == (141, "")


def test_a_failed_scan_leaves_no_document(stella, image, tmp_path):
    """A corrupt layer: an error, the old file as it was, nothing new beside it."""
    for blob in (image / "blobs" / "sha256").iterdir():
        if blob.read_bytes()[:2] == b"\x1f\x8b":
            blob.write_bytes(blob.read_bytes()[:-9] + b"x" * 9)
    files = tmp_path / "out"
    files.mkdir()
    (files / "old").write_text("before")
    code, out, err = stella("scan", image, "-o", f"json={files}/old", "-o", f"cdx-json={files}/new")
    assert (code, out) == (4, b"")
    assert err.startswith("stella: error: ")
    assert os.listdir(files) == ["old"]
    assert (files / "old").read_text() == "before"


def endless_image(path):
    """An image whose two layers take far longer to read than anybody waits: holes of a tebibyte."""
    blobs = Blobs()
    manifest = json.loads(blobs[add_image(blobs, [layer({"a": b""}), layer({"b": b""})], compression="none")["digest"]])
    hole = 1 << 40
    for number, entry in enumerate(manifest["layers"]):
        entry.update(digest=f"sha256:{number:064x}", size=512 + hole)
    key, size = blobs.add_json(manifest)
    write_layout(path, blobs, [{"mediaType": manifest["mediaType"], "digest": key, "size": size}])
    header = bytearray(layer({"big": b""})[:512])
    header[124:136] = b"\x80" + hole.to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    for entry in manifest["layers"]:
        with (path / "blobs" / "sha256" / entry["digest"][7:]).open("wb") as file:
            file.write(header)
            file.truncate(entry["size"])
    return path


def processor_seconds(pid):
    """What a process and its children have used."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        family = [pid, *map(int, file.read().split())]
    ticks = 0
    for member in family:
        with open(f"/proc/{member}/stat") as file:
            ticks += sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_until_busy(process):
    """Until it must be reading layers: starting up takes less."""
    deadline = time.monotonic() + 30
    while processor_seconds(process.pid) < 0.7:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def last_words(process):
    """What a process that was told to end still says; it has ten seconds."""
    try:
        return process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def wait_until_gone(group):
    """Until no process of the group is left; a dead one may still have to be collected."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("a process was left behind")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted_while_reading(stella, tmp_path, number, code, jobs):
    """Ctrl-C and SIGTERM end it at once: no traceback, no document, no process and no temporary file left."""
    image = endless_image(tmp_path / "endless")
    spool, files = tmp_path / "spool", tmp_path / "out"
    spool.mkdir()
    files.mkdir()
    with stella.start(
        "scan", image, "-o", f"json={files}/x", "--jobs", jobs, environ={"TMPDIR": str(spool)}, start_new_session=True
    ) as process:
        wait_until_busy(process)
        os.killpg(process.pid, number)
        out, err = last_words(process)
    assert (process.returncode, out, err) == (code, b"", b"")
    assert os.listdir(files) == os.listdir(spool) == []
    wait_until_gone(process.pid)


def test_interrupted_while_waiting(stella, tmp_path):
    """Ctrl-C while a Docker Engine keeps silent."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(path))
        server.listen()
        server.settimeout(30)
        with stella.start("scan", "docker:x", environ={"DOCKER_HOST": f"unix://{path}"}) as process:
            connection, _ = server.accept()
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            out, err = last_words(process)
            connection.close()
    assert (process.returncode, out, err) == (130, b"", b"")


@pytest.mark.parametrize(("flags", "drawn"), [([], True), (["--quiet"], False)])
def test_progress_on_terminals_only(stella, tmp_path, flags, drawn):
    """On a terminal one line rewrites itself, and is gone at the end; with --quiet nothing is drawn."""
    parent, child = pty.openpty()
    program = [stella.program, "scan", str(endless_image(tmp_path / "endless")), "--jobs", "1", *flags]
    environ = {**stella.environ, "TERM": "xterm"}
    with subprocess.Popen(program, env=environ, stdout=subprocess.DEVNULL, stderr=child) as process:
        os.close(child)
        wait_until_busy(process)
        process.send_signal(signal.SIGINT)
        killer = threading.Timer(10, process.kill)
        killer.start()
        seen = b"".join(iter(lambda: read_terminal(parent), b""))
        assert process.wait() == 130
        killer.cancel()
    os.close(parent)
    assert bool(re.search(rb"\r\x1b\[Klayers 0/2  [0-9.]+ of [0-9.]+ MB  [0-9.]+ MB/s", seen)) is drawn
    assert seen.endswith(b"\r\x1b[K") if drawn else seen == b""
    assert b"\n" not in seen


def read_terminal(descriptor):
    """The next piece; nothing once the other side is closed."""
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:
        return b""


WATCH = """
import sys
from stellaops_cli.__main__ import main
sys.argv = ["stella", *sys.argv[1:]]
code = main()
sys.stderr.write("\\n".join(sorted(sys.modules)))
sys.exit(code)
"""


def modules_of(stella, *arguments):
    """What a run of the command imports."""
    command = [sys.executable, "-c", WATCH, *arguments]
    run = subprocess.run(command, env=stella.plain, capture_output=True, text=True, check=True, timeout=60)
    return set(run.stderr.split())


def test_start_up_is_light(stella, image):
    """No scan, cold or warm, imports what belongs to help, tables or networks; --version imports next to nothing."""
    for _ in range(2):
        assert FORBIDDEN.isdisjoint(modules_of(stella, "scan", f"oci:{image}", "-o", "table"))
    modules = modules_of(stella, "--version")
    ours = {name for name in modules if name.startswith("stella")}
    assert ours == {"stellaops_cli", "stellaops_cli.__main__", "stellaops_core", "stellaops_core.version"}
    assert {"re", "typing", "msgspec", "enum"}.isdisjoint(modules)


def test_concurrent_scans_share_a_cache(stella, image):
    """Four at once give four equal documents."""
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(stella("scan", f"oci:{image}", "-o", "cdx-json")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert {result[0] for result in results} == {0}
    assert len({result[1] for result in results}) == 1


def test_layouts_are_not_changed(stella, tmp_path):
    """Scanning writes nothing into what is scanned."""
    image = oci_layout(tmp_path / "i", [layer({"etc/os-release": "ID=debian\n"})])
    before = sorted((path, path.stat().st_mtime_ns) for path in image.rglob("*"))
    stella("scan", image)
    assert sorted((path, path.stat().st_mtime_ns) for path in image.rglob("*")) == before


@pytest.mark.parametrize("flags", [[], ["--offline"]])
def test_a_local_file_is_never_sent_to_a_registry(stella, flags):
    """What stands at a path of this host but is no image is said to be that."""
    (stella.home / "text.txt").write_text("hi")
    code, out, err = stella("scan", "text.txt", *flags)
    assert (code, out) == (4, b"")
    assert "text.txt is neither an image nor a directory" in err
    assert "registry:text.txt" in err


def test_profile_stands_beside_the_report(stella, image, tmp_path):
    """`--profile` tells on standard error where the time went, cold and warm; the document's bytes stay the same."""
    _, plain, _ = stella("scan", f"oci:{image}", "-o", "cdx-json", "--no-cache")
    for jobs in ("1", "2"):
        arguments = ("scan", f"oci:{image}", "-o", "cdx-json", "--no-cache", "--jobs", jobs, "--profile")
        code, out, err = stella(*arguments)
        assert (code, out) == (0, plain)
        for stage in ("inflate", "walk the tar", "analyze", "pack", "compose", "encode"):
            assert re.search(rf"^{stage}\b.*? +\d+ .*\d\.\d+ +\d+\.\d$", err, re.MULTILINE), stage
        assert max(map(len, err.splitlines())) <= 100
        assert err.count("\nworker ") == (2 if jobs == "2" else 0)
    path = tmp_path / "profile.json"
    for warm in (False, True):
        code, out, err = stella("scan", f"oci:{image}", "-o", "cdx-json", "--profile-to", path)
        assert (code, out, err) == (0, plain, "")
        found = json.loads(path.read_text())
        assert (found["warm"], found["layers"], found["layers_cached"]) == (warm, 2, 2 * warm)
        assert found["main"]["memory"] > 1_000_000
        assert ("layers" in found["main"]["spans"]) is not warm


def test_profile_that_can_not_be_written(stella, image, tmp_path):
    """The mistake is told before the work, and no document is written."""
    code, out, err = stella("scan", f"oci:{image}", "--profile-to", tmp_path / "missing" / "profile.json")
    assert (code, out) == (1, b"")
    assert "no such directory" in err

"""Where documents go: `-o FORMAT[=PATH]`.

Comes in: what was asked for, and finished documents. Goes out: files that are either whole or not there at all, and at
most one document on standard output. Files are written beside their place under another name, and renamed once all of
them are complete.
"""

import os
import stat
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from stellaops_cli.console import write_report
from stellaops_core.errors import OutputError, UsageError


class Output(Struct, frozen=True):
    """One document that is wanted."""

    format: str
    path: str = ""
    """Empty: standard output."""


def read_outputs(texts: Sequence[str], formats: Collection[str]) -> tuple[Output, ...]:
    """Read `FORMAT` and `FORMAT=PATH`; raise `UsageError` for unknown formats and contradictions."""
    outputs = tuple(_read_output(text, formats) for text in texts or ("table",))
    places = [str(Path(output.path).absolute()) if output.path else "" for output in outputs]
    for number, place in enumerate(places):
        if place in places[:number]:
            where = outputs[number].path or "standard output"
            raise UsageError(f"two documents can't both go to {where}", hint="give each its own: -o FORMAT=PATH")
    return outputs


def check_places(outputs: Sequence[Output]) -> None:
    """Find out before the work whether files can be written; raise `OutputError`."""
    for output in outputs:
        if not output.path:
            continue
        target = Path(output.path)
        if target.is_dir():
            raise OutputError(f"{output.path} is a directory", hint=f"name a file in it: -o {output.format}=PATH")
        if not target.parent.is_dir():
            raise OutputError(f"no such directory: {target.parent}", hint="create it first")
        if not os.access(target if _is_special(target) else target.resolve().parent, os.W_OK):
            raise OutputError(f"not allowed to write {output.path}")


def write_documents(documents: Sequence[tuple[Output, bytes]]) -> None:
    """Write all files, then standard output; either every regular file is replaced or none."""
    staged: list[tuple[Path, Path]] = []
    try:
        for output, data in documents:
            if output.path:
                _stage(Path(output.path), data, staged)
        while staged:
            temporary, target = staged[0]
            temporary.replace(target)
            staged.pop(0)
    except OSError as error:
        place = error.filename2 or error.filename or "a document"
        raise OutputError(f"cannot write {place}: {error.strerror}") from error
    finally:
        for temporary, _ in staged:
            with suppress(OSError):
                temporary.unlink()
    for output, data in documents:
        if not output.path:
            write_report(data)


def _read_output(text: str, formats: Collection[str]) -> Output:
    name, equals, path = text.partition("=")
    if name not in formats:
        from stellaops_cli.suggest import suggest  # noqa: PLC0415  # only for mistakes

        hint = suggest(name, formats)
        known = "" if hint.startswith("choose") else f"; formats: {', '.join(formats)}"
        raise UsageError(f"unknown format {name!r}", hint=hint + known)
    if equals and not path:
        raise UsageError(f"-o {text} names no file", hint=f"write -o {name}=PATH, or -o {name} for standard output")
    return Output(name, "" if path == "-" else path)


def _stage(path: Path, data: bytes, staged: list[tuple[Path, Path]]) -> None:
    """Write one document beside its place; devices and pipes can't be replaced, and are written at once."""
    if _is_special(path):
        with path.open("wb", buffering=0) as device:
            _write_all(device.fileno(), data, str(path))
        return
    target = path.resolve()  # a symbolic link stays one
    temporary = target.with_name(f".{target.name[:100]}.{os.urandom(4).hex()}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    staged.append((temporary, target))
    try:
        with suppress(FileNotFoundError):
            os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
        _write_all(descriptor, data, str(path))
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes, name: str) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from None


def _is_special(path: Path) -> bool:
    """Whether something stands there that can't be replaced: a device, a pipe, or another process's open file."""
    if path.is_relative_to("/dev") or path.is_relative_to("/proc"):
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)

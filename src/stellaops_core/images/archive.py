"""Images in files: OCI layouts and their archives, and what `docker save`, podman and skopeo write.

Comes in: a path, a selector, a platform. Goes out: an `ImageSource`. What opens an image raises `TargetError` and its
kin for the image, and `UsageError` where the selector leaves a choice. The readers are imported when they are needed,
for every command asks `kind_of`.
"""

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from stellaops_core.errors import TargetError
from stellaops_core.images.image import Platform

if TYPE_CHECKING:
    from stellaops_core.images.files import StoredImage

_LAYOUT_MEMBER = re.compile(r"blobs(?:/.*)?|oci-layout|index\.json", re.DOTALL)


def open_layout(path: str | Path, selector: str = "", platform: Platform | None = None) -> "StoredImage":
    """Open an image of an OCI layout directory."""
    from stellaops_core.images.files import Folder, closing  # noqa: PLC0415
    from stellaops_core.images.layout import layout_image  # noqa: PLC0415

    return closing(Folder(str(path)), lambda files: layout_image(files, selector, platform))


def open_oci_archive(
    path: str | Path, selector: str = "", platform: Platform | None = None, *, spool_dir: Path | None = None
) -> "StoredImage":
    """Open an image of an OCI layout in a tar, which may be compressed and is then unpacked in `spool_dir`."""
    from stellaops_core.images.files import closing  # noqa: PLC0415
    from stellaops_core.images.layout import layout_image  # noqa: PLC0415
    from stellaops_core.images.tarball import Tarball  # noqa: PLC0415

    return closing(Tarball(str(path), spool_dir=spool_dir), lambda files: layout_image(files, selector, platform))


def open_docker_archive(
    path: str | Path,
    selector: str = "",
    platform: Platform | None = None,
    *,
    spool_dir: Path | None = None,
    delete_on_close: bool = False,
) -> "StoredImage":
    """Open an image of a `docker save` archive, old or new, which may be compressed.

    `selector`: a name as in RepoTags, or an image ID, whole or at least 12 digits of it. `delete_on_close`: the file is
    the caller's temporary one and must not outlive the source: its name is removed at once.
    """
    from stellaops_core.images.docker_archive import docker_image  # noqa: PLC0415
    from stellaops_core.images.files import closing  # noqa: PLC0415
    from stellaops_core.images.tarball import Tarball  # noqa: PLC0415

    try:
        archive = Tarball(str(path), spool_dir=spool_dir)
    finally:
        if delete_on_close:
            Path(path).unlink(missing_ok=True)
    return closing(archive, lambda files: docker_image(files, selector, platform))


def kind_of(path: str) -> str:
    """Tell what stands at a path: `oci`, `oci-archive`, `docker-archive`, `dir`, or "" for nothing of these.

    Any tar, compressed or not, counts as an archive, and so does a file that may not be read: opening it says what is
    wrong with it.
    """
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            return "oci" if _is_layout(Path(path)) else "dir"
        return _archive_kind(path) if stat.S_ISREG(mode) else ""
    except TargetError:
        return "docker-archive"
    except (OSError, ValueError):
        return ""


def _is_layout(path: Path) -> bool:
    return (path / "oci-layout").is_file() or ((path / "index.json").is_file() and (path / "blobs").is_dir())


def _archive_kind(path: str) -> str:
    from stellaops_core.images.tarball import names_in  # noqa: PLC0415

    names = list(names_in(path))
    if "manifest.json" in names or not names:
        return "docker-archive" if names else ""
    is_layout = "index.json" in names or (len(names) == 1 and _LAYOUT_MEMBER.fullmatch(names[0]))
    return "oci-archive" if is_layout else "docker-archive"

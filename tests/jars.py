"""Java archives for tests: built from dictionaries, nested to any depth.

`pack({"app.war!/WEB-INF/lib/a.jar!/META-INF/MANIFEST.MF": "…", "etc/x": "…"})` gives the files of a layer; whatever has
a `!/` in its path goes into the archive before it.
"""

import io
import zipfile
from collections.abc import Mapping

DATE = (1980, 1, 1, 0, 0, 0)


def jar(
    entries: Mapping[str, str | bytes], *, prefix: bytes = b"", stored: bool = False, comment: bytes = b""
) -> bytes:
    """A zip archive; `prefix` comes before it and is not counted by its offsets."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = archive.compression
            archive.writestr(info, data)
    return prefix + out.getvalue()


def pack(files: Mapping[str, str | bytes], **options) -> dict[str, bytes]:
    """Files by path, those with `!/` packed into archives."""
    plain: dict[str, bytes] = {}
    inside: dict[str, dict[str, str | bytes]] = {}
    for path, text in files.items():
        archive, mark, rest = path.partition("!/")
        if mark:
            inside.setdefault(archive, {})[rest] = text
        else:
            plain[path] = text.encode() if isinstance(text, str) else text
    return plain | {archive: jar(pack(entries, **options), **options) for archive, entries in inside.items()}


def properties(group: str, artifact: str, version: str) -> str:
    """A pom.properties."""
    return f"#Created by Apache Maven\ngroupId={group}\nartifactId={artifact}\nversion={version}\n"


def library(group: str, artifact: str, version: str, *, at: str = "") -> dict[str, str]:
    """The entries of an ordinary library that Maven built, below `at`."""
    return {
        f"{at}META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n",
        f"{at}META-INF/maven/{group}/{artifact}/pom.properties": properties(group, artifact, version),
        f"{at}{group.replace('.', '/')}/A.class": "class",
    }

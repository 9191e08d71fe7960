"""Images of some ecosystems at once, as large as is asked for and always the same: to count and time scans on.

`base(100)` and `application(100)` are two layers; `write_image` puts one upon the other.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from builders import Content, Link, layer, oci_layout
from jars import jar, properties
from programs import elf, elf_note

OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
CONFIG = {"config": {"Entrypoint": ["/entrypoint.sh"], "Cmd": ["serve"], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]}}
SITE = "usr/lib/python3.11/site-packages"


def noise(seed: str, size: int) -> bytes:
    """Bytes that compress to about half, the same for the same seed."""
    return hashlib.shake_128(seed.encode()).hexdigest((size + 1) // 2)[:size].encode()


def program(name: str, needs: Sequence[str], size: int = 20_000) -> bytes:
    """A dynamically linked program or library."""
    notes = elf_note(b"GNU", 3, hashlib.sha1(name.encode()).digest())
    return elf(
        {".text": noise(name, size)},
        dynamic=[(1, one) for one in needs],
        interpreter="/lib64/ld-linux-x86-64.so.2",
        notes=notes,
        kind=3,
    )


def base(count: int) -> bytes:
    """A Debian of that many packages, each with a library, a list of files, a licence and documentation."""
    files: dict[str, Content] = {"lib64": Link("usr/lib64"), "lib": Link("usr/lib"), "bin": Link("usr/bin")}
    files["etc/os-release"] = OS_RELEASE
    files["usr/lib64/ld-linux-x86-64.so.2"] = program("ld", [])
    status = []
    for number in range(count):
        name = f"libsample{number}"
        needs = [f"libsample{number - 1}.so.1"] if number else []
        own = {
            f"usr/lib/{name}.so.1": program(name, needs),
            f"usr/share/doc/{name}/copyright": f"Files: *\nLicense: MIT\n{number}\n",
            f"usr/share/doc/{name}/changelog.gz": noise(name + "changes", 3000),
            **{f"usr/share/{name}/data{part}": noise(f"{name}{part}", 1500) for part in range(6)},
        }
        files.update(own)
        files[f"var/lib/dpkg/info/{name}.list"] = "".join(f"/{path}\n" for path in ["", *own])
        depends = f"Depends: libsample{number - 1} (>= 1.0)\n" if number else ""
        status.append(
            f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.{number}-1\n"
            f"Maintainer: Team {number % 7} <team@example.org>\nSection: libs\n{depends}Description: sample\n"
        )
    files["usr/bin/dash"] = program("dash", [])
    files["usr/bin/sh"] = Link("dash")
    files["usr/bin/python3.11"] = program("python", [f"libsample{count - 1}.so.1"])
    files["usr/bin/python3"] = Link("python3.11")
    files.update({f"usr/lib/python3.11/{name}.py": f"NAME = '{name}'\n" for name in ("os", "site", "codecs", "io")})
    files["var/lib/dpkg/status"] = "\n".join(status)
    return layer(files, mode_of=lambda path, _: 0o755 if "/bin/" in path else 0o644)


def application(count: int, release: int = 1) -> bytes:
    """That many Python distributions and npm packages, some jars, an application that uses them, and its start."""
    files: dict[str, Content] = {
        "entrypoint.sh": '#!/bin/sh\nset -e\ncase "$1" in\nserve) exec python3 /app/main.py ;;\nesac\nexec "$@"\n',
        "app/main.py": "".join(f"import sample{number}\n" for number in range(0, count, 2)) + f"# {release}\n",
        "app/package.json": '{"name": "app", "version": "1.0.0"}',
        "usr/share/libsample0/.wh.data0": b"",
    }
    for number in range(count):
        name, info = f"sample{number}", f"{SITE}/sample{number}-{release}.{number}.dist-info"
        needs = f"Requires-Dist: sample{number - 1}>=1\n" if number else ""
        own = {
            f"{SITE}/{name}/__init__.py": f"from . import core\nimport sample{number - 1}\n" if number else "",
            f"{SITE}/{name}/core.py": "".join(f"def f{part}(x):\n    return x + {part}\n" for part in range(40)),
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {release}.{number}\n{needs}\n",
        }
        files.update(own)
        files[f"{info}/RECORD"] = "".join(f"{path.removeprefix(SITE + '/')},,\n" for path in own)
        module = f"app/node_modules/module{number}"
        files[f"{module}/package.json"] = (
            f'{{"name": "module{number}", "version": "{release}.{number}.0", "license": "ISC",'
            f' "dependencies": {{"module{number + 1}": "^1"}}}}'
        )
        files[f"{module}/index.js"] = f"module.exports = require('module{number + 1}');\n"
    for number in range(count // 10):
        entries = {
            f"META-INF/maven/org.sample/jar{number}/pom.properties": properties("org.sample", f"jar{number}", "1.0"),
            "org/sample/Main.class": noise(f"class{number}", 2000),
        }
        files[f"app/lib/jar{number}-1.0.jar"] = jar(entries)
    return layer(files, mode_of=lambda path, _: 0o755 if path.endswith(".sh") else 0o644)


def write_image(path: Path, count: int, *, release: int = 1, compression: str = "gzip") -> Path:
    """Write an image of both layers; those of one `count` share the first."""
    layers = [base(count), application(count, release)]
    return oci_layout(path, layers, tag=f"sample-{release}", compression=compression, config=CONFIG)

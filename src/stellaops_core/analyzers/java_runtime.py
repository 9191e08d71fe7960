"""Java runtimes: the `release` file at their root.

Comes in: a `release` file. Goes out: the runtime as `pkg:generic/openjdk`, or as what its maker calls its own product.
The rule: a file of that name that states no Java version is somebody else's.

Source: JEP 223 and the `release` file that OpenJDK's build writes (make/ReleaseFile.gmk); GraalVM's documentation.
"""

import re
from collections.abc import Iterator
from typing import Final

from stellaops_core.analyzers.analyzer import Package
from stellaops_core.readers.stated import clean_text

RELEASE_LIMIT: Final = 64 << 10
"""Bytes of a runtime's `release` file."""

_LINE = re.compile(r'^([A-Z][A-Z0-9_]*)="?([^"\r\n]*)"?\r?$', re.MULTILINE)
_VERSION = re.compile(r"[0-9][0-9A-Za-z._+-]{0,99}")
_FACTS: Final = (
    ("IMAGE_TYPE", "imageType"),
    ("JAVA_RUNTIME_VERSION", "runtimeVersion"),
    ("JVM_VARIANT", "variant"),
    ("LIBC", "libc"),
)


def read_release(data: bytes) -> Iterator[Package]:
    """Yield the Java runtime that a `release` file describes, and GraalVM beside it; nothing for other files."""
    facts = dict(_LINE.findall(data[:RELEASE_LIMIT].decode("utf-8", "replace")))
    version, graal = facts.get("JAVA_VERSION", ""), facts.get("GRAALVM_VERSION", "")
    supplier = clean_text(facts.get("IMPLEMENTOR", ""), 200)
    commercial = facts.get("BUILD_TYPE") == "commercial"
    properties = tuple((f"stella:java:{fact}", clean_text(facts[key], 200)) for key, fact in _FACTS if facts.get(key))
    if _VERSION.fullmatch(version):
        yield Package(
            "generic",
            "jdk" if commercial else "openjdk",
            version,
            namespace="oracle" if commercial else "",
            supplier=supplier,
            properties=properties,
        )
        if _VERSION.fullmatch(graal):
            yield Package("generic", "graalvm", graal, supplier=supplier)

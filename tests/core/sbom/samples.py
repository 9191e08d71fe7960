"""One small bill of materials that shows every feature, for golden documents and tables."""

from msgspec.structs import replace

from stellaops_core.component import Component, Distribution, Evidence, Step, Unknown, Use
from stellaops_core.sbom.sbom import Gap, Hiding, LayerOrigin, Program, Removed, Sbom, Subject, Usage

OPENSSL = "pkg:deb/debian/openssl@3.0.15-1?arch=amd64&distro=debian-12"
LIBC = "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12"
REQUESTS = "pkg:pypi/requests@2.32.3"
BABEL = "pkg:npm/%40babel/core@7.26.0"


def digest(letter):
    return "sha256:" + letter * 64


SAMPLE = Sbom(
    subject=Subject(
        kind="container",
        name="registry.example.com/shop/api:2.4",
        digest=digest("d"),
        config_digest=digest("c"),
        platform="linux/amd64",
        created="2025-01-02T03:04:05Z",
        tags=("registry.example.com/shop/api:2.4",),
        labels=(("maintainer", "shop"),),
        layers=(
            LayerOrigin(0, digest("0"), digest("a"), 1000, "ADD rootfs"),
            LayerOrigin(1, digest("1"), digest("b"), -1, ""),
        ),
    ),
    distribution=Distribution(
        id="debian",
        version="12",
        name="Debian GNU/Linux",
        codename="bookworm",
        pretty_name="Debian GNU/Linux 12 (bookworm)",
        home_url="https://www.debian.org/",
    ),
    components=(
        Component(
            ref=LIBC,
            type="deb",
            name="libc6",
            version="2.36-9",
            evidence=(Evidence("var/lib/dpkg/status", "dpkg", 0),),
            layer=0,
            licenses=("GPL-2.0-only", "LGPL-2.1-only"),
            supplier="GNU Libc Maintainers",
        ),
        Component(
            ref=OPENSSL,
            type="deb",
            name="openssl",
            version="3.0.15-1",
            evidence=(Evidence("var/lib/dpkg/status", "dpkg", 0),),
            layer=0,
            licenses=("Apache-2.0",),
            depends=(LIBC,),
            properties=(("stella:deb:source", "openssl"),),
        ),
        Component(
            ref=BABEL,
            type="npm",
            name="@babel/core",
            version="7.26.0",
            evidence=(Evidence("app/50%/package.json", "node", 1, "manifest-analysis", 90),),
            layer=1,
            licenses=("MIT OR Apache-2.0",),
            urls=(("vcs", "git@example.com:babel.git"), ("website", "https://babel.example/")),
        ),
        Component(
            ref=REQUESTS,
            type="pypi",
            name="requests",
            version="2.32.3",
            evidence=(
                Evidence(
                    "usr/lib/python3/dist-packages/requests-2.32.3.dist-info/METADATA", "python", 0, owners=(OPENSSL,)
                ),
            ),
            layer=0,
            licenses=("Apache-2.0", "see NOTICE"),
            hashes=(("SHA-256", "e" * 64),),
            owners=(OPENSSL,),
        ),
    ),
    unknowns=(Unknown("app/broken.jar", "java", "not a zip file", 1),),
    removed=(Removed("pkg:deb/debian/curl@8?arch=amd64", "var/lib/dpkg/status", 0, 1),),
    tool_version="1.2.3",
    timestamp="2025-01-02T03:04:05Z",
)

FULL = replace(
    SAMPLE,
    subject=replace(SAMPLE.subject, labels=(("maintainer", "shop"), ("version", "2.4"))),
    distribution=replace(SAMPLE.distribution, like=("linux",), cpe="cpe:/o:debian:debian_linux:12", variant="slim"),
    components=tuple(
        replace(component, use=Use("used", "usr/bin/openssl", (Step("entry.sh", 3, "exec openssl"),)))
        for component in SAMPLE.components
    ),
    removed=(
        Removed(
            "pkg:deb/debian/wget@1?arch=amd64",
            "var/lib/dpkg/status",
            1,
            1,
            Hiding("replaced", "var/lib/dpkg/status"),
            "upgraded",
            "pkg:deb/debian/wget@2?arch=amd64",
        ),
    ),
    usage=Usage(
        programs=(
            Program(
                "usr/bin/openssl", ("openssl", None), "maybe", True, ("$TLS",), (Step("entry.sh", 3, "exec openssl"),)
            ),
        ),
        gaps=(Gap("entry.sh", 9, "eval", "npm"),),
        counts=(("used", 4),),
    ),
)
"""The same with a value in every field of every record."""

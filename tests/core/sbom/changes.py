"""One difference that shows every feature, for golden renderings."""

from msgspec.structs import replace

from core.sbom.samples import BABEL, LIBC, OPENSSL, REQUESTS, SAMPLE, digest
from stellaops_core.component import Component, Evidence
from stellaops_core.sbom.sbom import LayerOrigin, Removed

TOOL = "bin:" + "a" * 64

_BY_REF = {component.ref: component for component in SAMPLE.components}
OLD = replace(
    SAMPLE,
    components=(
        Component(TOOL, "bin", "tool", "", (Evidence("opt/100%/tool", "native", 1),), 1),
        *(_BY_REF[ref] for ref in (LIBC, OPENSSL, BABEL, REQUESTS)),
    ),
)
NEW = replace(
    SAMPLE,
    subject=replace(
        SAMPLE.subject,
        name="registry.example.com/shop/api:2.5",
        digest=digest("9"),
        config_digest=digest("8"),
        labels=(("maintainer", "shop|`team`"),),
        layers=(
            SAMPLE.subject.layers[0],
            LayerOrigin(1, digest("2"), digest("e"), 10, "RUN apt-get upgrade && echo <b>@shop</b> | tee `date`"),
        ),
    ),
    components=(
        Component("bin:" + "b" * 64, "bin", "tool", "", (Evidence("opt/100%/tool", "native", 1),), 1),
        replace(_BY_REF[LIBC], ref=LIBC.replace("-9", "-10"), version="2.36-10", layer=1),
        Component("pkg:maven/org.example/core@1.0", "maven", "core", "1.0", (Evidence("a.jar", "java", 1),), 1),
        replace(_BY_REF[BABEL], licenses=()),
        _BY_REF[REQUESTS],
    ),
    unknowns=(),
    removed=(Removed(OPENSSL, "var/lib/dpkg/status", 0, 1),),
)

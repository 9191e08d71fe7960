"""Registries that lead astray, lie, drip and never end."""

from collections.abc import Callable, Sequence

import simulators
from builders import add_image
from hostile_case import REFUSED, UNREACHED, Place, Target, between, case
from simulators import RegistrySimulator, TokenSimulator

# -- registries --------------------------------------------------------------------------------------------------------


def registry(
    name: str,
    outcome: str,
    says: str,
    *faults: tuple[str, simulators.Fault],
    quick: int = 0,
    seconds: float = 10,
    options: Sequence[str] = (),
    set_up: Callable[[Place, RegistrySimulator], None] = lambda *_: None,
) -> None:
    """A registry with a sound image that answers some requests otherwise, always."""

    @case("registries", name, outcome, says, quick=quick, seconds=seconds, options=options)
    def build(place: Place, _: int) -> Target:
        server = place.open.enter_context(RegistrySimulator())
        server.push(add_image(server.blobs, [b"".join(between())]), "1")
        for part, fault in faults:
            server.fault(part, fault, always=True)
        set_up(place, server)
        return Target("registry", f"{server.authority}/team/app:1")


def layer_only(fault: simulators.Fault) -> simulators.Fault:
    """Faults for layers: configuration and manifests are JSON."""

    def answer(handler: simulators.Handler, asked: simulators.Asked, data: bytes) -> None:
        if data[:1] == b"{":
            handler.reply(200, data)
        else:
            fault(handler, asked, data)

    return answer


LEADS = {
    "169.254.169.254, where clouds keep credentials": "http://169.254.169.254/latest/meta-data/",
    "169.254.169.254 over TLS": "https://169.254.169.254/latest/meta-data/",
    "169.254.169.254 as one number": "https://2852039166/latest/meta-data/",
    "fd00:ec2::254": "https://[fd00:ec2::254]/latest/meta-data/",
    "10.0.0.1": "https://10.0.0.1/",
    "file:///etc/passwd": "file:///etc/passwd",
    "gopher://127.0.0.1:70/": "gopher://127.0.0.1:70/",
    "ftp://127.0.0.1/": "ftp://127.0.0.1/",
    "a login in the URL": "https://user:password@127.0.0.1/",
    "a URL of 100 KB": "https://127.0.0.1/" + "x" * 100_000,
    "another service of this host, without TLS": "http://127.0.0.1:9/",
}
for _name, _location in LEADS.items():
    registry(
        f"registry that redirects a layer to {_name}",
        UNREACHED,
        "",
        ("/blobs/", layer_only(simulators.redirect(_location))),
        quick=0 if "where" in _name or "file" in _name else -1,
    )

registry(
    "registry that redirects in a circle",
    UNREACHED,
    "redirects more than",
    ("/manifests/", simulators.redirect("{path}")),
)
registry(
    "registry that redirects a manifest to a token server of a cloud",
    UNREACHED,
    "",
    ("/manifests/", simulators.redirect("https://169.254.169.254/")),
    quick=-1,
)
registry("manifest without end", REFUSED, "more than", ("/manifests/", simulators.endless()))
registry("configuration and layers without end", REFUSED, "", ("/blobs/", simulators.endless()))
registry("layer without end", REFUSED, "longer than", ("/blobs/", layer_only(simulators.endless())))
registry("layer longer than announced", REFUSED, "", ("/blobs/", layer_only(simulators.body(b"x" * 100_000))))
registry(
    "length that is too large a lie", REFUSED, "longer than", ("/blobs/", layer_only(simulators.announce(1 << 50)))
)
registry(
    "layer that breaks off, each time",
    UNREACHED,
    "",
    ("/blobs/", layer_only(simulators.drop_from_start(50))),
    seconds=60,
    quick=-1,
)
registry(
    "headers without end", UNREACHED, "", ("/manifests/", simulators.drip(header=True, pause=0)), seconds=300, quick=-1
)
registry(
    "header of 10 MB",
    UNREACHED,
    "",
    ("/manifests/", simulators.status(200, b"{}", X_Large="x" * 10_000_000)),
    seconds=60,
    quick=-1,
)
registry("interim answers without end", UNREACHED, "", ("/manifests/", simulators.interim()), seconds=60)
registry("a byte every 5 ms", UNREACHED, "", ("/manifests/", simulators.drip()), seconds=420, quick=-1)
registry("hangs up", UNREACHED, "", ("", simulators.hang_up()), seconds=60, quick=-1)
registry(
    "errors that are terminal escapes", UNREACHED, "", ("/manifests/", simulators.status(418, b"\x1b[2J\x1b]0;x\x07"))
)
registry("manifest that is HTML", REFUSED, "", ("/manifests/", simulators.body(b"<html>" * 100)))
registry(
    "bodies that are compressed",
    REFUSED,
    "",
    ("/manifests/", simulators.body(b"\x1f\x8b" + bytes(100), Content_Encoding="gzip")),
)


def never_lets_in(place: Place, server: RegistrySimulator) -> None:
    server.tokens = place.open.enter_context(TokenSimulator())
    server.tokens.issued = type("Nothing", (set,), {"__contains__": lambda *_: False})()


registry(
    "token server whose tokens never work",
    UNREACHED,
    "does not let",
    options=("--insecure-registry", "127.0.0.1"),
    set_up=never_lets_in,
)


def realm(url: str) -> Callable[[Place, RegistrySimulator], None]:
    def set_up(_: Place, server: RegistrySimulator) -> None:
        server.realm = url

    return set_up


registry("token server at 169.254.169.254", UNREACHED, "no business", set_up=realm("https://169.254.169.254/token"))
registry("token server that is a file", UNREACHED, "web server", set_up=realm("file:///etc/passwd"))


def endless_token(place: Place, server: RegistrySimulator) -> None:
    server.tokens = place.open.enter_context(TokenSimulator())
    server.tokens.fault("/token", simulators.endless(), always=True)


registry("token without end", UNREACHED, "token", options=("--insecure-registry", "127.0.0.1"), set_up=endless_token)


@case("registries", "challenges without end", UNREACHED, "")
def challenges(place: Place, _: int) -> Target:
    server = place.open.enter_context(RegistrySimulator())
    text = "Bearer " + ",".join(f'a{one}="{one}"' for one in range(5_000))
    server.fault("", simulators.status(401, b"", WWW_Authenticate=text), always=True)
    return Target("registry", f"{server.authority}/team/app:1")

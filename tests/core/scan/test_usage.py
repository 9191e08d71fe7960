"""From an image's configuration to the use of its components."""

import json

import pytest

from builders import Link, layer, oci_layout
from linked import go_program
from loader_roots import GLIBC, LINKER, MULTIARCH, library, program
from roots import pack_of
from stellaops_core.analyzers.analyzer import Installed, Package
from stellaops_core.analyzers.available import load_analyzers
from stellaops_core.component import NOT_REACHED, Component, Evidence, Step
from stellaops_core.entrytrace.closure import Closure
from stellaops_core.entrytrace.process import Undetermined
from stellaops_core.images.image import ImageRef
from stellaops_core.images.source import open_image
from stellaops_core.purl import make_purl
from stellaops_core.sbom.sbom import in_use
from stellaops_core.scan.compose import compose
from stellaops_core.scan.holders import Holders
from stellaops_core.scan.rootfs import RootFs
from stellaops_core.scan.scan import ScanOptions, scan
from stellaops_core.scan.usage import _Uses


def status(**lists):
    """A dpkg database and its file lists."""
    entries = (f"Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n" for name in lists)
    files = {
        f"var/lib/dpkg/info/{name}.list": "/.\n" + "".join(f"/{path}\n" for path in paths)
        for name, paths in lists.items()
    }
    return {"var/lib/dpkg/status": "\n".join(entries), **files}


FILES = {
    **status(
        libc=[LINKER, f"{MULTIARCH}/libc.so.6"],
        ssl=[f"{MULTIARCH}/libssl.so.3"],
        lazy=[f"{MULTIARCH}/liblazy.so.1"],
        zones=["usr/share/zoneinfo/UTC"],
        dash=["usr/bin/dash"],
        unused=["usr/bin/unused"],
        meta=[],
    ),
    LINKER: library("ld-linux-x86-64.so.2"),
    f"{MULTIARCH}/libc.so.6": library("libc.so.6"),
    f"{MULTIARCH}/libssl.so.3": library("libssl.so.3", "libc.so.6"),
    f"{MULTIARCH}/liblazy.so.1": library("liblazy.so.1"),
    GLIBC.lstrip("/"): Link("/" + LINKER),
    "usr/share/zoneinfo/UTC": "UTC",
    "usr/bin/dash": program("libc.so.6"),
    "bin/sh": program("libc.so.6"),
    "usr/bin/unused": program("libc.so.6"),
    "srv/app": program("libssl.so.3", texts=["liblazy.so.1"]),
    "run.sh": '#!/usr/bin/dash\nset -e\nexec /srv/app "$@"\n',
}


def usage(tmp_path, files, config, **more):
    """The bill of materials of an image with one layer."""
    tar = layer(files, mode_of=lambda path, content: 0o755)
    oci_layout(tmp_path / "i", [tar], config={"config": config, **more})
    with open_image(ImageRef("oci", str(tmp_path / "i"))) as source:
        return scan(source, options=ScanOptions(view="usage"))[0]


def levels(sbom):
    return {one.name: one.use.level for one in sbom.components}


def test_levels(tmp_path):
    """Loaded, opened by name, data, and not reached; a program that nobody owns is a component of its own."""
    sbom = usage(tmp_path, FILES, {"Entrypoint": ["/run.sh"], "Cmd": ["serve"]})
    assert levels(sbom) == {
        "libc": "used",
        "ssl": "used",
        "dash": "used",
        "app": "used",
        "lazy": "maybe",
        "zones": "maybe",
        "unused": "not-reached",
        "sh": "not-reached",
        "meta": "undetermined",
    }
    assert dict(sbom.usage.counts)["used"] == sum(one.use.level == "used" for one in sbom.components)
    (terminal,) = (one for one in sbom.usage.programs if one.terminal)
    assert terminal.path == "srv/app"
    assert terminal.arguments == ("/srv/app", "serve")


def test_chains(tmp_path):
    """A component's chain begins with the configuration, and each step has its place."""
    sbom = usage(tmp_path, FILES, {"Entrypoint": ["/run.sh"], "Cmd": ["serve"]})
    ssl = next(one for one in sbom.components if one.name == "ssl")
    assert ssl.use.path == f"{MULTIARCH}/libssl.so.3"
    assert ssl.use.chain == (
        Step("ENTRYPOINT", 0, '["/run.sh"]'),
        Step("CMD", 0, '["serve"]'),
        Step("run.sh", 3, 'exec /srv/app "$@"'),
        Step("srv/app", 0, "DT_NEEDED libssl.so.3"),
    )


def test_the_view(tmp_path):
    """What nothing leads to is left out, and nothing depends on it any more."""
    sbom = usage(tmp_path, FILES, {"Entrypoint": ["/srv/app"]})
    shown = in_use(sbom)
    hidden = {one.ref for one in sbom.components if one.use == NOT_REACHED}
    assert hidden
    assert {one.ref for one in shown.components} == {one.ref for one in sbom.components} - hidden
    assert not any(hidden.intersection(one.depends) for one in shown.components)


@pytest.mark.parametrize("config", [{}, {"Entrypoint": "text"}, {"Cmd": [1, None]}, {"Env": ["broken"], "User": 7}])
def test_no_entry_point(tmp_path, config):
    """Without a program that is known, nothing is called unused."""
    sbom = usage(tmp_path, FILES, config)
    assert "not-reached" not in levels(sbom).values()
    assert sbom.usage.gaps


def test_what_cannot_be_followed(tmp_path):
    """A command that only shows when the container runs leaves everything it may lead to open."""
    files = {**FILES, "run.sh": "#!/usr/bin/dash\nexec $(cat /etc/command)\n"}
    sbom = usage(tmp_path, files, {"Entrypoint": ["/run.sh"]})
    assert levels(sbom)["unused"] == "undetermined"
    unused = next(one for one in sbom.components if one.name == "unused")
    assert unused.use.chain[0].place == "run.sh"
    assert unused.use.chain[0].line == 2


def test_go_modules(tmp_path):
    """A module of which the program has no code is used for its types at most."""
    sbom = usage(
        tmp_path, {"app": go_program("go1.22.3", "path\ta.org/x\nmod\ta.org/x\tv1.0.0\t\n")}, {"Cmd": ["/app"]}
    )
    assert levels(sbom)["a.org/x"] == "used"


def test_bills_in_files_follow_their_holder(tmp_path):
    """A crate that a wheel's own bill tells of is in use as the wheel is."""
    site = "usr/lib/python3/site-packages"
    crate = {"type": "library", "name": "ring", "version": "1.0", "purl": "pkg:cargo/ring@1.0", "bom-ref": "r"}
    bill = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [crate]})
    files = {
        f"{site}/fast-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: fast\nVersion: 1\n",
        f"{site}/fast-1.dist-info/RECORD": "fast.py,,\nfast-1.dist-info/sboms/b.cdx.json,,\n",
        f"{site}/fast-1.dist-info/sboms/b.cdx.json": bill,
        f"{site}/fast.py": "x = 1\n",
        "app": program(),
    }
    sbom = usage(tmp_path, files, {"Cmd": ["/app"]})
    assert levels(sbom)["ring"] == levels(sbom)["fast"] == "not-reached"


def test_facts_are_for_tracing_alone():
    """The inventory's pack holds no facts of files; that of the usage view does."""
    assert pack_of(FILES, analyzers=load_analyzers([])).facts() == {}
    assert pack_of(FILES).facts()[f"{MULTIARCH}/libc.so.6"]


GEM = 'Gem::Specification.new do |s|\n  s.name = "{0}".freeze\n  s.version = "1.0"\nend\n'
HOME = "usr/lib/ruby/gems/3.1.0"


def test_a_directory_of_its_own(tmp_path):
    """A gem is in use when a file of its directory is; one beside it is not."""
    files = {
        **{f"{HOME}/specifications/{name}-1.0.gemspec": GEM.format(name) for name in ("one", "two")},
        **{f"{HOME}/gems/{name}-1.0/lib/{name}.rb": "x = 1\n" for name in ("one", "two")},
        "usr/bin/ruby3.1": program(),
        "app.rb": 'require "one"\n',
    }
    sbom = usage(tmp_path, files, {"Cmd": ["/usr/bin/ruby3.1", "/app.rb"]})
    found = levels(sbom)
    assert found["one"] in {"used", "maybe"}
    assert found["two"] != "used"
    assert next(one for one in sbom.components if one.name == "one").use.path == f"{HOME}/gems/one-1.0/lib/one.rb"


def test_what_the_system_owns_is_in_use_as_its_owner(tmp_path):
    """A record that a used package of the system brought along is not called unused for lack of files."""
    spec = "usr/share/rubygems-integration/all/specifications/one-1.0.gemspec"
    files = {**FILES, **status(ssl=[f"{MULTIARCH}/libssl.so.3", spec]), spec: GEM.format("one")}
    assert levels(usage(tmp_path, files, {"Cmd": ["/srv/app"]}))["one"] == "used"


@pytest.mark.parametrize(
    ("interpreter", "files", "name"),
    [
        (
            "usr/bin/lua5.4",
            {"usr/lib/luarocks/rocks-5.4/a/1.0-1/a-1.0-1.rockspec": 'package = "a"\nversion = "1.0-1"\n'},
            "a",
        ),
        (
            "usr/lib/R/bin/exec/R",
            {"usr/lib/R/library/a/DESCRIPTION": "Package: a\nVersion: 1.0\nBuilt: R 4.3.0; ; ; unix\n"},
            "a",
        ),
    ],
)
def test_a_language_that_nobody_follows(tmp_path, interpreter, files, name):
    """What its programs load is not known, so none of its packages is called unused."""
    sbom = usage(tmp_path, {**files, interpreter: program()}, {"Cmd": [f"/{interpreter}", "x"]})
    assert levels(sbom)[name] == "undetermined"


def test_a_gap_of_a_language_is_one_of_the_systems_packages_of_it(tmp_path):
    """What Debian packages of a language is called unused no more than what that language's own tools install."""
    rock = "usr/lib/luarocks/rocks-5.4/a/1.0-1/a-1.0-1.rockspec"
    files = {
        **status(lua_a=[rock, "usr/bin/a"], other=["usr/bin/unused"]),
        rock: 'package = "a"\nversion = "1.0-1"\n',
        **dict.fromkeys(("usr/bin/lua5.4", "usr/bin/a", "usr/bin/unused"), program()),
    }
    used = levels(usage(tmp_path, files, {"Cmd": ["/usr/bin/lua5.4", "x"]}))
    assert (used["lua_a"], used["a"], used["other"]) == ("undetermined", "undetermined", "not-reached")


def test_jars_without_coordinates_belong_to_java(tmp_path):
    """What may lead to any jar may lead to one that has no Maven coordinates."""
    gap = Undetermined("a.jar", 0, "a loader of its own", "maven")
    jar = Component("pkg:generic/a@1", "generic", "a", "1", (Evidence("lib/a.jar", "java", 0),), 0)
    other = Component("pkg:generic/b@1", "generic", "b", "1", (Evidence("bin/b", "binaries", 0),), 0)
    pack = pack_of({})
    holders = Holders(compose([pack]), [pack], [("x", found(one)) for one in (jar, other)], 0)
    uses = _Uses((), Closure({}, ()), [gap], holders, RootFs([pack]))
    assert [one.use.level for one in uses.of_all([jar, other])] == ["undetermined", "not-reached"]


def found(component):
    """A package that was found in its own code."""
    package = Package("generic", component.name, component.version, technique="binary-analysis")
    return Installed(package, component.evidence[0].path, make_purl("generic", component.name, component.version))

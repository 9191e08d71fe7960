"""deps.json: which libraries are there, what they bring, who needs whom."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dotnet_files import deps
from stellaops_core.readers.dotnet_deps import LIBRARY_LIMIT, read_dependencies

DLL = {"runtime": {"lib/net8.0/A.dll": {}}}


def read(libraries, **options):
    return read_dependencies(deps(libraries, **options).encode())


def test_where_the_host_looks():
    """Assemblies lie beside the document whatever their place in the package; satellites and platforms' files don't."""
    [library] = read(
        {
            "A/1": {
                "runtime": {"lib/net8.0/A.dll": {}, "lib\\net8.0\\B.dll": {}, "lib/c.dll": {"localPath": "sub/C.dll"}},
                "native": {"runtimes/linux-x64/native/libA.so": {}},
                "resources": {"lib/net8.0/de/A.resources.dll": {"locale": "de"}},
                "runtimeTargets": {"runtimes/win/lib/net8.0/A.dll": {"rid": "win", "assetType": "runtime"}},
                "compile": {"ref/net8.0/A.dll": {}},
            }
        }
    ).libraries
    assert library.assemblies == ("A.dll", "B.dll", "sub/C.dll")
    assert library.others == ("./libA.so", "de/A.resources.dll", "runtimes/win/lib/net8.0/A.dll")


@pytest.mark.parametrize(
    "facts",
    [{}, {"compile": {"ref/A.dll": {}}}, {"runtime": {"lib/net8.0/_._": {}}}, {"runtime": {}}, {"runtime": ["A.dll"]}],
)
def test_libraries_without_files_are_not_there(facts):
    """They did their work when the application was built."""
    assert read({"A/1.0.0": facts}).libraries == ()


def test_edges_lead_over_what_is_not_there():
    """Names are compared without case; circles end; a project's own wishes are marked."""
    found = read(
        {
            "App/1.0.0": {"type": "project", "dependencies": {"a": "1"}, "runtime": {"App.dll": {}}},
            "A/1.0.0": {**DLL, "dependencies": {"Meta": "1", "Gone": "1"}},
            "Meta/1.0.0": {"dependencies": {"B": "1", "Meta": "1", "Loop": "1"}},
            "Loop/1.0.0": {"dependencies": {"Meta": "1", "A": "1"}},
            "B/2.0.0": DLL,
        }
    )
    app, a, b = found.libraries
    assert (app.kind, app.requires) == ("project", ("A/1.0.0",))
    assert (a.requires, a.direct) == (("B/2.0.0",), True)
    assert (b.requires, b.direct) == ((), False)


def test_runtime_packs_lose_their_mark():
    """The SDK's mark is no part of the package's name."""
    app, pack = read(
        {
            "App/1.0.0": {"type": "project", "dependencies": {"runtimepack.P.Runtime.linux-x64": "8.0.0"}},
            "runtimepack.P.Runtime.linux-x64/8.0.0": {"type": "runtimepack", **DLL},
        }
    ).libraries
    assert (pack.name, pack.kind) == ("P.Runtime.linux-x64", "runtimepack")
    assert app.requires == ("P.Runtime.linux-x64/8.0.0",)


def test_hashes_and_paths():
    """Hashes of the package's archive, where they are of the right length."""
    [good, bad] = read(
        {
            "A/1.0.0": {**DLL, "sha512": "sha512-" + "A" * 86 + "==", "path": "A/1.0.0"},
            "B/1.0.0": {**DLL, "sha512": "sha512-short"},
        }
    ).libraries
    assert good.hashes == (("SHA-512", "00" * 64),)
    assert (good.path, bad.hashes, bad.path) == ("a/1.0.0", (), "")


@pytest.mark.parametrize("change", [{"targets": {}}, {"runtimeTarget": None}, {"targets": None}])
def test_without_a_target_nothing_is_left_out(change):
    """It is not known then which libraries bring files: all are given, and that it is uncertain."""
    document = json.loads(deps({"A/1.0.0": {}})) | change
    found = read_dependencies(json.dumps(document).encode())
    assert ([library.key for library in found.libraries], found.certain) == (["A/1.0.0"], False)


def test_old_documents_name_the_target_directly():
    """As .NET Core 1 did."""
    document = json.loads(deps({"A/1.0.0": DLL, "B/1.0.0": {}}))
    document["runtimeTarget"] = document["runtimeTarget"]["name"]
    found = read_dependencies(b"\xef\xbb\xbf" + json.dumps(document).encode())
    assert ([library.key for library in found.libraries], found.certain) == (["A/1.0.0"], True)


def test_what_names_nothing_is_counted():
    """Kinds that are no packages are none; names and versions must be ones."""
    names = {"A": DLL, "/1": DLL, "B/": DLL, "C d/1": DLL, "E/x": DLL, "F/1": {**DLL, "type": "referenceassembly"}}
    found = read({**names, "G/1": {**DLL, "type": 1}, "H/1": DLL})
    assert ([library.key for library in found.libraries], found.flaws) == (["H/1"], 6)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"libraries": []}',
        json.dumps({"libraries": dict.fromkeys(map(str, range(LIBRARY_LIMIT + 1)))}).encode(),
    ],
)
def test_other_documents_are_refused(data):
    """So is one without libraries, which the host refuses as well."""
    with pytest.raises(ValueError, match=r"not JSON|not a JSON object|libraries"):
        read_dependencies(data)


def test_hostile_graphs_stay_small():
    """Ten thousand that need one that is not there and needs ten thousand."""
    many = {f"L{number}/1.0.0": {**DLL, "dependencies": {"Hub": "1"}} for number in range(10_000)}
    hub = {"Hub/1.0.0": {"dependencies": {f"L{number}": "1" for number in range(10_000)}}}
    found = read({**many, **hub})
    assert sum(len(library.requires) for library in found.libraries) < 1_000_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["A", "A/1", "package", "project", "lib/A.dll"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["libraries", "targets", "runtimeTarget", "name", "type", "A/1", "B/2", "runtime", "dependencies"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON, JSON)
def test_any_json_is_read_or_refused(libraries, targets, name):
    """No structure raises anything but `ValueError`."""
    document = {"libraries": libraries, "targets": targets, "runtimeTarget": name}
    with contextlib.suppress(ValueError):
        read_dependencies(json.dumps(document).encode())

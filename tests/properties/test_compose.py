"""compose(layers) equals the analysis of the squashed tree, for any layers.

The oracle applies changesets to a plain model of a file system, entry by entry, and shares no code with the product.
"""

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import Content, Dir, Link, layer
from stellaops_core.analyzers.analyzer import Analyzer, Found, LayerFile, LayerFiles, Malformed, Package
from stellaops_core.images.layer import read_tree
from stellaops_core.scan.compose import Overlay, compose
from stellaops_core.scan.fragment import Pack, read_with
from stellaops_core.scan.rootfs import RootFs


class Lines(Analyzer):
    """A toy ecosystem: files called `db` or `pkg` hold one package a line."""

    name, version = "lines", 1
    names = frozenset({"db", "pkg"})

    def wants(self, path: str, size: int) -> bool:
        return True

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:
        for line in file.read().decode().split():
            if line == "broken":
                raise Malformed("a broken line")
            yield Package(type="generic", name=line, version="1")


# few paths, so that layers meet: directories of databases, and names that are a file here and a directory there
PATHS = st.sampled_from(["db", "pkg", "a", "a/db", "a/pkg", "a/b", "a/b/db", "db/pkg", "db/a/db", "b", "b/pkg", ""])
DATABASES = st.lists(st.sampled_from(["x", "y", "z", "broken"]), max_size=3, unique=True).map(" ".join)
ENTRIES = st.one_of(DATABASES, DATABASES, st.sampled_from([Dir(), Link("a"), "whiteout", "opaque"]))
LAYERS = st.lists(st.dictionaries(PATHS, ENTRIES, max_size=6), min_size=2, max_size=5)

Model = dict[str, Content]


def consistent(entries: Mapping[str, Content]) -> dict[str, Content]:
    """Leave out what lies below a file or link of the same layer: no builder writes that."""
    kept: dict[str, Content] = {}
    for path, content in sorted(entries.items()):
        if not path and content != "opaque":
            continue  # the root is always a directory
        above = ["/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)]
        if all(
            step not in kept or kept[step] in ("whiteout", "opaque") or isinstance(kept[step], Dir) for step in above
        ):
            kept[path] = content
    return kept


def as_tar(entries: Mapping[str, Content]) -> bytes:
    """Write a changeset as OCI does."""
    files: list[tuple[str, Content]] = []
    for path, content in entries.items():
        parent, _, name = path.rpartition("/")
        prefix = parent + "/" if parent else ""
        if content == "whiteout":
            files.append((f"{prefix}.wh.{name}", b""))
        elif content == "opaque":
            files.append((f"{path}/.wh..wh..opq", b""))
        else:
            files.append((path, content))
    return layer(files)


def remove(model: Model, path: str, *, keep: bool = False) -> None:
    for known in list(model):
        if not path or known.startswith(path + "/") or (known == path and not keep):
            del model[known]


def apply(model: Model, entries: Mapping[str, Content]) -> None:
    """First what the layer hides of those below, then what it brings."""
    for path, content in entries.items():
        if content == "whiteout":
            remove(model, path)
        elif content == "opaque":
            remove(model, path, keep=True)
    for path, content in entries.items():
        steps = path.split("/")
        above = steps if content == "opaque" or isinstance(content, Dir) else steps[:-1]
        for depth in range(1, len(above) + 1 if path else 0):
            directory = "/".join(above[:depth])
            if content == "whiteout" and depth == len(steps):
                break
            if not isinstance(model.get(directory, Dir()), Dir):
                remove(model, directory)
            model.setdefault(directory, Dir())
        if content not in ("whiteout", "opaque") and not isinstance(content, Dir):
            remove(model, path)
            model[path] = content


def packed(tar: bytes) -> Pack:
    return Pack(read_with((Lines(),), lambda wants, look: read_tree(lambda: [tar], wants, look=look)))


def facts(overlay: Overlay) -> object:
    found = {
        path: [item.identity for item in items if isinstance(item, Package)]
        for path, items in overlay.found.get("lines", {}).items()
    }
    return found, [(unknown.path, unknown.reason) for unknown in overlay.unknowns]


@pytest.mark.property
@settings(max_examples=250)
@given(LAYERS)
def test_composition_equals_the_squashed_tree(layers: list[dict[str, Content]]) -> None:
    """Whiteouts, opaque directories, files for directories and back, rewritten databases, in any order."""
    changes = [consistent(entries) for entries in layers]
    model: Model = {}
    for entries in changes:
        apply(model, entries)
    composed = compose([packed(as_tar(entries)) for entries in changes])
    squashed = compose([packed(layer(dict(sorted(model.items()))))])
    assert facts(composed) == facts(squashed)


@pytest.mark.property
@settings(max_examples=250)
@given(LAYERS)
def test_the_squashed_root_is_the_same(layers: list[dict[str, Content]]) -> None:
    """`RootFs` lists what the plain model holds, follows its links, and takes each file from the layer that has it."""
    changes = [consistent(entries) for entries in layers]
    model: Model = {}
    layer_of: dict[str, int] = {}
    for number, entries in enumerate(changes):
        before = dict(model)
        apply(model, entries)
        layer_of = {
            path: number if path in entries or before.get(path) is not content else layer_of[path]
            for path, content in model.items()
        }
    root = RootFs([packed(as_tar(entries)) for entries in changes])
    for path, content in model.items():
        assert root.real(path) == (resolved(model, path) if isinstance(content, Link) else path)
        if not isinstance(content, Dir):
            assert root.layer_of(path) == layer_of[path]
    directories = {path for path, content in model.items() if isinstance(content, Dir)} | {""}
    for directory in directories:
        inside = {path[len(directory) :].strip("/") for path in model if path.startswith(directory and directory + "/")}
        assert root.names(directory) == tuple(sorted(name for name in inside if name and "/" not in name))
        assert root.is_directory(directory)
    for path in ("db", "a/b/db", "b/pkg", "nowhere"):
        assert (root.real(path) is None) == (resolved(model, path) is None)


def resolved(model: Model, path: str) -> str | None:
    """Follow links; the only target there is, is `a`, beside the link."""
    done = ""
    for step in path.split("/"):
        done = f"{done}/{step}".strip("/")
        seen = set()
        while isinstance(model.get(done), Link):
            if done in seen:
                return None
            seen.add(done)
            done = f"{done.rpartition('/')[0]}/a".strip("/")
        if done not in model:
            return None
        if not isinstance(model[done], Dir) and done != path and step != path.rsplit("/", maxsplit=1)[-1]:
            return None
    return done if done in model else None


@pytest.mark.property
@settings(max_examples=250)
@given(LAYERS)
def test_who_introduced_and_who_removed(layers: list[dict[str, Content]]) -> None:
    """A package's layer is the first since which it has been there without a gap; the rest of history is in `gone`."""
    changes = [consistent(entries) for entries in layers]
    model: Model = {}
    since: dict[tuple[str, str], int] = {}
    gone: set[tuple[str, str, int, int]] = set()
    for number, entries in enumerate(changes):
        apply(model, entries)
        now = {
            (path, name)
            for path, content in model.items()
            if path.rpartition("/")[2] in {"db", "pkg"} and isinstance(content, str)
            for name in content.split()[: content.split().index("broken") if "broken" in content.split() else None]
        }
        gone |= {(*key, since[key], number) for key in since.keys() - now}
        since = {key: since.get(key, number) for key in now}
    overlay = compose([packed(as_tar(entries)) for entries in changes])
    assert {(path, identity[2]): number for (_, path, identity), number in overlay.since.items()} == since
    assert {(item.path, item.package.name, item.introduced, item.removed) for item in overlay.gone} == gone

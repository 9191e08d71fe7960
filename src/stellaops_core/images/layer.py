"""One layer's tar to its tree.

Comes in: the pieces of a tar, and a question asked of every regular file, `wants`. Goes out: a `Tree`. Nothing is
extracted; content that nobody wants is never copied.

Source: OCI image specification 1.1, layer.md, "Applying Changesets", "Whiteouts", "Opaque Whiteout".
"""

from collections.abc import Callable, Iterable

from stellaops_core.errors import CorruptImage, Unsupported
from stellaops_core.images.captured import HEAD
from stellaops_core.images.tar import DIRECTORY, FILE, HARD_LINK, OTHER, SPARSE, SYMLINK, Entry, Tar, clean, decode_path
from stellaops_core.images.tree import KEEP, Look, Tree, Wants
from stellaops_core.telemetry import Spans

ENTRY_LIMIT = 20_000_000
"""Most entries of a layer."""

PATH_LIMIT = 4096
"""Longest path in bytes, as in Linux's PATH_MAX; longer ones are reported as unknown."""

TARGET_LIMIT = 4095
"""Longest target of a symbolic link in bytes, as in Linux; a longer one is reported as unknown."""

_PASSES = 4  # for hard links to files that nobody wanted by their own names


def read_tree(
    open_tar: Callable[[], Iterable[bytes]],
    wants: Wants,
    *,
    look: Look | None = None,
    spool_dir: str | None = None,
    spans: Spans | None = None,
) -> Tree:
    """Read one layer. Raises `CorruptImage` and its kin.

    `open_tar` gives its tar from the start, and is called again only if a wanted file is a hard link to one that nobody
    wanted. `look` sees files that are to be looked at while the tree is still growing; what it returns is their result.
    """
    tree = Tree(wants, look=look, spool_dir=spool_dir)
    try:
        _walk(Tar(open_tar()), tree, spans)
        if tree.pending:
            _fetch_linked(open_tar, tree)
    except BaseException:
        tree.close()
        raise
    return tree


def _walk(tar: Tar, tree: Tree, spans: Spans | None = None) -> None:
    wants, place = tree.wants, tree.place
    capture = spans.around("file.capture", tree.capture) if spans else tree.capture
    try:
        for entry in tar:
            path = clean(entry.path)
            if path is None or len(entry.path) > PATH_LIMIT:
                shown = entry.path[:200].decode("utf-8", "replace")
                tree.add_unknown(shown, "not read: its path leads out of the image or is too long")
                continue
            if not path:
                continue  # the root itself
            path, parent, name = place(path)
            if name.startswith(".wh."):
                tree.add_whiteout(parent, name)
                continue
            kind = entry.kind
            if kind == FILE:
                tree.add_other(path, parent, name)
                head = tar.tape.peek(HEAD) if entry.size >= HEAD else b""
                if how := wants(path, parent, name, entry.size, head):
                    capture(path, entry.size, tar.pieces(entry), how, head, executable=entry.mode & 0o111 > 0)
                elif tree.captured:
                    tree.captured.pop(path, None)
            else:
                wanted = kind == SPARSE and wants(path, parent, name, entry.size, b"")
                _add_special(tree, entry, (path, parent, name), wanted=bool(wanted))
            if tree.entries > ENTRY_LIMIT:
                raise Unsupported(f"it has more than {ENTRY_LIMIT:,} entries")
    except CorruptImage:
        tar.tape.drain()  # a wrong digest, which shows only at the end, explains more than its symptom
        raise


def _add_special(tree: Tree, entry: Entry, place: tuple[str, str, str], *, wanted: bool) -> None:
    path = place[0]
    if entry.kind == DIRECTORY:
        tree.add_directory(path)
    elif entry.kind == SYMLINK:
        if len(entry.link) <= TARGET_LIMIT:
            tree.add_link(*place, decode_path(entry.link))
        else:
            tree.add_unknown(path, "not read: a symbolic link with too long a target")
    elif entry.kind == HARD_LINK:
        target = clean(entry.link)
        tree.add_hard_link(*place, tree.place(target)[0] if target else "")
    else:
        assert entry.kind in {OTHER, SPARSE}  # noqa: S101
        tree.add_other(*place)
        tree.captured.pop(path, None)
        if wanted:
            tree.add_unknown(path, "not read: a sparse file")


def _fetch_linked(open_tar: Callable[[], Iterable[bytes]], tree: Tree) -> None:
    """Capture what wanted hard links lead to, by walking again for their targets.

    What a path held when it was linked to depends on all that came before, so the whole layer applies once more.
    """
    links = {path for paths in tree.pending.values() for path in paths}
    wanted = links.union(tree.pending)
    for _ in range(_PASSES):
        again = Tree(lambda path, *_: KEEP if path in wanted else 0, spool_dir=tree.spool_dir)
        _walk(Tar(open_tar()), again)
        if wanted.issuperset(again.pending):
            break
        wanted.update(again.pending)
        again.close()
    tree.adopt(again, links)
    for target, paths in sorted(again.pending.items()):
        for path in sorted(links.intersection(paths).difference(tree.captured, again.links)):
            tree.add_unknown(path, f"a hard link whose target {target[:200]!a} is not in the layer")
    tree.pending.clear()
    again.close()

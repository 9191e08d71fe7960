"""Who owns a path."""

from stellaops_core.scan.ownership import owners_of


def test_owners() -> None:
    """By the path itself and by the names that links below the root give it; several owners are sorted."""
    lists = [
        ("pkg:b", "usr/lib/x\nusr/share/x"),
        ("pkg:a", "lib/x\nlib64/y"),
        ("pkg:c", "usr/lib/xy\nusr/li"),
        ("pkg:d", "opt/z"),
    ]
    links = {"lib": "usr/lib", "lib64": "/./usr/lib64", "odd": "elsewhere"}
    assert owners_of(["usr/lib/x", "usr/lib64/y", "opt/other"], lists, links) == {
        "usr/lib/x": ("pkg:a", "pkg:b"),
        "usr/lib64/y": ("pkg:a",),
    }


def test_a_link_to_the_root_names_everything() -> None:
    """`odd -> /` gives every path a second name."""
    assert owners_of(["a/b"], [("pkg:a", "odd/a/b")], {"odd": "/"}) == {"a/b": ("pkg:a",)}

"""What a Perl process loads."""

import pytest

from roots import root_of
from stellaops_core.analyzers import script_code, texts
from stellaops_core.entrytrace.process import Edge, Process
from stellaops_core.entrytrace.scripts.perl import follow_perl

ARCH = "usr/lib/x86_64-linux-gnu/perl/5.36"
FILES = {
    "usr/share/perl/5.36/A/B.pm": b"use C;\nsub f {\n  require Lazy;\n}",
    "usr/share/perl5/A/B.pm": b"",
    f"{ARCH}/C.pm": b"",
    f"{ARCH}/auto/C/C.so": b"",
    "usr/share/perl5/Lazy.pm": b"",
    "usr/share/perl5/Unused.pm": b"",
    "usr/share/perl5/P/One.pm": b"",
    "app/lib/Own.pm": b'require "P/$x.pm";',
    "app/main": b"#!/usr/bin/perl\nuse lib 'lib';\nuse Own;\n",
    "app/odd.pl": b"require $x;",
}


def trace(*words, **environment):
    root = root_of(FILES, analyzers=(script_code.ANALYZER, texts.ANALYZER))
    items = list(follow_perl(root, Process("usr/bin/perl", ("perl", *words), environment=environment, directory="app")))
    edges = [item for item in items if isinstance(item, Edge)]
    return {edge.target: edge.level for edge in edges}, [item for item in items if item not in edges]


def test_modules_and_libraries():
    """Modules are found over @INC, with the libraries that they load."""
    levels, gaps = trace("-e", "use A::B;")
    assert levels == {
        "usr/share/perl5/A/B.pm": "used",
    }
    assert gaps == []
    levels, _ = trace("-e", "use A::B;", PERL5LIB="/usr/share/perl/5.36")
    below = {"usr/share/perl/5.36/A/B.pm": "used", f"{ARCH}/C.pm": "used", f"{ARCH}/auto/C/C.so": "used"}
    assert levels == {**below, "usr/share/perl5/Lazy.pm": "maybe"}


def test_a_script():
    """`use lib` counts from there on; the known beginning of a computed name is followed."""
    assert trace("main")[0] == {"app/main": "used", "app/lib/Own.pm": "used", "usr/share/perl5/P/One.pm": "maybe"}


@pytest.mark.parametrize("words", [("-MLazy", "-e", "1"), ("-I/x", "-mLazy=a,b", "-e1")])
def test_modules_of_the_command_line(words):
    """`-M` and `-m` use a module."""
    assert trace(*words)[0]["usr/share/perl5/Lazy.pm"] == "used"


@pytest.mark.parametrize("words", [("gone",), (None,), ("odd.pl",)])
def test_what_is_not_known(words):
    """A script or a name that is not known is undetermined."""
    assert [gap.scope for gap in trace(*words)[1]] == ["cpan"]

"""The tables about Python."""

import sys

from stellaops_core.entrytrace.python.rules import BUILTIN, BY_C, REAL, STARTUP, STRONG

GONE = {"audioop", "crypt", "imp", "msvcrt", "nis", "ossaudiodev", "parser", "spwd", "winreg", "winsound"}


def test_modules_exist():
    """What compiled code imports is the standard library's, as far as this interpreter can tell."""
    known = {*sys.stdlib_module_names, *GONE, "xxlimited", "xxsubtype", "_pydatetime"}
    assert {name.partition(".")[0] for name in (*BY_C, *STARTUP, *BUILTIN)} <= known


def test_startup():
    """What is said to be imported at start-up has been by now."""
    assert set(STARTUP) <= set(sys.modules)


def test_functions():
    """The functions that take a module's name are among those that import."""
    assert REAL <= STRONG

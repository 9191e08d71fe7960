"""What Python's own source doesn't say: names that the interpreter's C code imports, and functions that import by name.

Comes in: nothing. Goes out: tables.

Source: CPython 3.9 to 3.14, Python/pylifecycle.c and the calls of `PyImport_Import…` in Modules/, Objects/, Python/.
"""

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STARTUP: Final = _words("codecs encodings encodings.aliases encodings.utf_8 io abc")
"""Imported before anything else."""

SITE: Final = _words("site sitecustomize usercustomize")
"""Imported next, unless `-S`."""

BY_C: Final = _words("""
    _compat_pickle _pydatetime _pydecimal _pyio _strptime _weakrefset array ast asyncio asyncio.events atexit
    base64 bz2 calendar codecs collections collections.abc concurrent.futures contextlib contextvars copy
    copyreg ctypes ctypes._endian dataclasses datetime decimal email enum fractions functools gc getpass glob
    gzip hashlib importlib importlib.abc importlib.machinery importlib.util inspect io ipaddress itertools json
    json.decoder json.encoder linecache locale logging lzma math multiprocessing numbers operator os pathlib
    pickle pkgutil platform queue random re reprlib runpy select shutil signal site socket sqlite3.dbapi2
    sqlite3.dump ssl string struct subprocess sys tempfile textwrap threading time tkinter token tokenize
    traceback types typing unicodedata uuid warnings weakref xml.etree.ElementTree xml.parsers.expat
    xml.etree.ElementPath zipfile zipimport zlib zoneinfo zoneinfo._common _zoneinfo
""")
"""Modules of the standard library that compiled code imports, the interpreter's own or an extension module's."""

BY_EXTENSIONS: Final = _words("_cffi_backend")
"""Modules that extension modules of others import: what runs all that cffi made."""

STRONG: Final = frozenset(
    _words("""
    import_module __import__ import_string import_from_string import_object import_by_name import_app import_path
    import_class import_from_cwd import_dotted_path importlib_import _import_module do_import import_modules
    """)
)
"""Functions that import what their argument names."""

BUILTIN: Final = frozenset(
    _words("""
    array atexit audioop binascii builtins cmath crypt errno faulthandler fcntl gc grp imp itertools marshal
    math mmap msvcrt nis nt operator ossaudiodev parser posix pwd pyexpat readline resource select spwd symtable
    sys syslog termios time unicodedata winreg winsound xxlimited xxsubtype zipimport zlib
""")
)
"""Modules that may be compiled into the interpreter; all others of that sort begin with an underscore."""

BUNDLES: Final = _words("_vendor vendor _vendored extern packages")
"""Where packages keep what they brought along."""

UNRELATED: Final = frozenset(_words("test tests testing conftest __main__ setup"))
"""Modules that a package's own code never imports by a name that is put together."""

REAL: Final = frozenset({"import_module", "__import__"})
"""Those of `STRONG` that take the name of a module and nothing else."""

SCRIPTS: Final = _words("console_scripts gui_scripts")
"""Groups of entry points that are programs, not plugins."""

HOOKS: Final = {"_distutils_hack": "distutils"}
"""Modules that import only once another one is imported."""

CONFIGURED: Final = {"jupyter_server": _words("jupyter_server_config.d jupyter_notebook_config.d")}
"""Packages that import what files in these directories of `etc/jupyter` name."""

BY_TESTS: Final = {"multiprocessing.util": "test"}
"""What a module imports in a function that only the interpreter's own tests call."""

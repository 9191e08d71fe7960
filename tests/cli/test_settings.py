"""Settings: precedence, origins, the configuration file."""

import contextlib
import os
import sys

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_cli.options import VERBS
from stellaops_cli.settings import (
    BY_KEY,
    CONFIG_LIMIT,
    SETTINGS,
    Settings,
    load_settings,
    user_directory,
)
from stellaops_core.errors import UsageError

EXAMPLES = {
    "text": ("a", "b", "c"),
    "path": ("/a", "/b", "/c"),
    "switch": ("true", "true", "true"),
    "count": ("1", "2", "3"),
    "size": ("1kB", "2kB", "3kB"),
    "age": ("1s", "2s", "3s"),
    "epoch": ("1", "2", "3"),
}


def examples(setting):
    return setting.choices * 3 if setting.choices else EXAMPLES[setting.kind]


def config_file(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    return str(path)


def test_every_row_is_a_field():
    """The table and the record hold the same settings."""
    fields = set(Settings.__struct_fields__)
    assert {setting.name for setting in SETTINGS} == fields - {"origins", "environment"}
    assert len({setting.variable for setting in SETTINGS}) == len(SETTINGS)


def test_every_option_that_shares_a_name_is_a_setting():
    """Options are settings, apart from those that make sense for one run only."""
    own = {
        "name",
        "github",
        "step-summary",
        "config",
        "origin",
        "format",
        "fail-on",
        "linked",
        "image",
        "generator",
        "param",
        "context",
        "to",
        "versions",
        "used",
        "possibly-used",
        "profile",
        "profile-to",
    }
    for verb in VERBS:
        assert {option.name.replace("_", "-") for option in verb.options} - own <= set(BY_KEY)


def test_defaults_need_nothing():
    """Without flags, environment and file every value is the table's default."""
    settings = load_settings({}, {"HOME": "/nowhere"})
    assert set(settings.origins.values()) == {"default"}
    assert settings.cache_dir == "/nowhere/.cache/stella"
    assert (settings.output, settings.jobs, settings.source_date_epoch) == ((), 0, None)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_precedence(setting, tmp_path):
    """Flag over environment over file over default; the origin says which it was."""
    first, second, third = examples(setting)[:3]
    quoted = f'["{third}"]' if setting.many else f'"{third}"'
    path = config_file(tmp_path, f"{setting.key} = {quoted}\n" if not setting.env else "")
    origins = []
    for flags, environ in (
        ({setting.name: [first] if setting.many else first}, {setting.variable: second}),
        ({}, {setting.variable: second}),
        ({}, {}),
    ):
        settings = load_settings({**flags, "config": path}, {"HOME": "/nowhere", **environ})
        origins.append(settings.origins[setting.key])
    last = "default" if setting.env else f"file {path}"
    assert origins == [f"flag --{setting.key}", f"environment {setting.variable}", last]


def test_own_types_of_toml(tmp_path):
    """Numbers, booleans and arrays need no quotes; `~/` is the user's directory."""
    path = config_file(
        tmp_path, 'jobs = 3\nstrict = true\noffline = false\noutput = ["json", "table=x"]\ncache-dir = "~/c"\n'
    )
    settings = load_settings({"config": path}, {"HOME": "/home/someone"})
    assert (settings.jobs, settings.strict, settings.offline) == (3, True, False)
    assert settings.output == ("json", "table=x")
    assert settings.cache_dir == "/home/someone/c"


def test_environment_lists_are_split_at_commas():
    """`STELLA_INSECURE_REGISTRY=a, b` names two."""
    settings = load_settings({}, {"STELLA_INSECURE_REGISTRY": "a:5000, b"})
    assert settings.insecure_registry == ("a:5000", "b")


def test_an_empty_variable_is_none():
    """`STELLA_JOBS=` is as good as unset."""
    assert load_settings({}, {"STELLA_JOBS": "", "SOURCE_DATE_EPOCH": ""}).origins["jobs"] == "default"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("job = 2", r"^unknown setting 'job' in .*config\.toml$"),
        ("[scan]\njobs = 2", r"^unknown setting 'scan'"),
        ("docker-host = 'x'", r"^unknown setting 'docker-host'"),
        ("jobs = 0", r"^jobs in .*config\.toml: '0' is not between 1 and 1024$"),
        ("jobs = 1.5", r"^jobs in .*: a single value is wanted$"),
        ("jobs = []", r"^jobs in .*: a single value is wanted$"),
        ("output = 'json'", r"^output in .*: a list of strings is wanted$"),
        ("output = [1]", r"^output in .*: a list of strings is wanted$"),
        ("color = 'blue'", r"^color in .*: 'blue' is not one of auto, always, never$"),
        ("cache-dir = ''", r"^cache-dir in .* is empty$"),
        ("jobs =", r"^.*config\.toml is not TOML: "),
        ("\x00", r"is not TOML: "),
        ("a = " + "[" * 5000, r"is not TOML: "),
        ("#" * (CONFIG_LIMIT + 1), r"is larger than"),
    ],
)
def test_bad_files_are_refused(tmp_path, text, message):
    """Each mistake in a configuration file is named, with the file."""
    with pytest.raises(UsageError, match=message):
        load_settings({"config": config_file(tmp_path, text)}, {})


def test_the_nearest_setting_is_suggested(tmp_path):
    """A mistyped key gets a suggestion."""
    with pytest.raises(UsageError) as caught:
        load_settings({"config": config_file(tmp_path, "cachedir = 'x'")}, {})
    assert caught.value.hint == "did you mean cache-dir?"


@pytest.mark.parametrize(
    ("flags", "environ", "message"),
    [
        ({"jobs": "0"}, {}, "--jobs: '0' is not between 1 and 1024"),
        ({"jobs": ""}, {}, "--jobs: '' is not a whole number"),
        ({"cache_dir": ""}, {}, "--cache-dir is empty"),
        ({"view": "used"}, {}, "--view: 'used' is not one of inventory, usage, history"),
        ({}, {"STELLA_JOBS": "many"}, "STELLA_JOBS: 'many' is not a whole number"),
        ({}, {"SOURCE_DATE_EPOCH": "today"}, "SOURCE_DATE_EPOCH: 'today' is not a whole number"),
        ({"config": "/nowhere/c.toml"}, {}, "no such configuration file: /nowhere/c.toml"),
        ({}, {"STELLA_CONFIG": "/nowhere/c.toml"}, "no such configuration file: /nowhere/c.toml"),
        ({"config": "/"}, {}, "cannot read the configuration file /: Is a directory"),
        ({"config": "a\0b"}, {}, "cannot read the configuration file a\0b: embedded null byte"),
    ],
)
def test_bad_values_are_refused(flags, environ, message):
    """The message says where the value was written."""
    with pytest.raises(UsageError) as caught:
        load_settings(flags, environ)
    assert caught.value.message == message


def test_the_default_file_is_found(tmp_path):
    """`config.toml` in the user's configuration directory is read without being named."""
    (tmp_path / "stella").mkdir()
    (tmp_path / "stella" / "config.toml").write_text("jobs = 7")
    settings = load_settings({}, {"XDG_CONFIG_HOME": str(tmp_path), "HOME": "/nowhere"})
    assert settings.jobs == 7


def test_another_users_home(tmp_path):
    """A directory that may not be looked into holds no settings; a file that may not be read is an error."""
    folder = tmp_path / "stella"
    folder.mkdir()
    file = folder / "config.toml"
    file.write_text("jobs = 7")
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read anything")
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": "/nowhere"}
    with pytest.raises(UsageError, match="Permission denied"):
        load_settings({}, environ)
    folder.chmod(0)
    try:
        assert load_settings({}, environ).origins["jobs"] == "default"
        with pytest.raises(UsageError, match="Permission denied"):
            load_settings({"config": str(file)}, environ)
    finally:
        folder.chmod(0o700)


@pytest.mark.skipif(sys.platform != "linux", reason="the directories are platformdirs' own elsewhere")
@pytest.mark.parametrize("kind", ["cache", "config"])
@pytest.mark.parametrize("home", ["/home/a", "/home/a/", "/", None])
@pytest.mark.parametrize("base", [None, "", "/x/y", "/x/y/", "relative", "~/x"])
def test_directories_are_platformdirs(monkeypatch, kind, home, base):
    """Computed by hand, and the same as platformdirs'."""
    environ = {}
    for name, value in (("HOME", home), (f"XDG_{kind.upper()}_HOME", base)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
            environ[name] = value
    expected = platformdirs.PlatformDirs("stella", appauthor=False)
    assert user_directory(kind, environ) == getattr(expected, f"user_{kind}_dir")


def test_a_relative_home_is_no_home():
    """Nothing is ever put into a directory called `~` or below the working directory."""
    assert user_directory("cache", {"HOME": "home"}) == ""


@pytest.mark.property
@given(st.dictionaries(st.sampled_from([setting.variable for setting in SETTINGS]), st.text(), max_size=4))
def test_any_environment_is_read_or_refused(environ):
    """No environment ends in anything but settings or a usage error."""
    with contextlib.suppress(UsageError):
        assert isinstance(load_settings({}, environ), Settings)

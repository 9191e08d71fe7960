"""The core has no environment, clock, randomness or output of its own: they come in as arguments."""

import ast
import re

from sources import modules

FORBIDDEN = re.compile(
    r"print|input|breakpoint"
    r"|os\.(environ|environb|getenv|getenvb|putenv|urandom|getlogin|uname|getcwd|cpu_count|get_terminal_size)"
    r"|time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns|localtime|gmtime|ctime|sleep)"
    r"|datetime\.(datetime\.)?(now|utcnow|today)|datetime\.date\.today|date\.today"
    r"|uuid\.(uuid1|uuid4)|sys\.(argv|stdin|stdout|stderr)|socket\.(gethostname|getfqdn)"
    r"|(random|secrets|locale|getpass|platform|logging|warnings)(\..*)?"
)
BUILTINS = {"print", "input", "breakpoint"}
ALLOWED = {
    ("images.registry", "time.monotonic"): "default of an argument: how long a server may keep us waiting",
    ("images.registry", "time.sleep"): "default of an argument: the pause before another try",
    ("scan.scan", "time.monotonic"): "default of an argument: the run's seconds, which no document holds",
    ("stores.directory", "os.urandom"): "names of temporary files, so that no two writers share one",
}
"""(module, what it uses) and why. None of it reaches a document."""


def uses(tree):
    """Dotted names of imported things that a module uses, spelled out."""
    spelled = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            spelled.update({alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module:
            spelled.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and (node.id in spelled or node.id in BUILTINS):
            yield spelled.get(node.id, node.id)
        elif isinstance(node, ast.Attribute):
            names = []
            inner = node
            while isinstance(inner, ast.Attribute):
                names.append(inner.attr)
                inner = inner.value
            if isinstance(inner, ast.Name) and inner.id in spelled:
                yield ".".join([spelled.get(inner.id, inner.id), *reversed(names)])


def impurities(tree):
    return {name for name in uses(tree) if FORBIDDEN.fullmatch(name)}


def test_the_core_is_pure():
    """Nothing forbidden is used but what is listed with its reason, and nothing is listed that is not used."""
    found = {(source.name, name) for source in modules("stellaops_core") for name in impurities(source.parse())}
    assert sorted(found) == sorted(ALLOWED)


def test_impurity_is_noticed():
    """However it is imported."""
    for text, name in (
        ("import os\nos.environ['A']", "os.environ"),
        ("from os import environ as e\ne['A']", "os.environ"),
        ("import time as t\nt.time()", "time.time"),
        ("from datetime import datetime\ndatetime.now()", "datetime.datetime.now"),
        ("import random\nrandom.random()", "random.random"),
        ("from uuid import uuid4\nuuid4()", "uuid.uuid4"),
        ("def f(x=print): ...", "print"),
    ):
        assert name in impurities(ast.parse(text)), text


def test_only_the_cli_reads_its_environment_in_one_place():
    """`os.environ` is read where the command starts, and nowhere else."""
    places = {source.name for source in modules("stellaops_cli") if "os.environ" in set(uses(source.parse()))}
    assert places == {"run"}

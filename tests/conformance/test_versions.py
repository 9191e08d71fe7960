"""Orders of versions against other projects' tables.

Every row is compared; those that give another answer, or none, are listed with the reason.
"""

import json
import os
import re
from pathlib import Path

import pytest

from stellaops_core.versions.scheme import compare, sort_key

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures"))
VERSIONS = FIXTURES / "versions"
SCALIBR = VERSIONS / "google+osv-scalibr" / "semantic" / "testdata"
GRYPE = VERSIONS / "anchore+grype" / "grype" / "version.json"
UNIVERS = FIXTURES / "purl-vers" / "aboutcode-org+univers" / "tests" / "data" / "schema"
VERS = FIXTURES / "purl-vers" / "package-url+vers-spec" / "tests"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not VERSIONS.is_dir(), reason="no fixtures: set STELLA_FIXTURES (versions not found)"),
]

TYPES = {
    "alpine": "apk", "cran": "cran", "debian": "deb", "hackage": "hackage", "maven": "maven", "nuget": "nuget",
    "packagist": "composer", "pub": "pub", "pypi": "pypi", "redhat": "rpm", "rubygems": "gem", "semver": "npm",
}  # fmt: skip
ROW = re.compile(r"(\S.*?) ([<=>]) (\S.*)")
SIGNS = {"<": -1, "=": 0, ">": 1}

NO_KEY = {
    "alpine-versions": 31,  # not versions to apk: empty components, capitals, words, two revisions, `-r` without digits
    "packagist-versions": 2,  # `dev-foo` is a branch; Composer orders no branch among versions
    "pypi-versions": 11,  # older than PEP 440
    "pypi-versions-generated": 35,  # as above
    "rubygems-versions": 2,  # `1beta` and `1gamma` are malformed to RubyGems
}
"""Rows on which nothing is said."""

OTHERWISE = {
    # Maven 3.9.9's own ComparableVersion gives our answers to these: `.word` and `-word` are one
    ("1.0.0-RC16", "1.0.0.RC8-beta"): 1,
    ("6.1.12.rc5", "6.1.12rc1"): 1,
    ("1.1.31.sec10", "1.1.31_noneautotype"): 1,
    ("1.1.34.sec10", "1.1.34_noneautotype"): 1,
    ("1.1.46.sec10", "1.1.46_noneautotype"): 1,
    ("1.2.48.sec10", "1.2.48_noneautotype"): 1,
    ("1.2.57.sec10", "1.2.57_noneautotype"): 1,
    ("1.2.60.sec10", "1.2.60_noneautotype"): 1,
    ("1.0.0rc0", "1.0.beta8"): 1,
    ("1.5.9.RC1", "1.5.9-RC0"): 1,
    # Maven's comparison depends on what `.word.number` stands beside; ours is the same everywhere
    ("3.5.0-CR-2", "3.5.0.Beta-1"): 1,
    ("3.6.2.FL.20090615", "3.6.2-FL-2009-05-11"): 1,
    # Composer fills up to four numbers before it compares, the table compares as bare PHP does
    ("1.0.0", "1.0"): 0,
    ("v4-beta4", "v4.0-alpha"): 1,
    ("v4.4", "v4.4.0-beta"): 1,
    ("v6.5", "v6.5.0-beta-0"): 1,
    ("v6.6", "v6.6.0-beta"): 1,
    # PHP's sign for "any number", which no version can hold
    ("1.2.3.#", "1.2.3"): -1,
    ("1.2.3.#", "1.2.3.1"): -1,
    ("1.2.3.#.1", "1.2.3"): -1,
    ("1.2.3.#.p3", "1.2.3"): -1,
}
"""Pairs on which we say something else."""


def rows(path):
    for line in path.read_text().splitlines():
        match = ROW.fullmatch(line.strip())
        if match and not line.startswith(("#", "//")):
            yield match[1], SIGNS[match[2]], match[3]


@pytest.mark.parametrize("name", sorted(path.stem for path in SCALIBR.glob("*.txt")))
def test_scalibr(name):
    """Real ordered pairs and hand-made oddities of twelve ecosystems."""
    type_ = TYPES[name.partition("-")[0]]
    found = [(one, other, sign, compare(type_, one, other)) for one, sign, other in rows(SCALIBR / f"{name}.txt")]
    assert found
    wrong = {(one, other): got for one, other, sign, got in found if got not in {sign, None}}
    assert wrong == {pair: got for pair, got in OTHERWISE.items() if pair in wrong}
    assert sum(got is None for *_, got in found) == NO_KEY.get(name, 0)


def test_the_list_of_other_answers_is_exact():
    """No pair stays on it after it is right."""
    seen = set()
    for path in SCALIBR.glob("*.txt"):
        type_ = TYPES[path.stem.partition("-")[0]]
        seen |= {(one, other) for one, sign, other in rows(path) if compare(type_, one, other) not in {sign, None}}
    assert seen == set(OTHERWISE)


def satisfied(type_, version, constraint):
    """Whether `> 1, < 2 || = 3` holds; None where some comparison has no answer."""
    holds = {"<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {0, 1}, "=": {0}, "!=": {-1, 1}}
    answers = []
    for alternative in constraint.split("||"):
        parts = [
            re.fullmatch(r"\s*(>=|<=|!=|>|<|=)?\s*[\"']?([^\s\"']+)[\"']?\s*", part) for part in alternative.split(",")
        ]
        orders = [compare(type_, version, part[2]) for part in parts]
        if None in orders:
            return None
        answers.append(all(order in holds[part[1] or "="] for part, order in zip(parts, orders, strict=True)))
    return any(answers)


def grype(function):
    tables = json.loads(GRYPE.read_text())
    return [case for table in tables if table["func"] == function for case in table["cases"]]


def constraints(function):
    for case in grype(function):
        if isinstance(case, dict) and isinstance(case.get("version"), str) and case.get("constraint", "").strip():
            yield case["version"], case["constraint"], case.get("satisfied", False)


IGNORES_EPOCHS = "an epoch on one side only is not compared; rpm takes a missing one for 0"
GRYPE_OTHERWISE = {
    "TestBitnamiVersion_Constraint": (5, "the package's revision is left out"),
    "TestGemVersion_Constraint": (8, "the version holds a platform, which in a package URL has its own place"),
    "TestPep440Version_Constraint": (2, "local versions of one vendor are left out"),
    "TestRpmVersion_Constraint": (9, IGNORES_EPOCHS),
}
"""How many rows differ, and what Grype does there."""


@pytest.mark.parametrize(
    ("function", "type_", "least"),
    [
        ("TestApkVersion_Constraint", "apk", 33),
        ("TestBitnamiVersion_Constraint", "bitnami", 40),
        ("TestDebVersion_Constraint", "deb", 70),
        ("TestGemVersion_Constraint", "gem", 26),
        ("TestGolangVersion_Constraint", "golang", 3),
        ("TestMavenVersion_Constraint", "maven", 70),
        ("TestPep440Version_Constraint", "pypi", 38),
        ("TestPortageVersion_Constraint", "ebuild", 50),
        ("TestRpmVersion_Constraint", "rpm", 48),
    ],
)
def test_grype_constraints(function, type_, least):
    """Ranges hold for the versions that Grype says."""
    cases = [case for case in constraints(function) if "~" not in case[1][:2]]
    assert len(cases) >= least
    wrong = [case for case in cases if satisfied(type_, *case[:2]) is not case[2]]
    assert len(wrong) == GRYPE_OTHERWISE.get(function, (0, ""))[0], wrong


def test_grype_semantic_versions():
    """Of what Grype takes for a Semantic Version some is none, and has no answer; the rest agrees."""
    answers = [
        (satisfied("npm", version, text), wanted)
        for version, text, wanted in constraints("TestSemanticVersion_Constraint")
        if re.fullmatch(r"[\s<>=!|,0-9A-Za-z.+-]+", text)
    ]
    assert sum(answer is None for answer, _ in answers) <= 31
    assert all(answer is wanted for answer, wanted in answers if answer is not None)


@pytest.mark.parametrize(
    ("function", "type_", "otherwise"),
    [
        ("TestGolangVersion_Compare", "golang", {}),
        # vercmp(8) lists 1.0alpha before 1.0, and to libalpm a tilde is a separator like any other
        ("TestPacmanVersionCompare", "alpm", {("1.0.0alpha", "1.0.0"): -1, ("1.0.0~rc1", "1.0.0"): 1}),
        ("TestPortageVersion_Compare", "ebuild", {}),
        # an empty version has no order
        ("TestGemVersion_Compare", "gem", {("", "0"): None}),
        # Grype leaves out which Java a library is built for; Maven does not
        (
            "TestMavenVersion_Compare",
            "maven",
            {
                ("12.10.2", "12.10.2.jre11"): -1,
                ("12.10.2.jre11", "12.10.2"): 1,
                ("12.10.2.jdk17", "12.10.2"): 1,
                ("12.10.2.jre11", "12.10.2.jdk17"): 1,
            },
        ),
    ],
)
def test_grype_comparisons(function, type_, otherwise):
    """Pairs and their order."""
    pairs = {}
    for case in grype(function):
        one, other, wanted = (
            case[:3]
            if isinstance(case, list)
            else [case.get(f"v{at}", case.get(f"version{at}")) for at in (1, 2)]
            + [case.get("want", case.get("expected"))]
        )
        pairs[one, other] = wanted
    wrong = {pair: compare(type_, *pair) for pair, wanted in pairs.items() if compare(type_, *pair) != wanted}
    assert len(pairs) >= 10
    assert wrong == otherwise


def vers_cases(path):
    document = json.loads(path.read_text())
    cases = document if isinstance(document, list) else document["tests"]
    for case in cases:
        yield case["input"]["input_scheme"], case["input"]["versions"], case["expected_output"]


@pytest.mark.parametrize(
    ("path", "least"),
    [
        (UNIVERS / "alpine_version_cmp.json", 700),
        (UNIVERS / "deb_version_python_pkg_test.json", 16),
        (VERS / "conan_version_cmp_test.json", 47),
    ],
    ids=lambda value: getattr(value, "stem", None),
)
def test_vers(path, least):
    """The cases of the vers specification and of univers."""
    cases = list(vers_cases(path))
    assert len(cases) >= least
    for type_, versions, wanted in cases:
        if versions == ["1.20", "1.1*"]:  # Conan compares a number with a word as texts, which makes rings
            continue
        if isinstance(wanted, bool):
            assert (compare(type_, *versions) == 0) is wanted, versions
        else:
            assert sorted(versions, key=lambda version, type_=type_: sort_key(type_, version)) == wanted

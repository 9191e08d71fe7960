"""Scans and diffs within a step of GitHub Actions, as users run them."""

import json

ACTIONS = {
    "GITHUB_SHA": "a" * 40,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_RUN_ID": "17",
    "GITHUB_WORKFLOW": "CI",
    "GITHUB_JOB": "scan",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "shop/web",
}


def test_snapshots_know_their_own_build(stella, image):
    """Each run's facts are its own: what one build knew never comes out of the cache of another."""
    plain = stella("scan", f"oci:{image}", "-o", "github", "--quiet")[1]
    code, out, err = stella("scan", f"oci:{image}", "-o", "github", environ=ACTIONS)
    assert (code, err) == (0, "")
    snapshot = json.loads(out)
    assert (snapshot["sha"], snapshot["ref"]) == ("a" * 40, "refs/heads/main")
    url = "https://github.example/shop/web/actions/runs/17"
    assert snapshot["job"] == {"id": "17", "correlator": "CI_scan", "html_url": url}
    later = stella("scan", f"oci:{image}", "-o", "github", "--github", "job=18", environ=ACTIONS)[1]
    assert json.loads(later)["job"]["id"] == "18"
    assert stella("scan", f"oci:{image}", "-o", "github", "--quiet")[1] == plain
    assert stella("export", f"oci:{image}", "-o", "github", environ=ACTIONS)[1] == out


def test_without_a_build(stella, image):
    """The document is written, and what GitHub lacks is said; a fact that is none is a mistake."""
    code, out, err = stella("scan", f"oci:{image}", "-o", "github")
    assert (code, json.loads(out)["sha"]) == (0, "")
    assert err == "stella: warning: GitHub refuses a snapshot without sha, ref, job, correlator: see --github\n"
    assert stella("scan", f"oci:{image}", "-o", "github", "--github", "sha=main")[0] == 3


def test_step_summaries(stella, image, damaged, tmp_path):
    """A scan's page and a diff's, one behind the other; the same as `-o markdown` writes, cached or not."""
    path = tmp_path / "summary"
    environ = {"GITHUB_STEP_SUMMARY": str(path)}
    for _ in range(2):
        code, out, err = stella("scan", "--step-summary", f"oci:{image}", "--view", "usage", environ=environ)
        assert (code, err) == (0, "")
        assert b"usage" in out
    code, out, err = stella("diff", "--step-summary", f"oci:{image}", f"oci:{damaged}", environ=environ)
    assert (code, err) == (0, "")
    page = stella("scan", f"oci:{image}", "--view", "usage", "-o", "markdown")[1]
    changes = stella("diff", f"oci:{image}", f"oci:{damaged}", "-o", "markdown")[1]
    assert path.read_bytes() == page + b"\n" + page + b"\n" + changes
    assert stella("scan", "--strict", "--step-summary", f"oci:{damaged}", environ=environ)[0] == 8
    assert path.read_text().endswith("|\n"), "what could not be read is in the page, and the page is there"


def test_outside_of_actions(stella, image):
    """There is no step: a mistake, told before any work, with another way."""
    for verb in (["scan", f"oci:{image}"], ["diff", f"oci:{image}", f"oci:{image}"]):
        code, out, err = stella(*verb, "--step-summary")
        assert (code, out) == (3, b"")
        assert "hint: -o markdown=FILE" in err

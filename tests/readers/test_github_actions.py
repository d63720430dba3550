"""GitHub Actions and commits: runs, jobs, pages that lack something, and pushes."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from .reading import events_of, picked, reading_of, refusals_of, without
from .recorded import ALERT_FILE, export, recorded
from .samples import FILES

DEPLOY, CI, FAILED = FILES["github_workflow_runs"]["workflow_runs"]
JOB = FILES["github_workflow_runs webhook"]
(COMMIT,) = FILES["github_commits"]
PUSH = FILES["github_commits push"]
SHA = "6ad7726b6459ca9486c34d754496582867fb758c"


def page(total_count: int, *runs: dict[str, Any]) -> bytes:
    return json.dumps({"total_count": total_count, "workflow_runs": runs}).encode()


def test_a_run_that_deploys_is_a_change_from_its_start_on() -> None:
    """What came of it is known at its last update; what ran before it is not."""
    begun, done = events_of([DEPLOY])
    keys = ("pointer", "kind", "activity", "status", "event_time_text")
    assert picked(begun, *keys) == {
        "pointer": "/run_started_at",
        "kind": "change",
        "activity": "deployed",
        "status": "in_progress",
        "event_time_text": "2026-01-14T09:06:02Z",
    }
    assert picked(done, *keys) == {
        "pointer": "",
        "kind": "change",
        "activity": "deployed",
        "status": "success",
        "event_time_text": "2026-01-14T09:13:02Z",
    }
    assert picked(done, "repository", "commit_sha", "branch", "initiator", "previous_revision") == {
        "repository": "acme/checkout-api",
        "commit_sha": SHA,
        "branch": "main",
        "initiator": "jonas-weber",
        "previous_revision": None,
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"conclusion": "failure"}, [("change", "deployed"), ("change", "configured")]),
        ({"conclusion": "cancelled"}, [("change", "deployed"), ("change", "configured")]),
        ({"conclusion": "skipped"}, [("lifecycle", "run")]),
        ({"conclusion": None, "status": "in_progress"}, [("change", "deployed"), ("lifecycle", "run")]),
        ({"conclusion": None, "status": "queued"}, [("lifecycle", "run")]),
        ({"name": "checks", "path": ".github/workflows/rollout.yaml@main"}, [("change", "deployed")] * 2),
        ({"name": "CI", "path": ".github/workflows/ci.yml"}, [("lifecycle", "run")]),
        ({"name": "undeployed", "path": ".github/workflows/ci.yml"}, [("lifecycle", "run")]),
    ],
)
def test_only_a_workflow_that_says_that_it_deploys_is_a_change(
    change: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    """By its name or file; one that failed may have carried out a part."""
    assert [(event["kind"], event["activity"]) for event in events_of([{**DEPLOY, **change}])] == told


def test_a_webhook_holds_the_run_within() -> None:
    """The pointers begin at the run."""
    body = {"action": "completed", "workflow_run": CI, "workflow": {"name": "CI"}, "repository": {}}
    (event,) = events_of(body)
    assert picked(event, "pointer", "kind", "status", "repository") == {
        "pointer": "/workflow_run",
        "kind": "lifecycle",
        "status": "success",
        "repository": "acme/checkout-api",
    }
    assert events_of([FAILED])[0]["severity_id"] == 3


def test_a_job_is_what_happened() -> None:
    """At the time that its status has."""
    (event,) = events_of(JOB)
    assert picked(event, "kind", "activity", "name", "severity_id", "event_time_text", "repository") == {
        "kind": "lifecycle",
        "activity": "job",
        "name": "workflow Deploy: smoke test",
        "severity_id": 3,
        "event_time_text": "2026-01-14T09:08:16Z",
        "repository": "acme/checkout-api",
    }


def test_a_commit_is_a_change_at_the_committers_time() -> None:
    """As the API and as a push write it; the push knows the branch."""
    (listed,) = events_of([COMMIT])
    (pushed,) = events_of(PUSH)
    keys = ("kind", "activity", "commit_sha", "initiator", "repository", "event_time", "previous_revision")
    assert picked(listed, *keys) == picked(pushed, *keys)
    assert picked(listed, "activity", "initiator", "event_time_text", "branch") == {
        "activity": "committed",
        "initiator": "jonas-weber",
        "event_time_text": "2026-01-14T09:05:40Z",
        "branch": None,
    }
    assert (pushed["branch"], pushed["pointer"]) == ("main", "")


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        ({**DEPLOY, "status": "done"}, ("field_invalid", "/status")),
        ({**DEPLOY, "updated_at": None}, ("field_missing", "/updated_at")),
        ({**DEPLOY, "actor": "x", "triggering_actor": None}, ("field_invalid", "/actor")),
        (
            {**JOB, "workflow_job": without(JOB["workflow_job"], "name")},
            ("field_missing", "/workflow_job/name"),
        ),
        (
            {**JOB, "workflow_job": {**JOB["workflow_job"], "status": 1}},
            ("field_invalid", "/workflow_job/status"),
        ),
        ({**COMMIT, "sha": "main"}, ("field_invalid", "/sha")),
        (
            {**COMMIT, "commit": without(COMMIT["commit"], "committer")},
            ("field_missing", "/commit/committer"),
        ),
        ({**COMMIT, "commit": {**COMMIT["commit"], "author": "x"}}, ("field_invalid", "/commit/author")),
    ],
)
def test_what_can_be_wrong(record: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of([record]) == [refusal]


def test_a_deployment_run_is_a_recent_change(tmp_path: Path) -> None:
    """Of the service whose repository it is; without a revision to go back to."""
    told = recorded(tmp_path, ALERT_FILE, {"runs.json": export("github_workflow_runs.json")})
    state = told.state
    assert (state["is_change_seen"], state["change_source"]) == (True, "github")
    assert (state["change_commit"], state["change_initiator"]) == (SHA, "jonas-weber")
    assert (state["change_to_symptom_seconds"], state["has_previous_revision"]) == (258, False)
    assert told.gaps("github") == []


def test_a_commit_counts_behind_what_runs(tmp_path: Path) -> None:
    """By itself it is the recent change; beside an earlier deployment it is only listed."""
    late = deepcopy(COMMIT)
    late["commit"]["committer"]["date"] = "2026-01-14T09:16:00Z"
    commits = {"commits.json": json.dumps([late]).encode()}
    alone = recorded(tmp_path / "alone", ALERT_FILE, commits)
    assert (alone.state["change_source"], alone.state["has_previous_revision"]) == ("github", False)
    runs = {"runs.json": export("github_workflow_runs.json")}
    deployed = recorded(tmp_path / "deployed", ALERT_FILE, commits, runs)
    assert deployed.state["change_to_symptom_seconds"] == 258
    assert len(deployed.rows("enrichment.recent_changes")) == 3


@pytest.mark.parametrize(
    ("pages", "missing"),
    [
        ([page(3, CI, FAILED)], 1),
        ([page(3, CI, FAILED), page(3, DEPLOY)], 0),
        pytest.param([page(3, CI, FAILED) + page(3, DEPLOY)], 0, marks=pytest.mark.slow),
        pytest.param([page(3, CI, FAILED), page(3, CI, FAILED)], 1, marks=pytest.mark.slow),
        ([b"[" + page(4, CI, FAILED) + b"," + page(4, DEPLOY) + b"]"], 1),
        pytest.param([page(2)], 2, marks=pytest.mark.slow),
    ],
)
def test_a_count_above_what_all_pages_hold_is_a_gap(tmp_path: Path, pages: list[bytes], missing: int) -> None:
    """In whatever files the pages lie, and however often; an unknown of the handoff from when it is known."""
    files = {f"runs-{number}.json": content for number, content in enumerate(pages)}
    told = recorded(tmp_path, ALERT_FILE, files)
    details = [row["detail"] for row in told.rows("quality.completeness") if row["gap"] == "more_available"]
    held = len({record.sha256 for content in pages for record in reading_of(content).records})
    where = " of acme/checkout-api" if held else ""
    expected = [f"GitHub counts {held + missing} workflow runs{where}; {held} are here"] if missing else []
    assert expected == details
    assert ("gap-more_available" in told.unknowns()) == bool(missing)


def test_a_comparison_counts_its_commits(tmp_path: Path) -> None:
    """It lists 250 a page."""
    body = {"base_commit": {}, "total_commits": 251, "commits": [COMMIT], "files": []}
    told = recorded(tmp_path, ALERT_FILE, {"compare.json": json.dumps(body).encode()})
    assert told.gaps("github") == [("more_available", "commits of acme/checkout-api")]


def test_one_event_delivered_to_two_hooks_is_a_duplicate(tmp_path: Path) -> None:
    """A repository's hook and an app's differ in the addressee; another job under its id is refused."""
    to_app = {**JOB, "installation": {"id": 1}}
    other = {**JOB, "workflow_job": {**JOB["workflow_job"], "name": "another"}}
    files = {f"{name}.json": json.dumps(body).encode() for name, body in (("a", JOB), ("b", to_app))}
    twice = recorded(tmp_path / "twice", ALERT_FILE, files)
    statuses = [row["status"] for row in twice.rows("intake.raw_records")]
    assert (0, 1) == (statuses.count("quarantined"), statuses.count("duplicate"))
    conflict = recorded(tmp_path / "conflict", ALERT_FILE, files, {"c.json": json.dumps(other).encode()})
    assert ["conflicting_identity"] == [row["reason"] for row in conflict.rows("intake.quarantine")]

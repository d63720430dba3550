"""Two sets of Sigma rules compared as a user calls it, on what a run has published and elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import Result
from projects import ROOT, Project
from typer.testing import CliRunner

from evidence.warehouse import Warehouse
from pipelines.cli import app
from tests.simulator.bundles.test_bundle_refs import git_in
from tests.simulator.signals.rule_sets import BUCKET, EXPORT, RULES, edited, without, written

Call = Callable[..., Result]
V3 = str(ROOT / "playbooks/v3")
NEEDS_GIT = pytest.mark.skipif(shutil.which("git") is None, reason="these repositories are made with git")
READER = """
rules:
  - id: exports-are-read
    when: has_signal('Exports read')
    supports: {open_incident_channel: 900}
    because: Somebody goes through the exports.
"""


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of the recorded incidents, with their catalogue and settings."""
    folder = tmp_path_factory.mktemp("few")
    shutil.copytree(ROOT / "fixtures/catalog", folder / "catalog")
    shutil.copy(ROOT / "fixtures/settings.yaml", folder)
    for name in (EXPORT, BUCKET):
        shutil.copytree(ROOT / "fixtures/incidents" / name, folder / "incidents" / name)
    return folder


@pytest.fixture
def call(few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """`evidence compare` under v3 on a few incidents, in a folder of its own that holds two sets of rules."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "old", RULES)
    written(tmp_path / "new", without("exports"))

    def run(*words: object, on: tuple[object, ...] = ("--incidents", few)) -> Result:
        arguments = ("compare", "--playbook", V3, *words, *on)
        return CliRunner().invoke(app, [str(word) for word in arguments])

    return run


def document(done: Result) -> dict[str, Any]:
    assert 0 == done.exit_code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_json_keeps_its_schema_and_tells_what_is_lost(call: Call) -> None:
    """The rule, its hits, the incident that is caught no more, and both sides as they were asked for."""
    found = document(call("--detections", "old", "new", "--format", "json"))
    schema = json.loads((ROOT / "docs/schemas/comparison.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(found)
    told = found["detections"]
    assert [(each["edit"], each["old"]["file"], each["lost_count"]) for each in told["rules"]] == [
        ("removed", "exports.yml", 72)
    ]
    assert [EXPORT] == told["incidents_lost"] == [each["incident_id"] for each in told["incidents"]]
    assert ("old", "new") == (told["baseline"]["reference"], told["candidate"]["reference"])
    assert found["baseline"]["reference"] == f"{V3} with old"
    assert found["schema_version"] == "1.3.0"


def test_a_lost_catch_fails_where_it_is_named(call: Call) -> None:
    """It does not by itself, and nothing is lost the other way round."""
    assert 0 == call("--detections", "old", "new").exit_code
    failed = call("--detections", "old", "new", "--fail-on", "detection-lost")
    assert (1, f"evidence: fails on detection-lost: 1 incident ({EXPORT})\n") == (
        failed.exit_code,
        failed.stderr,
    )
    assert 0 == call("--detections", "new", "old", "--fail-on", "detection-lost").exit_code


@pytest.mark.parametrize(
    "output_format", ["text", *(pytest.param(each, marks=pytest.mark.slow) for each in ("markdown", "html"))]
)
def test_every_format_says_what_is_caught_no_more(call: Call, output_format: str) -> None:
    """Before the figures, by the incident's name."""
    done = call("--detections", "old", "new", "--format", output_format)
    assert 0 == done.exit_code, done.stderr
    assert f"Caught no more: {EXPORT}" in done.stdout
    assert "Exports read" in done.stdout


def test_the_same_rules_in_another_file_are_the_same_bundle(call: Call, tmp_path: Path) -> None:
    """One file of all rules beside a folder of them: nothing differs."""
    one = "\n---\n".join(json.dumps(each) for each in RULES.values())
    (tmp_path / "all.yml").write_text(one)
    done = call("--detections", "old", "all.yml")
    assert 0 == done.exit_code, done.stderr
    assert "Both are the same bundle: their digests are equal." in done.stdout
    assert "DETECTIONS" not in done.stdout


def test_words_alone_are_told_as_such(call: Call, tmp_path: Path) -> None:
    """Equal digests, and a section that says that no hit can change."""
    written(tmp_path / "reworded", edited("exports", description="Said better."))
    done = call("--detections", "old", "reworded")
    assert "no signals, or say the same: both bundles have one digest." in " ".join(done.stdout.split())
    assert "1 rule differs: 1 reworded; it changes no hit of this history." in done.stdout


@pytest.mark.slow
@NEEDS_GIT
def test_rules_of_a_commit_are_those_that_were_committed(call: Call, tmp_path: Path) -> None:
    """`git:REF` is the other side's folder then; a fault in it is named by the commit."""
    git = git_in(tmp_path)
    git("init", "--quiet", "--initial-branch=main")
    git("add", "old")
    git("commit", "--quiet", "-m", "rules")
    (tmp_path / "old" / "exports.yml").unlink()
    for reference in ("git:main", "git:main:old"):
        found = document(call("--detections", reference, "old", "--format", "json"))
        assert found["detections"]["incidents_lost"] == [EXPORT]
        assert found["detections"]["rules"][0]["old"]["file"] == "exports.yml"
    (tmp_path / "old" / "exports.yml").write_text("title: Half a rule\n")
    git("commit", "--quiet", "-am", "half")
    done = call("--detections", "git:main:old", "new")
    assert 2 == done.exit_code
    assert "git:main:old/exports.yml:1:1: id: has no id. Give it a UUID" in done.stderr


@pytest.mark.slow
def test_placeholders_are_those_beside_each_set_or_those_that_are_given(call: Call, tmp_path: Path) -> None:
    """Other values are another rule; one file for both makes them the same."""
    reading = {"selection": {"eventName|expand": "%calls%"}, "condition": "selection"}
    for name, value in (("old", "GetObject"), ("new", "ListUsers")):
        written(tmp_path / name, {"exports": {**RULES["exports"], "detection": reading}})
        (tmp_path / name / "values.yaml").write_text(f"calls: [{value}]\n")
    for path in (tmp_path / "old", tmp_path / "new"):
        for file in path.glob("*.yml"):
            if file.name != "exports.yml":
                file.unlink()
    found = document(call("--detections", "old", "new", "--format", "json"))
    (rule,) = found["detections"]["rules"]
    assert rule["what"] == [
        "no longer asks whether eventName is 'GetObject'",
        "now asks whether eventName is 'ListUsers'",
    ]
    (tmp_path / "both.yaml").write_text("calls: [GetObject]\n")
    done = call("--detections", "old", "new", "--values", "both.yaml")
    assert "Both are the same bundle: their digests are equal." in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--detections", "old", "nowhere"), "nowhere: there is no such file or folder. Name a Sigma file"),
        (("--detections", "old", ""), "a set of rules: there is no such file or folder. Name a Sigma file"),
        (("--detections", "old"), "--detections takes OLD and NEW; --incidents is an option"),
        (
            (V3, V3, "--detections", "old", "new"),
            "--detections compares two sets of rules under one playbook; ",
        ),
        (("--detections", "old", "new", "--values", "no.yaml"), "--values no.yaml is no file"),
        ((V3, V3), "--playbook goes with --detections"),
        (("--detections", "git:main", "new"), "git:main: "),
    ],
    ids=["nowhere", "empty", "one alone", "with playbooks", "no values", "no rules", "no repository"],
)
def test_what_cannot_be_compared_is_refused(call: Call, words: tuple[str, ...], said: str) -> None:
    """With 2, in a line that says what to do."""
    done = call(*words)
    assert 2 == done.exit_code
    assert said in done.stderr


def test_a_wrong_rule_is_named_by_file_line_and_column(call: Call, tmp_path: Path) -> None:
    """Every fault of the set at once."""
    written(tmp_path / "bad", {**edited("exports", level="hihg"), "users": {**RULES["users"], "id": ""}})
    done = call("--detections", "old", "bad")
    assert 2 == done.exit_code
    lines = done.stderr.removeprefix("evidence: ").splitlines()
    assert {line.split(":")[0] for line in lines} == {"bad/exports.yml", "bad/users.yml"}
    assert lines[0].startswith("bad/exports.yml:1:")
    assert "level: 'hihg' is not a valid Sigma rule level" in lines[0]


def test_exports_that_nobody_has_put_together_are_refused(call: Call, tmp_path: Path) -> None:
    """What a rule does to a decision is a matter of incidents."""
    shutil.copy(next((ROOT / "fixtures/incidents").glob("*/cloudtrail.json")), tmp_path / "old.json")
    (tmp_path / "exports").mkdir()
    shutil.move(tmp_path / "old.json", tmp_path / "exports")
    done = call("--detections", "old", "new", on=("--incidents", "exports"))
    assert 2 == done.exit_code
    assert "exports: holds no incident.yaml" in done.stderr


@pytest.mark.slow
def test_a_copied_history_has_no_records_to_hit(call: Call, built: Project) -> None:
    """It says so, and what to name instead; a folder with the tables is enough, and gives the same."""
    copied = CliRunner().invoke(app, ["history", "copy", "--warehouse", str(built.warehouse)])
    assert 0 == copied.exit_code, copied.stderr
    refused = call("--detections", "old", "new", on=("--history", "copy"))
    assert 2 == refused.exit_code
    assert (
        "this history holds no raw records for them to hit. To compare rules, name --incidents"
        in refused.stderr
    )
    words = ("--detections", "old", "new", "--format", "json")
    whole = document(call(*words, on=("--history", built.warehouse / "tables")))
    published = document(call(*words, on=("--warehouse", built.warehouse)))
    assert whole == published
    assert published["detections"]["incidents_lost"] == [EXPORT]
    assert published["history"]["incident_count"] == len(
        list(ROOT.glob("fixtures/incidents/*/incident.yaml"))
    )


def test_as_of_a_moment_only_what_was_known_is_a_hit(call: Call) -> None:
    """Half-way through the reads there are fewer signals, and none that came later."""
    words = ("--detections", "new", "old", "--format", "json", "--as-of", "2026-03-05T03:09:00Z")
    found = document(call(*words))
    (incident,) = found["detections"]["incidents"]
    assert 0 < len(incident["gained"]) < 72
    assert max(each["known_at"] for each in incident["gained"]) <= "2026-03-05T03:09:00Z"


# --- what a run would publish


@pytest.mark.slow
def test_a_comparison_is_what_two_runs_publish(tmp_path: Path) -> None:
    """With either set of rules in the playbook's folder: every decision, those that change and those not."""
    projects = [_with_rules(tmp_path / name, {} if name == "old" else RULES) for name in ("old", "new")]
    decisions = []
    for project in projects:
        done = project.call("run", "--incidents", str(project.incidents))
        assert 0 == done.returncode, done.stderr
        rows = Warehouse(project.warehouse).read("decision.decisions").to_pylist()
        decisions.append({row["incident_id"]: row for row in rows})
    paths = [str(each.folder / "playbooks/detections") for each in projects]
    compared = [
        project.call(
            "compare", "--detections", *paths, "--format", "json", environment={"PYTHONHASHSEED": seed}
        )
        for project, seed in zip(projects, ("1", "2"), strict=True)
    ]
    assert [0, 0] == [each.returncode for each in compared], compared[0].stderr
    found = json.loads(compared[0].stdout)
    changed = {each["incident_id"]: each for each in found["changed"] if each["kind"] == "decision"}
    fields = ("action", "mode", "approvers", "decided_at")
    differing = {
        name
        for name, row in decisions[0].items()
        if any(row[field] != decisions[1][name][field] for field in fields)
    }
    assert differing == set(changed)
    assert EXPORT in differing
    for name, each in changed.items():
        sides = [(each[side]["action"], each[side]["mode"]) for side in ("baseline", "candidate")]
        assert sides == [(rows[name]["action"], rows[name]["mode"]) for rows in decisions]
    # Whichever rules the warehouse was built with, and in whatever order sets are walked.
    others = [json.loads(each.stdout) for each in compared]
    for each in others:
        del each["history"], each["baseline"]["reference"], each["candidate"]["reference"]
    assert others[0] == others[1]


def _with_rules(folder: Path, rules: Any) -> Project:
    """A folder to run in whose active playbook reads a signal that only some rules make."""
    shutil.copytree(ROOT / "playbooks", folder / "playbooks")
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, folder)
    playbook = folder / "playbooks/v3/playbook.yaml"
    text = playbook.read_text()
    assert 1 == text.count("\nrules:\n")
    playbook.write_text(text.replace("\nrules:\n", READER))
    written(folder / "playbooks/detections/tried", rules)
    return Project(folder, playbooks=folder / "playbooks")

"""Replay, comparison and history as a user calls them, on what a run has published."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from projects import ROOT, Project
from typer.testing import CliRunner

from evidence.times import parse_rfc3339
from evidence.warehouse import Warehouse
from pipelines.cli import app

Call = Callable[..., Result]
V1, V3 = str(ROOT / "playbooks/v1"), str(ROOT / "playbooks/v3")
RECORDED = len(list(ROOT.glob("fixtures/incidents/*/incident.yaml")))
CART, KEY, RELEASE = "inc-0115-cart-saturation", "inc-0104-deploy-key-leak", "inc-0102-checkout-bad-release"
TABLES = ("decisions", "option_scores", "policy_verdicts", "recommendations")
NEEDS_GIT = pytest.mark.skipif(shutil.which("git") is None, reason="these repositories are made with git")
# One cell of the matrix, and the points of one rule.
SIGNATURES = (
    "then the old one is deactivated.\n    approvers: [resource_owner, security_lead]",
    "then the old one is deactivated.\n    approvers: [resource_owner]",
)
POINTS = ("supports: {scale_replica_set: 50,", "supports: {scale_replica_set: 40,")
REMOVED = "actions.rotate_long_lived_key.approvers"


@pytest.fixture
def call(built: Project, monkeypatch: pytest.MonkeyPatch) -> Call:
    """`evidence` in the folder of the built project, in this process."""
    monkeypatch.chdir(built.folder)

    def run(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


def edited(folder: Path, *changes: tuple[str, str]) -> Path:
    """Replace texts in the playbook of a version's folder, each of which stands there once."""
    playbook = folder / "playbook.yaml"
    text = playbook.read_text()
    for old, new in changes:
        assert 1 == text.count(old), old
        text = text.replace(old, new)
    playbook.write_text(text)
    return folder


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    """The active version with a signature less on a rotation, and one rule that no longer suffices."""
    shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    return edited(tmp_path / "playbooks" / "v3", SIGNATURES, POINTS)


# --- compare


def test_the_json_lists_what_differs_between_the_published_replays(built: Project, call: Call) -> None:
    """It keeps its schema, and its changed decisions are those in which two runs of the warehouse differ."""
    done = call("compare", V1, V3, "--format", "json", "--no-clauses")
    found = json.loads(done.stdout)
    schema = json.loads((ROOT / "docs/schemas/comparison.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(found)
    changed = {each["incident_id"] for each in found["changed"] if each["kind"] == "decision"}
    assert differing(Warehouse(built.warehouse), "v1", "v3") == changed
    assert (RECORDED, len(changed)) == (
        found["history"]["incident_count"],
        found["summary"]["decision_count"],
    )
    removed = [each["id"] for each in found["weakenings"] if each["is_approval"]]
    assert (1, len(removed)) == (done.exit_code, len(done.stderr.splitlines()))
    assert all(f"--allow {each})" in done.stderr for each in removed)


@pytest.mark.slow
def test_a_version_is_found_by_its_name(
    built: Project, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below `playbooks/`, as the job finds it; a folder of that name in the current one comes first."""
    shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    monkeypatch.chdir(tmp_path)
    words = ("--no-clauses", "--format", "json", "--warehouse", built.warehouse)
    found = json.loads(call("compare", "v2", "v3", *words).stdout)
    assert ("playbooks/v2", "playbooks/v3") == tuple(
        found[side]["reference"] for side in ("baseline", "candidate")
    )
    shutil.copytree(ROOT / "playbooks", tmp_path, dirs_exist_ok=True)
    assert "v2" == json.loads(call("compare", "v2", "v3", *words).stdout)["baseline"]["reference"]


def differing(warehouse: Warehouse, *playbooks: str) -> set[str]:
    """Incidents that the replays of two versions decide otherwise: action, mode, approvers or time."""
    runs = {row["playbook"]: row["run_id"] for row in warehouse.read("replay.runs").to_pylist()}
    decided: dict[str, dict[str, Any]] = {runs[name]: {} for name in playbooks}
    for row in warehouse.read("replay.decisions").to_pylist():
        if row["run_id"] in decided:
            answer = (row["action"], row["mode"], row["approvers"], row["decided_at"])
            decided[row["run_id"]][row["incident_id"]] = answer
    old, new = decided.values()
    return {incident_id for incident_id in old if old[incident_id] != new[incident_id]}


@pytest.mark.parametrize(
    ("names", "output_format", "expected"),
    [
        (
            "approval-weakening,regression",
            "markdown",
            [f"approval-weakening: 1 incident ({KEY})", f"regression: 1 incident ({CART})"],
        ),
        ("riskier, timing,,path", "html", []),
    ],
)
def test_what_fail_on_names_decides_the_exit_code(
    call: Call, candidate: Path, tmp_path: Path, names: str, output_format: str, expected: list[str]
) -> None:
    """1 and a sentence for each class that occurs, else 0; what is allowed by name passes."""
    file = tmp_path / "new" / f"comparison.{output_format}"
    words = ("compare", V3, candidate, "--no-clauses", "--allow", REMOVED, "--allow", "nothing.like.it")
    done = call(*words, "--fail-on", names, "--format", output_format, "--out", file)
    *reasons, unknown = done.stderr.splitlines()
    assert expected == [reason.removeprefix("evidence: fails on ") for reason in reasons]
    assert "evidence: --allow nothing.like.it names no weakening of this comparison" == unknown
    assert (int(bool(expected)), "") == (done.exit_code, done.stdout)
    assert all(incident_id in file.read_text() for incident_id in (KEY, CART))


# --- git


def git(folder: Path, *words: str) -> None:
    identity = {
        f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *words], cwd=folder, env={**os.environ, **identity, **nowhere}, check=True)


@pytest.fixture
def repository(tmp_path: Path) -> Project:
    """A repository with the playbooks in two commits."""
    project = Project(tmp_path / "repository")
    shutil.copytree(ROOT / "playbooks", project.folder / "playbooks")
    git(project.folder, "init", "--quiet", "--initial-branch=main")
    for title in ("first", "second"):
        (project.folder / "README.md").write_text(title)
        git(project.folder, "add", ".")
        git(project.folder, "commit", "--quiet", "-m", title)
    return project


@NEEDS_GIT
def test_an_edit_is_compared_with_the_commit(
    built: Project, repository: Project, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git:HEAD` is the playbook before the edit; the one incident that the edit concerns is listed."""
    edited(repository.folder / "playbooks" / "v3", POINTS)
    monkeypatch.chdir(repository.folder)
    words = ("--warehouse", built.warehouse, "--fail-on", "decision")
    done = call("compare", "git:HEAD", "playbooks/v3", *words)
    assert (1, f"evidence: fails on decision: 1 incident ({CART})\n") == (done.exit_code, done.stderr)
    assert f"1 of {RECORDED} decisions changes: 1 safer" in done.stdout
    assert f"{CART}  safer" in done.stdout
    assert "rules.at-its-limit-without-a-change.supports.scale_replica_set: 50 → 40" in done.stdout


@NEEDS_GIT
def test_a_shallow_clone_says_what_it_lacks(
    built: Project, repository: Project, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2 and how to fetch the rest; no traceback."""
    clone = repository.folder.parent / "shallow"
    git(repository.folder, "clone", "--quiet", "--depth", "1", f"file://{repository.folder}", str(clone))
    monkeypatch.chdir(clone)
    done = call("compare", "git:HEAD~1", "playbooks/v3", "--warehouse", built.warehouse)
    assert (2, "") == (done.exit_code, done.stdout)
    assert "this clone is shallow and lacks commit" in done.stderr
    assert "git fetch --unshallow" in done.stderr


# --- history


@pytest.mark.slow
def test_a_weakening_by_allowed_clauses_alone_does_not_fail(call: Call, candidate: Path) -> None:
    """The incident is told all the same; without the name it fails, and so does what nobody attributed."""
    words = ("compare", V3, candidate, "--fail-on", "approval-weakening")
    failed = call(*words).stderr.splitlines()
    assert [f"evidence: fails on approval-weakening: 1 incident ({KEY})"] == failed[:1]
    passed = call(*words, "--allow", REMOVED)
    assert (0, "") == (passed.exit_code, passed.stderr)
    assert KEY in passed.stdout
    assert 1 == call(*words, "--allow", REMOVED, "--no-clauses").exit_code


@pytest.fixture
def copied(call: Call, tmp_path: Path) -> Path:
    """The history of the built project in a folder, as `evidence history` copies it."""
    folder = tmp_path / "copy"
    done = call("history", folder)
    assert (0, sorted(map(str, folder.iterdir()))) == (done.exit_code, sorted(done.stdout.splitlines()))
    return folder


@pytest.mark.slow
def test_a_copy_elsewhere_gives_the_same_comparison(
    call: Call, copied: Path, candidate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, with clauses and evidence, without a warehouse; and fails on the removed approval."""
    words = ("compare", V3, candidate, "--format", "json")
    here = call(*words)
    monkeypatch.chdir(tmp_path)
    there = call(*words, "--history", copied)
    assert (1, here.stdout) == (there.exit_code, there.stdout)
    (said,) = there.stderr.splitlines()
    assert said.startswith("evidence: fails on approval removed: rotate_long_lived_key no longer asks")
    assert said.endswith(f"(let it pass with --allow {REMOVED})")
    found = {each["incident_id"]: each for each in json.loads(there.stdout)["changed"]}
    assert [[REMOVED]] == found[KEY]["responsible"]["minimal_sets"]
    assert {each["column"] for each in found[CART]["evidence"]}


def test_a_folder_with_a_history_takes_no_other(call: Call, copied: Path) -> None:
    """Copying twice is refused, and so is a history without its states."""
    again = call("history", copied)
    assert (2, f"evidence: {copied} holds a history already. Name another folder\n") == (
        again.exit_code,
        again.stderr,
    )
    (copied / "incident_states.parquet").unlink()
    done = call("replay", "--history", copied, "--playbook", V3)
    assert (2, True) == (done.exit_code, f"there is no history in {copied}" in done.stderr)


# --- replay


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


@pytest.fixture
def replayed(built: Project, call: Call, tmp_path: Path) -> Path:
    """The folder of a replay of the active playbook."""
    done = call("replay", "--playbooks", built.playbooks, "--out", tmp_path / "first")
    assert 0 == done.exit_code, done.stderr
    (folder,) = (tmp_path / "first" / "replays").iterdir()
    assert f"written   {folder}" in done.stdout
    return folder


def test_the_replay_of_the_active_playbook_is_what_was_published(built: Project, replayed: Path) -> None:
    """One kernel: decisions, options, verdicts and recommendations of every incident are the warehouse's."""
    warehouse = Warehouse(built.warehouse)
    assert {*(f"{name}.parquet" for name in TABLES), "run.json"} == set(written(replayed))
    for name in TABLES:
        assert warehouse.read(f"decision.{name}").equals(pq.read_table(replayed / f"{name}.parquet")), name
    (run,) = [row for row in warehouse.read("replay.runs").to_pylist() if row["playbook"] == "v3"]
    record = json.loads((replayed / "run.json").read_text())
    assert (run["run_id"], run["result_digest"]) == (record["run_id"], record["result_digest"])
    assert (run["run_id"], run["history_digest"]) == (replayed.name, record["history"]["digest"])


def test_the_same_replay_writes_the_same_files(
    built: Project, call: Call, copied: Path, replayed: Path, tmp_path: Path
) -> None:
    """Again, and from the copy of the history; files that are there already are left alone."""
    before = {path: path.stat().st_mtime_ns for path in replayed.iterdir()}
    again = ("replay", "--playbooks", built.playbooks, "--out", tmp_path / "first")
    assert 0 == call(*again).exit_code
    assert before == {path: path.stat().st_mtime_ns for path in replayed.iterdir()}
    elsewhere = ("replay", "--playbooks", built.playbooks, "--out", tmp_path / "other", "--history", copied)
    assert 0 == call(*elsewhere).exit_code
    assert written(tmp_path / "first") == written(tmp_path / "other")


def test_recorded_incidents_are_replayed_without_a_warehouse(
    built: Project, call: Call, replayed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--incidents` reads the exports themselves: the same run, of which no table is published."""
    monkeypatch.chdir(tmp_path)
    exports = ("--incidents", built.incidents, "--playbooks", built.playbooks)
    assert 0 == call("replay", *exports, "--out", "out").exit_code
    assert written(replayed) == written(tmp_path / "out" / "replays" / replayed.name)
    assert not (tmp_path / "warehouse").exists()


def test_an_incident_asked_for_by_name_is_told_moment_by_moment(call: Call, tmp_path: Path) -> None:
    """As of a moment: each recommendation up to then, all eight options, and a run of its own."""
    words = ("replay", "--playbook", V3, "--incident", RELEASE, "--as-of", "2026-01-14T09:18:00Z")
    text = call(*words, "--out", tmp_path)
    assert f"{RELEASE}\n  2026-01-14T09:17:30.413Z  enrich / gather_logs_and_traces" in text.stdout
    beginning = [RELEASE[: len("inc-0102")] if word is RELEASE else word for word in words]
    found = json.loads(call(*beginning, "--out", tmp_path, "--format", "json").stdout)
    assert [[RELEASE], 1] == [found["history"]["only_incidents"], found["history"]["incident_count"]]
    assert found["run_id"] in text.stdout
    (incident,) = found["incidents"]
    assert 8 == len({row["option"] for row in incident["options"]})
    moments = [row["known_at"] for row in incident["recommendations"]]
    assert moments == sorted(moments)
    assert parse_rfc3339(moments[-1]) <= parse_rfc3339("2026-01-14T09:18:00Z")
    assert 1 == sum(row["is_decision_of_record"] for row in incident["recommendations"])


# --- wrong calls


BROKEN = ("need: 50\n", "need: [50\n")
WRONG = {
    "v1 v9": "v1: is no folder. Name the folder of a version",
    "{root} {v3}": "no playbook.yaml in it. Name the folder of a version, such as {v1}",
    "{v3} broken": "evidence: broken/playbook.yaml:10:9: is not YAML",
    "git:HEAD broken": "is not in a Git repository",
    "git: {v3}": "git: names no commit",
    "{v1} {v3} --fail-on weaker": "--fail-on weaker: there is no such change. Use approval-weakening,",
    "{v1} {v3} --as-of noon": "--as-of 'noon' is not a timestamp",
    "{v1} {v3} --as-of 2026-02-30T00:00:00Z": "--as-of 2026-02-30 is not a day of the calendar",
    "{v1} {v3} --as-of 2020-01-01T00:00:00Z": "empty as of 2020-01-01T00:00:00Z",
    "{v1} {v3} --warehouse nowhere": "nowhere. Run `evidence run` first",
    "{v1} {v3} --history nowhere": "there is no history in nowhere",
    "{v1} {v3} --incidents nowhere": "nowhere: is no folder",
    "{v1} {v3} --history a --incidents b": "are two histories. Give one of them",
    "{v1} {v3} --format pdf": "'pdf' is not one of",
    "{v1} {v3} --most -1": "--most",
    "{v1} {v3} --out .": "--out . is a folder. Name a file",
    "{v1} broken --out broken/playbook.yaml": "--out broken/playbook.yaml lies in broken, which is read",
    "{v1} {v3} --out broken/playbook.yaml/a": "--out broken/playbook.yaml/a cannot be written",
}
WRONG_ELSEWHERE = {
    "replay --playbook nowhere": "nowhere: is no folder",
    "replay --playbooks nowhere": "nowhere/active.yaml: cannot be read",
    "replay --playbook {v3} --incident inc-1": "there is no incident 'inc-1'. There are",
    "replay --playbook {v3} --incident inc-1 --as-of 2026-02-01T00:00:00Z": "no incident 'inc-1' as of 2026-",
    "replay --playbook {v3} --as-of soon": "--as-of 'soon' is not a timestamp",
    "check nowhere": "nowhere: is no folder. Name the folder of a version",
    "history copy --warehouse nowhere": "no history is published in nowhere",
    "history broken/playbook.yaml": "broken/playbook.yaml cannot be written",
}
CALLS = {f"compare {words}": said for words, said in WRONG.items()} | WRONG_ELSEWHERE


@pytest.mark.parametrize(("words", "said"), CALLS.items(), ids=CALLS)
def test_a_wrong_call_is_told_in_one_line(
    built: Project,
    call: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    said: str,
) -> None:
    """Exit code 2, what is wrong and what to do on standard error, nothing on standard output."""
    shutil.copytree(V3, tmp_path / "broken")
    edited(tmp_path / "broken", BROKEN)
    (tmp_path / "warehouse").symlink_to(built.warehouse)
    monkeypatch.chdir(tmp_path)
    names = {"root": ROOT / "playbooks/policies", "v1": V1, "v3": V3}
    done = call(*words.format(**names).split())
    assert (2, "") == (done.exit_code, done.stdout)
    assert said.format(**names) in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr

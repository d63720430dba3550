"""A new team's folder holds what is needed, is sound as it stands, and takes nothing away."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from evidence.decision import load_active
from evidence.errors import InputError
from evidence.starter_files import write_starters
from evidence.strict_yaml import load_yaml
from evidence.team_folder import lay_out, team_files
from pipelines.cli import app
from pipelines.default_folders import incidents_folder

ROOT = Path(__file__).parents[1]


def test_the_playbook_is_the_one_shipped_but_for_who_approves(tmp_path: Path) -> None:
    """Same rules, matrix and policies; every role is there with a placeholder for its holder."""
    lay_out(tmp_path / "team")
    ours, theirs = load_active(ROOT / "playbooks"), load_active(tmp_path / "team" / "playbooks")
    assert (ours.playbook, ours.policies) == (theirs.playbook, theirs.policies)
    assert ours.approvers.roles.keys() == theirs.approvers.roles.keys()
    holders = [role.contact or "; ".join(role.by_owner.values()) for role in theirs.approvers.roles.values()]
    assert [] == [each for each in holders if "say how they are reached" not in each]


def test_nothing_tells_of_the_tools_own_incidents_or_versions() -> None:
    """What is the tool's own history would be a riddle in a team's folder."""
    told = {
        name
        for name, content in team_files().items()
        if "/cases/" not in name and re.search(rb"\binc-0|\bv[23]\b(?!`? beside it)", content)
    }
    assert set() == told


def test_every_list_of_the_rules_has_a_placeholder() -> None:
    """A list that a rule asks for and the folder does not have would refuse all rules."""
    shipped = load_yaml(ROOT / "playbooks/detections/values.yaml").value
    assert shipped.keys() == load_yaml(ROOT / "evidence/starter/team/values.yaml").value.keys()


@pytest.mark.parametrize("name", ["workspace.yaml", "dagster.yaml"])
def test_dagster_is_set_up_as_here(name: str) -> None:
    """One set-up of Dagster in two places must not drift apart."""
    assert (ROOT / name).read_bytes() == team_files()[name]


def test_the_folder_is_sound_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check finds no slip, proofs and cases hold, and nothing is left to write before a run."""
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    made = run.invoke(app, ["init", "team", "--format", "json"])
    assert (0, sorted(team_files())) == (made.exit_code, json.loads(made.stdout)["written"])
    monkeypatch.chdir(tmp_path / "team")
    checked = run.invoke(app, ["check", "playbooks/v1", "--format", "json"])
    assert (0, True) == (checked.exit_code, json.loads(checked.stdout)["is_sound"])
    ruled = run.invoke(app, ["check", "playbooks/detections", "--format", "json"])
    said = json.loads(ruled.stdout)
    assert (0, True, []) == (ruled.exit_code, said["is_sound"], said["without_cases"])
    assert [] == write_starters(Path("incidents"))
    assert Path("incidents") == incidents_folder()


def test_what_is_there_is_left_alone_and_named(tmp_path: Path) -> None:
    """A repository has a README and a list of ignored files already."""
    (tmp_path / "README.md").write_text("ours")
    (tmp_path / ".gitignore").symlink_to("nowhere")
    done = lay_out(tmp_path)
    assert ((".gitignore", "README.md"), "ours") == (done.kept, (tmp_path / "README.md").read_text())
    assert (tmp_path / ".gitignore").is_symlink()


def test_a_folder_of_playbooks_is_not_written_into(tmp_path: Path) -> None:
    """Two bundles cannot be one: nothing at all is written."""
    (tmp_path / "playbooks").mkdir()
    with pytest.raises(InputError, match="playbooks: is there already"):
        lay_out(tmp_path)
    assert ["playbooks"] == [path.name for path in tmp_path.iterdir()]


def test_a_file_in_the_way_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one on the way to the folder: exit code 2, one line."""
    monkeypatch.chdir(tmp_path)
    Path("team").write_text("")
    for folder in ("team", "team/below"):
        done = CliRunner().invoke(app, ["init", folder])
        assert (2, 1) == (done.exit_code, len(done.stderr.splitlines()))


def test_the_incidents_of_this_repository_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`fixtures`, unless only `incidents` is there; a variable says otherwise."""
    monkeypatch.chdir(tmp_path)
    assert Path("fixtures") == incidents_folder()
    Path("incidents").mkdir()
    assert Path("incidents") == incidents_folder()
    Path("fixtures").mkdir()
    assert Path("fixtures") == incidents_folder()
    shutil.copytree(ROOT / "fixtures", "elsewhere")
    monkeypatch.setenv("EVIDENCE_INCIDENTS", "elsewhere")
    done = CliRunner().invoke(app, ["label", "inc-0102", "--format", "json"])
    assert "elsewhere/" in json.loads(done.stdout)["reviews"][0]["path"]


def step(folder: Path, name: str) -> str:
    """What the step of that name in the folder's workflow runs."""
    workflow = yaml.safe_load((folder / ".github/workflows/playbooks.yml").read_text())
    return next(each["run"] for each in workflow["jobs"]["compare"]["steps"] if each.get("name") == name)


def test_the_check_for_ci_calls_what_there_is(tmp_path: Path) -> None:
    """Its commands name no version, and options that the commands have."""
    lay_out(tmp_path)
    for name, command in (("Check", "check"), ("Check rules", "check"), ("Compare", "compare")):
        told = step(tmp_path, name)
        helped = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout
        assert [] == [option for option in re.findall(r"--[a-z-]+", told) if option not in helped]
        assert f"evidence {command} " in told
        assert [] == re.findall(r"\bv[0-9]", told)


def test_a_weaker_version_that_takes_over_is_stopped_by_ci(tmp_path: Path) -> None:
    """The workflow's own command compares what is in force with what the pull request puts in force."""
    lay_out(tmp_path)
    incident = next((ROOT / "fixtures/incidents").glob("inc-0102-*"))
    shutil.copytree(incident, tmp_path / "incidents" / incident.name)
    environment = {
        **os.environ,
        "GITHUB_BASE_REF": "main",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    environment |= {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def shell(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    commit = "git init -q -b main && git add . && git commit -qm base"
    assert 0 == shell(f"{commit} && git update-ref refs/remotes/origin/main HEAD").returncode
    shutil.copytree(tmp_path / "playbooks/v1", tmp_path / "playbooks/v2")
    playbook = tmp_path / "playbooks/v2/playbook.yaml"
    both = "is_error_rate_over_policy and is_latency_over_policy"
    playbook.write_text(
        playbook.read_text().replace(f"that: {both}", f"that: {both.replace(' and ', ' or ')}")
    )
    (tmp_path / "playbooks/active.yaml").write_text("active: v2\n")
    done = shell(step(tmp_path, "Compare"))
    assert (1, True) == (done.returncode, "safety weakened" in done.stderr)

"""Rules that a playbook names: an edit is another version of the playbook, and a refused rule stops a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assets import on_disk
from assets.decision import playbook
from assets.folders import Folders
from assets.lineage import PLAYBOOK, UPSTREAM
from evidence.errors import PlaybookError

ROOT = Path(__file__).parents[2]
RULE = """\
title: A trail was described
id: 00000000-0000-4000-8000-000000000001
level: {level}
logsource: {{product: aws, service: cloudtrail}}
detection:
  named: {{eventName: DescribeTrails}}
  condition: {condition}
"""


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """One version, and its rules, in a folder of playbooks of their own."""
    playbooks = tmp_path / "playbooks"
    shutil.copytree(ROOT / "tests" / "decision" / "bundles", playbooks)
    (playbooks / "active.yaml").write_text("active: mini\n")
    (playbooks / "detections").mkdir()
    naming(playbooks, "../detections")
    write(playbooks / "detections")
    return Folders(playbooks=str(playbooks))


def naming(playbooks: Path, rules: str) -> None:
    path = playbooks / "mini" / "playbook.yaml"
    text = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("detections"))
    path.write_text(f"{text}\ndetections: {{rules: {rules}, from_level: high}}\n")


def write(folder: Path, name: str = "trail", *, level: str = "high", condition: str = "named") -> Path:
    path = folder / f"{name}.yml"
    path.write_text(RULE.format(level=level, condition=condition))
    return path


def version(folders: Folders) -> str:
    return on_disk.active_playbook(folders).version


def test_an_edited_or_added_rule_is_another_version_of_the_playbook(folders: Folders) -> None:
    """Whatever was made with the version before is stale then; a comment makes nothing stale."""
    rules, before = folders.playbooks_path / "detections", version(folders)
    path = write(rules, level="critical")
    edited = version(folders)
    path.write_text(f"# why\n{path.read_text()}")
    assert before != edited == version(folders)
    added = write(rules, "other").read_text().replace("A trail", "Another trail").replace("0001", "0002")
    (rules / "other.yml").write_text(added)
    assert version(folders) not in (before, edited)


def test_rules_elsewhere_count_as_well(folders: Folders, tmp_path: Path) -> None:
    """Rules may lie outside of the folder of playbooks; an edit of one is seen."""
    (tmp_path / "rules").mkdir()
    naming(folders.playbooks_path, "../../rules")
    write(tmp_path / "rules")
    before = version(folders)
    write(tmp_path / "rules", level="critical")
    assert before != version(folders)


def test_a_refused_rule_stops_the_run_and_says_where(folders: Folders) -> None:
    """With file, line and column, before anything is decided."""
    write(folders.playbooks_path / "detections", condition="nobody")
    with pytest.raises(PlaybookError, match=r"trail\.yml:7:14: detection\.condition: there is no 'nobody'"):
        playbook(folders)


def test_all_that_rests_on_signals_is_made_from_records_and_playbook() -> None:
    """So that the graph shows it as stale when a rule is edited."""
    names = ("signals", "recent_changes", "blast_radius", "incident_states", "state_evidence")
    for name in names:
        assert {"intake.raw_records", PLAYBOOK} <= set(UPSTREAM[f"enrichment.{name}"])
    assert {"intake.raw_records", PLAYBOOK} <= set(UPSTREAM["replay.ablations"])

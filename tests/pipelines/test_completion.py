"""A shell completes the names of incidents, and nothing that goes wrong shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.anchors import manifest_bytes
from pipelines.cli import app


def _completed(line: str) -> tuple[int, list[str], str]:
    """What bash is given for the last word of the line: exit code, words, what would stand in the line."""
    environment = {
        "_EVIDENCE_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    done = CliRunner().invoke(app, [], prog_name="evidence", env=environment)
    return done.exit_code, done.stdout.split(), done.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three incidents, in folders one of which is below another; no warehouse."""
    monkeypatch.chdir(tmp_path)
    for name in ("incidents/inc-0101-a", "incidents/2026/inc-0102-b", "incidents/other-c"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "incident.yaml").write_text("")
    return tmp_path


@pytest.mark.parametrize("command", ["explain", "verify", "label", "replay --incident"])
def test_names_of_folders_are_completed_where_nothing_is_published(folder: Path, command: str) -> None:
    """Those that begin so, sorted."""
    assert (0, ["inc-0101-a", "inc-0102-b"], "") == _completed(f"evidence {command} inc-010")


def test_names_are_those_that_are_published(folder: Path) -> None:
    """Also of another warehouse that the line names; `label` goes by the folders, as it does in earnest."""
    listed = {"inc-0103-d/incident.yaml": ("inc-0103-d", "0" * 64), "settings.yaml": ("", "0" * 64)}
    for name in ("intake_files.json", "handoff_files.json"):
        for warehouse in ("warehouse", "other"):
            (folder / warehouse).mkdir(exist_ok=True)
            (folder / warehouse / name).write_bytes(manifest_bytes(listed))
    assert (0, ["inc-0103-d"], "") == _completed("evidence explain inc")
    assert (0, ["inc-0103-d"], "") == _completed("evidence explain --warehouse other inc")
    assert (0, ["inc-0101-a", "inc-0102-b"], "") == _completed("evidence label inc")


@pytest.mark.parametrize("fault", ["not json", "", "[]", '{"format": 1}'])
def test_a_completion_never_fails_and_never_prints(folder: Path, fault: str) -> None:
    """A damaged list, a folder that is none, a name that no incident can have."""
    (folder / "warehouse").mkdir()
    (folder / "warehouse" / "intake_files.json").write_text(fault)
    (folder / "incidents" / "inc-$(rm)").mkdir()
    (folder / "incidents" / "inc-$(rm)" / "incident.yaml").write_text("")
    assert (0, ["inc-0101-a", "inc-0102-b"], "") == _completed("evidence verify inc")
    assert (0, [], "") == _completed("evidence label --incidents warehouse/intake_files.json inc")


def test_a_tabletop_completes_no_name(folder: Path) -> None:
    """A whole name may tell how it ended."""
    assert (0, [], "") == _completed("evidence tabletop inc")

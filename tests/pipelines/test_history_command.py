"""`evidence history` and `--history` as a user calls them: where a copy may lie, what is no folder of one."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("", "the folder has no name. Name a folder; . is the current one"),
        ("warehouse", "warehouse lies in warehouse, which is read. Name a folder elsewhere"),
        ("warehouse/copy", "warehouse/copy lies in warehouse, which is read. Name a folder elsewhere"),
    ],
)
def test_a_copy_has_a_folder_of_its_own(
    folder: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an unset variable nor the warehouse leaves loose files behind."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["history", folder])
    assert (2, f"evidence: {said}\n") == (done.exit_code, done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_parquet_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the reader says of it ends in a full stop of its own, or in none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "incident_states.parquet").write_bytes(b"PAR1 and nothing else")
    playbook = str(Path(__file__).parents[2] / "playbooks" / "v3")
    done = CliRunner().invoke(app, ["replay", "--history", ".", "--playbook", playbook])
    assert done.exit_code == 2
    assert "incident_states.parquet is not a Parquet file: " in done.stderr
    assert ".." not in done.stderr


def test_json_is_there_where_text_is() -> None:
    """Every command takes --format, so that what it says can be read by a program."""
    import typer.main

    commands = typer.main.get_command(app).commands
    without = [
        name
        for name, command in sorted(commands.items())
        if not any("--format" in parameter.opts for parameter in command.params)
    ]
    assert [] == without

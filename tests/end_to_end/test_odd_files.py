"""Files that cannot be read, and files of no incident, are in the counts and tables of a run, and verify."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from projects import Project

from evidence.warehouse import Warehouse


@pytest.mark.slow  # what intake makes of them is tested in tests/intake
def test_a_run_counts_what_it_cannot_read_and_what_nobody_claims(first_run: Any, copied: Project) -> None:
    """No link is followed, no pipe waited for; the sums hold, the warnings name them, all of it verifies."""
    before = json.loads(first_run.stdout)
    folder = sorted(copied.incidents.rglob("incident.yaml"))[0].parent
    (folder / "link.json").symlink_to(copied.incidents / "settings.yaml")
    os.mkfifo(folder / os.fsdecode(b"pipe\xff.json"))
    stray = copied.incidents / "two\nlines" / "falco.jsonl"
    stray.parent.mkdir()
    stray.write_text("{}\n")
    after = json.loads(copied.run("--format", "json"))
    assert before["files"] == {**before["files"], "found": before["files"]["claimed"], "unclaimed": 0}
    claimed = before["files"]["claimed"] + 2
    assert {"found": claimed + 1, "claimed": claimed, "unclaimed": 1} == after["files"]
    assert [r"two\x0alines/falco.jsonl"] == after["unclaimed_files"]
    growth = {name: after["records"][name] - before["records"][name] for name in before["records"]}
    assert {"read": 2, "evidence": 0, "duplicate": 0, "quarantined": 2} == growth
    warned = {row["expectation"]: row["failing_keys"] for row in after["warnings"]}
    assert [r"two\x0alines/falco.jsonl"] == warned["every_file_is_claimed"]
    unclaimed = Warehouse(copied.warehouse).read("intake.unclaimed_files").to_pylist()
    assert [(r"two\x0alines/falco.jsonl", "file", 3)] == [tuple(row.values()) for row in unclaimed]
    assert (0, "") == (copied.verify().returncode, copied.verify().stderr)


@pytest.mark.slow
def test_contradicting_times_end_a_run_before_anything_is_built(copied: Project) -> None:
    """Exit code 2 and one line that names file, line, column and field; the published tables stay."""
    digest = copied.digest()
    declaration = sorted(copied.incidents.rglob("incident.yaml"))[0]
    text = declaration.read_text()
    line = 1 + text[: text.index("resolved_at:")].count("\n")
    declaration.write_text(text.replace("resolved_at: 2026", "resolved_at: 2025"))
    done = copied.call(*copied.run_arguments)
    assert (2, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert f"incident.yaml:{line}:16: recorded.resolved_at: 2025-" in done.stderr
    assert digest == copied.digest()

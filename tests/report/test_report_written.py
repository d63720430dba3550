"""What is kept of written reports tells which weeks evidence has come to since."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.report import fingerprints
from evidence.report.written import Inputs, kept_digests, note_written, touched_weeks
from evidence.warehouse import Warehouse

from .made import SECOND, Made, at, opened

DAY = 86_400 * SECOND
FIRST = Made("inc-1", at("2026-03-03T09:00"))
OTHER = Made("inc-2", at("2026-03-11T09:00"))
LATE = ((FIRST.detected_at, "cart", 5), (FIRST.detected_at + 9 * DAY, "cart", 5))


def weeks(history: Sequence[Made]) -> dict[str, str]:
    """The weeks of the history, each with what is recorded of it."""
    with contextlib.closing(opened(history)) as connection:
        return fingerprints(connection)


@pytest.mark.parametrize(
    ("history", "touched"),
    [
        ((FIRST, OTHER), []),
        ((OTHER, FIRST), []),
        ((replace(FIRST, states=LATE), OTHER), ["2026-W10"]),
        ((FIRST, replace(OTHER, outcome="escalated")), ["2026-W11"]),
        ((FIRST, OTHER, Made("inc-3", at("2026-03-18T09:00"))), ["2026-W12"]),
        ((FIRST, replace(OTHER, resolved_after=7 * 86_400)), ["2026-W11", "2026-W12"]),
        ((replace(FIRST, mode="automatic", answer=True), OTHER), []),
    ],
    ids=["same", "order", "late record", "outcome", "new incident", "moved end", "decided otherwise"],
)
def test_a_week_is_touched_by_what_is_recorded_of_its_incidents(
    history: Sequence[Made], touched: list[str]
) -> None:
    """A late export, an incident, an end: not by another decision, nor by a review."""
    before = Inputs("code", {}, weeks([FIRST, OTHER]))
    assert touched == touched_weeks(before, weeks(history))
    assert [] == touched_weeks(None, weeks(history))


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    """Reports are of the same tables and code, or they are not; files are added to those that are kept."""
    tables = Warehouse(tmp_path)
    assert None is Inputs.kept(tables)
    assert {} == kept_digests(tables)
    now = Inputs("code", {"kpis.learning": "d"})
    now.keep(tables, weeks([FIRST]))
    assert now.is_same(Inputs.kept(tables))
    assert not replace(now, code="other").is_same(Inputs.kept(tables))
    note_written(tables, {"kpis/2026-W10.md": b"a"})
    note_written(tables, {"kpis/2026-W11.md": b"b"})
    assert ["kpis/2026-W10.md", "kpis/2026-W11.md"] == list(kept_digests(tables))


def test_what_is_damaged_is_written_anew(tmp_path: Path) -> None:
    """Nothing is concluded from half a file."""
    for name in ("report_inputs.json", "report_files.json"):
        (tmp_path / name).write_text("{")
    assert (None, {}) == (Inputs.kept(Warehouse(tmp_path)), kept_digests(Warehouse(tmp_path)))

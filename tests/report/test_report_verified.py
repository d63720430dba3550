"""A report that was edited is found, as a handoff is: `evidence verify` holds both to what was written."""

from __future__ import annotations

from pathlib import Path

from evidence.anchors import manifest_bytes, sha256_of
from evidence.published_faults import REPORT_MANIFEST, report_faults


def test_a_report_that_was_edited_is_named(tmp_path: Path) -> None:
    """And one that nobody wrote, or half of one; one removed whole is none, nor what else lies there."""
    reports = tmp_path / "kpis"
    reports.mkdir()
    for name in ("2026-W03.html", "2026-W03.md", "2026-W04.md", "notes.txt"):
        (reports / name).write_text(name)
    names = ("2026-W02.md", "2026-W03.html", "2026-W03.md")
    written = {f"kpis/{name}": ("", sha256_of(name.encode())) for name in names}
    (tmp_path / REPORT_MANIFEST).write_bytes(manifest_bytes(written))
    assert ["kpis/2026-W04.md"] == [fault.path for fault in report_faults(tmp_path, tmp_path)]
    (reports / "2026-W03.md").write_text("Nothing happened.")
    assert [
        ("kpis/2026-W03.md", "the report is not the one that was written"),
        ("kpis/2026-W04.md", "neither a run nor `evidence report` wrote this report"),
    ] == [(fault.path, fault.what) for fault in report_faults(tmp_path, tmp_path)]
    (reports / "2026-W03.md").unlink()
    missing = ("kpis/2026-W03.md", "this half of the report is missing; `evidence report` writes both")
    assert missing in [(fault.path, fault.what) for fault in report_faults(tmp_path, tmp_path)]
    (reports / "2026-W03.html").unlink()
    assert ["kpis/2026-W04.md"] == [fault.path for fault in report_faults(tmp_path, tmp_path)]


def test_without_a_list_of_reports_a_run_is_asked_for(tmp_path: Path) -> None:
    """An earlier version wrote none; where no report lies there is nothing to prove."""
    assert [] == list(report_faults(tmp_path, tmp_path))
    (tmp_path / "kpis").mkdir()
    (tmp_path / "kpis/2026-W03.md").write_text("")
    (fault,) = report_faults(tmp_path, tmp_path)
    assert (REPORT_MANIFEST, True) == (fault.path, "`evidence run` writes it" in fault.what)

"""Files that no incident claims are named, so that nothing is lost in silence."""

from __future__ import annotations

from pathlib import Path

from evidence.intake.discovery import find_unclaimed


def _lay(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{}")


def test_an_export_without_an_incident_is_named(tmp_path: Path) -> None:
    """An export whose folder has no incident.yaml is unclaimed; one of an incident is not."""
    _lay(tmp_path, "inc-1/incident.yaml", "inc-1/logs/falco.jsonl", "inc-2/falco.jsonl", "stray.json")
    assert [tmp_path / "inc-2" / "falco.jsonl", tmp_path / "stray.json"] == find_unclaimed(tmp_path)


def test_what_belongs_beside_incidents_is_not_meant(tmp_path: Path) -> None:
    """Catalogue, settings, Markdown, dotfiles and a run's own folders are no lost exports."""
    _lay(tmp_path, "catalog/a.yaml", "settings.yaml", "README.md", ".git/config", "inc-1/incident.yaml")
    _lay(tmp_path, "warehouse/published.json")
    assert [] == find_unclaimed(tmp_path, (tmp_path / "warehouse",))

"""Files that no incident claims are rows of a table, so that nothing is lost in silence."""

from __future__ import annotations

import os
from pathlib import Path

from evidence.intake import build
from evidence.intake.discovery import find_unclaimed
from evidence.tables import Tables

from .folders import SETTINGS, built, lay_out, rows, sha256


def _lay(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{}")


def _paths(tables: Tables) -> list[str]:
    return [row["path"] for row in rows(tables, "unclaimed_files")]


def test_an_export_without_an_incident_is_a_row(tmp_path: Path) -> None:
    """An export whose folder has no incident.yaml is unclaimed, with its size; one of an incident is not."""
    lay_out(tmp_path, {"logs/falco.jsonl": b"{}"})
    _lay(tmp_path, "incidents/inc-2/falco.jsonl", "stray.json")
    tables = built(tmp_path)
    expected = [
        {"path": path, "kind": "file", "byte_count": 2}
        for path in ("incidents/inc-2/falco.jsonl", "stray.json")
    ]
    assert expected == rows(tables, "unclaimed_files")
    assert ["incidents/inc-1/logs/falco.jsonl"] == [row["path"] for row in rows(tables, "files")]


def test_what_belongs_beside_incidents_is_not_meant(tmp_path: Path) -> None:
    """Catalogue, settings, Markdown, dotfiles and a run's own folders are no lost exports."""
    lay_out(tmp_path, {})
    _lay(tmp_path, "settings.yaml", "README.md", "notes/why.md", ".git/config", ".DS_Store")
    _lay(tmp_path, "warehouse/published.json", "out/handoffs/a.json")
    own = (tmp_path / "warehouse", tmp_path / "out")
    assert [] == _paths(build(tmp_path, SETTINGS, sha256, own))


def test_a_link_or_pipe_outside_incidents_is_named_and_never_opened(tmp_path: Path) -> None:
    """Also a link to a whole folder of incidents, which is not followed, and one that leads nowhere."""
    lay_out(tmp_path / "root", {})
    lay_out(tmp_path / "elsewhere", {})
    root = tmp_path / "root"
    (root / "shared").symlink_to(tmp_path / "elsewhere" / "incidents")
    (root / "gone.md").symlink_to("nowhere")
    os.mkfifo(root / "pipe.json")
    assert [("gone.md", "link", None), ("pipe.json", "special", None), ("shared", "link", None)] == [
        (row["path"], row["kind"], row["byte_count"]) for row in find_unclaimed(root)
    ]


def test_unclaimed_files_with_odd_names_keep_them_apart(tmp_path: Path) -> None:
    """A newline, a byte that is no text and a backslash are written so that they can be told apart."""
    lay_out(tmp_path, {})
    for name in (b"a\n.json", b"\xe9.json", b"\\xe9.json"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"{}")
    assert [r"\x5cxe9.json", r"\xe9.json", r"a\x0a.json"] == _paths(built(tmp_path))

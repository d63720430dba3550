"""Finds what there is to read: incident folders, their exports, the catalogue; in an order without chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.errors import InputError, Place
from evidence.export_files import Entry, Kind, path_text, walk
from evidence.intake.incident_file import IncidentFile, check_received, load_incident
from evidence.intake.incident_records import RECORDS_FILE
from evidence.intake.left_out import INGEST_GAPS
from evidence.intake.reviews import REVIEWS_FILE

INCIDENT_FILE = "incident.yaml"
PLACING = ".ingest/placing.json"
"""There while an ingest puts incidents in place (evidence.ingest.journal)."""
_NOT_EXPORTS = frozenset({INCIDENT_FILE, "README.md"})


@dataclass(frozen=True, slots=True)
class IncidentFolder:
    """One recorded incident and its exports, sorted by path; links and pipes among them are named too."""

    folder: Path
    incident: IncidentFile
    exports: tuple[Path, ...]


def find_incidents(root: Path) -> list[IncidentFolder]:
    """Every incident below the root. Raises InputError for a repeated id, one folder in another, where an
    ingest was interrupted, and for none where no table of incident records lies there either.
    """
    _require_folder(root)
    if (root / PLACING).exists():
        raise InputError(
            "holds a part of an ingest that was interrupted, or is not done yet",
            place=Place(root),
            remedy="Run evidence ingest again, with any of the exports: it finishes what was begun",
        )
    declarations = [entry.path for entry in walk(root) if entry.path.name == INCIDENT_FILE]
    folders = [_read_folder(path.parent) for path in declarations]
    if not folders and not (root / RECORDS_FILE).is_file():
        raise InputError(
            f"holds no {INCIDENT_FILE} and no {RECORDS_FILE}",
            place=Place(root),
            remedy="evidence ingest writes both from exports and tables",
        )
    _refuse_repeats(folders)
    return folders


def find_unclaimed(root: Path, own_folders: Sequence[Path] = ()) -> list[dict[str, Any]]:
    """Rows of `intake.unclaimed_files`: what lies below the root in a folder without incident.yaml.

    Nobody reads it, so that it has to be named. The catalogue, the settings, the account of an ingest,
    Markdown, names that begin with a dot and what lies in `own_folders` (warehouse and output) are not meant.
    """
    root = root.absolute()
    entries = walk(root)
    claimed = {entry.path.parent for entry in entries if entry.path.name == INCIDENT_FILE}
    others = {root / "catalog", *(folder.absolute() for folder in own_folders)}
    return [
        {
            "path": path_text(entry.path.relative_to(root)),
            "kind": entry.kind.value,
            "byte_count": entry.byte_count,
        }
        for entry in entries
        if not _belongs_beside(entry, root)
        and not (claimed | others).intersection((entry.path, *entry.path.parents))
    ]


def find_catalogue(root: Path) -> list[Path]:
    """The catalogue's YAML files: in `catalog` below the root, else beside it."""
    folder = find_beside(root, "catalog")
    files = sorted(path for pattern in ("*.yaml", "*.yml") for path in folder.rglob(pattern))
    if not files:
        raise InputError("holds no YAML file", place=Place(folder))
    for path in files:
        if not path.is_file():
            raise InputError("is no file", place=Place(path), remedy="Take it out of the catalogue")
    return files


def find_beside(root: Path, name: str) -> Path:
    """`<root>/<name>`, else `<root>/../<name>`. Raises InputError when neither is there."""
    _require_folder(root)
    for path in (root / name, root.absolute().parent / name):
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise InputError("is neither a file nor a folder", place=Place(path))
        if path.exists():
            return path
    raise InputError(
        f"has no {name}, neither in it nor beside it",
        place=Place(root),
        remedy="evidence ingest writes one that can be filled in",
    )


def _require_folder(root: Path) -> None:
    if not root.is_dir():
        raise InputError("is no folder", place=Place(root), remedy="Give --incidents a folder of incidents")


def _belongs_beside(entry: Entry, root: Path) -> bool:
    """Whether it is what people keep beside incidents."""
    relative = entry.path.relative_to(root)
    is_notes = entry.kind is Kind.FILE and entry.path.suffix == ".md"
    ours = ("settings.yaml", "ingest.json", RECORDS_FILE, INGEST_GAPS, REVIEWS_FILE)
    is_ours = entry.path in [root / name for name in ours]
    return is_notes or is_ours or _is_hidden(relative)


def _is_hidden(relative: Path) -> bool:
    """Names that begin with a dot are the editor's or the file system's."""
    return any(part.startswith(".") for part in relative.parts)


def _read_folder(folder: Path) -> IncidentFolder:
    incident, document = load_incident(folder / INCIDENT_FILE)
    exports = tuple(_exports(folder))
    check_received(incident, document, {path_text(path.relative_to(folder)) for path in exports})
    return IncidentFolder(folder, incident, exports)


def _exports(folder: Path) -> list[Path]:
    """All that lies in the folder but our own and hidden names."""
    found = []
    for entry in walk(folder):
        relative = entry.path.relative_to(folder)
        if _is_hidden(relative):
            continue
        if entry.path.name == INCIDENT_FILE and entry.path.parent != folder:
            raise InputError("lies within another incident's folder", place=Place(entry.path))
        if relative.as_posix() not in _NOT_EXPORTS:
            found.append(entry.path)
    return found


def _refuse_repeats(folders: list[IncidentFolder]) -> None:
    seen: dict[str, Path] = {}
    for folder in folders:
        path = folder.folder / INCIDENT_FILE
        if folder.incident.id in seen:
            raise InputError(
                f"the id {folder.incident.id} is taken by {seen[folder.incident.id]}",
                place=Place(path, field="id"),
            )
        seen[folder.incident.id] = path

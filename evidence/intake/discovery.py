"""Finds what there is to read: incident folders, their exports, the catalogue; in an order without chance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evidence.errors import InputError, Place
from evidence.intake.incident_file import IncidentFile, check_received, load_incident

INCIDENT_FILE = "incident.yaml"
_NOT_EXPORTS = frozenset({INCIDENT_FILE, "README.md"})


@dataclass(frozen=True, slots=True)
class IncidentFolder:
    """One recorded incident and its export files, sorted by path."""

    folder: Path
    incident: IncidentFile
    exports: tuple[Path, ...]


def find_incidents(root: Path) -> list[IncidentFolder]:
    """Every incident below the root. Raises InputError for none, a repeated id, one folder in another."""
    _require_folder(root)
    folders = [_read_folder(path.parent, root) for path in sorted(root.rglob(INCIDENT_FILE))]
    if not folders:
        raise InputError(f"holds no {INCIDENT_FILE}", place=Place(root))
    _refuse_repeats(folders)
    return folders


def find_unclaimed(root: Path, own_folders: tuple[Path, ...] = ()) -> list[Path]:
    """Files below the root that no incident claims, sorted: their folder has no incident.yaml.

    Nobody reads them, so that a run has to name them. The catalogue, the settings, Markdown, files
    that begin with a dot and what lies in `own_folders` (warehouse and output) are not meant.
    """
    claimed = [path.parent for path in root.rglob(INCIDENT_FILE)]
    others = [root / "catalog", *(folder.absolute() for folder in own_folders)]
    return [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and path.suffix != ".md"
        and path != root / "settings.yaml"
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        and not any(path.is_relative_to(folder) for folder in claimed)
        and not any(path.absolute().is_relative_to(folder.absolute()) for folder in others)
    ]


def find_catalogue(root: Path) -> list[Path]:
    """The catalogue's YAML files: in `catalog` below the root, else beside it."""
    folder = find_beside(root, "catalog")
    files = sorted(path for pattern in ("*.yaml", "*.yml") for path in folder.rglob(pattern))
    if not files:
        raise InputError("holds no YAML file", place=Place(folder))
    return files


def find_beside(root: Path, name: str) -> Path:
    """`<root>/<name>`, else `<root>/../<name>`. Raises InputError when neither is there."""
    _require_folder(root)
    for path in (root / name, root.absolute().parent / name):
        if path.exists():
            return path
    raise InputError(f"has no {name}, neither in it nor beside it", place=Place(root))


def _require_folder(root: Path) -> None:
    if not root.is_dir():
        raise InputError("is no folder", place=Place(root), remedy="Give --incidents a folder of incidents")


def _read_folder(folder: Path, root: Path) -> IncidentFolder:
    incident, document = load_incident(folder / INCIDENT_FILE)
    exports = tuple(_exports(folder))
    check_received(incident, document, {path.relative_to(folder).as_posix() for path in exports})
    return IncidentFolder(folder, incident, exports)


def _exports(folder: Path) -> list[Path]:
    """All files but our own; names that begin with a dot are the editor's or the file system's."""
    found = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts) or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not path.is_file():
            # A link may lead out of the folder, and its bytes may change without the folder changing.
            raise InputError("is no regular file", place=Place(path), remedy="Copy the export itself")
        if path.name == INCIDENT_FILE and path.parent != folder:
            raise InputError("lies within another incident's folder", place=Place(path))
        if relative.as_posix() not in _NOT_EXPORTS:
            found.append(path)
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

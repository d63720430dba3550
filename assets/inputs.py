"""Lists and digests the files a run reads: declarations, exports, catalogue and settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from evidence.anchors import manifest_bytes, sha256_of
from evidence.export_files import path_text, read
from evidence.intake.discovery import INCIDENT_FILE, find_beside, find_catalogue, find_incidents
from evidence.intake.incident_records import RECORDS_FILE
from evidence.intake.left_out import INGEST_GAPS
from evidence.intake.reviews import REVIEWS_FILE
from evidence.tables import Tables

# Path below the incidents folder → (incident it belongs to or '', SHA-256).
InputFiles = dict[str, tuple[str, str]]


def settings_path(root: Path) -> Path:
    """`settings.yaml` in the incidents folder or else beside it. Raises InputError when there is none."""
    return find_beside(root, "settings.yaml")


def input_files(root: Path) -> InputFiles:
    """Every file that a run reads, as it lies there now."""
    root = root.absolute()
    # Catalogue and settings may be links to shared ones; what lies in an incident's folder is never followed.
    files = {_relative(path, root): ("", sha256_of(path.read_bytes())) for path in _beside(root)}
    for found in find_incidents(root):
        for path in (found.folder / INCIDENT_FILE, *found.exports):
            files[_relative(path, root)] = (found.incident.id, read(path).sha256)
    return files


def _beside(root: Path) -> list[Path]:
    """What a run reads that belongs to no incident's folder."""
    written = [path for name in (RECORDS_FILE, INGEST_GAPS, REVIEWS_FILE) if (path := root / name).exists()]
    return [settings_path(root), *find_catalogue(root), *written]


@dataclass(frozen=True, slots=True)
class InputMark:
    """What can be seen of the input files without reading them; `text` changes whenever one of them does."""

    text: str
    file_count: int
    byte_count: int


def input_mark(root: Path) -> InputMark:
    """Over name, size and time of change of all that may be read. Raises InputError for a missing folder."""
    paths = _beside(root)
    for folder in {path.parent for path in root.rglob(INCIDENT_FILE)}:
        paths += folder.rglob("*")
    statuses = {path: path.lstat() for path in sorted(paths) if path.is_symlink() or path.exists()}
    lines = [f"{path_text(path)} {each.st_size} {each.st_mtime_ns}\n" for path, each in statuses.items()]
    byte_count = sum(each.st_size for each in statuses.values())
    return InputMark(sha256_of("".join(lines).encode()), len(lines), byte_count)


def input_digest(files: InputFiles) -> str:
    """SHA-256 over path, owner and content of every input file."""
    return sha256_of(manifest_bytes(files))


def input_manifest(root: Path, tables: Tables) -> bytes:
    """What `evidence verify` holds the inputs to; exports and catalogue as intake has read them."""
    files = input_files(root)
    for row in tables["intake.services"].select(["path", "file_sha256"]).to_pylist():
        files[row["path"]] = ("", row["file_sha256"])
    for row in tables["intake.files"].select(["incident_id", "path", "file_sha256"]).to_pylist():
        files[row["path"]] = (row["incident_id"], row["file_sha256"])
    return manifest_bytes(files)


def _relative(path: Path, root: Path) -> str:
    # The catalogue and the settings may lie beside the incidents folder.
    return path_text(os.path.relpath(path, root))

"""Owns what is removed from a warehouse: files of tables, and raw bytes, that no version names any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from evidence.drafts import FOLDER, Draft, is_open
from evidence.errors import WarehouseError
from evidence.warehouse import Published, Warehouse

# Who keeps raw bytes by their digest: every export and every file of the catalogue.
_HOLDERS = ("intake.files", "intake.services")


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, or would be: paths below the warehouse, sorted, and their bytes together."""

    tables: tuple[str, ...]
    raw: tuple[str, ...]
    byte_count: int


def prune(root: Path, *, is_dry_run: bool = False) -> Pruned:
    """Remove what neither the published version nor a run that can be gone on with names.

    Raises WarehouseError where nothing is published, and while a run is at work: what it has written is in no
    version yet.
    """
    warehouse = Warehouse(root)
    if not warehouse.published():
        raise WarehouseError(f"nothing is published in {root}", remedy="Run `evidence run` first")
    with warehouse.lock():
        kept = {path for each in _versions(warehouse) for path in _named(warehouse, each)}
        tables = _unnamed(warehouse.root / "tables", kept)
        raw = _unnamed(warehouse.root / "raw", kept)
        byte_count = sum(path.stat().st_size for path in (*tables, *raw))
        if not is_dry_run:
            _remove(warehouse.root, (*tables, *raw))
    below = [tuple(str(path.relative_to(warehouse.root)) for path in each) for each in (tables, raw)]
    return Pruned(below[0], below[1], byte_count)


def _versions(warehouse: Warehouse) -> Iterator[Mapping[str, Published]]:
    """The published version, and those of runs that failed or were killed."""
    yield warehouse.published()
    drafts = warehouse.root / FOLDER
    for folder in sorted(drafts.iterdir()) if drafts.is_dir() else ():
        if is_open(folder):
            raise WarehouseError(f"a run is at work in {warehouse.root}", remedy="Prune when it has ended")
        yield Draft(warehouse.root, folder.name).published()


def _named(warehouse: Warehouse, version: Mapping[str, Published]) -> Iterator[Path]:
    """The files of the version's tables, and the raw bytes that these cite."""
    for name, entry in version.items():
        paths = warehouse.paths_of(entry)
        yield from paths
        if name in _HOLDERS:
            for path in paths:
                digests = pq.read_table(path, columns=["file_sha256"]).column(0).unique().to_pylist()
                yield from (warehouse.bytes_path(digest) for digest in digests if digest)


def _unnamed(folder: Path, kept: set[Path]) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if not path.is_dir() and path not in kept)


def _remove(root: Path, paths: tuple[Path, ...]) -> None:
    for path in paths:
        path.unlink()
    for folder in sorted({path.parent for path in paths}):
        if folder != root and not any(folder.iterdir()):
            folder.rmdir()

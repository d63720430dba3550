"""Owns where the records come from that detections are tried on: incidents, a warehouse, files, exports."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from evidence import intake
from evidence.errors import EvidenceError, InputError, Place, WarehouseError
from evidence.export_files import path_text, walk
from evidence.intake.build import build_folders
from evidence.intake.discovery import IncidentFolder, find_beside
from evidence.intake.incident_file import IncidentFile
from evidence.settings import load_settings
from evidence.starter_files import settings_near
from evidence.tables import open_memory, register
from evidence.warehouse import Warehouse
from expectations.tables import TABLES
from simulator.detections.model import HistoryKind, RefusedFile
from simulator.histories.sound_rows import read_sql

RECORDS, EVENTS, INCIDENTS = "intake.raw_records", "intake.evidence_events", "intake.incidents"
QUARANTINE = "intake.quarantine"
_NO_QUARANTINE = f"""
create view {QUARANTINE} as
select incident_id, record_sha256, '' as reason, '' as field, '' as detail, 0::bigint as line
from {RECORDS}
where false"""
# A window that leaves no moment out: nobody has said when an export's incident was.
_ALWAYS = {"from": "1970-01-01T00:00:00Z", "to": "2262-01-01T00:00:00Z"}


@dataclass(frozen=True)
class RecordedIncident:
    """What people recorded; `type` is None where nobody has said, `detected_at` in ns UTC."""

    id: str
    title: str
    type: str | None
    detected_at: int | None


@dataclass(frozen=True)
class Recorded:
    """`connection` reads RECORDS, EVENTS and QUARANTINE; incidents are in the order of their ids.

    QUARANTINE is empty where a folder of Parquet files lacks it.
    """

    connection: duckdb.DuckDBPyConnection
    kind: HistoryKind
    path: Path
    incidents: tuple[RecordedIncident, ...]
    refused_files: tuple[RefusedFile, ...] = ()


def open_incidents(root: Path) -> Recorded:
    """The incidents below a folder, read in memory. Raises InputError for what a run would refuse."""
    settings = load_settings(find_beside(root, "settings.yaml"))
    connection = open_memory()
    register(connection, intake.build(root, settings, _sha256))
    return _recorded(connection, HistoryKind.INCIDENTS, root)


def open_warehouse(root: Path) -> Recorded:
    """What the last run published. Raises WarehouseError where it published no records."""
    warehouse = Warehouse(root)
    published = warehouse.published()
    missing = [name for name in (RECORDS, EVENTS, INCIDENTS) if name not in published]
    if missing:
        what = f"{', '.join(missing)} not published in {root}"
        raise WarehouseError(what, remedy="Run `evidence run` first, or give --incidents or --exports")
    read = [name for name in (RECORDS, EVENTS, INCIDENTS, QUARANTINE) if name in published]
    paths = {name: warehouse.paths_of(published[name]) for name in read}
    return _recorded(_connected(paths, root), HistoryKind.WAREHOUSE, root)


def open_history(folder: Path) -> Recorded:
    """A folder of Parquet files, as `--history` of other commands. Raises InputError where it has no records.

    A copy that `evidence history` writes has none: it holds states, not the raw records behind them.
    """
    if not folder.is_dir():
        raise InputError(
            "is no folder", place=Place(folder), remedy="Give --history a folder of Parquet files"
        )
    paths = {name: _files_of(folder, name) for name in (RECORDS, EVENTS, INCIDENTS)}
    missing = [name for name, files in paths.items() if not files]
    if missing:
        raise InputError(
            f"holds no {' and no '.join(missing)}: rules read raw records, which a copied history leaves out",
            place=Place(folder),
            remedy="Give --incidents, --exports, or --warehouse",
        )
    quarantine = _files_of(folder, QUARANTINE)
    paths |= {QUARANTINE: quarantine} if quarantine else {}
    return _recorded(_connected(paths, folder), HistoryKind.HISTORY, folder)


def open_exports(path: Path) -> Recorded:
    """A file or folder of raw exports: every file is read as intake reads it, and is an incident of its own.

    Nobody has said what belongs together, so nothing is put together: a correlation sees one file at a time.
    Raises InputError where there is no file, or nothing in any of them can be read.
    """
    root = path.parent if path.is_file() else path
    files = [path] if path.is_file() else _export_files(path)
    tables = build_folders(_folders(files), root.absolute(), settings_near(root), _sha256)
    refused = {(row["path"]): row for row in reversed(tables["intake.quarantine"].to_pylist())}
    read = {row["path"]: row["evidence_count"] for row in tables["intake.files"].to_pylist()}
    connection = open_memory()
    connection.execute("create schema intake").fetchall()
    for name in (RECORDS, EVENTS, QUARANTINE):
        connection.register(f"{name.partition('.')[2]}_read", tables[name])
        source = f"from {name.partition('.')[2]}_read"
        connection.execute(
            f"create view {name} as select * replace (path as incident_id) {source}"
        ).fetchall()
    held = sorted(name for name, count in read.items() if count)
    unread = tuple(_refused_file(name, refused) for name in sorted(read) if not read[name])
    if not held:
        first = f": {unread[0].path}: {unread[0].detail}" if unread else ""
        raise InputError(f"no record can be read of any of {len(files)} files{first}", place=Place(path))
    incidents = tuple(RecordedIncident(name, name, None, None) for name in held)
    return Recorded(connection, HistoryKind.EXPORTS, path, incidents, unread)


def open_chosen(
    warehouse: Path, incidents: Path | None = None, exports: Path | None = None, history: Path | None = None
) -> Recorded:
    """The records that a command names: at most one of the last three, else the warehouse.

    Raises InputError or WarehouseError, naming the folder.
    """
    if sum(path is not None for path in (incidents, exports, history)) > 1:
        raise InputError("--incidents, --exports and --history exclude each other", remedy="Give one of them")
    if incidents is not None:
        return open_incidents(incidents)
    if exports is not None:
        return open_exports(exports)
    return open_warehouse(warehouse) if history is None else open_history(history)


def _refused_file(name: str, refused: Mapping[str, Mapping[str, str]]) -> RefusedFile:
    row = refused.get(name, {"reason": "empty", "detail": "it holds no record"})
    return RefusedFile(path=name, reason=row["reason"], detail=row["detail"])


def _export_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError(
            "is not there", place=Place(folder), remedy="Give --exports a file or folder of exports"
        )
    found = [entry.path for entry in walk(folder) if not entry.path.name.startswith(".")]
    if not found:
        raise InputError("holds no file", place=Place(folder), remedy="Give --exports a folder of exports")
    return found


def _folders(files: Sequence[Path]) -> list[IncidentFolder]:
    """One incident a file, numbered: a path is no id of an incident, so it is put in its place afterwards."""
    return [
        IncidentFolder(
            file.absolute().parent,
            IncidentFile.model_validate(
                {"id": f"export-{number}", "title": path_text(file), "type": "security", "window": _ALWAYS}
            ),
            (file.absolute(),),
        )
        for number, file in enumerate(files)
    ]


def _connected(paths: Mapping[str, Sequence[Path]], root: Path) -> duckdb.DuckDBPyConnection:
    connection = open_memory()
    connection.execute("create schema intake").fetchall()
    for name, files in sorted(paths.items()):
        try:
            connection.execute(f"create view {name} as {read_sql(list(files))}").fetchall()
            held = {row[0] for row in connection.execute(f"describe {name}").fetchall()}
        except duckdb.Error as error:
            what = f"{name} cannot be read: {str(error).splitlines()[0]}"
            raise InputError(what, place=Place(root)) from error
        missing = [column.name for column in TABLES[name].columns if column.name not in held]
        if missing:
            remedy = "Write it anew with the version of this tool that reads it"
            raise InputError(f"{name} lacks {', '.join(missing[:3])}", place=Place(root), remedy=remedy)
    if QUARANTINE not in paths:
        connection.execute(_NO_QUARANTINE).fetchall()
    return connection


def _recorded(connection: duckdb.DuckDBPyConnection, kind: HistoryKind, path: Path) -> Recorded:
    columns = "incident_id, title, incident_type, detected_at"
    query = f"select {columns} from {INCIDENTS} order by incident_id"
    rows = connection.execute(query).fetchall()
    if not rows:
        raise _nothing_in(kind, path)
    return Recorded(connection, kind, path, tuple(RecordedIncident(*row) for row in rows))


def _nothing_in(kind: HistoryKind, path: Path) -> EvidenceError:
    error = WarehouseError if kind is HistoryKind.WAREHOUSE else InputError
    return error("holds no incident with exports", place=Place(path))


def _files_of(folder: Path, name: str) -> list[Path]:
    beside = [path for path in folder.glob(f"{name.partition('.')[2]}*.parquet") if path.is_file()]
    return sorted(beside or (folder / name).glob("*.parquet"))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

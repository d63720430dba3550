"""Owns where recorded history comes from: the warehouse, or any folder of its Parquet files, as of a moment.

A history is `enrichment.incident_states` and, where they are at hand, `intake.incidents` (when people
acted, what reviewers said) and the evidence behind the states. Nothing is copied: the files are read
where they lie, so that a history may be larger than memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from evidence import enrichment, intake
from evidence.cut_lists import cut_list
from evidence.detections.signalling import Detections
from evidence.enrichment.grading import Grading
from evidence.enrichment.inputs import ENRICHMENT_INPUTS
from evidence.errors import InputError, WarehouseError
from evidence.intake.discovery import find_beside, find_incidents
from evidence.placing import place
from evidence.quality.stage import build_completeness
from evidence.settings import load_settings
from evidence.tables import arrow_schema, conform, open_memory, register
from evidence.times import format_rfc3339
from evidence.warehouse import Warehouse, parquet_bytes
from expectations.tables import TABLES
from simulator.histories.recordings import (
    RECORDED,
    Recording,
    recording_of_folder,
    recording_of_tables,
    recording_of_warehouse,
)
from simulator.histories.sound_rows import read_sql, refuse_unsound_rows

STATES, INCIDENTS = "enrichment.incident_states", "intake.incidents"
MISSING_NAMED_MAX = 3  # columns
# Who has labelled an incident that was invented, label and all.
GENERATOR = "evidence generate"
EVIDENCE = ("enrichment.state_evidence", "intake.evidence_events", "intake.services")

Paths = Mapping[str, list[Path]]


@dataclass(frozen=True)
class History:
    """An open history. `connection` reads STATES and INCIDENTS, and EVIDENCE where `has_evidence`.

    `recording` is what its states were built from, where that is at hand.
    """

    connection: duckdb.DuckDBPyConnection
    digest: str
    incident_count: int
    as_of: int | None
    has_horizons: bool
    has_evidence: bool
    is_generated: bool = False
    recording: Recording | None = None


def open_warehouse(root: Path, as_of: int | None = None) -> History:
    """The history that the last run published. Raises WarehouseError when there is none."""
    return open_tables(Warehouse(root), as_of)


def open_tables(warehouse: Warehouse, as_of: int | None = None) -> History:
    """The history in the warehouse as it is seen there; a draft shows that of its run."""
    published = warehouse.published()
    if STATES not in published:
        raise WarehouseError(
            f"no history is published in {warehouse.root}", remedy="Run `evidence run` first"
        )
    names = [name for name in dict.fromkeys((STATES, INCIDENTS, *EVIDENCE, *RECORDED)) if name in published]
    paths = {name: warehouse.paths_of(published[name]) for name in names}
    _check_schemas(paths, "Run `evidence run` again")
    recording = recording_of_warehouse(paths, warehouse.read_beside(ENRICHMENT_INPUTS))
    return _open(_without_recording(paths), as_of, recording)


def open_folder(folder: Path, as_of: int | None = None) -> History:
    """The history in a folder of Parquet files, such as a copy of a warehouse's `tables`.

    A table's files are those named after it (`incident_states*.parquet`) or in a folder of its name
    (`enrichment.incident_states/`); only the states must be there. Raises InputError, naming the file,
    when they are not there or are not what their contract says.
    """
    if folder.is_file():
        raise InputError(f"{folder} is a file", remedy=f"Name the folder that it lies in, {folder.parent}")
    found = {name: _files_of(folder, name) for name in (STATES, INCIDENTS, *EVIDENCE, *RECORDED)}
    if not found[STATES]:
        raise InputError(
            f"there is no history in {folder}",
            remedy="It needs incident_states.parquet, as `evidence history` or `evidence generate` writes it",
        )
    paths = {name: files for name, files in found.items() if files}
    _check_schemas(paths, "Write it anew with the version of this tool that reads it")
    refuse_unsound_rows(paths, folder)
    return _open(_without_recording(paths), as_of, recording_of_folder(paths, folder))


def folder_files(folder: Path) -> dict[str, list[Path]]:
    """The Parquet files of STATES and, where they are there, INCIDENTS that `open_folder` reads."""
    return {name: files for name in (STATES, INCIDENTS) if (files := _files_of(folder, name))}


def connect_tables(
    states: pa.Table, incidents: pa.Table | None, as_of: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Reads STATES and INCIDENTS of some incidents of a history, in any order, cut as the whole is cut.

    Without a table of incidents they are made from the states.
    """
    connection = open_memory()
    register(connection, {STATES: states} | ({} if incidents is None else {INCIDENTS: incidents}))
    if incidents is None:
        _view(connection, INCIDENTS, _incidents_of_states_sql())
    if as_of is not None:
        _cut(connection, as_of)
    return connection


def digest_of_files(paths: Paths) -> str:
    """SHA-256 over the contents of the states and incidents; a copy elsewhere has the same."""
    lines = [
        f"{name} {sha256}\n"
        for name in (STATES, INCIDENTS)
        for sha256 in sorted(_sha256_of(path) for path in paths.get(name, ()))
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _without_recording(paths: Paths) -> Paths:
    return {name: files for name, files in paths.items() if name in (STATES, INCIDENTS, *EVIDENCE)}


def _open(paths: Paths, as_of: int | None, recording: Recording | None) -> History:
    connection = open_memory()
    for name, files in sorted(paths.items()):
        _view(connection, name, read_sql(files))
    if INCIDENTS not in paths:
        _view(connection, INCIDENTS, _incidents_of_states_sql())
    if as_of is not None:
        _cut(connection, as_of)
    return _checked(
        History(
            connection,
            digest_of_files(paths),
            _count(connection),
            as_of,
            has_horizons=INCIDENTS in paths,
            has_evidence=all(name in paths for name in EVIDENCE),
            is_generated=_is_generated(connection),
            recording=recording,
        )
    )


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    return int(connection.execute(f"select count(*) from {INCIDENTS}").fetchall()[0][0])


def _is_generated(connection: duckdb.DuckDBPyConnection) -> bool:
    query = f"select count(*) from (from {INCIDENTS} where label_by = $generator limit 1)"
    return bool(connection.execute(query, {"generator": GENERATOR}).fetchall()[0][0])


def _checked(history: History) -> History:
    if history.incident_count:
        return history
    if history.as_of is None:
        raise InputError("the history is empty: there is no incident in it")
    raise InputError(
        f"the history is empty as of {format_rfc3339(history.as_of)}: nothing was known by then",
        remedy="Name a later moment",
    )


def _view(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    connection.execute(f"create schema if not exists {name.partition('.')[0]}").fetchall()
    connection.execute(f"create or replace view {name} as {sql}").fetchall()


def _cut(connection: duckdb.DuckDBPyConnection, as_of: int) -> None:
    """Hide what was not known by then: states, incidents not yet begun, later responses.

    A change history reaches far back, so that something of an incident may be known long before its
    recorded window begins: until then there is no incident.
    """
    for name in (STATES, INCIDENTS):
        connection.execute(f"alter view {name} rename to whole_{name.partition('.')[2]}").fetchall()
    _view(
        connection,
        STATES,
        f"""
from enrichment.whole_incident_states
semi join (from intake.whole_incidents where window_start <= {as_of}) using (incident_id)
where known_at <= {as_of}""",
    )
    times = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at", "action_taken_at")
    hidden = ", ".join(f"case when {time} <= {as_of} then {time} end as {time}" for time in times)
    _view(
        connection,
        INCIDENTS,
        f"""
select * replace (
    least(window_end, {as_of}) as window_end,
    case when action_taken_at <= {as_of} then action_taken end as action_taken,
    case when resolved_at <= {as_of} then outcome end as outcome,
    {hidden}
)
from intake.whole_incidents
semi join {STATES} using (incident_id)""",
    )


def _incidents_of_states_sql() -> str:
    """Incidents of which only states are at hand: nobody is known to have acted, every moment counts."""
    given = {"incident_id": "incident_id", "title": "incident_id"}
    given |= {"window_start": "min(known_at)", "window_end": "max(known_at)"}
    columns = ",\n    ".join(
        f"{given.get(column.name, f'null::{_SQL_TYPES[column.type.value]}')} as {column.name}"
        for column in TABLES[INCIDENTS].columns
    )
    return f"select\n    {columns}\nfrom {STATES}\ngroup by incident_id"


_SQL_TYPES = {"text": "varchar", "bigint": "bigint", "integer": "integer", "boolean": "boolean"}


def _files_of(folder: Path, name: str) -> list[Path]:
    bare = name.partition(".")[2]
    beside = [path for path in folder.glob(f"{bare}*.parquet") if path.is_file()]
    return sorted(beside or (folder / name).glob("*.parquet"))


def _check_schemas(paths: Paths, remedy: str) -> None:
    for name, files in paths.items():
        for path in files:
            _check_schema(name, path, remedy)


def _check_schema(name: str, path: Path, remedy: str) -> None:
    try:
        found = pq.read_schema(path)
    except FileNotFoundError as error:
        raise InputError(f"{path} is not there", remedy=remedy) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not a Parquet file: {str(error).rstrip('.')}", remedy=remedy) from error
    expected = arrow_schema(TABLES[name])
    missing = [field.name for field in expected if field.name not in found.names]
    if missing:
        raise InputError(
            f"{path} lacks {cut_list(missing, MISSING_NAMED_MAX)} of {name}",
            remedy=remedy,
        )
    for field in expected:
        if not _fits(found.field(field.name).type, field.type):
            raise InputError(
                f"{path}: {field.name} is {found.field(field.name).type}, in {name} it is {field.type}",
                remedy=remedy,
            )


def _fits(found: Any, expected: Any) -> bool:
    return bool(found == expected) or str(found).replace("large_", "") == str(expected)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_incidents(
    root: Path, grading: Grading, as_of: int | None = None, detections: Detections | None = None
) -> History:
    """The history of a folder of recorded incidents, read and enriched in memory; nothing is published.

    Raises InputError, with file and line, for what a run would refuse.
    """
    find_incidents(root)  # raw exports are refused as what they are, before what else a run needs
    settings = load_settings(find_beside(root, "settings.yaml"))
    connection = open_memory()
    read = intake.build(root, settings, _sha256_of_bytes)
    register(connection, read)
    register(connection, completeness := build_completeness(connection))
    register(connection, enrichment.build(connection, settings, grading, detections))
    tables = {name: connection.sql(f"from {name}").to_arrow_table() for name in (STATES, INCIDENTS)}
    lines = [
        f"{name} {hashlib.sha256(parquet_bytes(conform(name, table))).hexdigest()}\n"
        for name, table in tables.items()
    ]
    if as_of is not None:
        _cut(connection, as_of)
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    recording = recording_of_tables(read | completeness, settings, detections.digest if detections else "")
    return _checked(
        History(
            connection,
            digest,
            _count(connection),
            as_of,
            has_horizons=True,
            has_evidence=True,
            recording=recording,
        )
    )


def _sha256_of_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def copy_history(root: Path, folder: Path) -> list[Path]:
    """Copy the published history of the warehouse, with its evidence, into a folder that `open_folder` reads.

    Raises WarehouseError when nothing is published and InputError when the folder holds a history already, or
    is the warehouse's own.
    """
    if folder.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{folder} lies in {root}, which is read", remedy="Name a folder elsewhere")
    warehouse = Warehouse(root)
    published = warehouse.published()
    if STATES not in published:
        raise WarehouseError(f"no history is published in {root}", remedy="Run `evidence run` first")
    if _files_of(folder, STATES):
        raise InputError(f"{folder} holds a history already", remedy="Name another folder")
    copied = []
    # The states last: a copy that was broken off has none and so is no history.
    for name in (each for each in (INCIDENTS, *EVIDENCE, STATES) if each in published):
        (path,) = warehouse.paths_of(published[name])
        target = folder / f"{name.partition('.')[2]}.parquet"
        place([(target, path.read_bytes())])
        copied.append(target)
    return copied

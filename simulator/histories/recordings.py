"""Owns recordings: what the states of a history are built from, so that other rules can be tried on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from evidence.enrichment.inputs import EnrichmentInputs
from evidence.settings import Settings
from evidence.starter_files import default_settings, settings_near
from evidence.tables import Tables, open_memory, register
from simulator.histories.sound_rows import read_sql

Paths = Mapping[str, list[Path]]

RECORDS, EVENTS = "intake.raw_records", "intake.evidence_events"
# What `enrichment.build` reads.
RECORDED = (
    RECORDS,
    EVENTS,
    "intake.incidents",
    "intake.services",
    "intake.dependencies",
    "quality.completeness",
)


@dataclass(frozen=True)
class Recording:
    """`connect` opens a DuckDB of its own that reads RECORDED. `settings` count for the time before a change.

    `built_with` is the digest of the rules that the history's states were built with, '' for none, and None
    where nobody knows.
    """

    connect: Callable[[], duckdb.DuckDBPyConnection]
    settings: Settings
    built_with: str | None


def recording_of_tables(tables: Tables, settings: Settings, built_with: str | None) -> Recording:
    """Of tables in memory."""
    kept = {name: tables[name] for name in RECORDED}

    def connect() -> duckdb.DuckDBPyConnection:
        connection = open_memory()
        register(connection, kept)
        return connection

    return Recording(connect, settings, built_with)


def recording_of_folder(paths: Paths, folder: Path) -> Recording | None:
    """Of Parquet files in a folder; None where those of a table are missing."""
    return _of_files(paths, settings_near(folder), None) if _is_whole(paths) else None


def _is_whole(paths: Paths) -> bool:
    return all(paths.get(name) for name in RECORDED)


def _of_files(paths: Paths, settings: Settings, built_with: str | None) -> Recording:
    def connect() -> duckdb.DuckDBPyConnection:
        connection = open_memory()
        for name in RECORDED:
            connection.execute(f"create schema if not exists {name.partition('.')[0]}").fetchall()
            connection.execute(f"create view {name} as {read_sql(paths[name])}").fetchall()
        return connection

    return Recording(connect, settings, built_with)


def recording_of_warehouse(paths: Paths, inputs: bytes | None) -> Recording | None:
    """Of published files; None also where an earlier version has not said what it built the states by."""
    if inputs is None or not _is_whole(paths):
        return None
    said = EnrichmentInputs.from_bytes(inputs)
    lookback = {"change_lookback_seconds": said.change_lookback_seconds}
    return _of_files(paths, default_settings().model_copy(update=lookback), said.detections_digest or "")

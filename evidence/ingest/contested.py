"""Owns what is read again because a new record bears its identity: the order of calls must not matter.

Which of several records of one identity counts is said in evidence/intake/resolution.py: the first to have
happened, of equals the one of the least SHA-256. An incident far away in time may hold the one or the other,
so the identities that incidents hold are kept beside them. What lost lies among what was refused; it is taken
out and looked at again, for what it lost against may lose in turn to a copy of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from evidence.ingest.index import Source, in_batches
from evidence.ingest.refused_records import RECORDS, REFUSED, read_records

IDENTITIES, CONFLICTS = ".ingest/held/identities.parquet", ".ingest/held/conflicts.parquet"
_TABLES = {
    "held_identities": (IDENTITIES, pa.schema([("identity", pa.binary()), ("incident_id", pa.string())])),
    "known_conflicts": (
        CONFLICTS,
        pa.schema(
            [
                ("identity", pa.binary()),
                ("sha256", pa.binary()),
                ("format", pa.string()),
                ("received_at", pa.int64()),
            ]
        ),
    ),
}


def load_held(connection: duckdb.DuckDBPyConnection, into: Path) -> bool:
    """The tables `held_identities` and `known_conflicts` of earlier ingests; whether the first was kept."""
    for table, (name, schema) in _TABLES.items():
        connection.register("empty", schema.empty_table())
        connection.execute(f"create or replace temp table {table} as from empty").fetchall()
        connection.unregister("empty")
        if (into / name).is_file():
            connection.execute(f"insert into {table} from read_parquet(?)", [str(into / name)]).fetchall()
    return (into / IDENTITIES).is_file()


def holders(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The incidents that hold an identity of the records read so far."""
    rows = connection.execute(
        "select distinct incident_id from held_identities semi join records using (identity)"
    ).fetchall()
    return {incident_id for (incident_id,) in rows}


def losers(connection: duckdb.DuckDBPyConnection, into: Path, scratch: Path) -> Iterator[Source]:
    """Files of the records that lost before and bear an identity of those read so far."""
    rows = connection.execute(
        "select sha256, format, received_at from known_conflicts semi join records using (identity)"
        " anti join (select sha256 from records) using (sha256) order by sha256"
    )
    files: dict[tuple[str, int | None, str], Path] = {}
    wanted = in_batches(rows)
    here = next(wanted, None)
    for digest, data in read_records(into / REFUSED / RECORDS):
        while here is not None and here[0] < digest:
            here = next(wanted, None)
        if here is None:
            break
        if here[0] == digest:
            # Lines where a record is one, else documents one after the other, as they lie in incidents.
            key = (here[1], here[2], "json" if b"\n" in data else "jsonl")
            path = files.setdefault(key, scratch / f"again-{len(files)}.{key[2]}")
            with path.open("ab") as handle:
                handle.write(data + b"\n")
    for (_, received_at, _), path in files.items():
        yield Source(path, path.name, held_by="", received_at=received_at)


def keep_held(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[str]:
    """Write both tables anew into the folder; yields where each belongs."""
    for table, (name, _) in _TABLES.items():
        aside = folder / Path(name).name
        target = str(aside).replace("'", "''")
        connection.execute("set preserve_insertion_order = true").fetchall()
        connection.execute(
            f"copy (from next_{table} order by all) to '{target}' (format parquet, compression zstd)"
        ).fetchall()
        yield name

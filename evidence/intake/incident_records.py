"""Owns the table of incidents without evidence beside the incident folders: `incident-records.parquet`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from evidence.errors import ContractError, InputError, Place
from evidence.tables import arrow_schema, conform
from expectations.tables import TABLES

TABLE = "intake.incident_records"
RECORDS_FILE = "incident-records.parquet"


def load_records(path: Path) -> pa.Table:
    """The table in the file; empty where there is none. Raises InputError for another file."""
    if not path.exists():
        return arrow_schema(TABLES[TABLE]).empty_table()
    try:
        return conform(TABLE, pq.read_table(path))
    except (pa.ArrowException, OSError, ContractError) as error:
        raise InputError(
            f"cannot be read: {str(error).splitlines()[0][:200]}",
            place=Place(path),
            remedy="It is written by evidence ingest --mapping",
        ) from None

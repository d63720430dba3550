"""Owns what rules look at: records of an intake, or records at hand, as one table of units."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa

from evidence.detections.log_sources import FORMATS_BY_ENTRY
from evidence.detections.matching import sql
from evidence.detections.program import compile_program
from evidence.detections.rules import NS_PER_SECOND, RuleSet

UNITS = pa.schema(
    [
        ("unit", pa.int64()),
        ("format", pa.string()),
        ("entry", pa.string()),
        ("raw", pa.string()),
        ("incident_id", pa.string()),
        ("path", pa.string()),
        ("ordinal", pa.int64()),
        ("record_sha256", pa.string()),
        ("file_sha256", pa.string()),
        ("byte_offset", pa.int64()),
        ("byte_length", pa.int64()),
        ("event_ids", pa.list_(pa.string())),
        ("event_time", pa.int64()),
        ("known_at", pa.int64()),
    ]
)


def intake_units(connection: duckdb.DuckDBPyConnection, rules: RuleSet) -> pa.Table:
    """The units of `intake.raw_records` and `intake.evidence_events` that any of the rules reads.

    Duplicates, quarantined records and what responders did are left out.
    """
    wanted = {"formats": sorted(compile_program(rules).wanted), "by_entry": list(FORMATS_BY_ENTRY)}
    return connection.sql(sql("units"), params=wanted).to_arrow_table().cast(UNITS)


def record_units(format_name: str, records: Iterable[Mapping[str, Any]], incident_id: str = "") -> pa.Table:
    """Units of records at hand, e.g. a rule's own cases: one a second from 1970 on, known when they happen.

    `ordinal` is a record's position, which is its unit, too.
    """
    rows = [
        {
            "unit": position,
            "format": format_name,
            "entry": "",
            "raw": json.dumps(record, ensure_ascii=False),
            "incident_id": incident_id,
            "path": "",
            "ordinal": position,
            "event_ids": [],
            "event_time": position * NS_PER_SECOND,
            "known_at": position * NS_PER_SECOND,
        }
        for position, record in enumerate(records)
    ]
    return pa.Table.from_pylist(rows, schema=UNITS)

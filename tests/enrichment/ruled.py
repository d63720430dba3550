"""Sigma rules over hand-made events: detections from texts, and the raw records of events."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from evidence import enrichment
from evidence.detections.levels import Level
from evidence.detections.rule_folders import load_rule_folder
from evidence.detections.signalling import Detections
from evidence.tables import Tables, register, table_from_rows

from .tables import GRADING, SETTINGS, intake_connection

FORMATS = {"aws_cloudtrail": "cloudtrail", "falco": "falco_json", "kubernetes_audit": "kubernetes_audit"}


def rule(number: int, title: str, *, level: str = "high", tags: str = "[attack.t1078]", **named: Any) -> str:
    """A rule over normalised events; `named` are the fields that must be so."""
    return json.dumps(
        {
            "title": title,
            "id": f"00000000-0000-4000-8000-{number:012}",
            "name": f"rule{number}",
            "level": level,
            "tags": json.loads(tags.replace("[", '["').replace("]", '"]')) if tags != "[]" else [],
            "logsource": {"product": "evidence", "service": "events"},
            "detection": {"named": named, "condition": "named"},
        }
    )


def often(title: str, of: int, count: int, *, by: str = "actor", level: str = "critical") -> str:
    """A correlation of `count` hits of a rule within ten minutes."""
    return json.dumps(
        {
            "title": title,
            "id": "00000000-0000-4000-8000-000000000099",
            "level": level,
            "tags": ["attack.t1110"],
            "correlation": {
                "type": "event_count",
                "rules": [f"rule{of}"],
                "group-by": [by],
                "timespan": "10m",
                "condition": {"gte": count},
            },
        }
    )


def detections(*rules: str, from_level: Level = Level.HIGH) -> Detections:
    """The rules, as a bundle has them. JSON is YAML."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(rules):
            (Path(folder) / f"{number}.yml").write_text(text)
        return Detections(load_rule_folder(Path(folder)), from_level)


def ruled_connection(events: Iterable[Mapping[str, Any]], **rest: Any) -> duckdb.DuckDBPyConnection:
    """As `intake_connection`, with a raw record for each event: `raw` where it says one, else its name."""
    rows = [dict(row) for row in events]
    records = [
        {
            **{
                name: row[name] for name in ("incident_id", "path", "ordinal", "file_sha256", "record_sha256")
            },
            "byte_offset": 0,
            "byte_length": 0,
            "format": FORMATS.get(row["source"], "json"),
            "status": "evidence",
            "raw": json.dumps(row.pop("raw", {"eventName": row["name"]})),
        }
        for row in rows
    ]
    connection = intake_connection(rows, **rest)
    register(connection, {"intake.raw_records": table_from_rows("intake.raw_records", records)})
    return connection


def ruled(events: Iterable[Mapping[str, Any]], found: Detections | None, **rest: Any) -> Tables:
    """The six enrichment tables of these events with hits of these detections as signals."""
    return enrichment.build(ruled_connection(events, **rest), SETTINGS, GRADING, found)


def rows(tables: Tables, name: str) -> list[dict[str, Any]]:
    """The rows of a table of the stage; of states those of evidence, in order."""
    found: list[dict[str, Any]] = tables[f"enrichment.{name}"].to_pylist()
    return [row for row in found if not row.get("is_tick")]

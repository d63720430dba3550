"""What rules see of an intake: which records, which entries of them, at which times, by which names."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa

from evidence.detections.detecting import detect, detect_and_survey
from evidence.detections.units import intake_units, record_units
from evidence.tables import open_memory
from tests.detections.rule_texts import loaded, rule

RAW = pa.schema(
    [
        *((name, pa.string()) for name in ("incident_id", "path", "file_sha256", "record_sha256", "format")),
        *((name, pa.int64()) for name in ("ordinal", "byte_offset", "byte_length")),
        *((name, pa.string()) for name in ("status", "raw")),
    ]
)
EVENTS = pa.schema(
    [
        *((name, pa.string()) for name in ("incident_id", "path", "event_id", "pointer", "name", "actor")),
        *((name, pa.int64()) for name in ("ordinal", "byte_offset", "byte_length", "event_time", "known_at")),
        *((name, pa.string()) for name in ("file_sha256", "record_sha256")),
        ("is_response", pa.bool_()),
    ]
)
LOKI = {"stream": {"app": "cart", "stream": "stderr"}, "values": [["2", "second wget"], ["1", "first"]]}
ATTRIBUTE = [{"key": "service.name", "value": {"stringValue": "cart"}}]
OTLP = {
    "resource": {"attributes": ATTRIBUTE},
    "scopeLogs": [
        {
            "logRecords": [
                {"body": {"stringValue": "wget"}, "severityNumber": 9},
                {"body": {"stringValue": "x"}, "attributes": [{"key": "n", "value": {"intValue": "7"}}]},
            ]
        }
    ],
}
FALCO = {"rule": "R", "output_fields": {"proc.name": "bash", "user.uid": 0}}


def intake(
    *records: tuple[str, object, list[tuple[str, int, int]]], status: str = "evidence"
) -> duckdb.DuckDBPyConnection:
    """Records of (format, JSON, events), each event its pointer, second and second known."""
    raw_rows, event_rows = [], []
    for ordinal, (format_name, record, events) in enumerate(records):
        place = {"incident_id": "i", "path": "p", "ordinal": ordinal, "byte_offset": 0, "byte_length": 1}
        raw_rows.append({**place, "format": format_name, "status": status, "raw": json.dumps(record)})
        for pointer, at, known in events:
            moment = {"event_time": at, "known_at": known, "is_response": False, "name": "n", "actor": "a"}
            event_rows.append({**place, **moment, "pointer": pointer, "event_id": f"{ordinal}{pointer}{at}"})
    connection = open_memory()
    connection.execute("create schema intake").fetchall()
    connection.register("raw_rows", pa.Table.from_pylist(raw_rows, schema=RAW))
    connection.register("event_rows", pa.Table.from_pylist(event_rows, schema=EVENTS))
    connection.execute("create view intake.raw_records as from raw_rows").fetchall()
    connection.execute("create view intake.evidence_events as from event_rows").fetchall()
    return connection


def found(
    folder: Path, connection: duckdb.DuckDBPyConnection, log_source: dict[str, str], item: object
) -> list[tuple[str, int, int]]:
    """Hits of one rule as (entry, event_time, known_at)."""
    rules = loaded(folder, rule({"s": item, "condition": "s"}, logsource=log_source))
    hits = detect(rules, intake_units(connection, rules)).to_pylist()
    return [(hit["records"][0]["entry"], hit["event_time"], hit["known_at"]) for hit in hits]


def test_each_line_of_a_stream_is_seen_by_itself(tmp_path: Path) -> None:
    """A hit on a line of Loki's is at that line's time, and labels stand by their names."""
    connection = intake(("loki_query_range", LOKI, [("/values/0", 2, 9), ("/values/1", 1, 5)]))
    item = {"message|contains": "WGET", "app": "cart", "stream": "stderr"}
    assert [("/values/0", 2, 9)] == found(tmp_path, connection, {"product": "loki"}, item)


def test_each_log_record_is_seen_by_itself(tmp_path: Path) -> None:
    """A hit on a record of OpenTelemetry's logs reads its body, its attributes and its resource's."""
    pointers = ["/scopeLogs/0/logRecords/0", "/scopeLogs/0/logRecords/1"]
    connection = intake(("otlp_json", OTLP, [(pointers[0], 1, 2), (pointers[1], 3, 4)]))
    source = {"product": "opentelemetry", "service": "logs"}
    assert [(pointers[0], 1, 2)] == found(tmp_path, connection, source, ["wget"])
    assert [(pointers[1], 3, 4)] == found(tmp_path, connection, source, {"n": 7, "service.name": "cart"})
    assert [(pointers[0], 1, 2)] == found(tmp_path, connection, source, {"severityNumber|gte": 9})


def test_application_logs_are_of_either_tool(tmp_path: Path) -> None:
    """A rule for the category alone reads lines of Loki and of OpenTelemetry."""
    connection = intake(
        ("loki_query_range", LOKI, [("/values/0", 2, 9)]),
        ("otlp_json", OTLP, [("/scopeLogs/0/logRecords/0", 1, 2)]),
    )
    hits = found(tmp_path, connection, {"category": "application"}, {"message|contains": "wget"})
    assert [("/scopeLogs/0/logRecords/0", 1, 2), ("/values/0", 2, 9)] == hits


def test_falco_fields_are_found_by_their_own_names(tmp_path: Path) -> None:
    """An output field is found with and without the key that holds it."""
    connection = intake(("falco_json", FALCO, [("", 1, 1)]))
    for item in ({"proc.name": "bash"}, {"output_fields.proc.name": "bash"}, {"user.uid": 0, "rule": "r"}):
        assert [("", 1, 1)] == found(tmp_path, connection, {"product": "falco"}, item)


def test_normalised_events_have_the_columns_of_their_table(tmp_path: Path) -> None:
    """A rule on events reads a column by its name."""
    connection = intake(("cloudtrail", {}, [("", 1, 2)]))
    source = {"product": "evidence", "service": "events"}
    assert [("", 1, 2)] == found(tmp_path, connection, source, {"actor": "A", "event_time": 1})


def test_a_record_of_several_events_is_known_with_the_last(tmp_path: Path) -> None:
    """Its time is that of the first event, and it is known when the last had arrived."""
    connection = intake(("cloudtrail", {"f": "a"}, [("", 3, 9), ("/x", 1, 20)]))
    assert [("", 1, 20)] == found(
        tmp_path, connection, {"product": "aws", "service": "cloudtrail"}, {"f": "a"}
    )


def test_only_evidence_is_seen(tmp_path: Path) -> None:
    """A duplicate or a quarantined record is no record to a rule."""
    source = {"product": "aws", "service": "cloudtrail"}
    for status in ("duplicate", "quarantined"):
        connection = intake(("cloudtrail", {"f": "a"}, [("", 1, 1)]), status=status)
        assert [] == found(tmp_path, connection, source, {"f": "a"})


def test_a_rule_reads_its_own_log_source_alone(tmp_path: Path) -> None:
    """A negation is not true of the records of other tools."""
    connection = intake(("falco_json", FALCO, [("", 1, 1)]), ("cloudtrail", {}, [("", 2, 2)]))
    assert [("", 2, 2)] == found(
        tmp_path, connection, {"product": "aws", "service": "cloudtrail"}, {"f|exists": False}
    )


def test_fields_that_no_rule_can_find_are_told(tmp_path: Path) -> None:
    """What a field is in the records is counted: text, a mere object, null, or nothing."""
    item = {"a|contains": "x", "b": "x", "c": "x", "d": "x"}
    rules = loaded(tmp_path, rule({"s": item, "condition": "s"}))
    records = [{"a": {"k": "x"}, "b": ["x", "x"]}, {"b": 1, "c": None}]
    _, survey = detect_and_survey(rules, record_units("cloudtrail", records), batch_rows=1)
    assert [
        {"field": "a", "unit_count": 1, "text_count": 0, "object_count": 1, "null_count": 0},
        {"field": "b", "unit_count": 2, "text_count": 2, "object_count": 0, "null_count": 0},
        {"field": "c", "unit_count": 1, "text_count": 0, "object_count": 0, "null_count": 1},
        {"field": "d", "unit_count": 0, "text_count": 0, "object_count": 0, "null_count": 0},
    ] == survey.fields.drop_columns(["format"]).to_pylist()

"""Owns detection: all rules over all records, and the hits of rules and correlations in total order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

import duckdb
import orjson
import pyarrow as pa

from evidence.detections.correlating import correlate
from evidence.detections.extraction import extract
from evidence.detections.hits import Hit
from evidence.detections.matching import match, sql
from evidence.detections.program import Program, compile_program
from evidence.detections.rules import RuleSet
from evidence.tables import open_memory

_RECORD = pa.struct(
    [
        ("path", pa.string()),
        ("ordinal", pa.int64()),
        ("entry", pa.string()),
        ("record_sha256", pa.string()),
        ("file_sha256", pa.string()),
        ("byte_offset", pa.int64()),
        ("byte_length", pa.int64()),
        ("event_ids", pa.list_(pa.string())),
    ]
)
HITS = pa.schema(
    [
        ("rule_id", pa.string()),
        ("incident_id", pa.string()),
        ("event_time", pa.int64()),
        ("known_at", pa.int64()),
        ("group", pa.string()),
        ("records", pa.list_(_RECORD)),
    ]
)
_CORRELATION_HITS = pa.schema(
    [
        ("rule_id", pa.string()),
        ("incident_id", pa.string()),
        ("event_time", pa.int64()),
        ("known_at", pa.int64()),
        ("group_text", pa.string()),
        ("hit_units", pa.list_(pa.int64())),
        ("hit", pa.int64()),
    ]
)
FIELDS_SEEN = pa.schema(
    [
        ("format", pa.string()),
        ("field", pa.string()),
        ("unit_count", pa.int64()),
        ("text_count", pa.int64()),
        ("object_count", pa.int64()),
        ("null_count", pa.int64()),
    ]
)
_WANTED = pa.schema([("format", pa.string()), ("name", pa.string()), ("field", pa.int32())])
_RULE_IDS = pa.schema([("rule", pa.int32()), ("rule_id", pa.string())])


def detect(rules: RuleSet, units: pa.Table) -> pa.Table:
    """Every hit (schema HITS) of the rules over `units` (see `evidence.detections.units`), in total order.

    Ordered by rule id, incident, event time and records. `group` is the JSON of the values that a correlation
    groups by, empty for plain rules. Rules that only serve a correlation are not shown.
    """
    program = compile_program(rules)
    with closing(match(units, program)) as connection:
        numbered = [(number, rule) for number, rule in enumerate(rules.rules) if rule.is_output]
        shown = [{"rule": number, "rule_id": rule.heading.id} for number, rule in numbered]
        connection.register("rule_ids", pa.Table.from_pylist(shown, schema=_RULE_IDS))
        connection.register("correlation_hits", _correlation_hits(connection, rules, program))
        return connection.sql(sql("hits")).to_arrow_table().cast(HITS)


def fields_seen(rules: RuleSet, units: pa.Table) -> pa.Table:
    """Per format and field that any rule reads: units that hold it, with text, as an object, or null.

    A rule on a field without `text_count` cannot fire but by `exists` or null: an object has no text.
    """
    program = compile_program(rules)
    wanted = [(of, name) for of, names in program.wanted.items() for name in sorted(names) if name]
    rows = [{"format": of, "name": name, "field": program.fields[name]} for of, name in wanted]
    extracted = extract(units, program)
    with closing(open_memory()) as connection:
        connection.register("units", units)
        connection.register("wanted", pa.Table.from_pylist(rows, schema=_WANTED))
        connection.register("field_values", extracted.values)
        connection.register("occurrences", extracted.occurrences)
        return connection.sql(sql("fields_seen")).to_arrow_table().cast(FIELDS_SEEN)


def _correlation_hits(connection: duckdb.DuckDBPyConnection, rules: RuleSet, program: Program) -> pa.Table:
    hits: dict[str, Sequence[Hit]] = dict(_rule_hits(connection, rules, program))
    rows: list[dict[str, object]] = []
    for correlation in rules.correlations:
        found = hits[correlation.heading.id] = correlate(correlation, hits)
        for hit in found if correlation.is_output else ():
            rows.append(_row(correlation.heading.id, hit, len(rows)))
    return pa.Table.from_pylist(rows, schema=_CORRELATION_HITS)


def _row(rule_id: str, hit: Hit, number: int) -> dict[str, object]:
    return {
        "rule_id": rule_id,
        "incident_id": hit.incident_id,
        "event_time": hit.event_time,
        "known_at": hit.known_at,
        "group_text": orjson.dumps(dict(hit.group)).decode() if hit.group else "",
        "hit_units": list(hit.units),
        "hit": number,
    }


def _rule_hits(
    connection: duckdb.DuckDBPyConnection, rules: RuleSet, program: Program
) -> Mapping[str, list[Hit]]:
    """Hits of the rules that a correlation refers to, by rule id, in the order of units."""
    referenced = {reference for each in rules.correlations for reference in each.references}
    numbers = [number for number, rule in enumerate(rules.rules) if rule.heading.id in referenced]
    fields = {name for each in rules.correlations for ref in each.references for name in each.fields_of(ref)}
    names = {program.fields[name]: name for name in fields if name in program.fields}
    found: dict[str, list[Hit]] = {rules.rules[number].heading.id: [] for number in numbers}
    if not numbers:
        return found
    texts = _hit_texts(connection, {"rules": numbers, "fields": sorted(names)}, names)
    hits = connection.sql(sql("rule_hits"), params={"rules": numbers}).to_arrow_table()
    columns = (column.to_pylist() for column in hits.columns)
    for rule, unit, incident_id, event_time, known_at in zip(*columns, strict=True):
        hit = Hit(incident_id, event_time, known_at, (unit,), texts.get(unit, {}))
        found[rules.rules[rule].heading.id].append(hit)
    return found


def _hit_texts(
    connection: duckdb.DuckDBPyConnection, wanted: dict[str, list[int]], names: Mapping[int, str]
) -> Mapping[int, Mapping[str, tuple[str, ...]]]:
    """Per unit the texts of each field, in order."""
    found: dict[int, dict[str, tuple[str, ...]]] = {}
    rows = connection.sql(sql("hit_texts"), params=wanted).to_arrow_table()
    for unit, field, text in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        texts = found.setdefault(unit, {})
        texts[names[field]] = (*texts.get(names[field], ()), text)
    return found

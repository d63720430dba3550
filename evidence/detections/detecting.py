"""Owns detection: all rules over all records, and the hits of rules and correlations in total order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from evidence.detections.correlating import by_incident, correlate
from evidence.detections.hits import Hit
from evidence.detections.matching import open_pass
from evidence.detections.program import Program, compile_program
from evidence.detections.rules import Correlation, RuleSet
from evidence.detections.statements import sql
from evidence.detections.terms import Test
from evidence.detections.units import BATCH_ROWS, TableUnits, Units

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
        ("event_time", pa.int64()),
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
        ("hit_places", pa.list_(pa.int64())),
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
_ROWS_AT_ONCE = 10_000
_RULE_IDS = pa.schema([("rule", pa.int32()), ("rule_id", pa.string())])


@dataclass(frozen=True)
class Survey:
    """What there is in the records, whether a rule hits or not.

    `fields` (FIELDS_SEEN) has a row per format and field that any rule reads; a field without `text_count`
    makes no rule fire but by `exists` or null: an object has no text. `passed` are the single tests that any
    record of a format passes, `matched` the ids of the rules that any record matches.
    """

    unit_count: int
    formats: frozenset[str]
    fields: pa.Table
    passed: frozenset[tuple[str, Test]]
    matched: frozenset[str]


def detect(rules: RuleSet, units: Units | pa.Table, *, batch_rows: int = BATCH_ROWS) -> pa.Table:
    """Every hit (schema HITS) of the rules over `units` (see `evidence.detections.units`), in total order.

    Ordered by rule id, incident, event time and records. `group` is the JSON of the values that a correlation
    groups by, empty for plain rules. Rules that only serve a correlation are not shown. How many records are
    looked at together changes no hit.
    """
    return _run(rules, units, batch_rows, is_surveyed=False)[0]


def detect_and_survey(
    rules: RuleSet, units: Units | pa.Table, *, batch_rows: int = BATCH_ROWS
) -> tuple[pa.Table, Survey]:
    """The hits, and what else the same pass saw."""
    hits, survey = _run(rules, units, batch_rows, is_surveyed=True)
    assert survey is not None
    return hits, survey


def _run(
    rules: RuleSet, units: Units | pa.Table, batch_rows: int, *, is_surveyed: bool
) -> tuple[pa.Table, Survey | None]:
    program = compile_program(rules, is_surveyed=is_surveyed)
    source = TableUnits(units) if isinstance(units, pa.Table) else units
    kept = kept_fields(rules, program)
    matcher = open_pass(program, kept, source, batch_rows, is_surveyed=is_surveyed, is_anchored=False)
    with closing(matcher.connection) as connection:
        hits = hits_in(connection, rules, program, source)
        survey = _survey(connection, rules, program, matcher.unit_count) if is_surveyed else None
        return hits, survey


def hits_in(
    connection: duckdb.DuckDBPyConnection, rules: RuleSet, program: Program, source: Units | None = None
) -> pa.Table:
    """The hits (schema HITS) of the rules, from `matches`, `kept_texts` and `places` of a pass that is done.

    With `source`, `places` have no anchors yet: they are looked up for those that hits name.
    """
    numbered = [(number, rule) for number, rule in enumerate(rules.rules) if rule.is_output]
    shown = [{"rule": number, "rule_id": rule.heading.id} for number, rule in numbered]
    connection.register("rule_ids", pa.Table.from_pylist(shown, schema=_RULE_IDS))
    connection.register("correlation_hits", _correlation_hits(connection, rules, program))
    if source is not None:
        named = connection.sql(sql("named_places")).to_arrow_table()
        connection.execute("drop table places").fetchall()
        connection.register("places", source.anchored(named))
    return connection.sql(sql("hits")).to_arrow_table().cast(HITS)


def _survey(
    connection: duckdb.DuckDBPyConnection, rules: RuleSet, program: Program, unit_count: int
) -> Survey:
    wanted = [(of, name) for of, names in program.wanted.items() for name in sorted(names) if name]
    rows = {
        (of, field): counts
        for of, field, *counts in connection.execute(
            "select format, field, sum(unit_count), sum(text_count), sum(object_count), sum(null_count)"
            " from fields_seen group by format, field order by format, field"
        ).fetchall()
    }
    fields = [
        dict(zip(FIELDS_SEEN.names, (of, name, *rows.get((of, program.fields[name]), [0] * 4)), strict=True))
        for of, name in wanted
    ]
    bits = connection.execute(
        "select format, cast(bit_or(bits) as varchar) from format_bits group by format order by format"
    ).fetchall()
    passed = {(of, test) for of, text in bits for test, atom in program.probes.items() if text[atom] == "1"}
    numbers = connection.execute("select distinct rule from matches order by rule").fetchall()
    matched = frozenset(rules.rules[number].heading.id for (number,) in numbers)
    return Survey(
        unit_count,
        frozenset(of for of, _ in bits),
        pa.Table.from_pylist(fields, schema=FIELDS_SEEN),
        frozenset(passed),
        matched,
    )


def kept_fields(rules: RuleSet, program: Program) -> dict[int, list[int]]:
    """Per rule (by its place) that a correlation refers to, the fields whose texts it asks for."""
    numbers = {rule.heading.id: number for number, rule in enumerate(rules.rules)}
    found: dict[int, list[int]] = {}
    for correlation in rules.correlations:
        for reference in correlation.references:
            if reference in numbers:
                fields = [program.fields[name] for name in sorted(correlation.fields_of(reference))]
                found.setdefault(numbers[reference], []).extend(fields)
    return found


def _correlation_hits(connection: duckdb.DuckDBPyConnection, rules: RuleSet, program: Program) -> pa.Table:
    """Hits of all correlations; what they rest on is held for one correlation and incident at a time."""
    numbers = {rule.heading.id: number for number, rule in enumerate(rules.rules)}
    referred = {reference for each in rules.correlations for reference in each.references}
    # Most rules are true of no record at all: they are not asked about.
    matched = {number for (number,) in connection.execute("select distinct rule from matches").fetchall()}
    inner: dict[str, Sequence[Hit]] = {}
    rows: list[dict[str, object]] = []
    for correlation in rules.correlations:
        streams = {
            reference: _rule_hits(connection, numbers[reference], correlation, reference, program)
            if numbers.get(reference) in matched
            else inner.get(reference, ())
            for reference in correlation.references
        }
        found = [hit for together in by_incident(streams) for hit in correlate(correlation, together)]
        if correlation.heading.id in referred:
            inner[correlation.heading.id] = found
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
        "hit_places": list(hit.units),
        "hit": number,
    }


def _rule_hits(
    connection: duckdb.DuckDBPyConnection, rule: int, correlation: Correlation, of: str, program: Program
) -> Iterator[Hit]:
    """Hits of one rule with the texts that the correlation asks for, in order."""
    names = {program.fields[name]: name for name in sorted(correlation.fields_of(of))}
    hits = connection.sql(sql("rule_hits"), params={"rule": rule}).to_arrow_table()
    wanted = {"rule": rule, "fields": sorted(names)}
    texts = connection.sql(sql("hit_texts"), params=wanted).to_arrow_table() if names else None
    held = _Held(_rows(texts), names) if texts is not None else None
    for place, incident_id, event_time, known_at in _rows(hits):
        yield Hit(incident_id, event_time, known_at, (place,), held.texts_of(place) if held else {})


class _Held:
    """Texts of places in the order of both, gone through once."""

    def __init__(self, rows: Iterator[tuple[Any, ...]], names: Mapping[int, str]) -> None:
        self.rows = rows
        self.names = names
        self.next = next(rows, None)

    def texts_of(self, place: int) -> dict[str, tuple[str, ...]]:
        """The texts of each field, in order; places must be asked for in theirs."""
        found: dict[str, tuple[str, ...]] = {}
        while self.next is not None and self.next[0] == place:
            _, field, text = self.next
            found[self.names[field]] = (*found.get(self.names[field], ()), text)
            self.next = next(self.rows, None)
        return found


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in table.to_batches(max_chunksize=_ROWS_AT_ONCE):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

"""Owns the hits of a bundle's detections as signals: of which event, what is said, and on what it rests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import duckdb
import pyarrow as pa

from evidence.detections.detecting import HITS
from evidence.detections.levels import Level
from evidence.detections.matched import Matched, match_once
from evidence.detections.rules import Correlation, Rule, RuleSet
from evidence.detections.signalling import Detections
from evidence.detections.units import intake_units

FindHits: TypeAlias = Callable[[duckdb.DuckDBPyConnection, Detections | None], pa.Table]
"""Finds the hits (schema HITS) of detections in what a connection reads, when the macros are there."""
ATTACK = "attack."
"""Tags that begin with it name tactics and techniques of ATT&CK: a rule that has one tells of an attack."""
_SEEN = (Path(__file__).parent / "seen_places.sql").read_text(encoding="utf-8")
_RULES = pa.schema(
    [
        ("rule_id", pa.string()),
        ("signal_name", pa.string()),
        ("rule_level", pa.int32()),
        ("attack_tags", pa.list_(pa.string())),
        ("is_correlation", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class MatchedDetections:
    """Detections, and what their rules are true of in the records of an intake."""

    detections: Detections
    matched: Matched

    def find(self, connection: duckdb.DuckDBPyConnection, _: Detections | None = None) -> pa.Table:
        """The hits (schema HITS) in what a decision may see; the connection reads the same intake."""
        connection.register("matched_places", self.matched.places)
        try:
            return self.matched.hits(connection.sql(_SEEN).to_arrow_table())
        finally:
            connection.unregister("matched_places")


def match_detections(
    connection: duckdb.DuckDBPyConnection, detections: Detections | None
) -> MatchedDetections | None:
    """The rules whose hits are signals over records and events of an intake; None where there are none."""
    if detections is None or not detections.signalling.reporting():
        return None
    units = intake_units(connection, detections.signalling)
    return MatchedDetections(detections, match_once(detections.signalling, units))


def find_hits(connection: duckdb.DuckDBPyConnection, detections: Detections | None) -> pa.Table:
    """The hits (schema HITS) in the intake tables; none without detections."""
    found = match_detections(connection, detections)
    return HITS.empty_table() if found is None else found.find(connection)


def register_hits(
    connection: duckdb.DuckDBPyConnection, detections: Detections | None, hits: pa.Table
) -> None:
    """Makes the hits, and what their rules say, known to `rule_hits.sql`."""
    connection.register("found_hits", hits.append_column("hit", pa.array(range(hits.num_rows), pa.int64())))
    rules = signal_rules(detections.signalling if detections else RuleSet(()))
    connection.register("signal_rules", rules)


def signal_rules(rules: RuleSet) -> pa.Table:
    """What a signal says of each rule that reports, by its id."""
    every: list[Rule | Correlation] = [*rules.rules, *rules.correlations]
    return pa.Table.from_pylist([_said(each) for each in every if each.is_output], schema=_RULES)


def _said(rule: Rule | Correlation) -> Mapping[str, object]:
    tags = {tag.lower() for tag in rule.heading.tags}
    return {
        "rule_id": rule.heading.id,
        "signal_name": rule.heading.title,
        "rule_level": Level.of(rule.heading.level).rank,
        "attack_tags": sorted(tag for tag in tags if tag.startswith(ATTACK)),
        "is_correlation": isinstance(rule, Correlation),
    }

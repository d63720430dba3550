"""Owns the hits of a bundle's detections as signals: of which event, what is said, and on what it rests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from evidence.detections.detecting import HITS, detect
from evidence.detections.levels import Level
from evidence.detections.rules import Correlation, Rule, RuleSet
from evidence.detections.signalling import Detections
from evidence.detections.units import Units, intake_units

FindHits: TypeAlias = Callable[[duckdb.DuckDBPyConnection, Detections | None], pa.Table]
"""Finds the hits (schema HITS) of detections in what a connection reads, when the macros are there."""
ATTACK = "attack."
"""Tags that begin with it name tactics and techniques of ATT&CK: a rule that has one tells of an attack."""
# What responders did with their hands, which resolved_events leaves out, is no part of any hit.
_HIDDEN = """
select distinct path || '#' || ordinal as place
from intake.evidence_events as events
join intake.incidents as incidents using (incident_id)
where is_remedy(events.event_time, events.kind, events.activity, incidents.action_taken_at)
"""
_RULES = pa.schema(
    [
        ("rule_id", pa.string()),
        ("signal_name", pa.string()),
        ("rule_level", pa.int32()),
        ("attack_tags", pa.list_(pa.string())),
        ("is_correlation", pa.bool_()),
    ]
)


def find_hits(connection: duckdb.DuckDBPyConnection, detections: Detections | None) -> pa.Table:
    """The hits (schema HITS) in the intake tables; none without detections."""
    if detections is None or not detections.signalling.reporting():
        return HITS.empty_table()
    hidden = connection.sql(_HIDDEN).to_arrow_table().column("place")
    return detect(detections.signalling, SeenUnits(intake_units(connection, detections.signalling), hidden))


@dataclass(frozen=True)
class SeenUnits:
    """Units without those of the records at `hidden` places (path and ordinal)."""

    units: Units
    hidden: pa.ChunkedArray

    def batches(self, row_count_max: int) -> Iterator[pa.Table]:
        """As the units' own."""
        for batch in self.units.batches(row_count_max):
            places = pc.binary_join_element_wise(
                batch.column("path"), pc.cast(batch.column("ordinal"), pa.string()), "#"
            )
            yield batch.filter(pc.invert(pc.is_in(places, self.hidden))) if len(self.hidden) else batch

    def anchored(self, places: pa.Table) -> pa.Table:
        """As the units' own."""
        return self.units.anchored(places)


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

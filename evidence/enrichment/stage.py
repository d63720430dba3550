"""Owns the run of the enrichment stage: its statements in their order, from events to graded states."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from evidence.enrichment.grading import Grading, graded_sql, retick_sql
from evidence.enrichment.parameters import NANOSECONDS_PER_SECOND, Parameters
from evidence.enrichment.rule_hits import FindHits, find_hits, register_hits
from evidence.tables import Tables, conform
from expectations.contracts import Role
from expectations.tables.enrichment import STATE_COLUMNS

if TYPE_CHECKING:
    from evidence.detections.signalling import Detections
    from evidence.settings import Settings

_FOLDER = Path(__file__).parent
_WORD_BITS = 60

# Each is a SELECT in a file of its name; its rows are kept under that name for the statements after it.
# `rule_hits` reads the hits of the bundle's detections, which are found before.
STATEMENTS = (
    "resolve/entity_keys",
    "resolve/pod_workloads",
    "resolve/cloud_names",
    "resolve/network_verdicts",
    "resolve/resolved_events",
    "rule_hits",
    "signal_hits",
    "anchors",
    "service_events",
    "places",
    "openings",
    "change_events",
    "incident_changes",
    "change_coverage",
    "contradictions",
    "dependants",
    "affected_entries",
    "reached_services",
    "sightings",
    "name_lists",
    "hot_dependencies",
    "event_facts",
    "signal_facts",
    "service_facts",
    "node_workloads",
    "node_rotations",
    "subject_facts",
    "grid",
    "evidence_states",
    "ungraded_states",
)
PUBLISHED = ("signals", "recent_changes", "blast_radius", "state_evidence", "incident_context")


def build(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    grading: Grading,
    detections: Detections | None = None,
    find: FindHits = find_hits,
) -> Tables:
    """The six `enrichment.*` tables, states graded and ticked by `grading`, hits of `detections` as signals.

    Reads `intake.evidence_events`, `intake.incidents`, `intake.services`, `intake.dependencies` and
    `quality.completeness`, and `intake.raw_records` where there are detections, whose hits `find` finds.
    Leaves temporary tables named as in STATEMENTS in the connection.
    """
    build_states(connection, settings, grading, detections, find)
    parameters = _parameters(settings)
    _keep(connection, "presence_turns", _presence_turns_sql(), parameters)
    for statement in ("layer_witnesses", "event_supports", "catalogue_supports"):
        _keep(connection, statement, _sql(statement), parameters)
    published = {f"enrichment.{name}": _table(connection, name) for name in PUBLISHED}
    return {
        "enrichment.incident_states": conform(
            "enrichment.incident_states", connection.sql("from graded_states").to_arrow_table()
        ),
        **published,
    }


def build_states(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    grading: Grading,
    detections: Detections | None = None,
    find: FindHits = find_hits,
) -> None:
    """Leaves the states alone, as `graded_states`: what a replay of altered evidence needs.

    Reads the same tables as `build`, and is its first part. `find` finds the hits of the detections.
    """
    parameters = _parameters(settings)
    connection.execute(_sql("macros")).fetchall()
    register_hits(connection, detections, find(connection, detections))
    for statement in STATEMENTS:
        _keep(connection, statement.rpartition("/")[2], _sql(statement), parameters)
    states = graded_sql(grading, f"({retick_sql(grading, 'ungraded_states')})")
    _keep(connection, "graded_states", states, parameters)


def _parameters(settings: Settings) -> Parameters:
    return Parameters(lookback_ns=settings.change_lookback_seconds * NANOSECONDS_PER_SECOND)


def _presence_turns_sql() -> str:
    """One row per incident, state column and moment at which the column begins or ceases to have a value.

    Generated, because there is one bit a column: packed, so that two lags stand for all columns, and unpacked
    only where a moment differs from the one before.
    """
    names = [column.name for column in STATE_COLUMNS if column.role is not Role.KEY]
    words = [names[start : start + _WORD_BITS] for start in range(0, len(names), _WORD_BITS)]
    masks = [_presence_mask_sql(word, number) for number, word in enumerate(words)]
    before = [
        f"coalesce(lag(mask_{number}) over so_far, 0) as before_{number}" for number in range(len(words))
    ]
    unpacked = [
        f"""
select incident_id, known_at, {word}[place + 1] as column_name, (mask_{number} >> place) & 1 = 1 as is_present
from changed
join range({len(word)}) as places (place) on (xor(mask_{number}, before_{number}) >> place) & 1 = 1"""
        for number, word in enumerate(words)
    ]
    differs = " or ".join(f"mask_{number} <> before_{number}" for number in range(len(words)))
    return f"""
with changed as (
    select *
    from (
        select *, {", ".join(before)}
        from (select incident_id, known_at, {", ".join(masks)} from graded_states)
        window so_far as (partition by incident_id order by known_at)
    )
    where {differs}
)
{" union all ".join(unpacked)}"""


def _presence_mask_sql(names: list[str], number: int) -> str:
    """A sum of bits over a list: DuckDB plans that in a fraction of the time that a chain of `|` takes it."""
    bits = (f"case when {name} is null then 0 else {1 << place} end" for place, name in enumerate(names))
    return f"list_sum([{', '.join(bits)}])::bigint as mask_{number}"


def _keep(connection: duckdb.DuckDBPyConnection, name: str, statement: str, parameters: Parameters) -> None:
    kept = f"create or replace temp table {name} as\n{statement}"
    connection.execute(kept, parameters.named_in(statement)).fetchall()


def _table(connection: duckdb.DuckDBPyConnection, name: str) -> pa.Table:
    return conform(f"enrichment.{name}", connection.sql(_sql(name)).to_arrow_table())


def _sql(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")

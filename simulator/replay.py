"""Replays recorded history against playbook bundles, with the kernel that production decides by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from evidence.decision import Bundle
from evidence.decision.codes import Recommendation, decode
from evidence.decision.kernel import STATES, Kernel
from evidence.decision.matrix import Mode, Option
from evidence.decision.records import record_decisions
from evidence.enrichment.grading import Grading, graded_sql, retick_sql

_TEXTS = pa.list_(pa.string())
# One row per bundle and incident, in that order; times in ns UTC.
DECISIONS = pa.schema(
    [
        pa.field("bundle", pa.int32(), nullable=False),  # place among the bundles asked for
        pa.field("incident_id", pa.string(), nullable=False),
        pa.field("option", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("mode", pa.string(), nullable=False),
        pa.field("approvers", _TEXTS, nullable=False),
        pa.field("basis", pa.string(), nullable=False),
        pa.field("moment", pa.int32(), nullable=False),
        pa.field("decided_at", pa.int64(), nullable=False),
        pa.field("horizon_at", pa.int64(), nullable=False),
        pa.field("is_withdrawn", pa.bool_(), nullable=False),
        pa.field("first_automatic_at", pa.int64()),
        pa.field("hindsight_action", pa.string(), nullable=False),
        pa.field("preferred_action", pa.string()),  # NULL where policy changed nothing
    ]
)
# One row per bundle, incident and change of the recommendation along its moments, in that order.
RECOMMENDATIONS = pa.schema(
    [
        pa.field("bundle", pa.int32(), nullable=False),
        pa.field("incident_id", pa.string(), nullable=False),
        pa.field("moment", pa.int32(), nullable=False),
        pa.field("known_at", pa.int64(), nullable=False),
        pa.field("option", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("mode", pa.string(), nullable=False),
        pa.field("approvers", _TEXTS, nullable=False),
        pa.field("is_hindsight", pa.bool_(), nullable=False),
    ]
)
# One row per pair of bundles and incident, in that order.
PARTINGS = pa.schema(
    [
        pa.field("pair", pa.int32(), nullable=False),  # place among the pairs asked for
        pa.field("incident_id", pa.string(), nullable=False),
        # Action, mode, approvers or time of the decision of record. Moments are numbered by each
        # bundle's own ticks, so that times are compared and not numbers.
        pa.field("is_decision_changed", pa.bool_(), nullable=False),
        pa.field("is_path_changed", pa.bool_(), nullable=False),
        # First moment up to the horizon from which the two recommend differently; NULL where never.
        pa.field("parted_at", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """One bundle's decision of record on one incident; times in ns UTC."""

    bundle_digest: str
    incident_id: str
    recommendation: Recommendation
    basis: str
    moment: int
    decided_at: int
    is_withdrawn: bool
    first_automatic_at: int | None
    hindsight_action: str


@dataclass(frozen=True, slots=True)
class Replays:
    """What some bundles decide on a history: tables shaped DECISIONS, RECOMMENDATIONS and PARTINGS."""

    decisions: pa.Table
    recommendations: pa.Table
    partings: pa.Table


def replay(connection: duckdb.DuckDBPyConnection, bundles: Sequence[Bundle]) -> list[tuple[Replayed, ...]]:
    """Per bundle, in the order given, every incident's decision of record by incident."""
    decisions = replay_history(connection, bundles, with_recommendations=False).decisions
    replayed: list[list[Replayed]] = [[] for _ in bundles]
    for row in decisions.to_pylist():
        replayed[row["bundle"]].append(_replayed(bundles[row["bundle"]], row))
    return [tuple(each) for each in replayed]


def replay_history(
    connection: duckdb.DuckDBPyConnection,
    bundles: Sequence[Bundle],
    states: str = STATES,
    *,
    with_recommendations: bool = True,
    pairs: Sequence[tuple[int, int]] = (),
) -> Replays:
    """Decide a history with every bundle, set at a time.

    Reads `states` (a relation shaped like incident_states) and `intake.incidents`. States are graded
    and ticked anew by each bundle's own grading; bundles that share one are decided in one pass.
    `pairs` are places of a baseline and a candidate among the bundles. Without recommendations their
    table is empty.
    """
    _execute(connection, _EMPTY_SQL)
    for places, among in _by_grading(bundles):
        _replay_together(connection, places, among, states, is_path_kept=with_recommendations or bool(pairs))
    _name_codes(connection, bundles)
    for place, (baseline, candidate) in enumerate(pairs):
        _execute(connection, _parting_sql(place, baseline, candidate))
    return Replays(
        _read(connection, _DECISIONS_SQL, DECISIONS),
        _read(connection, _RECOMMENDATIONS_SQL if with_recommendations else None, RECOMMENDATIONS),
        _read(connection, "from replay_partings order by pair, incident_id", PARTINGS),
    )


_EMPTY_SQL = """
create or replace temp table replay_records (
    bundle integer, incident_id varchar, code bigint, basis varchar, moment integer, decided_at bigint,
    horizon_at bigint, is_withdrawn boolean, first_automatic_at bigint, hindsight_code bigint,
    preferred bigint
);
create or replace temp table replay_paths (
    bundle integer, incident_id varchar, moment integer, known_at bigint, code bigint, is_hindsight boolean
);
create or replace temp table replay_partings (
    pair integer, incident_id varchar, is_decision_changed boolean, is_path_changed boolean, parted_at bigint
)"""


def _by_grading(bundles: Sequence[Bundle]) -> Iterator[tuple[list[int], list[Bundle]]]:
    gradings = [bundle.grading.model_dump_json() for bundle in bundles]
    for grading in dict.fromkeys(gradings):
        places = [place for place, each in enumerate(gradings) if each == grading]
        yield places, [bundles[place] for place in places]


def _replay_together(
    connection: duckdb.DuckDBPyConnection,
    places: Sequence[int],
    bundles: Sequence[Bundle],
    states: str,
    *,
    is_path_kept: bool,
) -> None:
    """Add to the records and paths what bundles of one grading decide."""
    _grade(connection, bundles[0].grading, states)
    kernel = Kernel.of(bundles)
    record_decisions(connection, kernel, "replay_states")
    keys = ", ".join(kernel.layout.key_columns)
    for index, place in enumerate(places):
        _execute(
            connection,
            f"""
insert into replay_records
select
    {place}, incident_id, records.code, basis, moment, decided_at, horizon_at, is_withdrawn,
    first_automatic_at, hindsight_code, case when preferred <> chosen then preferred end
from (from kernel_records where bundle = {index}) as records
join kernel_states using (incident_id, moment)
join kernel_masks_{index} using ({keys})""",
        )
        if is_path_kept:
            _execute(connection, _path_sql(place, index))


def _path_sql(place: int, index: int) -> str:
    return f"""
insert into replay_paths
with coded as (
    select
        incident_id,
        moment,
        known_at,
        code_{index} as code,
        known_at > horizon_at as is_hindsight,
        lag(code_{index}) over (partition by incident_id order by moment) as code_before
    from kernel_codes
    join kernel_horizons using (incident_id)
)
select {place}, incident_id, moment, known_at, code, is_hindsight
from coded
where code is distinct from code_before"""


def _grade(connection: duckdb.DuckDBPyConnection, grading: Grading, states: str) -> None:
    """Leaves `replay_states`: the recorded states under this grading, in the columns' declared order."""
    graded = graded_sql(grading, f"({retick_sql(grading, states)})")
    _execute(connection, f"create or replace temp table replay_states as {graded}")


def _name_codes(connection: duckdb.DuckDBPyConnection, bundles: Sequence[Bundle]) -> None:
    """Leaves `replay_codes`: what each bundle's codes mean, with a number that all bundles share."""
    rows = connection.execute("""
select distinct bundle, code from (
    select bundle, code from replay_records
    union all
    select bundle, hindsight_code from replay_records
    union all
    select bundle, code from replay_paths
) order by bundle, code""").fetchall()
    words = [(bundle, code, *_words(decode(bundles[bundle], code))) for bundle, code in rows]
    numbers = {each: number for number, each in enumerate(dict.fromkeys(word[3:] for word in words))}
    names = ("bundle", "code", "option", "action", "mode", "approvers")
    listed = [dict(zip(names, word, strict=True)) | {"recommendation": numbers[word[3:]]} for word in words]
    types = [pa.int32(), pa.int64(), pa.string(), pa.string(), pa.string(), _TEXTS, pa.int64()]
    schema = pa.schema(list(zip((*names, "recommendation"), types, strict=True)))
    _keep(connection, "replay_codes", pa.Table.from_pylist(listed, schema=schema))
    rungs = [
        {"bundle": place, "preferred": 1 << rung, "action": action}
        for place, bundle in enumerate(bundles)
        for rung, action in enumerate(bundle.ladder)
    ]
    schema = pa.schema([("bundle", pa.int32()), ("preferred", pa.int64()), ("action", pa.string())])
    _keep(connection, "replay_rungs", pa.Table.from_pylist(rungs, schema=schema))


def _words(recommendation: Recommendation) -> tuple[Any, ...]:
    """Option first: it is no part of what makes two recommendations the same."""
    each = recommendation
    return each.option.value, each.action, each.mode.value, each.approvers


def _parting_sql(pair: int, baseline: int, candidate: int) -> str:
    """Paths are step functions of time: at each change of either, what both recommend from then on."""
    return f"""
insert into replay_partings
with steps as (
    select
        incident_id,
        known_at,
        max(case when bundle = {baseline} then recommendation end) as baseline,
        max(case when bundle = {candidate} then recommendation end) as candidate
    from replay_paths
    join replay_codes using (bundle, code)
    where bundle in ({baseline}, {candidate}) and not is_hindsight
    group by incident_id, known_at
),
paths as (
    select
        incident_id,
        known_at,
        last_value(baseline ignore nulls) over so_far as baseline,
        last_value(candidate ignore nulls) over so_far as candidate
    from steps
    window so_far as (partition by incident_id order by known_at rows unbounded preceding)
),
partings as (
    select incident_id, min(known_at) as parted_at
    from paths
    where baseline is distinct from candidate
    group by incident_id
),
decided as (
    select bundle, incident_id, recommendation, decided_at
    from replay_records
    join replay_codes using (bundle, code)
)
select
    {pair},
    old.incident_id,
    (old.recommendation, old.decided_at) is distinct from (new.recommendation, new.decided_at),
    parted_at is not null,
    parted_at
from (from decided where bundle = {baseline}) as old
join (from decided where bundle = {candidate}) as new using (incident_id)
left join partings using (incident_id)"""


_DECISIONS_SQL = """
select
    records.bundle, incident_id, codes.option, codes.action, codes.mode, codes.approvers, basis, moment,
    decided_at, horizon_at, is_withdrawn, first_automatic_at, hindsights.action as hindsight_action,
    rungs.action as preferred_action
from replay_records as records
join replay_codes as codes on codes.bundle = records.bundle and codes.code = records.code
join replay_codes as hindsights
    on hindsights.bundle = records.bundle and hindsights.code = records.hindsight_code
left join replay_rungs as rungs on rungs.bundle = records.bundle and rungs.preferred = records.preferred
order by records.bundle, incident_id"""

_RECOMMENDATIONS_SQL = """
select
    bundle, incident_id, moment, known_at, option, action, mode, approvers, is_hindsight
from replay_paths
join replay_codes using (bundle, code)
order by bundle, incident_id, moment"""


def _read(connection: duckdb.DuckDBPyConnection, sql: str | None, schema: pa.Schema) -> pa.Table:
    if sql is None:
        return schema.empty_table()
    return connection.sql(sql).to_arrow_table().select(schema.names).cast(schema)


def _keep(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register(f"arrow_{name}", table)
    _execute(connection, f"create or replace temp table {name} as from arrow_{name}")
    connection.unregister(f"arrow_{name}")


def _replayed(bundle: Bundle, row: dict[str, Any]) -> Replayed:
    return Replayed(
        bundle_digest=bundle.digest,
        incident_id=row["incident_id"],
        recommendation=Recommendation(
            row["action"],
            Option(row["option"]),
            Mode(row["mode"]),
            tuple(row["approvers"]),
            bundle.actions[row["action"]].is_active,
            bundle.rung(row["action"]),
        ),
        basis=row["basis"],
        moment=row["moment"],
        decided_at=row["decided_at"],
        is_withdrawn=row["is_withdrawn"],
        first_automatic_at=row["first_automatic_at"],
        hindsight_action=row["hindsight_action"],
    )


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()

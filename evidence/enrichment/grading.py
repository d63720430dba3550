"""Grades states: severity, confidence and impact as three integer columns, by a playbook bundle's tables.

A grading never looks at events: it recomputes its columns from the other columns of the state, so
that a new grading over recorded history is one projection. Every unknown fails towards doing less:
towards a lower confidence and a higher impact.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from expectations.minimum_context import MINIMUM_CONTEXT
from expectations.tables.intake import SOURCES

Points = Annotated[int, Field(ge=0, le=100)]
Level = Annotated[int, Field(ge=1, le=6)]
Minutes = Annotated[int, Field(ge=1, le=10_080)]

# OCSF severity ids 1 to 6, in the words that the playbook uses for them.
LEVEL_WORDS = ("informational", "low", "medium", "high", "critical", "fatal")
SCALES = ("alertmanager", "falco", "pagerduty", "event_envelope", "opa", "watch")
# What an automation passes on is worth what an event envelope is; as `scale_of` in macros.sql.
PASSED_ON = ("argo_events", "stackstorm")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SeverityScale(_Strict):
    """What each level of one source's own scale is worth as severity, 1 to 6, never falling."""

    informational: Level
    low: Level
    medium: Level
    high: Level
    critical: Level
    fatal: Level

    @model_validator(mode="after")
    def _never_falls(self) -> Self:
        values = [getattr(self, word) for word in LEVEL_WORDS]
        if values != sorted(values):
            raise ValueError("a higher level must not be worth a lower severity")
        return self


class SeverityTable(_Strict):
    """One scale per source that states a severity; severity is the highest over the sources."""

    alertmanager: SeverityScale
    falco: SeverityScale
    pagerduty: SeverityScale
    event_envelope: SeverityScale
    opa: SeverityScale
    watch: SeverityScale


class Thresholds(_Strict):
    """What counts as over policy: a value strictly above the figure."""

    error_rate_ppm: Annotated[int, Field(ge=0)]
    latency_ms: Annotated[int, Field(ge=0)]
    resource_pressure_ppm: Annotated[int, Field(ge=0)]


class SourceTrust(_Strict):
    """Trust in a signal of each source; `event_envelope` also for what StackStorm and Argo Events pass on.

    `watch` is for every other tool that has no trust of its own.
    """

    alertmanager: Points
    falco: Points
    pagerduty: Points
    event_envelope: Points
    opa: Points
    watch: Points


class LevelPoints(_Strict):
    """Points for the highest level among detections; lower levels earn none."""

    high: Points
    critical: Points
    fatal: Points


class ConfidenceWeights(_Strict):
    """Most trusted signalling source, plus corroboration, plus level, less gaps and contradictions."""

    source_trust: SourceTrust
    corroboration_points: Points
    corroboration_sources_max: Points
    level: LevelPoints
    gap_points: Points
    gap_points_max: Points
    contradiction_points: Points


class CriticalityPoints(_Strict):
    """Points by operational criticality; an unknown one counts as the highest."""

    customer_facing: Points
    internal: Points
    batch: Points
    best_effort: Points


class EnvironmentPoints(_Strict):
    """Points by environment; an unknown one counts as the highest."""

    production: Points
    staging: Points
    test: Points
    development: Points


class ImpactTable(_Strict):
    """What is hit (criticality, environment, customer-facing reach) and what telemetry shows of it."""

    criticality: CriticalityPoints
    environment: EnvironmentPoints
    customer_facing_points: Points
    customer_facing_count_max: Points
    error_rate_over_policy: Points
    latency_over_policy: Points
    resource_pressure_over_policy: Points
    impacted_route_points: Points
    impacted_route_count_max: Points
    dependency_hot: Points


class Grading(_Strict):
    """The part of a bundle that turns facts into severity, confidence and impact, and declares the ticks."""

    tick_minutes: tuple[Minutes, ...] = Field(default=(), strict=False)
    severity: SeverityTable
    thresholds: Thresholds
    confidence: ConfidenceWeights
    impact: ImpactTable

    @model_validator(mode="after")
    def _ticks_rise(self) -> Self:
        if list(self.tick_minutes) != sorted(set(self.tick_minutes)):
            raise ValueError("tick_minutes must rise and not repeat")
        return self


def graded_sql(grading: Grading, relation: str) -> str:
    """A SELECT over `relation` (shaped like incident_states) with the graded columns recomputed.

    `relation` is anything that may stand after FROM. Every figure in the text is an integer of the
    validated grading and every name is one of ours, so nothing of an input file becomes SQL. Grading
    a graded relation again gives the same rows.
    """
    over = grading.thresholds
    return f"""
select * replace (
    ({_confidence(grading.confidence)})::integer as confidence,
    ({_impact(grading.impact)})::integer as impact,
    ({_has_context()}) as has_minimum_context,
    ({_missing_context()}) as missing_context
)
from (
    select * replace (
        ({_severity(grading.severity)})::integer as severity,
        (error_rate_ppm > {over.error_rate_ppm}) as is_error_rate_over_policy,
        (latency_ms > {over.latency_ms}) as is_latency_over_policy,
        (resource_pressure_ppm > {over.resource_pressure_ppm}) as is_resource_pressure_over_policy
    )
    from {relation}
)"""


def retick_sql(grading: Grading, relation: str) -> str:
    """A SELECT over `relation` with its tick rows replaced by those that `grading` declares.

    A tick repeats the last evidence row at or before it, later by so many minutes after the arrival
    of the first signal; where evidence arrived at that very moment there is no row of its own. The
    moments are numbered afresh, 1 upwards in order of time.
    """
    nanoseconds = [minute * 60_000_000_000 for minute in grading.tick_minutes]
    passed = " + ".join(
        f"coalesce(moment_at >= first_signal_at + {ns}, false)::integer" for ns in nanoseconds
    )
    # The moments are numbered on narrow keys; the wide rows are joined once, at the end.
    return f"""
with evidence_keys as (
    select incident_id, known_at, first_signal_at from {relation} where not is_tick
),
ticks as (
    select incident_id, min(first_signal_at) + tick.after as known_at
    from evidence_keys, (select unnest({nanoseconds}::bigint[]) as after) as tick
    where first_signal_at is not null
    group by incident_id, tick.after
),
moments as (
    select incident_id, known_at as moment_at, known_at as evidence_at, false as is_declared
    from evidence_keys
    union all
    select ticks.incident_id, ticks.known_at, evidence_keys.known_at, true
    from ticks
    asof join evidence_keys
        on ticks.incident_id = evidence_keys.incident_id and ticks.known_at >= evidence_keys.known_at
    where ticks.known_at > evidence_keys.known_at
),
numbered as (
    select *, row_number() over (partition by incident_id order by moment_at) as place from moments
)
select evidence.* replace (
    place::integer as moment,
    moment_at as known_at,
    is_declared as is_tick,
    ({passed or "0"})::integer as tick_count,
    ((moment_at - change_at) // 1000000000)::bigint as seconds_since_change
)
from numbered
join (select * from {relation} where not is_tick) as evidence
    on evidence.incident_id = numbered.incident_id and evidence.known_at = numbered.evidence_at"""


def _severity(table: SeverityTable) -> str:
    """The highest over the sources; `greatest` skips unknowns and is NULL when all are."""
    return f"greatest({', '.join(_severity_of(source, getattr(table, source)) for source in SCALES)})"


def _severity_of(source: str, scale: SeverityScale) -> str:
    column = f"severity_{source}"
    worth = [(level, getattr(scale, word)) for level, word in enumerate(LEVEL_WORDS, start=1)]
    if all(level == value for level, value in worth):
        return f"case when {column} between 1 and {len(worth)} then {column} end"
    return f"case {column} {' '.join(f'when {level} then {value}' for level, value in worth)} end"


def _confidence(weights: ConfidenceWeights) -> str:
    level = weights.level
    others = f"least(greatest(signal_source_count - 1, 0), {weights.corroboration_sources_max})"
    return (
        "least(greatest("
        f"{_most_trusted(weights.source_trust)}"
        f" + {weights.corroboration_points} * {others}"
        f" + case detection_level when 4 then {level.high} when 5 then {level.critical}"
        f" when 6 then {level.fatal} else 0 end"
        f" - least({weights.gap_points} * gap_count, {weights.gap_points_max})"
        f" - {weights.contradiction_points} * contradiction_count"
        ", 0), 100)"
    )


def _most_trusted(trust: SourceTrust) -> str:
    """Trust in the most trusted of the tools that signalled, 0 when none did: from the most trusted down."""
    tools: list[tuple[int, tuple[str, ...]]] = [
        (getattr(trust, source), (source, *PASSED_ON) if source == "event_envelope" else (source,))
        for source in SCALES
        if source != "watch"
    ]
    tools.append((trust.watch, tuple(source for source in SOURCES if source not in (*SCALES, *PASSED_ON))))
    whens = " ".join(
        f"when {' or '.join(map(_has_signalled, sources))} then {points}"
        for points, sources in sorted(tools, key=lambda each: -each[0])
    )
    return f"case {whens} else 0 end"


def _has_signalled(source: str) -> str:
    return f"list_contains(signal_sources, '{source}')"


def _impact(table: ImpactTable) -> str:
    terms = [
        _points_by("criticality", table.criticality),
        _points_by("environment", table.environment),
        # Not in the catalogue: nobody knows who depends on it, so count it as the worst.
        f"{table.customer_facing_points} * "
        f"least(coalesce(customer_facing_count, {table.customer_facing_count_max}), "
        f"{table.customer_facing_count_max})",
        f"{table.impacted_route_points} * "
        f"least(coalesce(impacted_route_count, 0), {table.impacted_route_count_max})",
        _points_if("is_error_rate_over_policy", table.error_rate_over_policy),
        _points_if("is_latency_over_policy", table.latency_over_policy),
        _points_if("is_resource_pressure_over_policy", table.resource_pressure_over_policy),
        _points_if("is_dependency_hot", table.dependency_hot),
    ]
    return f"least(greatest({' + '.join(terms)}, 0), 100)"


def _points_by(column: str, points: BaseModel) -> str:
    values: dict[str, int] = points.model_dump()
    whens = " ".join(f"when '{word}' then {value}" for word, value in values.items())
    return f"case {column} {whens} else {max(values.values())} end"


def _points_if(column: str, points: int) -> str:
    """Telemetry adds only what it shows: no metric in evidence adds nothing."""
    return f"case when {column} then {points} else 0 end"


def _has_context() -> str:
    return " and ".join(f"({field.present_when})" for field in MINIMUM_CONTEXT)


def _missing_context() -> str:
    """Names of the absent fields, sorted; an empty list when all are there."""
    cases = [f"case when {field.present_when} then null else '{field.name}' end" for field in MINIMUM_CONTEXT]
    return f"list_sort(list_filter([{', '.join(cases)}], lambda field: field is not null))"

"""Sums a comparison up: counts over all incidents, paired shifts, and what they cannot show."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from fractions import Fraction
from importlib.resources import files
from itertools import accumulate
from typing import Any

import duckdb

from evidence.times import NS_PER_SECOND
from simulator.comparison.classification import CLASSES
from simulator.comparison.model import Change, ChangeClass, ChangeKind
from simulator.comparison.statistics import (
    INTERVAL_COUNT_MIN,
    decimal_text,
    mcnemar_p,
    median_rank_bounds,
    minimum_detectable_difference,
    share_interval,
)
from simulator.comparison.summary_model import Interval, PairedCount, RoleLoad, Summary, TimeShift


def summarise(connection: duckdb.DuckDBPyConnection, changed: Sequence[Change]) -> Summary:
    """The figures of the classes' table; `changed` tells which changes are merely cosmetic."""
    counts = _row(connection, _sql())
    cosmetic = [change for change in changed if change.kind is ChangeKind.COSMETIC]
    named, every = _class_counts(connection)
    if cosmetic:
        named[ChangeClass.COSMETIC.value] = every[ChangeClass.COSMETIC.value] = len(cosmetic)
    total, labelled = counts["incident_count"], counts["labelled_count"]
    discordant = sum(counts["labelled_right"][2:])  # gained or lost
    return Summary(
        incident_count=total,
        same_count=total - counts["decision_count"] - counts["path_count"] - len(cosmetic),
        decision_count=counts["decision_count"],
        path_count=counts["path_count"],
        cosmetic_count=len(cosmetic),
        classes=named,
        all_classes=every,
        time_to_decision=time_shift(connection),
        approval_required=_paired(total, *counts["approval_required"]),
        role_loads=tuple(_role_loads(connection)),
        automatic=_paired(total, *counts["automatic"]),
        active=_paired(total, *counts["active"]),
        unattended=_paired(total, *counts["unattended"]),
        labelled_right=_paired(labelled, *counts["labelled_right"]),
        unlabelled_count=total - labelled,
        minimum_detectable_difference=minimum_detectable_difference(labelled, discordant),
        notes=tuple(_notes(total, labelled, discordant)),
    )


def _sql() -> str:
    return files("simulator.comparison").joinpath("comparison_counts.sql").read_text(encoding="utf-8")


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    row: dict[str, Any] = connection.sql(sql).to_arrow_table().to_pylist()[0]
    return row


def _class_counts(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, int], dict[str, int]]:
    """Incidents by the class that names their change, and by every class that fits; gravest class first."""
    rows = connection.execute(f"""
select class, count(*) filter (where class = classes[1]), count(*)
from (select classes, unnest(classes) as class from {CLASSES})
group by class
order by class""").fetchall()
    named = {name: first for name, first, _ in rows if first}
    every = {name: count for name, _, count in rows}
    order = [each.value for each in ChangeClass]
    return (
        {name: named[name] for name in order if name in named},
        {name: every[name] for name in order if name in every},
    )


def _paired(count: int, before: int, now: int, gained: int, lost: int) -> PairedCount:
    bounds = share_interval(gained, lost, count)
    return PairedCount(
        incident_count=count,
        baseline_count=before,
        candidate_count=now,
        gained_count=gained,
        lost_count=lost,
        difference=None if bounds is None else Interval(low=bounds[0], high=bounds[1]),
        p_value=mcnemar_p(gained, lost),
    )


def _role_loads(connection: duckdb.DuckDBPyConnection) -> Iterator[RoleLoad]:
    """How often each role must approve, where approval is required."""
    rows = connection.execute(f"""
select
    role,
    count(*) filter (where side = 'baseline'),
    count(*) filter (where side = 'candidate')
from (
    select 'baseline' as side, unnest(baseline_approvers) as role from {CLASSES} where baseline_mode = 2
    union all
    select 'candidate', unnest(candidate_approvers) from {CLASSES} where candidate_mode = 2
)
group by role
order by role""").fetchall()
    for role, before, now in rows:
        yield RoleLoad(role=role, baseline_count=before, candidate_count=now)


def time_shift(connection: duckdb.DuckDBPyConnection) -> TimeShift:
    """Shifts of whole seconds as value and count, so that a million of them are a short list.

    Earlier and later are told to the nanosecond: what shifts by less than a second shifts.
    """
    rows = connection.execute(f"""
select shift // {NS_PER_SECOND} as seconds, sign(shift) as direction, count(*)
from (select candidate_decided_at - baseline_decided_at as shift from {CLASSES})
group by seconds, direction
order by seconds, direction""").fetchall()
    values = [value for value, _, _ in rows]
    upto = list(accumulate(count for _, _, count in rows))
    total = upto[-1] if upto else 0
    at = _Ordered(values, upto)
    bounds = median_rank_bounds(total)
    return TimeShift(
        incident_count=total,
        earlier_count=sum(count for _, direction, count in rows if direction < 0),
        later_count=sum(count for _, direction, count in rows if direction > 0),
        same_count=sum(count for _, direction, count in rows if direction == 0),
        median_seconds=at[(total + 1) // 2] if total else None,
        p90_seconds=at[-(-9 * total // 10)] if total else None,
        median_interval=None if bounds is None else Interval(low=str(at[bounds[0]]), high=str(at[bounds[1]])),
    )


class _Ordered:
    """Values with counts, read by rank from 1."""

    def __init__(self, values: Sequence[int], upto: Sequence[int]) -> None:
        self._values, self._upto = values, upto

    def __getitem__(self, rank: int) -> int:
        return self._values[bisect_left(self._upto, rank)]


def _notes(total: int, labelled: int, discordant: int) -> Iterator[str]:
    if total < INTERVAL_COUNT_MIN:
        yield f"too few incidents: with {total} no interval reaches 95 %."
    if not labelled:
        yield "unlabelled: no reviewer has said what would have been right, so that nothing can regress."
    elif labelled < total:
        yield f"unlabelled: {total - labelled} of {total} incidents count for no verdict on correctness."
    smallest = minimum_detectable_difference(labelled, discordant)
    if labelled and smallest is None:
        yield f"too few labelled incidents: with {labelled} the test rejects nothing, whatever changes."
    elif smallest is not None and labelled:
        yield _detectable(labelled, discordant, Fraction(smallest))
    yield "Nothing here is a duration that would have been: nobody acted on a replay."


def _detectable(labelled: int, discordant: int, smallest: Fraction) -> str:
    """From which change on the test would speak, and what that takes for granted."""
    share = decimal_text(smallest * 100, 1)
    found = f"is found four times in five only from {share} % on"
    if smallest * labelled > discordant:
        return f"With {labelled} labelled incidents a change in correctness {found}, all of it one way."
    return (
        f"With {labelled} labelled incidents, {discordant} of which change either way, a net change in "
        f"correctness {found}, as many changing as here."
    )

"""Owns trials: slight variants of a bundle, tried on recorded history and its cases, many in one pass.

What is compared are recommendations: the action, its mode and its approvers at every decided moment up to
the horizon. A variant says outside of which states it cannot differ, so that few states are decided again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import duckdb

from evidence.decision import Bundle
from evidence.decision.cases import CaseState
from evidence.decision.codes import decode
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import condition_sql
from evidence.decision.kernel import Kernel
from evidence.decision.policies import Court
from evidence.decision.records import record_decisions
from evidence.decision.states import register_states, with_context_sql
from evidence.enrichment.grading import graded_sql, retick_sql
from evidence.errors import PlaybookError
from evidence.tables import open_memory
from simulator.histories.history import STATES

TOGETHER_MAX = 40  # variants in one pass: more would only make the statements long
EVERYWHERE = "true"
_MASKS = ("code", "effective", "confident", "prepared", "denied", "admissible", "chosen")

Progress = Callable[[int, int], None]  # how many of how many variants are tried


@dataclass(frozen=True, slots=True)
class Variant:
    """A bundle to try; `where` is SQL over a row of trial_states that holds wherever it may differ."""

    bundle: Bundle
    where: str = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Noticed:
    """Where a variant recommends something else: recorded incidents and places among the cases, in order."""

    incident_ids: tuple[str, ...] = ()
    cases: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.incident_ids or self.cases)


@dataclass
class Trials:
    """A bundle decided once on a history and its cases, against which variants are tried.

    `connection` then holds `trial_states`: one row per decided state, graded by the bundle. The columns
    are those of incident_states, `case_place` (NULL for history), and what the bundle makes of it: `code`,
    `action`, the points `effect_<place>` of every action in declared order, over rungs the masks
    `effective`, `confident`, `prepared`, `denied`, `admissible` and `chosen`, and the kernel's key.
    """

    bundle: Bundle
    connection: duckdb.DuckDBPyConnection
    case_count: int = 0
    key_columns: tuple[str, ...] = ()
    court: Court = field(default_factory=Court)  # what a policy has said once it says of every variant

    @classmethod
    def of(
        cls, bundle: Bundle, history: duckdb.DuckDBPyConnection | None, cases: Sequence[CaseState]
    ) -> Trials:
        """Decide `history` (which reads STATES and intake.incidents; None for none) and the cases."""
        connection = open_memory() if history is None else history
        court = Court()
        kernel = Kernel.of([bundle], court)
        register_states(connection, "trial_rows", [])
        for column in ("case_place", *_decided_columns(kernel)):
            _execute(connection, f"alter table trial_rows add column {column} bigint")
        if history is not None:
            graded = graded_sql(bundle.grading, f"({retick_sql(bundle.grading, STATES)})")
            _execute(connection, f"create or replace temp table trial_graded as {graded}")
            record_decisions(connection, kernel, "trial_graded")
            _keep_rows(connection, kernel, "kernel_decided_states", "null")
        if cases:
            register_states(connection, "trial_cases", [_case_row(case, at) for at, case in enumerate(cases)])
            kernel.run(connection, with_context_sql("trial_cases"))
            _keep_rows(connection, kernel, with_context_sql("trial_cases"), "moment - 1")
        actions = ", ".join(f"'{name}'" for name in bundle.actions)
        _execute(
            connection,
            "create or replace temp table trial_states as"
            f" select *, list_extract([{actions}], (code // 32 + 1)::integer) as action from trial_rows",
        )
        return cls(bundle, connection, len(cases), kernel.layout.key_columns, court)

    def signal_names(self) -> frozenset[str]:
        """Every name that a signal of history or of a case has."""
        rows = self.connection.execute("select distinct unnest(signal_names) from trial_states").fetchall()
        return frozenset(name for (name,) in rows)

    def counts(self, predicates: Sequence[str]) -> list[tuple[int, int]]:
        """Per predicate over a row of trial_states: of how many recorded states and cases it holds."""
        found: list[tuple[int, int]] = []
        for start in range(0, len(predicates), TOGETHER_MAX):
            columns = ", ".join(
                f"count(*) filter (where case_place is null and ({each})),"
                f" count(*) filter (where case_place is not null and ({each}))"
                for each in predicates[start : start + TOGETHER_MAX]
            )
            row = self.connection.execute(f"select {columns} from trial_states").fetchall()[0]
            found += zip(row[::2], row[1::2], strict=True)
        return found

    def try_out(self, variants: Sequence[Variant], progress: Progress | None = None) -> list[Noticed]:
        """Where each variant recommends something else, in the order given."""
        report = progress or (lambda done, total: None)
        wheres = self.counts([each.where for each in variants])
        found = dict.fromkeys(range(len(variants)), Noticed())
        waiting = [place for place, counted in enumerate(wheres) if any(counted)]
        report(len(variants) - len(waiting), len(variants))
        for places in _batches(waiting, variants):
            found |= zip(places, self._together([variants[place] for place in places]), strict=True)
            waiting = waiting[len(places) :]
            report(len(variants) - len(waiting), len(variants))
        return [found[place] for place in range(len(variants))]

    def _together(self, variants: Sequence[Variant]) -> Iterator[Noticed]:
        """Decide the states that concern any of these variants, which share a grading, with all of them."""
        try:
            kernel = Kernel.of([each.bundle for each in variants], self.court)
        except PlaybookError:
            if len(variants) == 1:
                raise
            # Their conditions do not fit into one key: fewer do.
            yield from self._together(variants[: len(variants) // 2])
            yield from self._together(variants[len(variants) // 2 :])
            return
        keys = ", ".join(kernel.layout.key_columns)
        _execute(self.connection, kernel.states_sql(self._concerned(variants)))
        _execute(self.connection, _keyed_sql(keys))
        kernel.ask(self.connection, "kernel_states")
        for place, variant in enumerate(variants):
            masks = kernel.masks_sql(place, keys)
            _execute(self.connection, f"create or replace temp table trial_codes as {masks}")
            yield self._noticed(variant.bundle, keys)

    def _concerned(self, variants: Sequence[Variant]) -> str:
        wheres = " or ".join(f"({each.where})" for each in variants)
        states = f"(select * from trial_states where {wheres})"
        grading = variants[0].bundle.grading
        if grading == self.bundle.grading:
            return states
        # A case gives its graded columns itself, and is decided by what it gives.
        return f"(from ({graded_sql(grading, states)}) where case_place is null)"

    def _noticed(self, bundle: Bundle, keys: str) -> Noticed:
        """Where the codes of `trial_codes` mean something else than those before."""
        pairs = self.connection.execute(
            f"select distinct code_before, code from trial_keys join trial_codes using ({keys}) order by all"
        ).fetchall()
        differing = [pair for pair in pairs if self._differs(bundle, *pair)]
        if not differing:
            return Noticed()
        listed = ", ".join(f"({before}, {after})" for before, after in differing)
        rows = self.connection.execute(f"""
select distinct case when case_place is null then incident_id end, case_place
from trial_keyed
join trial_codes using ({keys})
where (code_before, code) in ({listed})
order by all""").fetchall()
        incidents = tuple(incident_id for incident_id, _ in rows if incident_id is not None)
        return Noticed(incidents, tuple(case for _, case in rows if case is not None))

    def _differs(self, bundle: Bundle, code: int, code_now: int) -> bool:
        before, after = decode(self.bundle, code), decode(bundle, code_now)
        return (before.action, before.mode, before.approvers) != (after.action, after.mode, after.approvers)


def holds_sql(text: str) -> str:
    """SQL: the condition is known to be true."""
    return f"({condition_sql(parse_condition(text))}) is true"


def _keyed_sql(keys: str) -> str:
    """Leaves `trial_keyed`, the states to decide again with their code so far, and their distinct keys."""
    return f"""
create or replace temp table trial_keyed as
select incident_id, case_place, code as code_before, {keys}
from (select incident_id, moment, {keys} from kernel_states)
join (select incident_id, moment, case_place, code from trial_states) using (incident_id, moment);
create or replace temp table trial_keys as select distinct code_before, {keys} from trial_keyed"""


def _batches(places: Sequence[int], variants: Sequence[Variant]) -> Iterator[list[int]]:
    """The places in order, as many at a time as go together and share a grading."""
    batch: list[int] = []
    for place in places:
        is_alike = not batch or variants[place].bundle.grading == variants[batch[-1]].bundle.grading
        if batch and (len(batch) == TOGETHER_MAX or not is_alike):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _decided_columns(kernel: Kernel) -> list[str]:
    effects = (f"effect_{place}" for place in range(len(kernel.bundles[0].actions)))
    return [*_MASKS, *effects, *kernel.layout.key_columns]


def _case_row(case: CaseState, at: int) -> dict[str, object]:
    return {**case.state, "incident_id": f"case {at}", "moment": at + 1}


def _keep_rows(connection: duckdb.DuckDBPyConnection, kernel: Kernel, states: str, case_place: str) -> None:
    """Add the decided states up to the horizon, with what the kernel has made of them."""
    keys = ", ".join(kernel.layout.key_columns)
    decided = ", ".join(_decided_columns(kernel))
    is_history = case_place == "null"
    horizon = "join kernel_horizons using (incident_id)" if is_history else ""
    in_time = "where states.known_at <= horizon_at" if is_history else ""
    _execute(
        connection,
        f"""
insert into trial_rows by name
select states.*, ({case_place})::bigint as case_place, {decided}
from {states} as states
join (select incident_id, moment, {keys} from kernel_states) using (incident_id, moment)
join kernel_masks_0 using ({keys})
{horizon}
{in_time}""",
    )


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()

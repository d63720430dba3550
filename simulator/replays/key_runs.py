"""Owns the one pass over a history's states: what bundles read of them, as runs of equal keys.

States are read once, as a stream, whatever their order; of each incident only the moments are kept at
which a key begins to differ (about one row in four), so that a history may be larger than memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from evidence.decision import Bundle
from evidence.decision.conditions import COLUMNS, columns_read
from evidence.decision.kernel import STATES, Kernel
from evidence.decision.states import blank_state_sql
from evidence.enrichment.grading import graded_sql
from evidence.errors import ContractError
from expectations.contracts import Role
from simulator.replays.stored_ticks import ticked_by

SCRATCH = "replay_scratch"  # an in-memory database of its own, seen by every cursor of the connection
BATCH_ROWS = 250_000
MOMENTS = 2**32  # place = incident number * MOMENTS + moment: the total order of all states
NEVER = 2**63 - 1  # stands for no first signal: later than every time
IS_SIGNALLED, IS_IN_TIME, IS_AT_TICK = 1, 2, 4  # bits of `flags`
MINUTE_NS = 60_000_000_000

# A relation shaped like incident_states that all bundles are decided on, or one for each, in their order:
# bundles with other detections see other states of the same incidents.
States: TypeAlias = str | Sequence[str]


@dataclass(frozen=True)
class Pass:
    """Bundles that are decided by one reading of `states`, a relation: one kernel per grading.

    `places` are the places of each kernel's bundles among all that are replayed. Where no bundle reads
    an ageing column a tick decides nothing, for it repeats the state before it: then ticks are left out
    (`are_ticks_left_out`) and only count when moments are numbered.
    """

    number: int
    states: str
    kernels: tuple[Kernel, ...]
    places: tuple[tuple[int, ...], ...]
    are_ticks_left_out: bool

    @property
    def bundles(self) -> dict[int, Bundle]:
        """The bundles by their place."""
        return {
            place: bundle
            for kernel, places in zip(self.kernels, self.places, strict=True)
            for place, bundle in zip(places, kernel.bundles, strict=True)
        }

    @property
    def tick_offsets(self) -> tuple[int, ...]:
        """Every tick of every bundle that is left out, in ns after the first signal, rising."""
        minutes = {each for bundle in self.bundles.values() for each in bundle.grading.tick_minutes}
        return tuple(minute * MINUTE_NS for minute in sorted(minutes)) if self.are_ticks_left_out else ()

    def key_columns(self, index: int) -> tuple[str, ...]:
        """Names of the columns that hold the key of the kernel at `index`."""
        return tuple(f"k{index}_{name}" for name in self.kernels[index].layout.key_columns)

    @property
    def all_key_columns(self) -> tuple[str, ...]:
        """Names of all kernels' key columns."""
        return tuple(name for index in range(len(self.kernels)) for name in self.key_columns(index))

    def table(self, name: str) -> str:
        """The pass's table of that name in the scratch database."""
        return f"{SCRATCH}.{name}_{self.number}"

    def keyed_sql(self, states: str) -> str:
        """A SELECT over `states` that adds every kernel's key; each kernel grades anew what it reads."""
        relation = states
        for index, kernel in enumerate(self.kernels):
            names = self.key_columns(index)
            renamed = ", ".join(
                f"{old} as {new}" for old, new in zip(kernel.layout.key_columns, names, strict=True)
            )
            graded = graded_sql(kernel.bundles[0].grading, relation)
            relation = f"(select * rename ({renamed}) from (select *, {kernel.key_sql()} from ({graded})))"
        return f"from {relation}"

    def scan_sql(self, states: str) -> str:
        """The one wide query: per state its place, what dates it, and the keys."""
        at_tick = " or ".join(f"known_at - first_signal_at = {offset}" for offset in self.tick_offsets)
        return f"""
select
    incident_no::bigint * {MOMENTS} + moment as place,
    known_at,
    coalesce(first_signal_at, {NEVER}) as first_signal_at,
    {"is_tick" if self.are_ticks_left_out else "false as is_tick"},
    (
        case when signal_count > 0 then {IS_SIGNALLED} else 0 end
        | case when known_at <= horizon_at then {IS_IN_TIME} else 0 end
        | case when {at_tick or "false"} then {IS_AT_TICK} else 0 end
    )::utinyint as flags,
    {", ".join(self.all_key_columns)}
from ({self.keyed_sql(states)}) as states
left join {SCRATCH}.incidents using (incident_id)"""

    def blank_keys_sql(self, index: int) -> str:
        """One row: the key of the blank state, on which incidents are decided before anything arrives."""
        return f"select {self.kernels[index].key_sql()} from (select {blank_state_sql()})"


def passes_of(bundles: Sequence[Bundle], states: States = STATES) -> list[Pass]:
    """As few passes as possible: per relation of states one for all bundles that read no ageing column, else
    one per schedule."""
    among: dict[tuple[str, tuple[int, ...] | None], list[int]] = {}
    for place, (bundle, relation) in enumerate(zip(bundles, relations_of(bundles, states), strict=True)):
        schedule = bundle.grading.tick_minutes if reads_ageing(bundle) else None
        among.setdefault((relation, schedule), []).append(place)
    return [
        _pass_of(number, relation, bundles, places, are_ticks_left_out=schedule is None)
        for number, ((relation, schedule), places) in enumerate(among.items())
    ]


def relations_of(bundles: Sequence[Bundle], states: States) -> Sequence[str]:
    """The relation of each bundle's states."""
    return [states] * len(bundles) if isinstance(states, str) else states


def _pass_of(
    number: int, states: str, bundles: Sequence[Bundle], places: list[int], *, are_ticks_left_out: bool
) -> Pass:
    gradings: dict[str, list[int]] = {}
    for place in places:
        # The ticks of a grading grade nothing.
        grading = bundles[place].grading.model_dump_json(exclude={"tick_minutes"})
        gradings.setdefault(grading, []).append(place)
    return Pass(
        number,
        states,
        tuple(Kernel.of([bundles[place] for place in among]) for among in gradings.values()),
        tuple(tuple(among) for among in gradings.values()),
        are_ticks_left_out,
    )


def reads_ageing(bundle: Bundle) -> bool:
    """Whether a condition or policy input reads what grows with the moment, so that ticks can decide."""
    read = {column for use in bundle.uses for column in columns_read(use.condition)}
    inputs = (each for policy in bundle.policies for each in policy.declaration.inputs.values())
    read |= {each.column for each in inputs if each.column is not None}
    return any(COLUMNS[column].role is Role.AGEING for column in read)


def read_runs(connection: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection, each: Pass) -> None:
    """Read the pass's states once and leave the pass's tables `runs` and `ticks` in the scratch database.

    `runs` holds place, known_at, first_signal_at, flags and the keys where any of them but the time
    begins to differ from the state before; `ticks` the places of the stored ticks that were left out.
    Raises ContractError for states of an unknown incident.
    """
    states = each.states
    if not each.are_ticks_left_out:
        states = ticked_by(connection, each.kernels[0].bundles[0].grading, states)
    names = (each.table("runs"), each.table("ticks"))

    def keep(into: str, batch: pa.Table) -> None:
        for name, rows in zip(names, _runs_and_ticks(batch), strict=True):
            _write(work, into.format(name), rows)

    scan = connection.sql(each.scan_sql(states)).to_arrow_reader(BATCH_ROWS)
    # While one batch is kept the next one is read. Neither order nor number of the batches matters.
    with contextlib.closing(scan) as reader, ThreadPoolExecutor(max_workers=1) as keeper:
        kept = keeper.submit(keep, "create table {} as", reader.schema.empty_table())
        for batch in reader:
            _refuse_unknown_incidents(batch)
            kept.result()
            kept = keeper.submit(keep, "insert into {}", pa.Table.from_batches([batch]))
        kept.result()


def _refuse_unknown_incidents(states: pa.RecordBatch) -> None:
    if states.column("place").null_count:
        raise ContractError(
            "there are states of an incident that is not in intake.incidents",
            remedy="Build intake and enrichment from the same folder",
        )


def _runs_and_ticks(batch: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The states of a batch that begin a run, and the places of its ticks."""
    place = batch.column("place").combine_chunks()
    if not _all_true(pc.greater(place.slice(1), place.slice(0, max(len(place) - 1, 0)))):
        batch = batch.sort_by("place")
        place = batch.column("place").combine_chunks()
    # A run goes on only from the very moment before: between others, another batch may hold a difference.
    breaks = pc.cumulative_sum(pc.cast(_differs(place, step=1), pa.int32()))
    states = batch.append_column("breaks", breaks)
    is_tick = batch.column("is_tick")
    states = states.filter(pc.invert(is_tick))
    compared = [name for name in states.column_names if name not in ("place", "known_at", "is_tick")]
    is_new = _differs(states.column(compared[0]).combine_chunks())
    for name in compared[1:]:
        is_new = pc.or_(is_new, _differs(states.column(name).combine_chunks()))
    return states.filter(is_new).drop_columns(["breaks", "is_tick"]), batch.filter(is_tick).select(["place"])


def _differs(column: pa.Array, step: int = 0) -> pa.Array:
    """Whether each value is not the one before it plus `step`; true for the first."""
    if not len(column):
        return pa.array([], pa.bool_())
    before = column.slice(0, len(column) - 1)
    rest = pc.not_equal(column.slice(1), pc.add(before, step) if step else before)
    return pa.concat_arrays([pa.array([True]), rest])


def _all_true(condition: pa.Array) -> bool:
    return bool(pc.all(condition, min_count=0).as_py())


def _write(work: duckdb.DuckDBPyConnection, into: str, rows: pa.Table) -> None:
    work.register("arrow_rows", rows)
    work.execute(f"{into} from arrow_rows").fetchall()
    work.unregister("arrow_rows")

"""Owns the moments of some incidents as the kernel's keys, under any number of gradings in one pass.

An incident under the grading number g is decided as an incident of its own, `g#incident`, so that one
pass of the production code (ticks, grading, what precedes the first signal, horizon) serves all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from evidence.decision import Bundle
from evidence.decision.kernel import Kernel
from evidence.decision.layout import WORD_BITS, Layout
from evidence.decision.records import find_decided_states
from evidence.enrichment.grading import Grading, graded_sql, retick_sql
from evidence.tables import open_memory, register
from simulator.attribution.key_decisions import Key
from simulator.attribution.regraded_keys import Keyed
from simulator.histories.history import INCIDENTS, STATES

Moments = dict[tuple[int, str], Keyed]  # by number of a grading and incident
Row = dict[str, Any]


class MomentReader:
    """Reads moments of incidents of a history; `layout` is what hybrids of the two bundles are decided on."""

    def __init__(
        self,
        history: duckdb.DuckDBPyConnection,
        baseline: Bundle,
        candidate: Bundle,
        incidents: Sequence[str],
        states: str = STATES,
    ) -> None:
        self.kernel = Kernel.of([baseline, candidate])
        self.connection = open_memory()
        register(self.connection, {STATES: _excerpt(history, states, incidents)})
        self.connection.register("arrow_incidents", _excerpt(history, INCIDENTS, incidents))
        _execute(self.connection, "create schema intake")

    @property
    def layout(self) -> Layout:
        """The layout of the keys."""
        return self.kernel.layout

    def close(self) -> None:
        """Let go of the excerpt."""
        self.connection.close()

    def read(self, gradings: Sequence[Grading], wanted: Iterable[tuple[int, str]]) -> Moments:
        """The moments of each wanted pair of a place in `gradings` and an incident."""
        self._tag(gradings, wanted)
        find_decided_states(self.connection, "tagged_states")
        _execute(self.connection, self.kernel.states_sql("kernel_decided_states"))
        moments: dict[tuple[int, str], list[tuple[int, Key]]] = {}
        words = ", ".join(self.layout.words)
        for tagged, known_at, *parts in self.connection.execute(f"""
select incident_id, known_at, {words}, rest
from kernel_states
join kernel_horizons using (incident_id)
where known_at <= horizon_at
order by incident_id, known_at""").fetchall():
            moments.setdefault(_untagged(tagged), []).append((known_at, self._key(parts)))
        return {pair: tuple(each) for pair, each in moments.items()}

    def rows(self, number: int, columns: Sequence[str]) -> dict[str, list[Row]]:
        """These columns of the states that were last read under one grading, by incident and time."""
        listed = ", ".join(f"states.{column}" for column in columns)
        found: dict[str, list[Row]] = {}
        table = self.connection.execute(
            f"""
select states.incident_id, {listed}
from kernel_decided_states as states
join kernel_horizons using (incident_id)
where states.known_at <= horizon_at and starts_with(states.incident_id, ?)
order by states.incident_id, states.known_at""",
            [f"{number}#"],
        ).fetchall()
        for tagged, *values in table:
            found.setdefault(_untagged(tagged)[1], []).append(dict(zip(columns, values, strict=True)))
        return found

    def _tag(self, gradings: Sequence[Grading], wanted: Iterable[tuple[int, str]]) -> None:
        pairs = sorted(set(wanted))
        schema = pa.schema([("grading", pa.int64()), ("incident_id", pa.string())])
        rows = [{"grading": grading, "incident_id": incident} for grading, incident in pairs]
        self.connection.register("arrow_wanted", pa.Table.from_pylist(rows, schema=schema))
        _execute(self.connection, "create or replace temp table wanted as from arrow_wanted")
        _execute(self.connection, _TAGGED_INCIDENTS_SQL)
        ticks = self._tick(gradings)
        parts = [
            f"select * replace ('{number}#' || incident_id as incident_id) from ("
            + graded_sql(grading, f"(from {ticks[grading.tick_minutes]} {_semi_join(number)})")
            + ")"
            for number, grading in enumerate(gradings)
        ]
        tagged = "\nunion all\n".join(parts)
        _execute(self.connection, f"create or replace temp table tagged_states as {tagged}")

    def _tick(self, gradings: Sequence[Grading]) -> dict[tuple[int, ...], str]:
        """A table of the states per set of ticks."""
        ticks = {grading.tick_minutes: grading for grading in gradings}
        names = {minutes: f"ticked_{place}" for place, minutes in enumerate(ticks)}
        for minutes, name in names.items():
            sql = retick_sql(ticks[minutes], STATES)
            _execute(self.connection, f"create or replace temp table {name} as {sql}")
        return names

    def _key(self, parts: Sequence[int]) -> Key:
        *words, rest = parts
        blasts = len(self.layout.blast_cuts) + 1
        bits = sum(word << place * WORD_BITS for place, word in enumerate(words))
        return Key(
            bits=bits,
            confidence_band=rest % self.layout.band_size // (2 * blasts),
            blast_band=rest // 2 % blasts,
            has_context=rest % 2 == 1,
            policy_key=rest // self.layout.band_size,
        )


_TAGGED_INCIDENTS_SQL = f"""
create or replace view {INCIDENTS} as
select incidents.* replace (wanted.grading || '#' || incidents.incident_id as incident_id)
from arrow_incidents as incidents
join wanted using (incident_id)"""


def _semi_join(number: int) -> str:
    return f"semi join (from wanted where grading = {number}) using (incident_id)"


def _untagged(tagged: str) -> tuple[int, str]:
    number, _, incident = tagged.partition("#")
    return int(number), incident


def _excerpt(history: duckdb.DuckDBPyConnection, name: str, incidents: Sequence[str]) -> pa.Table:
    history.register("arrow_attributed", pa.table({"incident_id": pa.array(incidents, pa.string())}))
    try:
        sql = f"from {name} semi join arrow_attributed using (incident_id) order by incident_id"
        return history.sql(sql).to_arrow_table()
    finally:
        history.unregister("arrow_attributed")


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()

"""Owns replay runs: each playbook version's decisions on one history, with all that production publishes.

A run is identified by what it depends on: the history, the moment as of which it was cut, the bundle, and
the incidents where not all are replayed. The same inputs give the same run, with the same rows and the
same digest, on any machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from evidence.decision import Bundle, decide_together
from evidence.tables import Tables, conform, table_from_rows
from evidence.warehouse import parquet_bytes
from simulator.histories.excerpts import graded_excerpt
from simulator.histories.history import INCIDENTS, STATES, History
from simulator.histories.sights import sights_of
from simulator.replays.key_runs import States, relations_of

RUN_ID_LENGTH = 16


@dataclass(frozen=True)
class Run:
    """One bundle's replay: `tables` are the four `decision.*` tables as production would publish them."""

    run_id: str
    bundle: Bundle
    history_digest: str
    as_of: int | None
    tables: Tables

    @property
    def decisions(self) -> pa.Table:
        """The decisions of record, by incident."""
        return self.tables["decision.decisions"]

    @property
    def digest(self) -> str:
        """SHA-256 over everything that the run decided."""
        digests = (
            hashlib.sha256(parquet_bytes(table)).hexdigest() for _, table in sorted(self.tables.items())
        )
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def replay_runs(
    history: History, bundles: Sequence[Bundle], incidents: Sequence[str] | None = None
) -> list[Run]:
    """Replay the history, or some of its incidents, against each bundle, in the order given.

    Bundles that share a grading and detections are decided in one pass. Raises InputError as `sights_of`.
    """
    states = [sight.states for sight in sights_of(history, bundles)]
    return runs_of(
        history, bundles, decided_tables(history.connection, bundles, incidents, states), incidents
    )


def decided_tables(
    connection: duckdb.DuckDBPyConnection,
    bundles: Sequence[Bundle],
    incidents: Sequence[str] | None = None,
    states: States = STATES,
) -> list[Tables]:
    """Per bundle, in the order given, the four `decision.*` tables of the history that `connection` reads."""
    found: dict[int, Tables] = {}
    gradings = (bundle.grading for bundle in bundles)
    seen = list(zip(gradings, relations_of(bundles, states), strict=True))
    for grading, relation in dict.fromkeys(seen):
        places = [place for place, each in enumerate(seen) if each == (grading, relation)]
        with graded_excerpt(connection, grading, incidents, relation) as excerpt:
            decided = decide_together(excerpt, [bundles[place] for place in places])
        found |= zip(places, decided, strict=True)
    return [found[place] for place in range(len(bundles))]


def runs_of(
    history: History, bundles: Sequence[Bundle], decided: Sequence[Tables], incidents: Sequence[str] | None
) -> list[Run]:
    """The runs of what was decided with each bundle, whichever engine decided it."""
    return [
        Run(
            run_id_of(history.digest, history.as_of, bundle.digest, incidents),
            bundle,
            history.digest,
            history.as_of,
            tables,
        )
        for bundle, tables in zip(bundles, decided, strict=True)
    ]


def run_id_of(
    history_digest: str, as_of: int | None, bundle_digest: str, incidents: Sequence[str] | None = None
) -> str:
    """What names a run: the first hex digits of SHA-256 over all that it depends on; None: all incidents."""
    identity = f"{history_digest} {'' if as_of is None else as_of} {bundle_digest}"
    if incidents is not None:
        identity += f" {' '.join(sorted(set(incidents)))}"
    return hashlib.sha256(identity.encode()).hexdigest()[:RUN_ID_LENGTH]


def replay_tables(history: History, runs: Sequence[Run]) -> Tables:
    """The `replay.runs`, `replay.decisions` and `replay.recommendations` of these runs."""
    expected = _expected_options(history.connection)
    runs = list({run.run_id: run for run in runs}.values())  # two names of one content are one run
    return {
        "replay.runs": table_from_rows("replay.runs", (_row(run, expected) for run in runs)),
        "replay.decisions": _together("replay.decisions", "decision.decisions", runs),
        "replay.recommendations": _together("replay.recommendations", "decision.recommendations", runs),
    }


def _row(run: Run, expected: dict[str, str]) -> dict[str, object]:
    rows = run.decisions.select(["incident_id", "option", "mode", "rung"]).to_pylist()
    labelled = [row for row in rows if row["incident_id"] in expected]
    return {
        "run_id": run.run_id,
        "playbook": run.bundle.name,
        "bundle_digest": run.bundle.digest,
        "policies": sorted(f"{policy.name} {policy.digest[:12]}" for policy in run.bundle.policies),
        "history_digest": run.history_digest,
        "as_of": run.as_of,
        "incident_count": len(rows),
        "active_count": _count(row["rung"] > 0 for row in rows),
        "automatic_count": _count(row["mode"] == "automatic" for row in rows),
        "approval_required_count": _count(row["mode"] == "approval_required" for row in rows),
        "right_count": _count(row["option"] == expected[row["incident_id"]] for row in labelled),
        "labelled_count": len(labelled),
        "result_digest": run.digest,
    }


def _count(flags: Iterable[bool]) -> int:
    return sum(flags)


def _expected_options(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What reviewers say would have been right, by incident; unlabelled incidents are absent."""
    return dict(
        connection.execute(
            f"select incident_id, label_expected_option from {INCIDENTS}"
            " where label_expected_option is not null order by incident_id"
        ).fetchall()
    )


def _together(name: str, table: str, runs: Sequence[Run]) -> pa.Table:
    parts = []
    for run in runs:
        rows = run.tables[table]
        parts.append(rows.add_column(0, "run_id", pa.array([run.run_id] * rows.num_rows, pa.string())))
    return conform(name, pa.concat_tables(parts))

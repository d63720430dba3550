"""Small random histories over the columns that the random edits read, and decisions by the kernel alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import duckdb

from evidence.decision import Bundle
from evidence.decision.codes import decode
from evidence.decision.kernel import Kernel
from evidence.decision.records import record_decisions
from evidence.enrichment.grading import graded_sql, retick_sql

from ..decision.histories import MINUTE, START, history, incident
from .demanded import facts

STATES = "enrichment.incident_states"
Decided = tuple[str, str, tuple[str, ...], int]


def random_history(seed: int, incident_count: int = 3) -> duckdb.DuckDBPyConnection:
    """Incidents of a few moments each; some with a horizon within, some of which nothing signals at first."""
    by = random.Random(seed)
    states: list[dict[str, Any]] = []
    incidents: list[dict[str, Any]] = []
    for number in range(incident_count):
        name = f"inc-{number}"
        acted = by.choice((None, None, START + 2 * MINUTE))
        incidents.append(incident(name, action_taken_at=acted))
        row = facts(by)
        for moment in range(by.randrange(1, 5)):
            # From one moment to the next some facts change and the others stay.
            row = {column: value if by.random() < 0.4 else row[column] for column, value in facts(by).items()}
            states.append({**row, **_known(by, name, moment)})
    return history(states, incidents)


def _known(by: random.Random, name: str, moment: int) -> dict[str, Any]:
    """What gives an incident its context, most of the time."""
    is_signalled = moment > 0 or by.random() < 0.8
    return {
        "incident_id": name,
        "moment": moment + 1,
        "known_at": START + moment * 7 * MINUTE,
        "signal_count": 2 if is_signalled else 0,
        "first_signal_at": START if is_signalled else None,
        "service": by.choice(("cart", "cart", "cart", None)),
        "owner": by.choice(("payments", "payments", "payments", None)),
        "customer_facing_count": by.choice((None, 0, 2)),
    }


def decided_by_kernel(
    connection: duckdb.DuckDBPyConnection, bundles: Sequence[Bundle]
) -> list[dict[str, Decided]]:
    """Per bundle and incident the decision of record; bundles of one grading in one pass."""
    found: list[dict[str, Decided]] = [{} for _ in bundles]
    gradings = [bundle.grading.model_dump_json() for bundle in bundles]
    for grading in dict.fromkeys(gradings):
        places = [place for place, each in enumerate(gradings) if each == grading]
        among = [bundles[place] for place in places]
        ticked = f"({retick_sql(among[0].grading, STATES)})"
        graded = graded_sql(among[0].grading, ticked)
        connection.execute(f"create or replace temp table regraded as {graded}").fetchall()
        record_decisions(connection, Kernel.of(among), "regraded")
        for index, name, code, decided_at in connection.execute(
            "select bundle, incident_id, code, decided_at from kernel_records order by bundle, incident_id"
        ).fetchall():
            each = decode(among[index], code)
            found[places[index]][name] = (each.action, each.mode.value, each.approvers, decided_at)
    return found

"""What the kernel demands of every action in hand-made states, graded from their facts by each bundle."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from evidence.decision import Bundle
from evidence.decision.kernel import Kernel
from evidence.decision.matrix import MODES, required_approvers
from evidence.decision.states import register_states
from evidence.enrichment.grading import graded_sql
from evidence.tables import open_memory

DENIED = len(MODES)
SOURCES = ("alertmanager", "falco", "pagerduty", "opa")

Demand = tuple[int, frozenset[str]]


def facts(by: random.Random) -> dict[str, Any]:
    """A state over the columns that the random edits read; nothing graded."""
    sources = [each for each in SOURCES if by.random() < 0.5]
    return {
        "error_rate_ppm": by.choice((None, 10_000, 30_000, 55_000, 70_000, 90_000)),
        "latency_ms": by.choice((None, 500, 1200, 2000)),
        "is_change_seen": by.choice((None, False, True)),
        "is_stateful": by.choice((None, False, True)),
        "environment": by.choice((None, "production", "staging", "test")),
        "criticality": by.choice((None, "customer_facing", "batch")),
        "severity_falco": by.choice((None, 3, 5, 6)),
        "severity_alertmanager": by.choice((None, 2, 6)),
        "signal_names": by.choice(((), ("CrashLoop",))),
        "change_to_symptom_seconds": by.choice((None, 100, 1000)),
        "workload": by.choice((None, "cart")),
        "signal_sources": sources,
        "signal_source_count": by.randrange(len(sources) + 1) if sources else 0,
        "detection_level": by.choice((None, 4, 5, 6)),
        "gap_count": by.choice((0, 0, 1, 5)),
        "contradiction_count": by.choice((0, 0, 1)),
        "blast_radius": by.choice((0, 1, 2, 4, 9, None)),
    }


def demands(
    bundle: Bundle, states: Sequence[dict[str, Any]], *, is_floor_kept: bool = False
) -> list[dict[str, Demand]]:
    """Per state and action the mode (place in MODES, DENIED) and the roles that must approve.

    With the floor kept, an active action below its floor is as good as denied: it cannot be chosen.
    """
    kernel = Kernel.of([bundle])
    with open_memory() as connection:
        register_states(connection, "hand_made", states)
        kernel.run(connection, f"({graded_sql(bundle.grading, 'hand_made')})")
        keys = ", ".join(kernel.layout.key_columns)
        rows = (
            connection.sql(
                f"from kernel_states join kernel_masks_0 using ({keys}) order by kernel_states.incident_id"
            )
            .to_arrow_table()
            .to_pylist()
        )
    found = [{name: _demand(kernel, bundle, name, row) for name in bundle.actions} for row in rows]
    if is_floor_kept:
        for demanded, row in zip(found, rows, strict=True):
            below = (name for name in bundle.ladder if not row["confident"] >> bundle.rung(name) - 1 & 1)
            demanded.update(dict.fromkeys(below, (DENIED, frozenset())))
    return found


def _demand(kernel: Kernel, bundle: Bundle, name: str, row: dict[str, Any]) -> Demand:
    action = bundle.actions[name]
    if not action.is_active:
        mode = MODES.index(action.mode)
        return mode, frozenset(action.approvers if mode else ())
    place = bundle.rung(name) - 1
    if row["denied"] >> place & 1:
        return DENIED, frozenset()
    mode = 2 if row["approval"] >> place & 1 else 1 if row["gated"] >> place & 1 else 0
    roles = required_approvers(action, kernel.also_mask(action, row["also_bits"]))
    return mode, frozenset(roles if mode else ())


def is_less(now: Demand, before: Demand) -> bool:
    """Whether `now` demands less than `before`: a lower mode, or a role that is not asked any more."""
    return now[0] < before[0] or (now[0] < DENIED and not before[1] <= now[1])

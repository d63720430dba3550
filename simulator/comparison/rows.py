"""Turns comparisons into the rows of `replay.comparisons`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from evidence.tables import table_from_rows
from evidence.times import parse_rfc3339
from simulator.comparison.model import Change, Comparison, Decided
from simulator.replays.runs import run_id_of

_TIMED = ("option", "action", "mode", "approvers")


def comparison_table(comparisons: Iterable[Comparison]) -> pa.Table:
    """One row per comparison and incident that changed in it."""
    return table_from_rows("replay.comparisons", (row for each in comparisons for row in _rows(each)))


def _rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    sides = (comparison.baseline, comparison.candidate)
    history = comparison.history
    as_of = None if history.as_of is None else parse_rfc3339(history.as_of)
    runs = [run_id_of(history.digest, as_of, side.digest) for side in sides]
    for change in comparison.changed:
        yield {
            "baseline": comparison.baseline.reference,
            "candidate": comparison.candidate.reference,
            "incident_id": change.incident_id,
            "baseline_run_id": runs[0],
            "candidate_run_id": runs[1],
            "kind": change.kind.value,
            "change_class": None if change.change_class is None else change.change_class.value,
            "classes": sorted(each.value for each in change.classes),
            **_side("baseline", change.baseline),
            **_side("candidate", change.candidate),
            "parted_at": None if change.parting is None else parse_rfc3339(change.parting.known_at),
            "label_effect": change.label.value,
            **_responsible(change),
        }


def _side(name: str, decided: Decided) -> dict[str, Any]:
    fields = {f"{name}_{field}": getattr(decided, field) for field in _TIMED}
    return {**fields, f"{name}_decided_at": parse_rfc3339(decided.decided_at)}


def _responsible(change: Change) -> dict[str, Any]:
    if change.responsible is None:
        return {"responsible": [], "is_exhaustive": None}
    return {
        "responsible": [" + ".join(clauses) for clauses in change.responsible.minimal_sets],
        "is_exhaustive": change.responsible.is_exhaustive,
    }

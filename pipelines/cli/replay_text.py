"""Words a replay for the terminal: one line an incident and, of those asked for by name, the way to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evidence.handoff.words import counted
from evidence.redaction import make_visible
from evidence.times import format_rfc3339
from simulator.replays.runs import Run

MODE_WORDS = {
    "automatic": "automatic",
    "policy_gated": "policy-gated",
    "approval_required": "approval required",
}

Row = Mapping[str, Any]


def replay_lines(record: Row, run: Run, folder: Path, *, with_paths: bool) -> Iterator[str]:
    """The run as `evidence replay` prints it; with paths, every change of each recommendation too."""
    yield from _head(record, run)
    yield ""
    yield from _decisions(run.decisions.to_pylist())
    yield ""
    if with_paths:
        yield from _paths(run)
    yield f"run       {run.run_id}, result {run.digest[:12]}"
    yield f"written   {folder}"


def _head(record: Row, run: Run) -> Iterator[str]:
    history = record["history"]
    as_of = f", as of {history['as_of']}" if history["as_of"] else ""
    yield f"playbook  {run.bundle.name} ({run.bundle.digest[:12]})"
    yield f"history   {counted(history['incident_count'], 'incident')} ({history['digest'][:12]}){as_of}"
    if not history["has_horizons"]:
        yield "          without intake.incidents: nobody is known to have acted, so that every moment counts"


def _decisions(rows: list[dict[str, Any]]) -> Iterator[str]:
    names = [make_visible(row["incident_id"]) for row in rows]
    width = max(map(len, names))
    what = max(len(_what(row)) for row in rows)
    yield f"{'incident':<{width}}  {'recommended':<{what}}  {'mode':<17}  {'after':>9}  changes"
    for name, row in zip(names, rows, strict=True):
        after = "-" if row["time_to_decision_seconds"] is None else f"{row['time_to_decision_seconds']} s"
        yield (
            f"{name:<{width}}  {_what(row):<{what}}  {MODE_WORDS[row['mode']]:<17}"
            f"  {after:>9}  {row['revision_count']:>7}"
        )


def _paths(run: Run) -> Iterator[str]:
    before = None
    rows = run.tables["decision.recommendations"].to_pylist()
    times = [format_rfc3339(row["known_at"]) for row in rows]
    width, what = max(map(len, times)), max(len(_what(row)) for row in rows)
    for known_at, row in zip(times, rows, strict=True):
        if row["incident_id"] != before:
            yield make_visible(row["incident_id"])
        before = row["incident_id"]
        yield f"  {known_at:<{width}}  {_what(row):<{what}}  {_approval(row)}{_mark(row)}"
    yield ""


def _what(row: Row) -> str:
    return f"{row['option']} / {row['action']}"


def _approval(row: Row) -> str:
    approvers = ", ".join(row["approvers"])
    return f"{MODE_WORDS[row['mode']]}: {approvers}" if approvers else MODE_WORDS[row["mode"]]


def _mark(row: Row) -> str:
    if row["is_decision_of_record"]:
        return "  <- decision of record"
    return "  <- after the horizon" if row["is_hindsight"] else ""

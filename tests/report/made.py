"""Owns made-up histories for the report: say of an incident what a test is about, the rest is filled in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from evidence import kpis
from evidence.report import INPUTS, Report, parse_week, report_of
from evidence.settings import Links, Settings
from evidence.tables import arrow_schema, open_memory, register, table_from_rows
from expectations.contracts import ColumnType
from expectations.tables import TABLES
from expectations.tables.intake import SOURCES

Row = dict[str, Any]
ACTIONS = {"roll_back_release": ("contain", True), "gather_logs_and_traces": ("enrich", False)}
SEVERITIES = ("informational", "low", "medium", "high", "critical", "fatal")
SECOND = 1_000_000_000
_FILL: dict[ColumnType, Any] = {
    ColumnType.TEXT: "-",
    ColumnType.INTEGER: 0,
    ColumnType.BIGINT: 0,
    ColumnType.BOOLEAN: False,
    ColumnType.TEXTS: [],
}
SETTINGS = Settings(
    delivery_delay_seconds=dict.fromkeys(SOURCES, 0),
    change_lookback_seconds=3600,
    links=Links(
        incident="https://incidents.example.com/{incident_id}",
        logs="https://logs.example.com/?app={service}&from={from_ms}",
    ),
)


def at(text: str) -> int:
    """Nanoseconds since 1970 of a time such as 2026-01-14T09:00."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


@dataclass(frozen=True)
class Made:
    """One incident. `states` are what is known from which moment on: time known, service, severity."""

    incident_id: str
    detected_at: int
    started_before: int = 60
    """Seconds from the start to the detection."""
    mitigated_after: int | None = 600
    resolved_after: int | None = 3600
    """Seconds from the detection to mitigation and resolution; None: not recorded."""
    incident_type: str = "rollout"
    states: tuple[tuple[int, str | None, int | None], ...] = ()
    action: str = "roll_back_release"
    mode: str = "policy_gated"
    decided_after: int = 120
    title: str = "Errors after a sync"
    environment: str = "production"
    outcome: str | None = "succeeded"
    has_context: bool = True
    answer: bool | None = None
    labelled_at: int | None = None
    reviews: tuple[tuple[str, int, bool], ...] = ()
    """Answers to whether the signal was high-confidence: who, when, what."""
    signal: str = "ErrorRateHigh"
    acted_after: int | None = None
    """Seconds from the detection to the action that responders took; None: not recorded."""
    first_action: str = ""
    """What was recommended until the last state; nothing else than the decision where none is named."""
    gaps: tuple[tuple[int, str], ...] = ()
    """Known gaps of its evidence: when each was known, and its kind."""
    refused_count: int = 0
    """Files of which nothing could be read: each counts from the end of the incident's window."""

    @property
    def known(self) -> tuple[tuple[int, str | None, int | None], ...]:
        """The states; one at the detection where none is given."""
        return self.states or ((self.detected_at, "checkout-api", 5),)


def opened(history: Sequence[Made]) -> duckdb.DuckDBPyConnection:
    """The tables of the history, published ones of the KPI stage included."""
    connection = open_memory()
    rows = {name: [row for made in history for row in make(made)] for name, make in _ROWS.items()}
    rows["decision.option_scores"] = [_scores(made, action) for made in history for action in ACTIONS]
    rows["replay.runs"] = [{"run_id": "r", "playbook": "v3", "bundle_digest": "b"}]
    rows["replay.ablations"] = [
        {
            "incident_id": made.incident_id,
            "source": "alertmanager",
            "difference": "action",
            "bundle_digest": "b",
        }
        for made in history
    ]
    for name in INPUTS:
        if not name.startswith("kpis."):
            register(connection, {name: _table(name, rows.get(name, []))})
    register(connection, kpis.build(connection, SETTINGS))
    return connection


def reported(history: Sequence[Made], week: str) -> Report:
    """The report of that week of the history."""
    return report_of(opened(history), parse_week(week))


def _table(name: str, rows: Iterable[Row]) -> Any:
    filled = [_filled(name, row) for row in rows]
    return table_from_rows(name, filled) if filled else arrow_schema(TABLES[name]).empty_table()


def _filled(name: str, row: Row) -> Row:
    required = {column.name: _FILL[column.type] for column in TABLES[name].columns if not column.is_nullable}
    return {**required, **row}


def _after(made: Made, seconds: int | None) -> int | None:
    return None if seconds is None else made.detected_at + seconds * SECOND


def window_end(made: Made) -> int:
    """When the recording of the incident ends."""
    return made.detected_at + 7200 * SECOND


def _incident(made: Made) -> list[Row]:
    return [
        {
            "incident_id": made.incident_id,
            "title": made.title,
            "incident_type": made.incident_type,
            "window_start": made.detected_at - 3600 * SECOND,
            "window_end": window_end(made),
            "started_at": made.detected_at - made.started_before * SECOND,
            "detected_at": made.detected_at,
            "mitigated_at": _after(made, made.mitigated_after),
            "resolved_at": _after(made, made.resolved_after),
            "action_taken": made.action,
            "action_taken_at": _after(made, made.acted_after),
            "outcome": made.outcome,
            "label_signal_high_confidence": made.answer,
            "label_expected_option": ACTIONS[made.action][0] if made.answer else None,
            "label_at": made.labelled_at,
        }
    ]


def _context(made: Made) -> list[Row]:
    return [{**_states(made)[-1], "incident_type": made.incident_type}]


def _states(made: Made) -> list[Row]:
    return [
        {
            "incident_id": made.incident_id,
            "moment": moment,
            "known_at": known_at,
            "service": service,
            "severity": severity,
            "environment": made.environment,
            "first_signal_name": made.signal,
            "first_signal_source": "alertmanager",
            "first_signal_at": made.known[0][0],
            "has_minimum_context": made.has_context,
            "missing_context": _missing(made),
        }
        for moment, (known_at, service, severity) in enumerate(made.known)
    ]


def _missing(made: Made) -> list[str]:
    return [] if made.has_context else ["owner"]


def _events(made: Made) -> list[Row]:
    return [
        {
            "incident_id": made.incident_id,
            "event_id": f"{made.incident_id}-{number}",
            "source": "falco",
            "kind": "detection",
            "name": "Terminal shell",
            "event_time": made.detected_at,
            "known_at": known_at,
            "path": f"{made.incident_id}/falco.jsonl",
            "ordinal": number,
        }
        for number, (known_at, _, _) in enumerate(made.known)
    ]


def _moment(made: Made) -> int:
    return len(made.known) - 1 if made.first_action else 0


def _decided_at(made: Made) -> int:
    return max(made.detected_at + made.decided_after * SECOND, made.known[_moment(made)][0])


def _decided_seconds(made: Made) -> int:
    """From the first signal, which arrives with the detection, or with the first state of several."""
    if not made.first_action:
        return made.decided_after
    return (_decided_at(made) - made.known[0][0]) // SECOND


def _advice(made: Made) -> Row:
    return {
        "incident_id": made.incident_id,
        "moment": _moment(made),
        "option": ACTIONS[made.action][0],
        "action": made.action,
        "mode": made.mode,
        "approvers": ["app_owner"] if made.mode != "automatic" else [],
    }


def _decision(made: Made) -> list[Row]:
    is_active = ACTIONS[made.action][1]
    return [
        {
            **_advice(made),
            "decided_at": _decided_at(made),
            "time_to_decision_seconds": _decided_seconds(made),
            "rung": 1 if is_active else 0,
            "has_minimum_context": made.has_context,
            "missing_context": _missing(made),
            "basis": "committed",
        }
    ]


def _recommendation(made: Made) -> list[Row]:
    decided = {**_advice(made), "known_at": _decided_at(made), "is_decision_of_record": True}
    if not made.first_action:
        return [decided]
    option, _ = ACTIONS[made.first_action]
    first = {"incident_id": made.incident_id, "moment": 0, "known_at": made.known[0][0], "mode": "automatic"}
    return [{**first, "option": option, "action": made.first_action, "approvers": []}, decided]


def _scores(made: Made, action: str) -> Row:
    option, is_active = ACTIONS[action]
    return {"incident_id": made.incident_id, "option": option, "action": action, "is_active": is_active}


def _files(made: Made) -> list[Row]:
    count = len(made.known)
    path = f"{made.incident_id}/falco.jsonl"
    whole = {"incident_id": made.incident_id, "path": path, "record_count": count, "evidence_count": count}
    return [whole, *_refused_files(made)]


def _refused_files(made: Made) -> list[Row]:
    one = {"incident_id": made.incident_id, "record_count": 1, "quarantined_count": 1}
    return [{**one, "path": f"{made.incident_id}/{number}.log"} for number in range(made.refused_count)]


def _quarantine(made: Made) -> list[Row]:
    return [
        {
            "incident_id": made.incident_id,
            "record_sha256": f"record {number}",
            "file_sha256": f"file {number}",
            "reason": "json_invalid",
        }
        for number in range(made.refused_count)
    ]


def _gaps(made: Made) -> list[Row]:
    declared = [(known_at, gap, "object") for known_at, gap in made.gaps]
    end = window_end(made)
    refused = [(end, "records_quarantined", f"file {number}") for number in range(made.refused_count)]
    return [
        {
            "incident_id": made.incident_id,
            "source": "",
            "known_at": known,
            "gap": gap,
            "subject": subject,
            "gap_count": 1,
        }
        for known, gap, subject in (*declared, *refused)
    ]


def _reviews(made: Made) -> list[Row]:
    return [
        {
            "incident_id": made.incident_id,
            "reviewed_by": by,
            "reviewed_at": moment,
            "signal_high_confidence": answer,
        }
        for by, moment, answer in made.reviews
    ]


_ROWS = {
    "intake.incidents": _incident,
    "intake.evidence_events": _events,
    "intake.files": _files,
    "intake.quarantine": _quarantine,
    "intake.reviews": _reviews,
    "quality.completeness": _gaps,
    "enrichment.incident_context": _context,
    "enrichment.incident_states": _states,
    "decision.decisions": _decision,
    "decision.recommendations": _recommendation,
}

"""Owns hand-made worlds: export files on disk, and rows of every table that the handoff stage reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.decision import Bundle, load_active
from evidence.settings import Links, Settings
from evidence.tables import Tables, table_from_rows
from expectations.contracts import ColumnType
from expectations.tables import TABLES
from expectations.tables.intake import SOURCES

ROOT = Path(__file__).parents[2]
SECOND = 1_000_000_000
START = 1_767_261_600 * SECOND  # 2026-01-01T10:00:00Z
READ_TABLES = (
    "intake.incidents",
    "intake.services",
    "intake.dependencies",
    "intake.evidence_events",
    "intake.raw_records",
    "quality.completeness",
    "enrichment.incident_states",
    "enrichment.state_evidence",
    "enrichment.signals",
    "enrichment.blast_radius",
    "decision.option_scores",
    "decision.decisions",
    "decision.policy_verdicts",
)
_DEFAULTS: dict[ColumnType, Any] = {
    ColumnType.TEXT: "",
    ColumnType.INTEGER: 0,
    ColumnType.BIGINT: 0,
    ColumnType.BOOLEAN: False,
    ColumnType.TEXTS: [],
}
SETTINGS = Settings(
    delivery_delay_seconds=dict.fromkeys(SOURCES, 2),
    change_lookback_seconds=7200,
    links=Links(
        incident="https://incidents.example.com/{incident_id}",
        logs="https://logs.example.com/?q={service}&from={from_ms}&to={to_ms}",
        changes="https://argocd.example.com/applications/{application}",
    ),
)
BUNDLE: Bundle = load_active(ROOT / "playbooks")
Change = Callable[[dict[str, list[dict[str, Any]]]], None]


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def row(table: str, **values: Any) -> dict[str, Any]:
    """A row with a default in every column that may not be NULL."""
    defaults = {
        column.name: column.allowed[0] if column.allowed else _DEFAULTS[column.type]
        for column in TABLES[table].columns
        if not column.is_nullable
    }
    unknown = set(values) - set(TABLES[table].column_names)
    assert not unknown, f"{table} has no {unknown}"
    return {**defaults, **values}


@dataclass
class World:
    """The incidents' files and the rows of the tables that say what is in them."""

    root: Path
    hostile: str = ""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in READ_TABLES})

    def put(self, table: str, **values: Any) -> None:
        """Add a row."""
        self.rows[table].append(row(table, **values))

    def place(self, path: str, content: bytes) -> dict[str, Any]:
        """Write a file and return the location columns of a record that is all of it."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        digest = sha256(content)
        return {
            "path": path,
            "file_sha256": digest,
            "ordinal": 0,
            "byte_offset": 0,
            "byte_length": len(content),
            "record_sha256": digest,
        }

    def event(
        self, incident_id: str, file: str, record: dict[str, Any], seconds: int, /, **values: Any
    ) -> str:
        """An event, alone in its file, known two seconds after it happened."""
        raw = json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass")
        place = self.place(f"incidents/{incident_id}/{file}.json", raw)
        self.put("intake.raw_records", incident_id=incident_id, raw=raw.decode(), status="evidence", **place)
        event_id = place["record_sha256"][:32]
        at = START + seconds * SECOND
        self.put(
            "intake.evidence_events",
            incident_id=incident_id,
            event_id=event_id,
            event_time=at,
            known_at=at + 2 * SECOND,
            pointer="",
            **place,
            **values,
        )
        return event_id

    def supports(
        self, incident_id: str, event_id: str | None, *columns: str, entity_ref: str | None = None
    ) -> None:
        """What a state's columns rest on."""
        for column in columns:
            self.put(
                "enrichment.state_evidence",
                incident_id=incident_id,
                column_name=column,
                moment=1,
                event_id=event_id,
                entity_ref=entity_ref,
            )

    def options(self, incident_id: str, chosen: str, **values: Any) -> None:
        """Every action of the bundle as a candidate; the chosen one, or an option's first, is its best."""
        best = {str(BUNDLE.actions[name].option): name for name in reversed(list(BUNDLE.actions))}
        best[str(BUNDLE.actions[chosen].option)] = chosen
        for name, action in BUNDLE.actions.items():
            is_chosen = name == chosen
            self.put(
                "decision.option_scores",
                incident_id=incident_id,
                option=str(action.option),
                action=name,
                is_active=action.is_active,
                rung=BUNDLE.rung(name),
                effect_points=80 if is_chosen else 0,
                need_points=BUNDLE.need,
                is_effective=is_chosen,
                is_context_complete=True,
                is_confidence_sufficient=True,
                are_preconditions_met=True,
                is_allowed_by_policy=True,
                is_admissible=is_chosen,
                mode=str(action.mode),
                approvers=sorted(action.approvers),
                execution_model=str(action.executes),
                is_best_of_option=best[str(action.option)] == name,
                is_chosen=is_chosen,
                lost_because="" if is_chosen else "No rule that matched supports it",
                **(values if is_chosen else {}),
            )

    def tables(self, change: Change | None = None) -> Tables:
        """The rows as typed tables; `change` may alter them first."""
        if change is not None:
            change(self.rows)
        return {name: table_from_rows(name, rows) for name, rows in self.rows.items()}

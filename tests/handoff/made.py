"""Owns two hand-made incidents: their export files on disk, and every table that the handoff stage reads.

`made` takes a text that is put wherever a log writer, a catalogue or a reviewer can put text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from evidence.decision import Bundle, load_active
from evidence.handoff import Handoffs, build
from evidence.settings import Links, Settings
from evidence.tables import Tables, open_memory, register, table_from_rows
from expectations.contracts import ColumnType
from expectations.tables import TABLES
from expectations.tables.intake import SOURCES

ROOT = Path(__file__).parents[2]
SECOND = 1_000_000_000
START = 1_767_261_600 * SECOND  # 2026-01-01T10:00:00Z
SHELL, ORPHAN = "inc-1-shell", "inc-2-orphan"
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


def made(root: Path, hostile: str = "") -> World:
    """A shell in a container (active, approval required) and a failing job that nobody owns (passive)."""
    world = World(root, hostile)
    _catalogue(world)
    _shell(world)
    _orphan(world)
    return world


def connected(world: World, change: Change | None = None) -> duckdb.DuckDBPyConnection:
    """A connection in which the world's tables are views."""
    connection = open_memory()
    register(connection, world.tables(change))
    return connection


def handed_over(world: World, change: Change | None = None) -> Handoffs:
    """What the stage makes of the world."""
    with connected(world, change) as connection:
        return build(connection, BUNDLE, SETTINGS)


def _catalogue(world: World) -> None:
    for name, values in {
        "component:default/checkout-api": {
            "owner": f"group:default/payments-platform{world.hostile}",
            "kubernetes_namespace": "payments",
            "kubernetes_id": f"checkout-api{world.hostile}",
            "argocd_app": f"checkout-api{world.hostile}",
            "slack_channel": f"#payments{world.hostile}",
            "title": f"Checkout{world.hostile}",
        },
        "component:default/checkout-web": {"owner": "group:default/storefront"},
        "component:default/report-job": {"owner": None},
    }.items():
        place = world.place(f"catalog/{name.rpartition('/')[2]}.yaml", f"# {name}\n".encode())
        bare = name.rpartition("/")[2]
        world.put("intake.services", entity_ref=name, kind="component", name=bare, **place, **values)
    world.put(
        "intake.dependencies",
        from_ref="component:default/checkout-web",
        to_ref="component:default/checkout-api",
    )


def _shell(world: World) -> None:
    bad = world.hostile
    incident = {"incident_id": SHELL}
    world.put(
        "intake.incidents",
        **incident,
        title=f"Shell in checkout{bad}",
        incident_type="security",
        window_start=START,
        window_end=START + 3600 * SECOND,
        resolved_at=START + 1800 * SECOND,
        action_taken=f"isolate_workload{bad}",
        outcome="succeeded",
    )
    texts = {
        column.name: f"{column.name}{bad}"
        for column in TABLES["intake.evidence_events"].columns
        if bad and column.type is ColumnType.TEXT and column.is_nullable and not column.allowed
    }
    falco = world.event(
        SHELL,
        "falco",
        {
            "rule": f"Terminal shell{bad}",
            "priority": "Critical",
            "output_fields": {"fd.rip": "198.51.100.23"},
        },
        60,
        source="falco",
        kind="detection",
        name=f"Terminal shell{bad}",
        severity_id=5,
        **{
            **texts,
            "severity_text": "Critical",
            "namespace": "payments",
            "workload": "checkout-api",
            "pod": f"checkout-api-x1{bad}",
            "message": f"A shell was spawned{bad}",
        },
    )
    audit = world.event(
        SHELL,
        "audit",
        {"user": {"username": f"mallory{bad}"}, "verb": "create"},
        70,
        source="kubernetes_audit",
        kind="api_call",
        name=f"create pods/exec{bad}",
        **{**texts, "actor": f"mallory{bad}"},
    )
    world.event(
        SHELL,
        "later",
        {"late": True},
        900,
        source="pagerduty",
        kind="response",
        name=f"resolve{bad}",
        is_response=True,
        **{**texts, "activity": f"resolve{bad}"},
    )
    world.supports(SHELL, falco, "service", "workload", "namespace", "severity_falco", "first_signal_name")
    world.supports(SHELL, audit, "actor")
    world.supports(SHELL, None, "owner", "criticality", entity_ref="component:default/checkout-api")
    world.put(
        "enrichment.signals",
        **incident,
        event_id=falco,
        signal_name=f"Terminal shell{bad}",
        source="falco",
        rule_origin="source",
        event_time=START,
        known_at=START,
    )
    world.put(
        "enrichment.blast_radius",
        **incident,
        service="component:default/checkout-web",
        hops=1,
        via=f"checkout-api{bad}",
        is_customer_facing=True,
    )
    world.put(
        "quality.completeness",
        **incident,
        source="falco",
        gap="fields_masked",
        subject="x",
        detail=f"user names are masked{bad}",
        gap_count=1,
        known_at=START,
        record_sha256=world.rows["intake.raw_records"][0]["record_sha256"],
        pointer="/rule",
    )
    decided = START + 100 * SECOND
    world.put(
        "enrichment.incident_states",
        **incident,
        moment=2,
        known_at=decided,
        service="component:default/checkout-api",
        workload=f"checkout-api{bad}",
        namespace=f"payments{bad}",
        cluster="prod-eu1",
        environment="production",
        owner=f"payments-platform{bad}",
        criticality="customer_facing",
        severity_falco=5,
        severity=5,
        signal_count=1,
        signal_source_count=1,
        source_count=2,
        first_signal_name=f"Terminal shell{bad}",
        first_signal_at=START + 62 * SECOND,
        actor=f"mallory{bad}",
        confidence=75,
        impact=60,
        has_minimum_context=True,
    )
    roles = sorted(BUNDLE.actions["isolate_workload"].approvers)
    world.options(SHELL, "isolate_workload", target=f"checkout-api{bad}")
    world.put(
        "decision.decisions",
        **incident,
        option="isolate",
        action="isolate_workload",
        target=f"checkout-api{bad}",
        mode="approval_required",
        approvers=roles,
        approver_contacts=[f"{role} on call{bad}" for role in roles],
        basis="committed",
        moment=2,
        decided_at=decided,
        horizon_at=decided,
        severity=5,
        confidence=75,
        impact=60,
        effect_points=80,
        rung=BUNDLE.rung("isolate_workload"),
        matched_rules=[BUNDLE.rules[0].id],
        has_minimum_context=True,
        unknowns=["is_mfa"],
        hindsight_action="isolate_workload",
    )
    world.put(
        "decision.policy_verdicts",
        **incident,
        action="isolate_workload",
        policy="network_policy",
        verdict="needs_approval",
        messages=[f"an approved-by label is required{bad}"],
        unknown_inputs=["is_image_flagged"],
    )


def _orphan(world: World) -> None:
    incident = {"incident_id": ORPHAN}
    world.put("intake.incidents", **incident, title="Report job fails", incident_type="infrastructure")
    failed = world.event(
        ORPHAN,
        "alert",
        {"status": "firing", "labels": {"alertname": "JobFailed"}},
        5,
        source="alertmanager",
        kind="alert",
        name="JobFailed",
        activity="firing",
        service_name="report-job",
    )
    world.supports(ORPHAN, failed, "service")
    decided = START + 20 * SECOND
    world.put(
        "enrichment.incident_states",
        **incident,
        moment=1,
        known_at=decided,
        service="component:default/report-job",
        environment="production",
        confidence=40,
        impact=20,
        missing_context=["owner"],
    )
    world.options(ORPHAN, "request_missing_context")
    world.put(
        "decision.decisions",
        **incident,
        option="enrich",
        action="request_missing_context",
        mode="automatic",
        basis="standing",
        moment=1,
        decided_at=decided,
        horizon_at=decided,
        confidence=40,
        impact=20,
        missing_context=["owner"],
        hindsight_action="request_missing_context",
    )

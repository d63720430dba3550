"""Owns two hand-made incidents, with a hostile text wherever a log writer or a catalogue can put one."""

from __future__ import annotations

from pathlib import Path

import duckdb

from evidence.handoff import Handoffs, build
from evidence.tables import open_memory, register
from expectations.contracts import ColumnType
from expectations.tables import TABLES

from .world import BUNDLE, ROOT, SECOND, SETTINGS, START, Change, World

SHELL, ORPHAN = "inc-1-shell", "inc-2-orphan"

__all__ = ["BUNDLE", "ORPHAN", "ROOT", "SETTINGS", "SHELL", "connected", "handed_over", "made"]


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
        event_ids=[falco],
    )
    world.put(
        "enrichment.signals",
        **incident,
        event_id=falco,
        signal_name=f"Shell in a pod{bad}",
        source="falco",
        rule_origin="rule",
        rule_id="00000000-0000-4000-8000-000000000001",
        attack_tags=[f"attack.t1059{bad}"],
        level=4,
        event_time=START,
        known_at=START,
        event_ids=[falco],
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
        unknown_inputs=["namespace"],
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

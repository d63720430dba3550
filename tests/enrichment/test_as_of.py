"""The as-of barrier: a row holds what had arrived by its moment, whatever comes later, in whatever order."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence import enrichment
from evidence.tables import Tables
from evidence.warehouse import parquet_bytes

from .tables import (
    CHECKOUT,
    GRADING,
    MINUTE,
    SETTINGS,
    START,
    enriched,
    entry,
    event,
    incident,
    intake_connection,
)

ENTRIES = [
    CHECKOUT,
    entry("component:default/cart", owner="shop", is_stateful=True, argocd_app="cart"),
    entry("component:default/web", criticality="customer_facing", argocd_app="cart"),
    entry("user:default/alice", cloud_uid="alice", known_networks="192.0.2.0/24"),
    entry("resource:default/exports", type="s3-bucket", cloud_uid="exports", handles_customer_data=True),
    entry(
        "resource:default/key", type="credential", cloud_uid="AKIA1", are_consumers_tested=True, owner="sec"
    ),
    entry("resource:default/acct", type="aws-account", cloud_uid="1", environment="staging", owner="cloud"),
]
EDGES = [
    ("component:default/web", "component:default/cart"),
    ("component:default/cart", "component:default/checkout-api"),
    ("component:default/checkout-api", "resource:default/exports"),
]

SHAPES: list[dict[str, Any]] = [
    {
        "source": "alertmanager",
        "kind": "alert",
        "name": "HighErrorRate",
        "activity": "firing",
        "severity_id": 4,
    },
    {"source": "alertmanager", "kind": "alert", "name": "HighErrorRate", "activity": "resolved"},
    {"source": "pagerduty", "kind": "alert", "name": "Page", "activity": "triggered", "severity_id": 4},
    {"source": "falco", "kind": "detection", "name": "Shell", "severity_id": 5, "revision": "abcdef1"},
    {
        "source": "argocd",
        "kind": "change",
        "activity": "synced",
        "revision": "abcdef1",
        "application": "cart",
    },
    {
        "source": "argocd",
        "kind": "change",
        "activity": "synced",
        "revision": "9999999",
        "application": "checkout-api",
    },
    {"source": "argocd", "kind": "change", "activity": "observed", "application": "checkout-api"},
    {
        "source": "prometheus",
        "kind": "metric",
        "measure": "error_rate",
        "measure_value": 60_000,
        "measure_unit": "ppm",
    },
    {
        "source": "prometheus",
        "kind": "metric",
        "measure": "error_rate",
        "measure_value": 5,
        "measure_unit": "ppm",
    },
    {
        "source": "tempo",
        "kind": "trace",
        "upstream": "cart",
        "duration_ms": 900,
        "is_error": True,
        "route": "/a",
    },
    {
        "source": "tempo",
        "kind": "trace",
        "upstream": "web",
        "duration_ms": 900,
        "is_error": False,
        "route": "/b",
    },
    {"source": "opa", "kind": "policy", "activity": "denied", "name": "p", "is_image_flagged": True},
    {
        "source": "aws_cloudtrail",
        "kind": "api_call",
        "activity": "write",
        "name": "PutBucketPolicy",
        "is_public_exposure": True,
        "resource": "exports",
        "actor": "alice",
        "account_uid": "1",
        "src_ip": "203.0.113.7",
        "status": "success",
    },
    {
        "source": "aws_cloudtrail",
        "kind": "api_call",
        "activity": "write",
        "name": "DeleteBucketPolicy",
        "is_public_exposure": False,
        "resource": "exports",
        "actor": "alice",
        "account_uid": "1",
        "src_ip": "192.0.2.7",
        "status": "success",
        "is_mfa": True,
    },
    {
        "source": "kubernetes_events",
        "kind": "lifecycle",
        "name": "OOMKilling",
        "severity_id": 3,
        "node": "n1",
    },
]
SHAPES += [
    {
        "source": "aws_cloudtrail",
        "kind": "api_call",
        "activity": "write",
        "name": "StopLogging",
        "actor": actor,
        "actor_kind": "human",
        "account_uid": "1",
        "resource": resource,
        "credential_uid": credential,
        "src_ip": "203.0.113.7",
        "status": "success",
        "is_mfa": False,
    }
    for actor, resource, credential in (
        ("mallory", "alice", "ASIA1"),
        ("alice", "trail", "AKIA1"),
        (None, "exports", None),
    )
]
SHAPES += [
    {"source": "loki", "kind": "log", "route": "/c", "is_error": True},
    {
        "source": "prometheus",
        "kind": "metric",
        "measure": "latency",
        "measure_value": 9000,
        "measure_unit": "ms",
    },
    {"source": "opa", "kind": "policy", "activity": "allowed", "name": "p", "has_approval_artifact": False},
    {"source": "kubernetes_audit", "kind": "api_call", "name": "create pods/exec", "actor": "jonas"},
]
PLACES: list[dict[str, Any]] = [
    {},
    {"service_name": "checkout-api"},
    {"service_name": "cart", "environment": "staging"},
    {"namespace": "payments", "pod": "checkout-api-7d9b6f8f6d-xk2tw", "node": "n1"},
    {"namespace": "x", "pod": "y", "node": "n2", "cluster": "c"},
    {"node": "n1", "environment": "prod"},
]


HISTORY_COUNT = 60


def histories(seed: int) -> list[dict[str, Any]]:
    """Sixty incidents of up to 14 events of every sort, with few distinct times: many ties and late arrivals.

    Many incidents share one run of the stage, because planning its statements costs more than running them.
    """
    choose = random.Random(seed)
    rows = []
    for history in range(HISTORY_COUNT):
        # A few sorts of event each, so that rules that need several of one sort are reached.
        shapes = choose.sample(SHAPES, choose.randint(2, 7))
        for index in range(choose.randint(1, 14)):
            minute, delay = choose.randint(-3, 4), choose.randint(0, 4)
            fields = {"minute": minute, **choose.choice(PLACES), **choose.choice(shapes)}
            row = event(history * 100 + index, **fields, known_at=START + (minute + delay) * MINUTE)
            rows.append({**row, "incident_id": f"inc-{history:04d}"})
    return rows


def incidents_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [incident(name) for name in sorted({row["incident_id"] for row in events})]


def built(events: list[dict[str, Any]]) -> Tables:
    return enriched(events, entries=ENTRIES, dependencies=EDGES, incidents=incidents_of(events))


def rows_until(tables: Tables, name: str, moment_at: int) -> list[dict[str, Any]]:
    return [row for row in tables[name].to_pylist() if row["known_at"] <= moment_at]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.integers(-2, 7))
def test_later_evidence_never_changes_an_earlier_row(seed: int, minute: int) -> None:
    """Dropping what arrived after a moment leaves states, signals and supports till then as they were."""
    events, cut = histories(seed), START + minute * MINUTE
    whole, known = built(events), built([row for row in events if row["known_at"] <= cut])
    for name in ("enrichment.incident_states", "enrichment.signals"):
        assert rows_until(known, name, cut) == rows_until(whole, name, cut)
    assert supports_until(known, cut) == supports_until(whole, cut)


def supports_until(tables: Tables, moment_at: int) -> list[dict[str, Any]]:
    moments = {
        (row["incident_id"], row["moment"])
        for row in rows_until(tables, "enrichment.incident_states", moment_at)
    }
    rows = tables["enrichment.state_evidence"].to_pylist()
    return [row for row in rows if (row["incident_id"], row["moment"]) in moments]


@pytest.mark.slow
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    """Shuffled events give the same six tables, byte for byte."""
    events = histories(seed)
    shuffled = list(events)
    random.Random(seed).shuffle(shuffled)
    assert {name: parquet_bytes(table) for name, table in built(events).items()} == {
        name: parquet_bytes(table) for name, table in built(shuffled).items()
    }


def many_incidents(count: int) -> list[dict[str, Any]]:
    """A fixed history over many incidents: every shape at every place, with ties."""
    rows = []
    for number in range(count):
        for index in range(12):
            shape = SHAPES[(number * 7 + index * 3) % len(SHAPES)]
            place = PLACES[(number + index) % len(PLACES)]
            rows.append(
                {
                    **event(number * 100 + index, **{"minute": index // 3, **place, **shape}),
                    "incident_id": f"inc-{number:04d}",
                }
            )
    return rows


def test_one_thread_and_two_give_the_same_bytes() -> None:
    """The six tables of a few hundred incidents are byte-identical whatever the thread count."""
    events = many_incidents(300)
    contents = []
    for threads in (1, 2):
        connection = intake_connection(
            events, entries=ENTRIES, dependencies=EDGES, incidents=incidents_of(events)
        )
        connection.execute(f"set threads = {threads}").fetchall()
        tables = enrichment.build(connection, SETTINGS, GRADING)
        contents.append({name: parquet_bytes(table) for name, table in tables.items()})
    assert contents[0] == contents[1]
    assert pa.types.is_int64(tables["enrichment.incident_states"].schema.field("known_at").type)


def test_incidents_do_not_see_each_other() -> None:
    """An incident's rows are the same alone and among others."""
    events = many_incidents(5)
    own = [row for row in events if row["incident_id"] == "inc-0003"]
    among = enriched(events, incidents=incidents_of(events), entries=ENTRIES, dependencies=EDGES)
    alone = enriched(own, incidents=incidents_of(own), entries=ENTRIES, dependencies=EDGES)
    for name in alone:
        rows = [row for row in among[name].to_pylist() if row["incident_id"] == "inc-0003"]
        assert alone[name].to_pylist() == rows

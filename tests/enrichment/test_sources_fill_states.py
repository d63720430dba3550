"""Each source through intake, quality and enrichment: which columns of `incident_states` it alone fills."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evidence import enrichment
from evidence.quality import build_completeness
from evidence.tables import open_memory, register
from expectations.contracts import Role
from expectations.tables.enrichment import STATE_COLUMNS

from ..intake.folders import SETTINGS, built, lay_out, write
from ..readers.security_lake import parquet
from .tables import GRADING

EXPORTS = Path(__file__).parents[1] / "readers" / "exports"
CATALOGUE = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: checkout-api
  annotations:
    backstage.io/kubernetes-id: checkout-api
    backstage.io/kubernetes-namespace: payments
spec:
  type: service
  lifecycle: production
  owner: payments
"""


def states_of(folder: Path, exports: dict[str, bytes]) -> list[dict[str, Any]]:
    """The states of one incident that has these exports, ticks left out."""
    lay_out(folder, exports)
    write(folder / "catalog" / "all.yaml", CATALOGUE.encode())
    connection = open_memory()
    register(connection, built(folder))
    register(connection, build_completeness(connection))
    rows = enrichment.build(connection, SETTINGS, GRADING)["enrichment.incident_states"].to_pylist()
    return [row for row in rows if not row["is_tick"]]


def filled(folder: Path, **exports: bytes) -> dict[str, Any]:
    """Columns a rule may read that differ from an incident without exports, at the last state."""
    silent = states_of(folder / "silent", {})[-1]
    last = states_of(folder / "told", {name.replace("__", "."): value for name, value in exports.items()})[-1]
    names = [column.name for column in STATE_COLUMNS if column.role in (Role.FEATURE, Role.GRADED)]
    return {name: last[name] for name in names if last[name] != silent[name]}


def export(name: str) -> bytes:
    return (EXPORTS / name).read_bytes()


# A service that is in the catalogue, and what follows from it: the same whoever names it.
CHECKOUT = {
    "service": "checkout-api",
    "namespace": "payments",
    "owner": "payments",
    "is_about_node": False,
    "deployment_path": "primary",
    "service_count": 1,
    "is_spreading": False,
    "blast_radius": 0,
    "customer_facing_count": 0,
    "impact": 70,
}
POD = {"workload": "checkout-api", "workload_kind": "Deployment", "pod_count": 1}
CLAIMED_POD = {"workload": "checkout-api", "workload_kind": "Deployment", "claimed_pod_count": 1}
ONE_TOOL = {"signal_source_count": 1, "source_count": 1}
POLICY = {"severity_opa": 3, "severity": 3, "detection_level": 3, "is_signal_cleared": False}
RELAYED = {"severity_event_envelope": 5, "severity": 5, "confidence": 30, "cluster": "prod-eu1"}
ALERTS = ["CheckoutHighErrorRate", "CheckoutSlow"]


def test_gatekeeper_violations_are_policy_signals(tmp_path: Path) -> None:
    """They name workload and image, in the policy's scale; nothing was denied, and an export's gap counts."""
    assert {
        **CHECKOUT,
        **POD,
        **ONE_TOOL,
        **POLICY,
        "signal_count": 2,
        "signal_names": ["K8sRequiredLabels/ns-must-have-owner", "image-policy-violated"],
        "is_image_flagged": True,
        "confidence": 45,
    } == filled(tmp_path, a__json=export("gatekeeper-constraints.json"))


def test_gatekeeper_log_lines_tell_denials_from_violations(tmp_path: Path) -> None:
    """The refused request is a policy's denial."""
    assert {
        **CHECKOUT,
        **POD,
        **ONE_TOOL,
        **POLICY,
        "signal_count": 2,
        "signal_names": ["image-policy-violated", "network-policy-denied"],
        "is_image_flagged": True,
        "is_policy_denied": True,
        "confidence": 50,
    } == filled(tmp_path, a__jsonl=export("gatekeeper-audit.jsonl"))


def test_a_plan_fills_nothing_but_that_a_tool_has_spoken(tmp_path: Path) -> None:
    """What is planned was not applied: no change is seen, and nobody knows that none happened."""
    assert {"source_count": 1} == filled(tmp_path, a__json=export("terraform-plan.json"))


def test_what_stackstorm_passes_on_is_heard_as_an_envelope_is(tmp_path: Path) -> None:
    """Severity and trust are an envelope's; the alert's own scale stays empty."""
    assert {
        **CHECKOUT,
        **ONE_TOOL,
        **RELAYED,
        "workload": "checkout-api",
        "layer": "app",
        "signal_count": 2,
        "signal_names": ALERTS,
    } == filled(tmp_path, a__json=export("stackstorm-trigger-instances.json"))


def test_what_argo_events_passes_on_is_heard_as_an_envelope_is(tmp_path: Path) -> None:
    """A detection and two alerts in one scale: one tool's word, and its pod a claim."""
    assert {
        **CHECKOUT,
        **CLAIMED_POD,
        **ONE_TOOL,
        **RELAYED,
        "node": "node-7",
        "node_count": 1,
        "layer": "security",
        "detection_level": 2,
        "signal_count": 3,
        "signal_names": [*ALERTS, "Terminal shell in container"],
    } == filled(tmp_path, a__jsonl=export("argo-events.jsonl"))


def test_slack_fills_nothing(tmp_path: Path) -> None:
    """Messages, users and channels: the states are those of an incident without evidence."""
    names = ("slack-2026-01-14.json", "slack-users.json", "slack-channels.json")
    assert {} == filled(tmp_path, **{name.replace(".", "__"): export(name) for name in names})


def test_the_lake_fills_what_the_trail_does_and_a_finding_beside_it(tmp_path: Path) -> None:
    """A call that opened a bucket, a sign-in without second factor, and a detection; rows or lines."""
    expected = {
        "principal": "anaya",
        "actor_kind": "human",
        "credential_kind": "temporary",
        "is_about_node": False,
        "is_mfa": False,
        "is_public_exposure": True,
        "is_change_seen": False,
        "is_signal_cleared": False,
        "layer": "security",
        "severity_watch": 4,
        "severity": 4,
        "detection_level": 4,
        "signal_count": 3,
        "signal_source_count": 2,
        "source_count": 2,
        "signal_names": [
            "AWS CloudTrail trail was disabled.",
            "console-login-without-mfa",
            "public-exposure-opened",
        ],
        "confidence": 80,
    }
    events = [json.loads(line) for line in export("ocsf.jsonl").splitlines()]
    assert expected == filled(tmp_path / "lines", a__jsonl=export("ocsf.jsonl"))
    assert expected == filled(tmp_path / "rows", a__parquet=parquet(events))

"""Owns how tests record a small incident from export files and run it through the stages."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence import enrichment, quality
from evidence.decision import decide, load_active
from evidence.handoff import build as hand_over
from evidence.intake import build as read_incidents
from evidence.settings import Metric, Settings
from evidence.tables import Tables, open_memory, register
from expectations.tables.intake import SOURCES

from .samples import WEBHOOK

ROOT = Path(__file__).parents[2]
EXPORTS = Path(__file__).parent / "exports"
BUNDLE = load_active(ROOT / "playbooks")
SETTINGS = Settings(
    delivery_delay_seconds=dict.fromkeys(SOURCES, 5),
    change_lookback_seconds=7200,
    metrics=[Metric(name="service:error_ratio", measure="error_rate", unit="ppm", scale=1_000_000)],
)
INCIDENT = """\
id: inc-1
title: Checkout fails
type: rollout
window: {from: 2026-01-14T08:00:00Z, to: 2026-01-14T12:00:00Z}
"""
CATALOGUE = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: checkout-api
  title: Checkout
  annotations:
    backstage.io/kubernetes-namespace: payments
    backstage.io/kubernetes-id: checkout-api
    github.com/project-slug: acme/checkout-api
    pagerduty.com/service-id: PCHKOUT
    incident-evidence/criticality: customer_facing
    incident-evidence/environment: production
    incident-evidence/rollback-supported: "true"
    incident-evidence/stateful: "false"
spec:
  type: service
  owner: payments
"""
ALERT_FILE = {"alertmanager.json": json.dumps(WEBHOOK).encode()}
"""The alert on checkout-api from 09:17:20 on, which most small incidents begin with."""


@dataclass(frozen=True)
class Recorded:
    """The tables of one small incident, and its handoff package."""

    tables: Tables
    package: dict[str, Any]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """All rows of a table, in its order."""
        return self.tables[name].to_pylist()

    @property
    def state(self) -> dict[str, Any]:
        """The last state."""
        (last,) = self.rows("enrichment.incident_context")
        return last

    def gaps(self, source: str) -> list[tuple[str, str]]:
        """(gap, subject) of what the tool's exports lack."""
        found = [row for row in self.rows("quality.completeness") if row["source"] == source]
        return [(row["gap"], row["subject"]) for row in found]

    def unknowns(self) -> list[str]:
        """Names of the unknowns that the handoff lists."""
        return [unknown["name"] for unknown in self.package["unknowns"]]


def export(name: str) -> bytes:
    """The bytes of a sample export."""
    return (EXPORTS / name).read_bytes()


def recorded(root: Path, files: dict[str, bytes], *more: dict[str, bytes]) -> Recorded:
    """An incident of these export files, read, enriched, decided and handed over."""
    _write(root / "catalog" / "all.yaml", CATALOGUE.encode())
    _write(root / "incidents" / "inc-1" / "incident.yaml", INCIDENT.encode())
    for group in (files, *more):
        for name, content in group.items():
            _write(root / "incidents" / "inc-1" / name, content)
    tables, files_out = through_all_stages(root)
    return Recorded(tables, json.loads(files_out["handoffs/inc-1.json"]))


def through_all_stages(root: Path) -> tuple[Tables, dict[str, bytes]]:
    """The tables of all incidents below the root, and the files that are handed over."""
    tables: Tables = read_incidents(root, SETTINGS, lambda raw: hashlib.sha256(raw).hexdigest())
    with open_memory() as connection:
        register(connection, tables)
        for build in (
            lambda: quality.build_completeness(connection),
            lambda: enrichment.build(connection, SETTINGS, BUNDLE.grading, BUNDLE.detections),
            lambda: quality.build_minimum_context(connection),
            lambda: decide(connection, BUNDLE),
        ):
            built = build()
            register(connection, built)
            tables = {**tables, **built}
        return tables, hand_over(connection, BUNDLE, SETTINGS).files


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

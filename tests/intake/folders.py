"""Owns how tests lay out an incidents folder and read it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidence.intake import build
from evidence.settings import Metric, Settings
from evidence.tables import Tables
from expectations.tables.intake import SOURCES

INCIDENT = """\
id: inc-1
title: Something
type: security
window: {from: 2026-01-01T00:00:00Z, to: 2026-02-01T00:00:00Z}
"""
CATALOGUE = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: checkout-api
spec:
  type: service
  owner: payments
"""
SETTINGS = Settings(
    delivery_delay_seconds={**dict.fromkeys(SOURCES, 0), "falco": 2, "aws_cloudtrail": 171},
    change_lookback_seconds=7200,
    metrics=[Metric(name="service:error_ratio", measure="error_rate", unit="ppm", scale=1_000_000)],
)


def lay_out(root: Path, exports: Mapping[str, bytes], incident: str = INCIDENT) -> Path:
    """A root with a catalogue and one incident that has these export files."""
    write(root / "catalog" / "all.yaml", CATALOGUE.encode())
    write(root / "incidents" / "inc-1" / "incident.yaml", incident.encode())
    for name, content in exports.items():
        write(root / "incidents" / "inc-1" / name, content)
    return root


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def built(root: Path) -> Tables:
    return build(root, SETTINGS, sha256)


def rows(tables: Tables, name: str, *columns: str) -> list[dict[str, Any]]:
    table = tables[f"intake.{name}"]
    return (table.select(list(columns)) if columns else table).to_pylist()

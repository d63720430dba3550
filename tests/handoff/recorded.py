"""Builds the packages of the recorded incidents once, and finds one of them by the begin of its name."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

from evidence import enrichment, quality
from evidence.decision import decide
from evidence.handoff import Handoffs, build
from evidence.intake import build as read_incidents
from evidence.settings import load_settings
from evidence.tables import open_memory, register

from .made import BUNDLE, ROOT

FIXTURES = ROOT / "fixtures"
INCIDENTS = sorted(path.parent.name for path in FIXTURES.rglob("incident.yaml"))


def recorded_handoffs() -> Handoffs:
    """The packages of all recorded incidents, by the active playbook."""
    return _recorded()[0]


def recorded_gaps() -> list[dict[str, Any]]:
    """The rows of `quality.completeness` of all recorded incidents."""
    return _recorded()[1]


@cache
def _recorded() -> tuple[Handoffs, list[dict[str, Any]]]:
    settings = load_settings(FIXTURES / "settings.yaml")
    with open_memory() as connection:
        register(connection, read_incidents(FIXTURES, settings, lambda raw: hashlib.sha256(raw).hexdigest()))
        completeness = quality.build_completeness(connection)
        register(connection, completeness)
        register(connection, enrichment.build(connection, settings, BUNDLE.grading, BUNDLE.detections))
        register(connection, quality.build_minimum_context(connection))
        register(connection, decide(connection, BUNDLE))
        return build(connection, BUNDLE, settings), completeness["quality.completeness"].to_pylist()


def package(handoffs: Handoffs, incident: str) -> dict[str, Any]:
    """The package of the one incident whose name begins so."""
    found: dict[str, Any] = json.loads(handoffs.files[f"handoffs/{_name(incident)}.json"])
    return found


def section(handoffs: Handoffs, incident: str, heading: str) -> str:
    """The text of one section of the incident's Markdown."""
    ticket = handoffs.files[f"handoffs/{_name(incident)}.md"].decode()
    return ticket.partition(f"\n## {heading}")[2].partition("\n## ")[0]


def _name(incident: str) -> str:
    return next(name for name in INCIDENTS if name.startswith(incident))

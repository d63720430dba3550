"""The recorded incidents of the repository as intake tables, read once for all tests of this folder."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from evidence import intake
from evidence.decision import Bundle, load_active
from evidence.enrichment.rule_hits import MatchedDetections
from evidence.settings import Settings, load_settings
from evidence.tables import Tables
from simulator.faults.variants import RECORDED
from simulator.faults.varied_hits import match_recorded

ROOT = Path(__file__).parents[2]
INCIDENTS = ROOT / "fixtures"


@cache
def recorded() -> Tables:
    """The intake tables that variants are made from."""
    tables = intake.build(INCIDENTS, recorded_settings(), lambda raw: hashlib.sha256(raw).hexdigest())
    return {name: tables[name] for name in RECORDED}


@cache
def recorded_settings() -> Settings:
    """The settings of the recorded incidents."""
    return load_settings(INCIDENTS / "settings.yaml")


@cache
def matched() -> MatchedDetections | None:
    """The rules of the active bundle over the recorded incidents."""
    return match_recorded(recorded(), active().detections)


@cache
def active() -> Bundle:
    """The active bundle."""
    return load_active(ROOT / "playbooks")


def incident_ids() -> list[str]:
    """The recorded incidents, sorted."""
    return sorted(recorded()["intake.incidents"].column("incident_id").to_pylist())

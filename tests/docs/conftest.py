"""Owns the recorded incidents as tables up to the decision, for examples that the pages show."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pytest

from evidence import decision, enrichment, intake, quality
from evidence.settings import load_settings
from evidence.tables import open_memory, register

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def recorded() -> duckdb.DuckDBPyConnection:
    """The stages from intake to decision over fixtures/, with the active bundle."""
    settings = load_settings(ROOT / "fixtures/settings.yaml")
    bundle = decision.load_active(ROOT / "playbooks")
    connection = open_memory()
    register(
        connection,
        intake.build(ROOT / "fixtures", settings, lambda content: hashlib.sha256(content).hexdigest()),
    )
    register(connection, quality.build_completeness(connection))
    register(connection, enrichment.build(connection, settings, bundle.grading, bundle.detections))
    register(connection, decision.decide(connection, bundle))
    return connection

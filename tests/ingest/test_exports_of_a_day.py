"""Holds how one folder with the exports of a day, in which three incidents lie, is taken apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evidence.ingest.report import IngestReport

from .ingesting import ROOT, ingest, intake_of

DAY = ROOT / "tests" / "ingest" / "exports" / "2026-06-10"

# What each incident is about, its guessed type, and how many records of each format tell of it.
EXPECTED: list[tuple[str, str, dict[str, int]]] = [
    (
        "service inventory",
        "rollout",
        {
            "alertmanager_webhook": 2,
            "argocd_application": 1,
            "kubernetes_events": 2,
            "otlp_json": 1,
            "prometheus_query_range": 1,
        },
    ),
    ("account 111122223333", "security", {"cloudtrail": 4, "falco_json": 1}),
    (
        "service search-api",
        "rollout",
        {
            "alertmanager_webhook": 2,
            "argocd_application": 1,
            "kubernetes_events": 1,
            "otlp_json": 1,
            "pagerduty_webhooks": 3,
            "prometheus_query_range": 1,
        },
    ),
]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[IngestReport, Path]:
    """The report, and the folder of incidents that was written."""
    into = tmp_path_factory.mktemp("incidents")
    return ingest(DAY, into=into), into


def test_the_incidents_of_the_day_are_told_apart(day: tuple[IngestReport, Path]) -> None:
    """Two happen in the same minutes and share nothing; the third comes hours later."""
    found = [(each.entities[0], each.type, each.records) for each in day[0].incidents]
    assert found == EXPECTED


def test_daily_life_is_unplaced_and_scraps_are_refused(day: tuple[IngestReport, Path]) -> None:
    """A healthy cart, a nightly job, an application that nobody touched; two lines that are no findings."""
    unplaced = {each.format: each.records for each in day[0].unplaced_records}
    assert unplaced == {
        "argocd_application": 1,
        "kubernetes_events": 1,
        "otlp_json": 1,
        "prometheus_query_range": 1,
    }
    assert [each.reason for each in day[0].refusals] == ["json_invalid", "truncated"]


def test_every_record_of_the_day_is_accounted_for(day: tuple[IngestReport, Path]) -> None:
    """Evidence, copies, unplaced and refused make up all."""
    report = day[0]
    parts: list[Any] = [report.evidence, report.duplicate, report.unplaced, report.refused]
    assert report.records == sum(parts)


def test_what_was_written_reads_as_incidents(day: tuple[IngestReport, Path]) -> None:
    """Each incident's records are read again from its own folder, none is quarantined."""
    tables = intake_of(day[1])
    assert tables["intake.incidents"].num_rows == len(EXPECTED)
    assert tables["intake.quarantine"].num_rows == 0

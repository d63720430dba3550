"""Exports that real tools wrote: ingested whole, and grouped as they were recorded."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime
from pathlib import Path
from statistics import median

import pytest

from evidence.settings import load_settings

from .ingesting import ROOT, ingest

REAL = Path(__file__).parents[3] / "shared" / "real"

pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason="the recorded exports are not beside the repository"
)


def test_each_technique_is_one_incident(tmp_path: Path) -> None:
    """310 records of 35 techniques, each in an account of its own, become 35 incidents."""
    report = ingest(REAL / "cloudtrail-stratus" / "detonation-logs", into=tmp_path / "in", is_dry=True)
    assert (35, 310, 310, 0) == (report.files, report.records, report.evidence, report.refused)
    counts = sorted(sum(each.records.values()) for each in report.incidents)
    by_file = sorted(
        path.read_bytes().count(b'"eventID"')
        for path in (REAL / "cloudtrail-stratus" / "detonation-logs").glob("*.json")
    )
    assert by_file == counts
    assert {"security"} == {each.type for each in report.incidents}


def test_a_longer_gap_ties_no_techniques_together(tmp_path: Path) -> None:
    """Within an account no two calls lie more than 18 s apart, and no two techniques share an account."""
    logs = REAL / "cloudtrail-stratus" / "detonation-logs"
    assert 35 == len(ingest(logs, into=tmp_path / "in", is_dry=True, gap_seconds=18).incidents)
    assert 35 == len(ingest(logs, into=tmp_path / "in", is_dry=True, gap_seconds=86_400).incidents)


@pytest.mark.parametrize(
    ("folder", "found", "refused"),
    [
        # Every one of the 310 records; the index of techniques and the licence are no exports.
        ("cloudtrail-stratus", {"cloudtrail": 310}, {"unknown_format": 2}),
        # 33 files of one record each; two repeat an audit id with other words, one is no audit event.
        (
            "k8s-audit-falco-fixtures",
            {"cloudtrail": 1, "kubernetes_audit": 31},
            {"unknown_format": 3, "conflicting_identity": 2},
        ),
        # Three alerts firing and three resolved, which say neither when they ended nor when they arrived.
        ("alertmanager-webhooks", {"alertmanager_webhook": 6}, {"unknown_format": 2, "field_missing": 3}),
        ("argocd-applications", {"argocd_application": 1}, {"unknown_format": 1}),
        # Services, users and priorities are no evidence.
        (
            "pagerduty-incidents",
            {"pagerduty_incidents": 3, "pagerduty_log_entries": 3},
            {"unknown_format": 5},
        ),
        # 24 alerts of 10 groups, of which 12 repeat one for another receiver, and 3 silences.
        (
            "alertmanager-api-karma",
            {"alertmanager_api": 24, "alertmanager_silences": 3},
            {"unknown_format": 1},
        ),
        # 18 webhooks; three say again what another says, to another recipient.
        (
            "github-deployments",
            {"github_deployment_statuses": 3, "github_deployments": 4, "github_workflow_runs": 11},
            {"unknown_format": 2},
        ),
        # Tables of incidents: they come in through a mapping.
        ("cloud-provider-incidents", {}, {"unknown_format": 5}),
        ("cloud-uptime-archive", {}, {"unknown_format": 15}),
        # Not exports: each record is wrapped with the rule that it tests.
        ("panther-rule-tests", {}, {"unknown_format": 2}),
        # A table of delays.
        ("cloudtrail-otrf", {}, {"unknown_format": 2}),
    ],
)
def test_every_record_is_read_or_refused_with_its_reason(
    folder: str, found: dict[str, int], refused: dict[str, int], tmp_path: Path
) -> None:
    """Records by format, and refusals by reason; the licence beside the exports is one of them."""
    report = ingest(REAL / folder, into=tmp_path / "in", is_dry=True)
    assert found == {each.format: each.records for each in report.formats if each.format}
    assert refused == Counter(each.reason for each in report.refusals)
    assert report.records == report.evidence + report.duplicate + report.unplaced + report.refused


@pytest.mark.parametrize(
    ("folder", "evidence", "duplicate", "unplaced"),
    [
        ("cloudtrail-stratus", 310, 0, 0),
        ("k8s-audit-falco-fixtures", 30, 0, 0),
        ("alertmanager-webhooks", 3, 0, 0),
        ("alertmanager-api-karma", 12, 12, 3),
        ("argocd-applications", 0, 0, 1),
        ("github-deployments", 2, 3, 13),
        ("pagerduty-incidents", 6, 0, 0),
    ],
)
def test_what_becomes_of_every_record_that_is_read(
    folder: str, evidence: int, duplicate: int, unplaced: int, tmp_path: Path
) -> None:
    """A deployment, a sync, a job that went well, or a silence, is no incident by itself."""
    report = ingest(REAL / folder, into=tmp_path / "in", is_dry=True)
    assert (evidence, duplicate, unplaced) == (report.evidence, report.duplicate, report.unplaced)


def test_the_delay_of_cloudtrail_is_the_median_of_recorded_alerts() -> None:
    """Event and alarm of 301 alerts: 171 s apart in the median, as the settings say."""
    with (REAL / "cloudtrail-otrf" / "AWS_S3_HoneyBucketLogs.csv").open(encoding="utf-8-sig") as handle:
        rows = list(csv.DictReader(handle))
    delays = [
        datetime.fromisoformat(row["Alarm DateTime"]) - datetime.fromisoformat(row["Event DateTime"])
        for row in rows
    ]
    found = load_settings(ROOT / "fixtures" / "settings.yaml")
    assert (301, found.delivery_delay_seconds["aws_cloudtrail"]) == (
        len(delays),
        round(median(delay.total_seconds() for delay in delays)),
    )

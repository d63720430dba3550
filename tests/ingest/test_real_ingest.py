"""Exports that real tools wrote: ingested whole, and grouped as they were recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from .ingesting import ingest

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
    ("folder", "files", "records", "refused"),
    [
        ("k8s-audit-falco-fixtures", 34, 34, {"expected_detections.json", "LICENSE.falcosecurity+falco"}),
        ("alertmanager-webhooks", 4, 8, set()),
        ("argocd-applications", 2, 2, set()),
    ],
)
def test_every_record_is_accounted_for(
    folder: str, files: int, records: int, refused: set[str], tmp_path: Path
) -> None:
    """Records = evidence + duplicate + unplaced + refused, in every folder of exports."""
    report = ingest(REAL / folder, into=tmp_path / "in", is_dry=True)
    assert report.records == report.evidence + report.duplicate + report.unplaced + report.refused
    assert report.refused == len(report.refusals)
    assert refused <= {Path(each.file).name for each in report.refusals}
    assert report.files >= files - 2 and report.records >= records - 2

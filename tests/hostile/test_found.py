"""What mutated records have found in an ingest: evidence that was lost between reading and writing."""

from __future__ import annotations

import json
from pathlib import Path

from ..ingest.ingesting import falco, ingest, intake_of, lines, put
from ..intake.folders import rows
from ..readers.samples import FILES, WEBHOOK


def test_an_array_that_nobody_knows_is_refused_whoever_its_neighbours_are(tmp_path: Path) -> None:
    """A silence without its keys among silences: by itself it could not be read again, and has no format."""
    silences = FILES["alertmanager_silences"]
    stray = [{key: value for key, value in silences[0].items() if key not in ("matchers", "endsAt")}]
    report = ingest(put(tmp_path / "a", {"x": lines([silences, stray])}), into=tmp_path / "in")
    [refused] = report.refusals
    assert ("unknown_format", None) == (refused.reason, refused.format)
    assert len(silences) + 1 == report.records


def test_a_record_that_looks_like_a_document_is_written_with_what_is_around_it(tmp_path: Path) -> None:
    """An alert with a key `items`: alone it would be taken for a list of others."""
    webhook = json.loads(json.dumps(WEBHOOK))
    webhook["alerts"][0]["items"] = []
    report = ingest(put(tmp_path / "a", {"x": lines([webhook, falco(0)])}), into=tmp_path / "in")
    assert (2, 0) == (report.evidence, report.refused)
    statuses = [row["status"] for row in rows(intake_of(tmp_path / "in"), "raw_records")]
    assert ["evidence", "evidence"] == statuses

"""Times at both ends of what 64 bits hold: what can be added to is taken, what cannot is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evidence.times import EVENT_TIME_MAX, parse_rfc3339

from ..ingest.ingesting import cloudtrail, falco, ingest, intake_of, lines, put
from ..intake.folders import INCIDENT, write
from ..readers.reading import reading_of
from ..readers.recorded import CATALOGUE, through_all_stages

FIRST, LAST = "1970-01-01T00:00:00Z", "2261-12-31T23:59:59.999999999Z"
ALL_TIME = INCIDENT.replace("2026-01-01T00:00:00Z", FIRST).replace("2026-02-01", "2262-04-01")
CENTURY = 100 * 365 * 86_400


def at(moment: str) -> list[dict[str, Any]]:
    """A detection and a call of that time."""
    return [falco(0) | {"time": moment}, cloudtrail(0) | {"eventTime": moment, "eventID": moment}]


@pytest.mark.parametrize("moment", [FIRST, LAST])
def test_the_first_and_the_last_moment_pass_all_stages(tmp_path: Path, moment: str) -> None:
    """With delays, windows and lookbacks added or taken off."""
    write(tmp_path / "catalog" / "all.yaml", CATALOGUE.encode())
    write(tmp_path / "incidents" / "inc-1" / "incident.yaml", ALL_TIME.encode())
    for name, record in zip("ab", at(moment), strict=True):
        write(tmp_path / "incidents" / "inc-1" / f"{name}.jsonl", lines([record]))
    tables, files = through_all_stages(tmp_path)
    assert [1, 1] == [row["evidence_count"] for row in tables["intake.files"].to_pylist()]
    assert "handoffs/inc-1.json" in files


@pytest.mark.parametrize(
    "moment", ["1969-12-31T23:59:59.999999999Z", "2262-01-01T00:00:00Z", "2262-04-11T23:47:16Z"]
)
def test_a_moment_beyond_is_refused(moment: str) -> None:
    """One nanosecond before and after."""
    records = [record for each in at(moment) for record in reading_of(json.dumps(each)).records]
    assert ["time_outside_range"] * 2 == [record.reason for record in records]
    assert EVENT_TIME_MAX - 1 == parse_rfc3339(LAST)


@pytest.mark.parametrize("gap_seconds", [0, 1800, CENTURY])
def test_an_ingest_of_both_ends_writes_what_can_be_read(tmp_path: Path, gap_seconds: int) -> None:
    """Windows end where time does, however wide the gap."""
    source = put(tmp_path / "a", {"x.jsonl": lines(at(FIRST) + at(LAST))})
    report = ingest(source, into=tmp_path / "in", gap_seconds=gap_seconds)
    assert (4, 0) == (report.evidence, report.refused)
    assert len(report.incidents) == intake_of(tmp_path / "in")["intake.incidents"].num_rows

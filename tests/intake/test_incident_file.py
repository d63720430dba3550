"""incident.yaml is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.errors import InputError

from .folders import INCIDENT, built, lay_out, rows

WHOLE = (
    INCIDENT
    + """\
recorded:
  started_at: 2026-01-06T10:00:00Z
  detected_at: 2026-01-06T10:05:00Z
  resolved_at: 2026-01-06T12:00:00+01:00
detected_by: Terminal shell in container
response: {action: isolate_workload, taken_at: 2026-01-06T10:29:00Z, outcome: succeeded}
labels: {by: ann, at: 2026-01-08T09:00:00Z, signal_high_confidence: true, expected_option: isolate}
"""
)


def test_an_incident_becomes_a_row(tmp_path: Path) -> None:
    """Times in ns; what is not recorded stays NULL."""
    (row,) = rows(built(lay_out(tmp_path, {}, WHOLE)), "incidents")
    told = {key: value for key, value in row.items() if value is not None}
    assert told == {
        "incident_id": "inc-1",
        "title": "Something",
        "incident_type": "security",
        "window_start": 1767225600000000000,
        "window_end": 1769904000000000000,
        "started_at": 1767693600000000000,
        "detected_at": 1767693900000000000,
        "resolved_at": 1767697200000000000,
        "action_taken": "isolate_workload",
        "action_taken_at": 1767695340000000000,
        "outcome": "succeeded",
        "detected_by": "Terminal shell in container",
        "label_signal_high_confidence": True,
        "label_expected_option": "isolate",
        "label_by": "ann",
        "label_at": 1767862800000000000,
    }


def test_an_unlabelled_open_incident_is_read(tmp_path: Path) -> None:
    """Only id, title, type and window are required."""
    (row,) = rows(built(lay_out(tmp_path, {})), "incidents")
    assert [key for key, value in row.items() if value is not None] == [
        "incident_id",
        "title",
        "incident_type",
        "window_start",
        "window_end",
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (INCIDENT.replace("inc-1", "../../etc"), "id"),
        (INCIDENT.replace("inc-1", "Inc 1"), "id"),
        (INCIDENT.replace("security", "mystery"), "type"),
        (INCIDENT.replace("to: 2026-02-01", "to: 2025-02-01"), "ends before it begins"),
        (INCIDENT.replace("2026-02-01T00:00:00Z", "2026-02-31T00:00:00Z"), "not a day of the calendar"),
        (INCIDENT + "mood: bad\n", "unknown key 'mood'"),
        (INCIDENT + "recorded: {fixed_at: 2026-01-06T10:00:00Z}\n", "unknown key 'fixed_at'"),
        (INCIDENT + "response: {action: isolate}\n", "taken_at"),
        (
            INCIDENT + "labels: {by: ann, at: 2026-01-08T09:00:00Z, expected_option: pray}\n",
            "expected_option",
        ),
        (INCIDENT + "received: {nothere.json: 2026-01-08T09:00:00Z}\n", "no export of this incident"),
    ],
)
def test_faults_are_named_with_their_place(tmp_path: Path, text: str, what: str) -> None:
    """File, line and field."""
    with pytest.raises(InputError, match=what) as refused:
        built(lay_out(tmp_path, {}, text))
    assert refused.value.place is not None
    assert (refused.value.place.path.name, refused.value.place.line > 0) == ("incident.yaml", True)

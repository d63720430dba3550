"""Plans of Terraform and OpenTofu: what is planned, what drifted, and no value of any resource."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evidence.times import parse_rfc3339

from ..intake.folders import built, lay_out
from .reading import events_of, gaps_of, picked, refusals_of, without
from .samples import document

PLAN = document("terraform-plan.json")
SECRETS = ("correct-horse-battery-staple", "old-secret-value-1", "0.0.0.0/0", "Principal")


def test_a_resource_that_would_change_is_a_planned_change() -> None:
    """Address, type and actions; what stays as it is, or is only read, is no change."""
    create, replace, drift = events_of(PLAN)
    assert picked(replace, "kind", "name", "activity", "status", "resource_kind", "message", "pointer") == {
        "kind": "change",
        "name": "aws_db_instance.ledger",
        "activity": "planned",
        "status": "delete then create",
        "resource_kind": "aws_db_instance",
        "message": "replace_because_cannot_update",
        "pointer": "/resource_changes/1/change/actions",
    }
    assert 'aws_security_group_rule.https["public"]' == create["name"]
    assert picked(drift, "name", "activity", "status") == {
        "name": "aws_s3_bucket_policy.exports",
        "activity": "drifted",
        "status": "update",
    }


def test_no_value_of_a_resource_reaches_a_table(tmp_path: Path) -> None:
    """Neither sensitive values nor others: not in events, not in the text of the record."""
    tables = built(lay_out(tmp_path, {"plan.json": json.dumps(PLAN).encode()}))
    written = json.dumps({name: table.to_pylist() for name, table in tables.items()})
    assert 3 == tables["intake.evidence_events"].num_rows
    assert [] == [secret for secret in SECRETS if secret in written]
    assert [None] == tables["intake.raw_records"]["raw"].to_pylist()


def test_a_plan_that_is_not_all_is_a_gap() -> None:
    """Ended by an error, or incomplete by its own word."""
    assert ["/complete"] == [gap.pointer for gap in gaps_of(PLAN)]
    assert ["/errored"] == [gap.pointer for gap in gaps_of({**PLAN, "complete": True, "errored": True})]


def test_a_plan_without_time_counts_from_its_arrival() -> None:
    """Versions before 1.2 do not say when they were made."""
    arrival = parse_rfc3339("2026-01-12T10:00:00Z")
    events = events_of(without(PLAN, "timestamp"), received_at=arrival)
    assert {arrival} == {event["event_time"] for event in events}
    assert [("field_missing", "/timestamp")] == refusals_of(without(PLAN, "timestamp"))


def test_a_state_is_no_plan() -> None:
    """`terraform show -json` without a plan file writes the state."""
    assert [("unknown_format", "")] == refusals_of({"format_version": "1.0", "values": {"root_module": {}}})


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"format_version": "2.0"}, ("unsupported", "/format_version")),
        ({"format_version": 1.2}, ("field_invalid", "/format_version")),
        ({"timestamp": "soon"}, ("time_invalid", "/timestamp")),
        ({"errored": "no"}, ("field_invalid", "/errored")),
        ({"resource_changes": [{"address": "a"}]}, ("field_missing", "/resource_changes/0/change")),
        (
            {"resource_changes": [{"address": "a", "change": {"actions": ["explode"]}}]},
            ("field_invalid", "/resource_changes/0/change/actions/0"),
        ),
        (
            {"resource_changes": [{"change": {"actions": ["create"]}}]},
            ("field_missing", "/resource_changes/0/address"),
        ),
    ],
)
def test_what_can_be_wrong(change: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert [refusal] == refusals_of({**PLAN, **change})

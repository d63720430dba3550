"""Exports that real tools wrote: each is recognised, and what is refused is odd for a known reason."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from .reading import events_of, reading_of, refusals_of

# Recorded data of other projects beside the repository; not part of it.
REAL = Path(__file__).parents[3] / "shared" / "real"

pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason="the recorded exports are not beside the repository"
)


def files(pattern: str) -> list[Path]:
    found = sorted(REAL.glob(pattern))
    assert found, f"{pattern} matches nothing"
    return found


def test_every_cloudtrail_record_of_the_attacks_is_evidence() -> None:
    """310 records of 35 techniques, none refused, each with its own identity."""
    readings = [reading_of(path.read_bytes()) for path in files("cloudtrail-stratus/detonation-logs/*.json")]
    records = [record for reading in readings for record in reading.records]
    assert {reading.reader.format for reading in readings if reading.reader} == {"cloudtrail"}
    assert [record.detail for record in records if record.reason] == []
    assert (len(readings), len(records), sum(len(record.events) for record in records)) == (35, 310, 310)
    assert None not in {record.identity for record in records}


@pytest.mark.parametrize(
    "technique",
    [
        "aws.exfiltration.ec2-security-group-open-port-22-ingress",
        "aws.exfiltration.ec2-share-ami",
        "aws.exfiltration.ec2-share-ebs-snapshot",
        "aws.exfiltration.rds-share-snapshot",
        "aws.persistence.lambda-backdoor-function",
    ],
)
def test_techniques_that_open_to_everyone_are_seen_or_shared_with_one_account(technique: str) -> None:
    """A public share is an exposure; a share with one named account is none."""
    content = (REAL / "cloudtrail-stratus" / "detonation-logs" / f"{technique}.json").read_bytes()
    is_public = b'"all"' in content or b'/0"' in content or b'"principal": "*"' in content
    assert [event["is_public_exposure"] for event in events_of(content)] == [True if is_public else None]


def test_a_console_login_without_second_factor_is_seen() -> None:
    """The record says that MFA was not used."""
    path = REAL / "cloudtrail-stratus/detonation-logs/aws.initial-access.console-login-without-mfa.json"
    (event,) = events_of(path.read_bytes())
    assert (event["class_uid"], event["is_mfa"], event["actor_kind"]) == (3002, False, "human")


def test_every_audit_event_is_evidence() -> None:
    """Old versions too, which lack the API version."""
    paths = [
        path for path in files("k8s-audit-falco-fixtures/k8s_audit/*.json") if path.name != "fal_01_003.json"
    ]
    formats = {
        path.name: reading.reader and reading.reader.format
        for path in paths
        if (reading := reading_of(path.read_bytes()))
    }
    assert set(formats.values()) == {"kubernetes_audit"}
    assert [path.name for path in paths if not events_of(path.read_bytes())] == []


def test_the_file_that_crashed_falco_is_unknown() -> None:
    """`{"kind": 0}` is JSON, but no audit event."""
    content = (REAL / "k8s-audit-falco-fixtures/k8s_audit/fal_01_003.json").read_bytes()
    assert refusals_of(content) == [("unknown_format", "")]


def test_real_resolved_alerts_with_zero_end_are_refused() -> None:
    """Three alerts that say neither when they ended nor when the message arrived."""
    firing, resolved = files("alertmanager-webhooks/*.json")
    assert len(events_of(firing.read_bytes())) == 3
    assert refusals_of(resolved.read_bytes()) == [("field_missing", "/endsAt")] * 3


def test_a_real_application_tells_both_syncs() -> None:
    """The last by the user whom the operation names."""
    (path,) = files("argocd-applications/*.json")
    events = events_of(path.read_bytes())
    assert [(event["activity"], event.get("initiator")) for event in events] == [
        ("synced", None),
        ("synced", "iain"),
        ("observed", None),
    ]


def test_every_real_webhook_of_github_is_read() -> None:
    """18 payloads: deployments, statuses, runs, jobs, and a request for review; none is refused."""
    readings = [reading_of(path.read_bytes()) for path in files("github-deployments/webhooks/*.json")]
    assert [record.detail for reading in readings for record in reading.records if record.reason] == []
    formats = sorted(reading.reader.format for reading in readings if reading.reader)
    assert formats == [
        *["github_deployment_statuses"] * 3,
        *["github_deployments"] * 4,
        *["github_workflow_runs"] * 11,
    ]


def test_github_entries_that_others_tried_rules_on_are_read() -> None:
    """76 entries as Panther keeps them, the times put back into form: what is refused was made up."""
    lines = (REAL / "panther-rule-tests/rule_tests.jsonl").read_text(encoding="utf-8").splitlines()
    tests = [test for test in map(json.loads, lines) if test["log_types"] == ["GitHub.Audit"]]
    readings = [reading_of([_as_github_writes_it(test["log"])]) for test in tests]
    outcomes = Counter(
        (reading.reader.format if reading.reader else None, record.reason, record.field)
        for reading in readings
        for record in reading.records
    )
    assert outcomes == {
        ("github_audit", "", ""): 49,
        ("github_audit", "field_invalid", "/created_at"): 1,  # milliseconds with a decimal point
        ("github_audit", "time_invalid", "/created_at"): 4,  # eight digits of seconds
        (None, "unknown_format", ""): 22,  # no time at all, or an action without its category
    }


def _as_github_writes_it(log: dict[str, Any]) -> dict[str, Any]:
    """Panther writes times as text without a zone, and the at sign as a word."""
    entry = {key.replace("at_sign_", "@"): value for key, value in log.items() if not key.startswith("p_")}
    for key in ("@timestamp", "created_at"):
        if isinstance(entry.get(key), str):
            entry[key] = entry[key].replace(" ", "T") + "Z"
    return entry


def test_real_pagerduty_exports_are_read() -> None:
    """Bare arrays, as a connector writes them."""
    folder = REAL / "pagerduty-incidents" / "faros"
    assert len(reading_of((folder / "incidents.json").read_bytes()).records) == 3
    entries = events_of((folder / "incidentLogEntries.json").read_bytes())
    assert [event["name"] for event in entries] == ["Incident #3", "Incident #2", "Incident-just-for-test"]


def test_real_groups_and_silences_of_an_alertmanager_are_read_whole() -> None:
    """24 alerts in 10 groups, of which 12 repeat an alert for another receiver; 3 silences."""
    folder = REAL / "alertmanager-api-karma" / "0.22.0"
    groups = reading_of((folder / "alerts_groups.json").read_bytes())
    assert [record.detail for record in groups.records if record.reason] == []
    assert (len(groups.records), len({record.identity for record in groups.records})) == (24, 12)
    silences = events_of((folder / "silences.json").read_bytes())
    assert [(event["kind"], event["actor"]) for event in silences] == [("response", "john@example.com")] * 3

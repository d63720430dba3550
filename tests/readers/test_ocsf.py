"""OCSF events: JSON and Parquet, calls as CloudTrail's reader gives them, findings, what is not honoured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evidence.anchors import canonical_json, parse_record
from evidence.readers.contract import Event

from .reading import events_of, gaps_of, picked, reading_of, refusals_of, without
from .samples import CLOUDTRAIL, OCSF, lines
from .security_lake import parquet, version_1, version_2

STRATUS = Path(__file__).parents[3] / "shared" / "real" / "cloudtrail-stratus"
CALL, LOGIN, FINDING = lines("ocsf.jsonl")
LOGIN_RECORD = {
    "eventTime": "2026-01-20T13:00:00Z",
    "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "198.51.100.23",
    "userAgent": "Mozilla/5.0",
    "responseElements": {"ConsoleLogin": "Success"},
    "additionalEventData": {"MFAUsed": "No"},
    "userIdentity": {
        "type": "IAMUser",
        "userName": "anaya",
        "arn": "arn:aws:iam::111122223333:user/anaya",
        "principalId": "AIDACKCEVSQ6C2EXAMPLE",
        "accountId": "111122223333",
    },
    "recipientAccountId": "111122223333",
    "eventID": "fed06f42-cb12-4764-8c69-0a1b2c3d4e5f",
}


def said(event: Event) -> dict[str, Any]:
    """What an event says, apart from how its source wrote the time and in which OCSF class."""
    kept = {key: value for key, value in event.items() if value is not None and key != "event_time_text"}
    return {key: value for key, value in kept.items() if key not in ("source", "class_uid")}


def test_a_call_is_what_cloudtrail_itself_would_say() -> None:
    """The sign-in sample, as CloudTrail wrote it and as the lake did."""
    (from_lake,), (from_trail,) = events_of(LOGIN), events_of(LOGIN_RECORD)
    assert said(from_trail) == said(from_lake)
    assert picked(from_lake, "source", "class_uid", "is_mfa", "actor_kind") == {
        "source": "aws_cloudtrail",
        "class_uid": 3002,
        "is_mfa": False,
        "actor_kind": "human",
    }


def test_a_call_that_opens_a_bucket_is_seen_to() -> None:
    """The request's JSON text is read as CloudTrail's requestParameters are."""
    (event,) = events_of(CALL)
    assert picked(event, "name", "activity", "resource_kind", "resource", "is_public_exposure", "actor") == {
        "name": "PutBucketPolicy",
        "activity": "write",
        "resource_kind": "s3_bucket",
        "resource": "exports",
        "is_public_exposure": True,
        "actor": "ci-deployer",
    }


@pytest.mark.parametrize("mapped", [version_1, version_2])
@pytest.mark.parametrize("record", [CLOUDTRAIL, LOGIN_RECORD], ids=["call", "sign-in"])
def test_both_versions_of_the_lake_say_the_same(record: dict[str, Any], mapped: Any) -> None:
    """Names of keys differ between the versions, and where request parameters lie."""
    (from_lake,), (from_trail,) = events_of(mapped(record)), events_of(record)
    assert said(from_trail) == said(from_lake)


def test_recorded_calls_say_the_same_through_the_lake() -> None:
    """Every CloudTrail event of the Stratus recordings, as OCSF and as it is."""
    if not STRATUS.exists():
        pytest.skip(f"the recordings are not at {STRATUS}")
    records = [
        record
        for path in sorted(STRATUS.rglob("*.json"))
        if path.name != "ground_truth.json"
        for record in json.loads(path.read_bytes())
    ]
    assert len(records) == 310
    for record in records:
        (from_lake,), (from_trail,) = events_of(version_2(record)), events_of(record)
        assert said(from_trail) == said(from_lake)


def test_a_row_of_parquet_is_the_record_that_its_json_is() -> None:
    """The same events, with the timestamp and the map of texts that Parquet has."""
    content = parquet([CALL, LOGIN, FINDING])
    assert [said(event) for event in events_of(OCSF)] == [said(event) for event in events_of(content)]


def test_a_row_of_parquet_is_anchored_by_its_canonical_json() -> None:
    """Record n is row n; its bytes are the row's canonical JSON, and its digest is of them."""
    records = reading_of(parquet([CALL, LOGIN, FINDING])).records
    assert [1, 2, 3] == [record.line for record in records]
    for record in records:
        assert record.raw == canonical_json(parse_record(record.raw))
    assert "2026-01-20T13:05:09Z" == json.loads(records[0].raw)["time_dt"]


def test_damaged_parquet_is_refused_whole() -> None:
    """What ends early, or is only named so, is one refused record."""
    content = parquet([CALL])
    assert [("unknown_format", "")] == refusals_of(content[:-20])
    assert [("unknown_format", "")] == refusals_of(b"PAR1 and then something else")
    assert [("unknown_format", "")] == refusals_of(parquet([{"a": 1}]))


def test_a_finding_is_a_detection() -> None:
    """Severity is OCSF's own; the access key is what the finding is about."""
    (event,) = events_of(FINDING)
    assert picked(event, "kind", "class_uid", "name", "severity_id", "credential_uid", "credential_kind") == {
        "kind": "detection",
        "class_uid": 2004,
        "name": "AWS CloudTrail trail was disabled.",
        "severity_id": 4,
        "credential_uid": "ASIAIOSFODNN7EXAMPLE",
        "credential_kind": "temporary",
    }
    assert picked(event, "account_uid", "region", "src_ip", "source") == {
        "account_uid": "111122223333",
        "region": "eu-central-1",
        "src_ip": "203.0.113.140",
        "source": None,
    }


@pytest.mark.parametrize("change", [{"activity_id": 3}, {"status": "Resolved"}, {"status": "Suppressed"}])
def test_who_closes_a_finding_responds(change: dict[str, Any]) -> None:
    """No rule may see it: it is hindsight."""
    (event,) = events_of({**FINDING, **change})
    assert {"kind": "response", "is_response": True} == picked(event, "kind", "is_response")


def test_a_compliance_finding_is_a_policy_verdict() -> None:
    """A failed control is violated, a passed one is not."""
    verdict = {**FINDING, "class_uid": 2003, "compliance": {"control": "Config.1", "status": "FAILED"}}
    (failed,) = events_of(verdict)
    (passed,) = events_of({**verdict, "compliance": {"control": "Config.1", "status": "PASSED"}})
    assert {"kind": "policy", "name": "Config.1", "activity": "violated"} == picked(
        failed, "kind", "name", "activity"
    )
    assert "passed" == passed.get("activity")


def test_a_call_of_another_product_says_what_it_says() -> None:
    """No table of CloudTrail's is applied to it, and its source is the export."""
    okta = {
        **without(LOGIN, "api"),
        "metadata": {"product": {"name": "Okta System Log"}, "uid": "x", "version": "1.1.0"},
        "is_mfa": True,
    }
    (event,) = events_of(okta)
    assert picked(event, "name", "actor", "is_mfa", "status", "source", "actor_kind") == {
        "name": "Logon",
        "actor": "anaya",
        "is_mfa": True,
        "status": "Success",
        "source": None,
        "actor_kind": None,
    }


@pytest.mark.parametrize("class_uid", [1001, 2002, 4001, 4003, 9999])
def test_a_class_that_is_not_honoured_is_refused_by_its_number(class_uid: int) -> None:
    """Flow logs and the like are counted as refused, not dropped."""
    (record,) = reading_of({**CALL, "class_uid": class_uid}).records
    assert ("unsupported", "/class_uid") == (record.reason, record.field)
    assert record.detail.startswith(f"/class_uid is {class_uid} ")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"class_uid": "6003"}, ("field_invalid", "/class_uid")),
        ({"class_uid": None}, ("field_missing", "/class_uid")),
        ({"time_dt": "2026-01-20T25:00:00Z"}, ("time_invalid", "/time_dt")),
        ({"time_dt": None, "time": None}, ("field_missing", "/time")),
        ({"time_dt": None, "time": 10**18}, ("time_outside_range", "/time")),
        ({"api": {"service": {"name": "s3.amazonaws.com"}}}, ("field_missing", "/api/operation")),
        ({"api": {"operation": "PutObject"}}, ("field_missing", "/api/service")),
        ({"actor": []}, ("field_invalid", "/actor")),
    ],
)
def test_what_can_be_wrong_with_a_call(change: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert [refusal] == refusals_of({**CALL, **change})


def test_an_unknown_severity_is_refused_and_an_undeclared_one_is_none() -> None:
    """0 and 99 say nothing; 7 is no severity."""
    (event,) = events_of({**FINDING, "severity_id": 99})
    assert event["severity_id"] is None
    assert [("field_invalid", "/severity_id")] == refusals_of({**FINDING, "severity_id": 7})


def test_what_a_client_alone_says_is_a_gap_in_either_form() -> None:
    """The user agent of CloudTrail's call, and the addresses that a proxy was told."""
    named = {**CALL, "http_request": {**CALL["http_request"], "user_agent": "console.amazonaws.com"}}
    forwarded = {**CALL, "src_endpoint": {**CALL["src_endpoint"], "intermediate_ips": ["203.0.113.9"]}}
    found = [(gap.gap, gap.subject) for record in (CALL, named, forwarded) for gap in gaps_of(record)]
    assert [("client_reported_field", "userAgent"), ("client_reported_field", "intermediate_ips")] == found

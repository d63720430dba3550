"""CloudTrail records and their identity context."""

from __future__ import annotations

from typing import Any

import pytest

from .reading import events_of, gaps_of, picked, refusals_of, without
from .samples import CLOUDTRAIL

LINKED = {"arn": "arn:aws:iam::1:role/aws-service-role/x", "userName": "X"}


def identity(kind: str, **more: Any) -> dict[str, Any]:
    return {**CLOUDTRAIL, "userIdentity": {"type": kind, **more}}


def role(arn: str, **context: Any) -> dict[str, Any]:
    return identity(
        "AssumedRole", arn=f"arn:aws:sts::111122223333:assumed-role/{arn}", sessionContext=context
    )


CONSOLE_SESSION = {
    **identity("IAMUser", userName="a", accessKeyId="ASIAX"),
    "sessionCredentialFromConsole": "true",
}


def test_a_record_is_an_api_call() -> None:
    """Name, object, account and the temporary credential that was used."""
    (event,) = events_of({"Records": [CLOUDTRAIL]})
    keys = ("kind", "class_uid", "name", "activity", "status", "resource_kind", "resource", "account_uid")
    assert picked(event, *keys) == {
        "kind": "api_call",
        "class_uid": 6003,
        "name": "GetObject",
        "activity": "read",
        "status": "Success",
        "resource_kind": "s3_bucket",
        "resource": "exports",
        "account_uid": "111122223333",
    }
    keys = (
        "actor",
        "actor_kind",
        "credential_uid",
        "credential_kind",
        "is_mfa",
        "src_ip",
        "is_public_exposure",
    )
    assert picked(event, *keys) == {
        "actor": "ci-deployer",
        "actor_kind": "service",
        "credential_uid": "ASIAIOSFODNN7EXAMPLE",
        "credential_kind": "temporary",
        "is_mfa": False,
        "src_ip": "203.0.113.140",
        "is_public_exposure": None,
    }


@pytest.mark.parametrize(
    ("record", "actor", "kind", "credential"),
    [
        (identity("Root", arn="arn:aws:iam::1:root"), "root", "human", None),
        (identity("IAMUser", userName="svc", accessKeyId="AKIAX"), "svc", None, "long_lived"),
        (CONSOLE_SESSION, "a", "human", "session"),
        (role("AWSReservedSSO_Admin_1a2b/ann@example.com"), "ann@example.com", "human", None),
        (role("admin/ann@example.com"), "admin", "human", None),
        (role("web/i-0123456789abcdef0"), "web", "workload", None),
        (role("ci/run", webIdFederationData={"federatedProvider": "token.actions"}), "ci", "workload", None),
        (role("AWSServiceRoleForX/x", sessionIssuer=LINKED), "X", "service", None),
        (identity("AWSService", invokedBy="s3.amazonaws.com"), "s3.amazonaws.com", "service", None),
        (identity("WebIdentityUser", userName="pod"), "pod", "workload", None),
        (identity("SAMLUser", userName="ann"), "ann", "human", None),
        (identity("AWSAccount", accountId="999900001111"), "999900001111", None, None),
        (without(CLOUDTRAIL, "userIdentity"), None, None, None),
    ],
)  # fmt: skip
def test_the_identity_table(
    record: dict[str, Any], actor: str | None, kind: str | None, credential: str | None
) -> None:
    """Who acted, what kind of identity, with which credential: unknown stays unknown."""
    (event,) = events_of(record)
    assert (event["actor"], event["actor_kind"], event["credential_kind"]) == (actor, kind, credential)


def test_a_console_sign_in_is_an_authentication() -> None:
    """With its result, a session as credential, and whether a second factor was used."""
    (event,) = events_of(
        {
            **identity("IAMUser", userName="ann"),
            "eventSource": "signin.amazonaws.com",
            "eventName": "ConsoleLogin",
            "readOnly": False,
            "responseElements": {"ConsoleLogin": "Failure"},
            "additionalEventData": {"MFAUsed": "No"},
        }
    )
    assert picked(event, "class_uid", "status", "actor_kind", "credential_kind", "is_mfa", "activity") == {
        "class_uid": 3002,
        "status": "Failure",
        "actor_kind": "human",
        "credential_kind": "session",
        "is_mfa": False,
        "activity": "write",
    }


def test_reading_is_told_by_the_verb_where_the_record_does_not_say() -> None:
    """Records before version 1.03 have no readOnly."""
    old = without(CLOUDTRAIL, "readOnly")
    names = ("DescribeInstances", "StartInstances")
    assert [events_of({**old, "eventName": name})[0]["activity"] for name in names] == ["read", "write"]


EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
ALL_BLOCKS = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
ITEM = {"ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("AuthorizeSecurityGroupIngress", {"cidrIp": "0.0.0.0/0"}, True),
        ("AuthorizeSecurityGroupIngress", {"ipPermissions": {"items": [ITEM]}}, True),
        ("AuthorizeSecurityGroupIngress", {"cidrIp": "10.0.0.0/8"}, None),
        ("RevokeSecurityGroupIngress", {"ipPermissions": {"items": [ITEM]}}, False),
        ("PutBucketPolicy", {"bucketPolicy": {"Statement": [EVERYONE]}}, True),
        ("PutBucketPolicy", {"bucketPolicy": {"Statement": EVERYONE | {"Principal": {"AWS": ["*"]}}}}, True),
        ("PutBucketPolicy", {"bucketPolicy": {"Statement": [EVERYONE | {"Condition": {"Bool": {}}}]}}, False),
        ("PutBucketPolicy", {"bucketPolicy": {"Statement": [EVERYONE | {"Effect": "Deny"}]}}, False),
        ("PutBucketPolicy", {"bucketPolicy": "not json"}, None),
        ("DeleteBucketPolicy", {}, False),
        ("PutBucketAcl", {"x-amz-acl": ["public-read"]}, True),
        ("PutBucketAcl", {"x-amz-acl": ["private"]}, False),
        ("DeleteBucketPublicAccessBlock", {}, True),
        ("PutBucketPublicAccessBlock", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}, True),
        ("PutBucketPublicAccessBlock", {"PublicAccessBlockConfiguration": ALL_BLOCKS}, False),
        ("ModifySnapshotAttribute", {"createVolumePermission": {"add": {"items": [{"group": "all"}]}}}, True),
        ("ModifySnapshotAttribute", {"createVolumePermission": {"add": {"items": [{"userId": "1"}]}}}, None),
        ("ModifyImageAttribute", {"launchPermission": {"remove": {"items": [{"group": "all"}]}}}, False),
        ("ModifyDBSnapshotAttribute", {"valuesToAdd": ["all"]}, True),
        ("AddPermission20150331v2", {"principal": "*"}, True),
        ("GetObject", {}, None),
    ],
)  # fmt: skip
def test_the_exposure_table(name: str, parameters: dict[str, Any], expected: bool | None) -> None:
    """What opens to everyone, what closes again, and what says neither."""
    (event,) = events_of({**CLOUDTRAIL, "eventName": name, "requestParameters": parameters})
    assert event["is_public_exposure"] is expected


def test_a_refused_call_opens_nothing() -> None:
    """An error code means that nothing changed."""
    (event,) = events_of(
        {**CLOUDTRAIL, "eventName": "DeleteBucketPublicAccessBlock", "errorCode": "AccessDenied"}
    )
    assert picked(event, "is_public_exposure", "status") == {
        "is_public_exposure": None,
        "status": "AccessDenied",
    }


def test_what_cloudtrail_left_out_is_a_gap() -> None:
    """It says when parameters were too large or hidden."""
    hidden = {"password": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    gaps = gaps_of({**CLOUDTRAIL, "requestParameters": hidden, "responseElements": {"omitted": True}})
    assert [(gap.gap, gap.pointer) for gap in gaps] == [
        ("fields_masked", "/requestParameters/password"),
        ("records_truncated", "/responseElements"),
    ]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"eventTime": "2026-02-03T016:12:30Z"}, ("time_invalid", "/eventTime")),
        ({"eventTime": "2026-02-03T16:12:30"}, ("time_invalid", "/eventTime")),
        ({"eventName": None}, ("field_missing", "/eventName")),
        ({"sourceIPAddress": 5}, ("field_invalid", "/sourceIPAddress")),
        ({"userIdentity": "ann"}, ("field_invalid", "/userIdentity")),
        ({"readOnly": "perhaps"}, ("field_invalid", "/readOnly")),
    ],
)
def test_what_can_be_wrong(change: dict[str, object], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer; the records beside it are kept."""
    assert refusals_of({"Records": [CLOUDTRAIL, {**CLOUDTRAIL, **change}]}) == [refusal]


BY_SERVICE = {**CLOUDTRAIL["userIdentity"], "invokedBy": "cloudformation.amazonaws.com"}


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({"userAgent": "aws-cli/2.27.41"}, 0),
        ({"userAgent": "console.amazonaws.com"}, 1),
        ({"userAgent": "[cloudformation.amazonaws.com]"}, 1),
        ({"userAgent": "console.amazonaws.com", "sessionCredentialFromConsole": "true"}, 0),
        ({"userAgent": "cloudformation.amazonaws.com", "userIdentity": BY_SERVICE}, 0),
        ({"userAgent": "eks.amazonaws.com", "sourceIPAddress": "eks.amazonaws.com"}, 0),
        ({"userAgent": "lambda.amazonaws.com", "userIdentity": {"type": "AWSService"}}, 0),
    ],
)
def test_a_service_that_a_client_alone_names_is_a_gap(change: dict[str, Any], count: int) -> None:
    """Not where AWS itself recorded that a service or its console called."""
    gaps = gaps_of({**CLOUDTRAIL, **change})
    assert [("client_reported_field", "userAgent", "/userAgent")] * count == [
        (gap.gap, gap.subject, gap.pointer) for gap in gaps
    ]

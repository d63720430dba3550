"""Owns the records that exports to be measured are made of: invented, and the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

_RULES = ("Terminal shell in container", "Unexpected outbound connection destination")
_CALLS = ("GetObject", "ListObjects", "PutObject", "HeadObject")


@dataclass(frozen=True)
class Records:
    """Records of one format: the one of a number, and the columns that `read_json` is told."""

    tool: str
    invent: Callable[[int], dict[str, object]]
    declared: str


def _falco(number: int) -> dict[str, object]:
    second, pod = number // 1000, hashlib.sha256(str(number % 97).encode()).hexdigest()
    clock = f"{9 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    time = f"2026-01-12T{clock}.{number % 1000:03}000000Z"
    fields = {
        "container.id": pod[:12],
        "container.image.repository": "registry.example.com/payments/checkout-api",
        "container.image.tag": "2.14.3",
        "container.name": "checkout-api",
        "evt.type": "execve",
        "k8s.cluster.name": "prod-eu1",
        "k8s.ns.name": "payments",
        "k8s.pod.name": f"checkout-api-7d9b6f8f6d-{pod[:5]}",
        "proc.cmdline": f"bash -c step{number}",
        "proc.exepath": "/bin/bash",
        "proc.name": "bash",
        "proc.pname": "runc",
        "proc.tty": 34816,
        "user.loginuid": -1,
        "user.name": "root",
        "user.uid": 0,
    }
    said = " ".join(f"{name.replace('.', '_')}={value}" for name, value in fields.items())
    return {
        "hostname": f"prod-eu1-general-{pod[5:9]}",
        "output": f"{time[11:29]}: Notice A shell was spawned in a container | {said}"[:420],
        "output_fields": fields,
        "priority": "Notice",
        "rule": _RULES[number % len(_RULES)],
        "source": "syscall",
        "tags": ["T1059", "container", "shell"],
        "time": time,
    }


def _cloudtrail(number: int) -> dict[str, object]:
    """A call to S3 by one of 920 sessions in five accounts, fifty calls a second."""
    second, session = number // 50, number % 40
    account, role = f"{100000000000 + number % 5}", f"role-{number % 23}"
    key = hashlib.sha256(str(session).encode()).hexdigest()[:16].upper()
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    bucket, path = f"bucket-{number % 17}", f"path/to/{number}.json"
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/session-{session}"
    issuer = {
        "type": "Role",
        "principalId": f"AROA{key}",
        "arn": f"arn:aws:iam::{account}:role/{role}",
        "accountId": account,
        "userName": role,
    }
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROA{key}:session-{session}",
            "arn": arn,
            "accountId": account,
            "accessKeyId": f"ASIA{key}",
            "sessionContext": {
                "sessionIssuer": issuer,
                "attributes": {"creationDate": "2026-01-12T08:00:00Z", "mfaAuthenticated": "false"},
            },
        },
        "eventTime": f"2026-01-12T{9 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": _CALLS[number % len(_CALLS)],
        "awsRegion": "eu-central-1",
        "sourceIPAddress": f"192.0.2.{number % 200}",
        "userAgent": "[aws-sdk-go/1.44.0 (go1.19; linux; amd64) S3Manager]",
        "requestParameters": {"bucketName": bucket, "Host": "s3.eu-central-1.amazonaws.com", "key": path},
        "responseElements": None,
        "additionalEventData": {
            "SignatureVersion": "SigV4",
            "CipherSuite": "ECDHE-RSA-AES128-GCM-SHA256",
            "bytesTransferredIn": 0,
            "AuthenticationMethod": "AuthHeader",
            "bytesTransferredOut": number,
        },
        "requestID": digest[:16].upper(),
        "eventID": f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}",
        "readOnly": number % len(_CALLS) != 2,
        "resources": [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{path}"}],
        "eventType": "AwsApiCall",
        "managementEvent": False,
        "recipientAccountId": account,
        "eventCategory": "Data",
    }


RECORDS = {
    "falco": Records(
        "Falco",
        _falco,
        "hostname: 'VARCHAR', output: 'VARCHAR', priority: 'VARCHAR', rule: 'VARCHAR', source: 'VARCHAR',"
        " tags: 'VARCHAR[]', time: 'VARCHAR', output_fields: 'JSON'",
    ),
    "cloudtrail": Records(
        "CloudTrail",
        _cloudtrail,
        "eventVersion: 'VARCHAR', userIdentity: 'JSON', eventTime: 'VARCHAR', eventSource: 'VARCHAR',"
        " eventName: 'VARCHAR', awsRegion: 'VARCHAR', sourceIPAddress: 'VARCHAR', userAgent: 'VARCHAR',"
        " requestParameters: 'JSON', responseElements: 'JSON', additionalEventData: 'JSON',"
        " requestID: 'VARCHAR', eventID: 'VARCHAR', readOnly: 'BOOLEAN', resources: 'JSON',"
        " eventType: 'VARCHAR', managementEvent: 'BOOLEAN', recipientAccountId: 'VARCHAR',"
        " eventCategory: 'VARCHAR'",
    ),
}

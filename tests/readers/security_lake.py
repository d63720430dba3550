"""Owns how Amazon Security Lake makes OCSF of a CloudTrail record, as AWS publishes the mapping, for tests.

Version 2 is OCSF 1.1.0, version 1 the release candidate 1.0.0-rc.2. In Parquet `unmapped` is a map of texts,
request and response are JSON texts, and times are milliseconds beside a timestamp.
"""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_ACTIVITIES = {"true": 2, "false": 3}


def version_2(record: dict[str, Any]) -> dict[str, Any]:
    """The record as OCSF 1.1.0."""
    identity = record.get("userIdentity", {})
    context = identity.get("sessionContext", {})
    is_sign_in = record["eventSource"] == "signin.amazonaws.com"
    is_mfa = context.get("attributes", {}).get("mfaAuthenticated")
    used = (record.get("additionalEventData") or {}).get("MFAUsed")
    return {
        "class_uid": 3002 if is_sign_in else 6003,
        "activity_id": 1 if is_sign_in else _ACTIVITIES.get(str(record.get("readOnly")).lower(), 99),
        "actor": {
            "invoked_by": identity.get("invokedBy"),
            "idp": {"name": context.get("webIdFederationData", {}).get("federatedProvider")},
            "session": {
                "is_mfa": {"true": True, "false": False}.get(is_mfa) if is_mfa else None,
                "issuer": context.get("sessionIssuer", {}).get("arn"),
            },
            "user": {
                "account": {"uid": identity.get("accountId")},
                "credential_uid": identity.get("accessKeyId"),
                "name": identity.get("userName"),
                "type": identity.get("type"),
                "uid": identity.get("arn"),
                "uid_alt": identity.get("principalId"),
            },
        },
        "api": {
            "operation": record["eventName"],
            "request": {"data": _text(record.get("requestParameters")), "uid": record.get("requestID")},
            "response": {
                "data": _text(record.get("responseElements")),
                "error": record.get("errorCode"),
                "message": record.get("errorMessage"),
            },
            "service": {"name": record["eventSource"]},
        },
        "cloud": {"provider": "AWS", "region": record.get("awsRegion")},
        "http_request": {"user_agent": record.get("userAgent")},
        "is_mfa": {"Yes": True, "No": False}.get(used or "") if is_sign_in else None,
        "metadata": {
            "product": {"name": "CloudTrail", "vendor_name": "AWS", "version": record.get("eventVersion")},
            "uid": record.get("eventID"),
            "version": "1.1.0",
        },
        "resources": [
            {"uid": item.get("ARN"), "type": item.get("type")} for item in record.get("resources") or ()
        ],
        "src_endpoint": _endpoint(record.get("sourceIPAddress")),
        "severity_id": 1,
        "status": "Failure" if record.get("errorCode") else "Success",
        "time": _milliseconds(record["eventTime"]),
        "time_dt": record["eventTime"],
        "unmapped": _unmapped(record),
    }


def version_1(record: dict[str, Any]) -> dict[str, Any]:
    """The record as OCSF 1.0.0-rc.2: other names for some keys, request and response under dotted keys."""
    event = version_2(record)
    user, session = event["actor"]["user"], event["actor"]["session"]
    user["account_uid"] = user.pop("account")["uid"]
    user["uuid"], user["uid"] = user.pop("uid"), user.pop("uid_alt")
    session["mfa"] = session.pop("is_mfa")
    event["class_uid"] = 3005 if event["class_uid"] == 6003 else event["class_uid"]
    event["metadata"]["version"] = "1.0.0-rc.2"
    del event["api"]["request"]["data"], event["api"]["response"]["data"], event["time_dt"]
    for key in ("requestParameters", "responseElements"):
        for name, value in (record.get(key) or {}).items():
            event["unmapped"][f"{key}.{name}"] = value if isinstance(value, str) else json.dumps(value)
    return event


def parquet(events: list[dict[str, Any]]) -> bytes:
    """The events as Security Lake writes them: zstd, a timestamp beside `time`, `unmapped` as a map."""
    keys = sorted({key for event in events for key in event})
    rows = [{key: event.get(key) for key in keys} for event in events]
    for row in rows:
        written = row.get("time_dt")
        row["time_dt"] = datetime.fromisoformat(written) if written else None
        row["unmapped"] = [(key, value) for key, value in (row.get("unmapped") or {}).items()]
    inferred = pa.Table.from_pylist(rows)
    fields = [field for field in inferred.schema if field.name not in ("time_dt", "unmapped")]
    fields += [
        pa.field("time_dt", pa.timestamp("us", "UTC")),
        pa.field("unmapped", pa.map_(pa.string(), pa.string())),
    ]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(fields)), sink, compression="zstd")
    return sink.getvalue()


def _unmapped(record: dict[str, Any]) -> dict[str, str]:
    kept = {}
    for key in (
        "eventType",
        "managementEvent",
        "readOnly",
        "recipientAccountId",
        "sessionCredentialFromConsole",
    ):
        if record.get(key) is not None:
            kept[key] = str(record[key]).lower() if isinstance(record[key], bool) else str(record[key])
    return kept


def _endpoint(address: str | None) -> dict[str, Any]:
    is_name = address is not None and address.endswith(".amazonaws.com")
    return {"domain" if is_name else "ip": address}


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, separators=(",", ":"))


def _milliseconds(written: str) -> int:
    return int(datetime.fromisoformat(written).timestamp()) * 1000

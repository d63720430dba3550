"""Owns what OCSF findings become: a detection, a policy's verdict, or, when one is closed, a response."""

from __future__ import annotations

import re

from evidence.readers import fields
from evidence.readers.contract import Event, Json
from evidence.readers.kubernetes_names import workload_fields
from evidence.readers.ocsf_cloudtrail import account_of

SECURITY_FINDING, COMPLIANCE_FINDING, DETECTION_FINDING = 2001, 2003, 2004
_CLOSE_ACTIVITY = 3
_CLOSED_STATUSES = frozenset({"archived", "resolved", "suppressed"})
_VERDICTS = {
    "fail": "violated",
    "failed": "violated",
    "non_compliant": "violated",
    "pass": "passed",
    "passed": "passed",
    "compliant": "passed",
}
_KEY = re.compile(r"(?:^|[:/])((AKIA|ASIA)[A-Z0-9]{8,124})$")
_KINDS = {
    "pod": "Pod",
    "node": "Node",
    "deployment": "Deployment",
    "job": "Job",
    "statefulset": "StatefulSet",
}


def finding(record: Json, class_uid: int) -> Event:
    """The columns of a finding, without its time."""
    key = "finding" if class_uid == SECURITY_FINDING and "finding" in record else "finding_info"
    info = fields.mapping(record, key)
    title = fields.text(info, "title", f"/{key}")
    analytic = fields.loose_text(fields.loose_mapping(info, "analytic"), "name")
    event: Event = {
        "pointer": "",
        "class_uid": class_uid,
        "message": fields.optional_text(info, "desc", f"/{key}") or title,
        "severity_text": fields.optional_text(record, "severity"),
        "severity_id": severity_of(record),
        "source_url": fields.loose_text(info, "src_url"),
        **_place(record),
    }
    if class_uid == COMPLIANCE_FINDING:
        event.update(_verdict(record, title))
    else:
        event.update({"kind": "detection", "name": analytic or title, "activity": "detected"})
    if _is_closed(record):
        # Who closes a finding responds to it: no rule may see that.
        event.update({"kind": "response", "is_response": True, "activity": "close"})
    return event


def severity_of(record: Json) -> int | None:
    """OCSF's own severity id; 0 (unknown) and 99 (other) say nothing."""
    value = fields.optional_integer(record, "severity_id")
    if value is None or value in (0, 99):
        return None
    if not 1 <= value <= 6:
        raise fields.invalid("/severity_id", value, "0 to 6, or 99")
    return value


def _verdict(record: Json, title: str) -> Event:
    compliance = fields.mapping(record, "compliance")
    status = fields.optional_text(compliance, "status", "/compliance")
    verdict = _VERDICTS.get((status or "").lower())
    control = fields.loose_text(compliance, "control")
    return {"kind": "policy", "name": control or title, "activity": verdict, "status": status}


def _is_closed(record: Json) -> bool:
    status = fields.optional_text(record, "status") or ""
    return record.get("activity_id") == _CLOSE_ACTIVITY or status.lower() in _CLOSED_STATUSES


def _place(record: Json) -> Event:
    """What the finding is about: its first resource, and who did it where it says so."""
    resources = fields.loose_objects(record.get("resources")) or fields.loose_objects(record.get("resource"))
    resource = resources[0] if resources else {}
    evidences = fields.loose_objects(record.get("evidences"))
    evidence = evidences[0] if evidences else {}
    cloud = fields.optional_mapping(record, "cloud")
    uid, kind = fields.loose_text(resource, "uid", "name"), fields.loose_text(resource, "type")
    key = _KEY.search(uid) if uid else None
    actor = fields.loose_mapping(record, "actor", "user") or fields.loose_mapping(evidence, "actor", "user")
    source = fields.loose_mapping(record, "src_endpoint") or fields.loose_mapping(evidence, "src_endpoint")
    found: Event = {
        "account_uid": account_of(cloud),
        "region": fields.loose_text(cloud, "region") or fields.loose_text(resource, "region"),
        "namespace": fields.loose_text(resource, "namespace"),
        "resource_kind": kind,
        "resource": uid,
        "actor": fields.loose_text(actor, "name", "uid"),
        "src_ip": fields.loose_text(source, "ip"),
        "credential_uid": key[1] if key else None,
        "credential_kind": ("long_lived" if key[2] == "AKIA" else "temporary") if key else None,
    }
    named = fields.loose_text(resource, "name")
    if named:
        found.update(workload_fields(_KINDS.get((kind or "").lower()), named))  # type: ignore[typeddict-item]
    return found

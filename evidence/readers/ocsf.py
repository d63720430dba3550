"""Reads OCSF events: JSON lines, arrays, and Parquet as Amazon Security Lake writes it (a row is a record).

Recognised by `class_uid` beside `metadata`. API calls (6003, and the identity classes 3001 to 3006 where
they name an operation) and authentication (3002) are calls; what CloudTrail made goes through CloudTrail's
own reader. Findings 2001 and 2004 are detections, 2003 is a policy's verdict. Every other class is refused
as unsupported, by its number. Wrong can be: times, absent names, an unknown severity. Identity: metadata.uid.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import cloudtrail, fields
from evidence.readers.client_words import KIND, forwarded_addresses
from evidence.readers.contract import Around, Event, Gap, Json, Reader, RecordRefused, SourceFacts
from evidence.readers.ocsf_cloudtrail import account_of, cloudtrail_record, is_cloudtrail
from evidence.readers.ocsf_findings import (
    COMPLIANCE_FINDING,
    DETECTION_FINDING,
    SECURITY_FINDING,
    finding,
    severity_of,
)
from evidence.times import format_rfc3339, parse_rfc3339, parse_unix_ns

AUTHENTICATION, API_ACTIVITY = 3002, 6003
CALLS = (3001, AUTHENTICATION, 3003, 3004, 3005, 3006, API_ACTIVITY)
FINDINGS = (SECURITY_FINDING, COMPLIANCE_FINDING, DETECTION_FINDING)
_ACTIVITIES = {1: "write", 2: "read", 3: "write", 4: "write"}
_NS_PER_MS = 1_000_000


def is_record(record: Json) -> bool:
    """Whether it has the keys that every OCSF event has."""
    return "class_uid" in record and "metadata" in record


def read(record: Json, around: Around) -> Iterable[Event]:
    """One call, detection or verdict."""
    fields.mapping(record, "metadata")
    class_uid = fields.optional_integer(record, "class_uid")
    if class_uid is None:
        raise fields.missing("/class_uid", "an OCSF class")
    event_time, time_text = _time(record)
    if class_uid in FINDINGS:
        event = finding(record, class_uid)
    elif class_uid in CALLS and is_cloudtrail(record):
        event = _cloudtrail(record, class_uid, around, format_rfc3339(event_time))
    elif class_uid in CALLS:
        event = _call(record, class_uid)
    else:
        name = fields.loose_text(record, "class_name") or "unnamed"
        read_here = ", ".join(map(str, sorted((*FINDINGS, *CALLS))))
        detail = f"/class_uid is {class_uid} ({name[:64]}); read are {read_here}"
        raise RecordRefused("unsupported", "/class_uid", detail)
    return ({**event, "event_time": event_time, "event_time_text": time_text},)


def identity(record: Json) -> str | None:
    """The product's id of the event; a finding keeps its id over updates, so that its time belongs to it."""
    uid = fields.loose_text(fields.loose_mapping(record, "metadata"), "uid")
    return f"{record['class_uid']} {uid} {_time(record)[0]}" if uid else None


def original(record: Json) -> tuple[str, str] | None:
    """The event of CloudTrail's own log that the lake made this one of."""
    uid = fields.loose_text(fields.loose_mapping(record, "metadata"), "uid")
    return ("cloudtrail", uid) if uid and record["class_uid"] in CALLS and is_cloudtrail(record) else None


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """What a call has from the client alone, as the product's own log would tell it."""
    if record["class_uid"] not in CALLS:
        return
    forwarded = fields.loose_mapping(record, "src_endpoint").get("intermediate_ips")
    count = len(forwarded) if isinstance(forwarded, list) else 0
    yield from forwarded_addresses(count, "intermediate_ips", "/src_endpoint/intermediate_ips/0")
    agent = fields.loose_text(fields.loose_mapping(record, "http_request"), "user_agent")
    if agent and ".amazonaws.com" in agent and is_cloudtrail(record):
        call = cloudtrail_record(record, "")
        yield from cloudtrail.client_gaps(call, "/http_request/user_agent")


def _time(record: Json) -> tuple[int, str]:
    """`time_dt` where the datetime profile gives it, else `time` in milliseconds since 1970."""
    written = fields.optional_text(record, "time_dt")
    if written:
        return fields.in_time(parse_rfc3339, written, "/time_dt"), written
    milliseconds = fields.optional_integer(record, "time")
    if milliseconds is None:
        raise fields.missing("/time", "milliseconds since 1970")
    return fields.in_time(parse_unix_ns, milliseconds * _NS_PER_MS, "/time"), str(milliseconds)


def _cloudtrail(record: Json, class_uid: int, around: Around, event_time: str) -> Event:
    """What CloudTrail's reader makes of the call. In version 1.0.0-rc.2, 3005 is API Activity."""
    (event,) = cloudtrail.read(cloudtrail_record(record, event_time), around)
    version = fields.loose_text(fields.loose_mapping(record, "metadata"), "version") or ""
    is_old_call = class_uid == 3005 and version.startswith("1.0.0-rc")
    return {
        **event,
        "source": "aws_cloudtrail",
        "class_uid": API_ACTIVITY if is_old_call else class_uid,
    }


def _call(record: Json, class_uid: int) -> Event:
    """A call, or a sign-in, of any other product: what it says itself, and no more."""
    actor = fields.optional_mapping(record, "actor")
    user = fields.loose_mapping(actor, "user") or fields.optional_mapping(record, "user")
    api = fields.optional_mapping(record, "api")
    cloud = fields.optional_mapping(record, "cloud")
    resources = fields.loose_objects(record.get("resources"))
    resource = resources[0] if resources else {}
    name = fields.optional_text(api, "operation", "/api")
    if name is None and class_uid != AUTHENTICATION:
        raise fields.missing("/api/operation", "the operation that was called")
    error = fields.loose_text(fields.loose_mapping(api, "response"), "error")
    is_mfa = record.get("is_mfa", fields.loose_mapping(actor, "session").get("is_mfa"))
    activity = record.get("activity_id")
    return {
        "pointer": "",
        "kind": "api_call",
        "class_uid": class_uid,
        "name": name or fields.text(record, "activity_name"),
        "activity": _ACTIVITIES.get(activity) if isinstance(activity, int) else None,
        "status": error or fields.optional_text(record, "status"),
        "message": fields.optional_text(record, "message"),
        "severity_text": fields.optional_text(record, "severity"),
        "severity_id": severity_of(record),
        "actor": fields.loose_text(user, "name", "email_addr", "uid"),
        "credential_uid": fields.loose_text(user, "credential_uid"),
        "src_ip": fields.loose_text(fields.optional_mapping(record, "src_endpoint"), "ip"),
        "user_agent": fields.loose_text(fields.optional_mapping(record, "http_request"), "user_agent"),
        "is_mfa": is_mfa if isinstance(is_mfa, bool) else None,
        "account_uid": account_of(cloud),
        "region": fields.optional_text(cloud, "region", "/cloud"),
        "namespace": fields.loose_text(resource, "namespace"),
        "resource_kind": fields.loose_text(resource, "type"),
        "resource": fields.loose_text(resource, "uid", "name"),
    }


FACTS = SourceFacts(
    tool="OCSF (Amazon Security Lake)",
    written_by="a lake's objects as they are (Parquet); any tool that writes OCSF as JSON lines or arrays",
    record="one event; in Parquet one row",
    read="API Activity 6003 and the identity classes 3001 to 3006 as calls, CloudTrail's exactly as its own "
    "log; Authentication 3002; Detection Finding 2004 and Security Finding 2001 as detections; Compliance "
    "Finding 2003 as a policy's verdict; a finding that is closed as a response",
    ignored="every other class: refused as `unsupported` by its number; `observables`, `enrichments`, "
    "`raw_data`; all but the first resource and evidence; the objects of EKS audit events below the resource",
    gaps=(KIND,),
    forgeable=("user_agent", "message"),
    trust="as the product that wrote it, with the same gaps for what a client says of itself; of EKS audit "
    "events a lake keeps the first address alone, which a client may have written; what passed a lake's "
    "mapping may have lost fields. The same call in CloudTrail's own log (`metadata.uid` is `eventID`) is "
    "one call: the form that arrives first is evidence, the other a duplicate, and a lake's that says "
    "otherwise is refused",
    class_uids=(*sorted((*FINDINGS, *CALLS)),),
)

READER = Reader(
    "ocsf", "ocsf", is_record, read, identity, record_gaps=record_gaps, facts=FACTS, original=original
)

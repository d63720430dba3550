"""Reads CloudTrail records: log files (`{"Records": []}`), bare arrays and JSON lines, gzipped or not.

Recognised by `eventName`, `eventSource` and `eventTime`. One record is one API call, with the identity
context of `userIdentity` (see cloudtrail_identity) and what it opens to everyone (cloudtrail_exposure).
Wrong can be: the time, absent names, fields of another type. Identity: eventID.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.client_words import KIND, claimed_service
from evidence.readers.cloudtrail_exposure import is_public_exposure
from evidence.readers.cloudtrail_identity import identity_fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts

API_ACTIVITY = 6003
AUTHENTICATION = 3002
_READS = (
    "BatchGet",
    "Check",
    "Describe",
    "Download",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Query",
    "Scan",
    "Search",
    "Select",
    "Simulate",
    "View",
)
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"

# Which request parameter names the object acted on, most specific first.
_RESOURCES = (
    ("bucketName", "s3_bucket"),
    ("accessKeyId", "access_key"),
    ("secretId", "secret"),
    ("groupId", "security_group"),
    ("snapshotId", "snapshot"),
    ("dBSnapshotIdentifier", "db_snapshot"),
    ("imageId", "image"),
    ("functionName", "function"),
    ("trailName", "trail"),
    ("roleName", "iam_role"),
    ("roleArn", "iam_role"),
    ("userName", "iam_user"),
    ("groupName", "iam_group"),
    ("policyArn", "iam_policy"),
    ("instanceId", "instance"),
    ("dBInstanceIdentifier", "db_instance"),
    ("keyId", "kms_key"),
    ("name", None),
)


def is_record(record: Json) -> bool:
    """Whether it has the keys that every CloudTrail record has."""
    return "eventName" in record and "eventSource" in record and "eventTime" in record


def is_envelope(envelope: Json) -> bool:
    """Whether it is a log file as CloudTrail delivers them."""
    return isinstance(envelope.get("Records"), list)


def read(record: Json, around: Around) -> Iterable[Event]:
    """One API call; a console sign-in is OCSF Authentication."""
    name = fields.text(record, "eventName")
    source = fields.text(record, "eventSource")
    event_time, time_text = fields.time_at(record, "eventTime")
    error = fields.optional_text(record, "errorCode")
    parameters = record.get("requestParameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    resource_kind, resource = _resource(record, parameters)
    is_sign_in = source == "signin.amazonaws.com"
    event: Event = {
        "pointer": "",
        "kind": "api_call",
        "class_uid": AUTHENTICATION if is_sign_in else API_ACTIVITY,
        "name": name,
        "activity": "read" if _is_read(record, name, is_sign_in) else "write",
        "message": fields.optional_text(record, "errorMessage"),
        "status": error or _sign_in_result(record) or "Success",
        "event_time": event_time,
        "event_time_text": time_text,
        "account_uid": fields.optional_text(record, "recipientAccountId"),
        "region": fields.optional_text(record, "awsRegion"),
        "src_ip": fields.optional_text(record, "sourceIPAddress"),
        "user_agent": fields.optional_text(record, "userAgent"),
        "resource_kind": resource_kind,
        "resource": resource,
        # A refused call opens and closes nothing.
        "is_public_exposure": None if error else is_public_exposure(name, parameters),
    }
    event.update(identity_fields(record, is_sign_in))
    return (event,)


def identity(record: Json) -> str | None:
    """CloudTrail's own id of the event."""
    return fields.optional_text(record, "eventID")


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """What CloudTrail says it left out of the record, and what it has from the client alone."""
    for key in ("requestParameters", "responseElements", "additionalEventData"):
        value = record.get(key)
        if isinstance(value, dict) and value.get("omitted") is True:
            yield Gap("records_truncated", key, f"CloudTrail left out {key}: too large", f"/{key}")
        elif isinstance(value, dict) and _HIDDEN in value.values():
            hidden = sorted(name for name, inner in value.items() if inner == _HIDDEN)
            yield Gap(
                "fields_masked", key, f"CloudTrail hides {', '.join(hidden)} in {key}", f"/{key}/{hidden[0]}"
            )
    yield from client_gaps(record, "/userAgent")


def client_gaps(record: Json, pointer: str) -> Iterable[Gap]:
    """A client string that says a service called, where AWS itself says nothing like it."""
    agent = fields.loose_text(record, "userAgent")
    if agent is None or ".amazonaws.com" not in agent:
        return
    identity = fields.loose_mapping(record, "userIdentity")
    is_console = record.get("sessionCredentialFromConsole") in ("true", True)
    if not (identity.get("invokedBy") or identity.get("type") == "AWSService" or is_console):
        yield from claimed_service(agent, fields.loose_text(record, "sourceIPAddress"), pointer)


def _is_read(record: Json, name: str, is_sign_in: bool) -> bool:
    """`readOnly` where it is recorded (since event version 1.03), else the name's verb."""
    is_read_only = record.get("readOnly")
    if isinstance(is_read_only, str) and is_read_only in ("true", "false"):
        return is_read_only == "true"
    is_read_only = fields.optional_boolean(record, "readOnly")
    if is_read_only is not None:
        return is_read_only
    return not is_sign_in and name.startswith(_READS)


def _sign_in_result(record: Json) -> str | None:
    elements = record.get("responseElements")
    return fields.loose_text(elements, "ConsoleLogin") if isinstance(elements, dict) else None


def _resource(record: Json, parameters: Json) -> tuple[str | None, str | None]:
    for key, kind in _RESOURCES:
        value = parameters.get(key)
        if isinstance(value, str) and value:
            return kind or record["eventSource"].partition(".")[0], value
    for item in fields.loose_objects(record.get("resources")):
        name = fields.loose_text(item, "ARN", "resourceName")
        if name:
            return fields.loose_text(item, "type", "resourceType"), name
    return None, None


FACTS = SourceFacts(
    tool="AWS CloudTrail",
    written_by="a trail's objects in S3 (gzip), `aws cloudtrail lookup-events` unwrapped to its events",
    record="one event",
    read="call, identity, credential, address, and parameters that name the object or open it to everyone",
    ignored="`responseElements` but for sign-ins, `tlsDetails`, insights",
    gaps=(KIND, "fields_masked", "records_truncated"),
    forgeable=("user_agent",),
    trust="AWS writes it, and a digest file proves the objects; the caller chooses the user agent, the names "
    "of sessions and all request parameters. A gap where the user agent names an AWS service (the console, "
    "say) and AWS recorded neither that a service called nor a console session",
    class_uids=(AUTHENTICATION, API_ACTIVITY),
)

READER = Reader(
    "cloudtrail",
    "aws_cloudtrail",
    is_record,
    read,
    identity,
    containers=(("Records",),),
    is_envelope=is_envelope,
    record_gaps=record_gaps,
    facts=FACTS,
    is_verbatim=True,
)

"""Owns the way back from OCSF to CloudTrail: the record that Amazon Security Lake made an event of.

The rebuilt record goes through CloudTrail's own reader, so that a call says the same in either form. Known
are the mappings of Security Lake's versions 1 (OCSF 1.0.0-rc.2) and 2 (1.1.0): what a version does not map
lies in `unmapped`, nested, as JSON text, or under dotted keys.
"""

from __future__ import annotations

from typing import Any

from evidence.json_strict import JsonRefused, parse
from evidence.readers import fields
from evidence.readers.contract import Json

_READ_ACTIVITY = 2
_MFA_WORDS = {True: "true", False: "false"}


def is_cloudtrail(record: Json) -> bool:
    """Whether the product is CloudTrail."""
    return fields.loose_mapping(record, "metadata", "product").get("name") == "CloudTrail"


def cloudtrail_record(record: Json, event_time: str) -> dict[str, Any]:
    """The CloudTrail record, with the keys that its reader takes. Raises RecordRefused at OCSF's pointers."""
    api = fields.mapping(record, "api")
    service = fields.mapping(api, "service", "/api")
    response = fields.optional_mapping(api, "response", "/api")
    unmapped = fields.optional_mapping(record, "unmapped")
    cloud = fields.optional_mapping(record, "cloud")
    rebuilt = {
        "eventName": fields.text(api, "operation", "/api"),
        "eventSource": fields.text(service, "name", "/api/service"),
        "eventTime": event_time,
        "errorCode": fields.optional_text(response, "error", "/api/response"),
        "errorMessage": fields.loose_text(response, "message", "error_message"),
        "awsRegion": fields.optional_text(cloud, "region", "/cloud"),
        "sourceIPAddress": _source(record),
        "userAgent": fields.loose_text(fields.optional_mapping(record, "http_request"), "user_agent"),
        "recipientAccountId": fields.loose_text(unmapped, "recipientAccountId") or account_of(cloud),
        "readOnly": _is_read(record, unmapped),
        "sessionCredentialFromConsole": _found(unmapped, "sessionCredentialFromConsole"),
        "requestParameters": _object(
            fields.optional_mapping(api, "request", "/api"), unmapped, "requestParameters"
        ),
        "responseElements": _object(response, unmapped, "responseElements"),
        "additionalEventData": _additional(record, unmapped),
        "userIdentity": _identity(record, unmapped),
        "resources": [
            {"ARN": fields.loose_text(item, "uid", "name"), "type": fields.loose_text(item, "type")}
            for item in fields.loose_objects(record.get("resources"))
        ],
    }
    return {key: value for key, value in rebuilt.items() if value is not None}


def account_of(holder: Json) -> str | None:
    """The account that an object names: `account.uid`, in older versions `account_uid`."""
    return fields.loose_text(fields.loose_mapping(holder, "account"), "uid") or fields.loose_text(
        holder, "account_uid"
    )


def _identity(record: Json, unmapped: Json) -> dict[str, Any]:
    actor = fields.optional_mapping(record, "actor")
    user = fields.optional_mapping(actor, "user", "/actor")
    session = fields.optional_mapping(actor, "session", "/actor")
    kind = fields.optional_text(user, "type", "/actor/user")
    names = [fields.loose_text(user, key) for key in ("uid", "uuid", "uid_alt")]
    identity = {
        "type": kind,
        "userName": fields.optional_text(user, "name", "/actor/user"),
        "arn": next((name for name in names if name and name.startswith("arn:")), None),
        "principalId": next((name for name in names if name and not name.startswith("arn:")), None),
        "accountId": account_of(user),
        "accessKeyId": fields.loose_text(user, "credential_uid")
        or fields.loose_text(session, "credential_uid"),
        "invokedBy": fields.optional_text(actor, "invoked_by", "/actor"),
        "sessionContext": _session(session, fields.loose_mapping(actor, "idp"), kind, unmapped),
    }
    return {key: value for key, value in identity.items() if value is not None}


def _session(session: Json, idp: Json, kind: str | None, unmapped: Json) -> dict[str, Any]:
    context: dict[str, Any] = {}
    is_mfa = session.get("is_mfa", session.get("mfa"))
    written = _found(unmapped, "userIdentity", "sessionContext", "attributes", "mfaAuthenticated")
    if isinstance(is_mfa, bool) or written is not None:
        own_word = _MFA_WORDS[is_mfa] if isinstance(is_mfa, bool) else None
        context["attributes"] = {"mfaAuthenticated": written or own_word}
    issuer = fields.loose_text(session, "issuer")
    if issuer:
        context["sessionIssuer"] = {"arn": issuer, "userName": issuer.rpartition("/")[2]}
    provider = fields.loose_text(idp, "name")
    if provider and kind == "AssumedRole":
        context["webIdFederationData"] = {"federatedProvider": provider}
    return context


def _source(record: Json) -> str | None:
    """The address; a service that calls has a name instead."""
    return fields.loose_text(fields.optional_mapping(record, "src_endpoint"), "ip", "domain", "svc_name")


def _is_read(record: Json, unmapped: Json) -> Any:
    """CloudTrail's own word where it is kept, else OCSF's activity; a sign-in is neither."""
    written = _found(unmapped, "readOnly")
    if written in ("true", "false", True, False):
        return written
    activity = record.get("activity_id")
    return (
        activity == _READ_ACTIVITY if record.get("class_uid") != 3002 and activity in (1, 2, 3, 4) else None
    )


def _additional(record: Json, unmapped: Json) -> dict[str, Any] | None:
    used = _found(unmapped, "additionalEventData", "MFAUsed")
    if used is None and record.get("class_uid") == 3002 and isinstance(record.get("is_mfa"), bool):
        used = "Yes" if record["is_mfa"] else "No"
    return {"MFAUsed": used} if used is not None else None


def _object(holder: Json, unmapped: Json, key: str) -> dict[str, Any] | None:
    """`data` as an object, be it one or JSON text; else what `unmapped` holds under CloudTrail's key."""
    for value in (holder.get("data"), unmapped.get(key)):
        value = _parsed(value)
        if isinstance(value, dict):
            return value
    nested: dict[str, Any] = {}
    for name, value in unmapped.items():
        first, _, rest = name.partition(".")
        if first == key and rest:
            _put(nested, rest.split("."), _parsed(value))
    return nested or None


def _found(unmapped: Json, *path: str) -> str | bool | None:
    """A text or boolean of `unmapped`: under the dotted key, else by following the keys."""
    value: Any = unmapped.get(".".join(path))
    if value is None:
        value = fields.loose_mapping(unmapped, *path[:-1]).get(path[-1])
    return value if isinstance(value, str | bool) else None


def _parsed(value: Any) -> Any:
    """A text that holds a JSON object or array as what it holds; anything else as it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return parse(value.encode())
    except (JsonRefused, UnicodeEncodeError):
        return value


def _put(into: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        inner = into.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        into = inner
    into.setdefault(path[-1], value)

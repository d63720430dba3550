"""Owns the reading of CloudTrail's `userIdentity`: who acted, what kind of identity, with which credential.

| userIdentity | actor | actor_kind |
|---|---|---|
| Root | root | human |
| IAMUser that signs in, or holds a console session or a second factor | user name | human |
| IAMUser with a key alone | user name | unknown: a person or a program may hold the key |
| AssumedRole of `AWSReservedSSO_…` | session name | human |
| AssumedRole whose session name is an e-mail address, or with a second factor | role name | human |
| AssumedRole of an EC2 instance (`i-…`) or by web identity (pods, CI) | role name | workload |
| AssumedRole of a service-linked role or invoked by a service, and any other | role name | service |
| IdentityCenterUser, SAMLUser, Directory | user name | human |
| WebIdentityUser | user name | workload |
| AWSService | invokedBy | service |
| AWSAccount, FederatedUser, Unknown | what is recorded | unknown |

Credential: `AKIA…` long-lived; `ASIA…` temporary, but a console session where CloudTrail says
`sessionCredentialFromConsole`; a sign-in is a session.
"""

from __future__ import annotations

import re
from functools import lru_cache

import orjson

from evidence.readers import fields
from evidence.readers.contract import Event, Json

_KEPT_COUNT, _KEPT_BYTES_MAX = 4096, 4096  # identities that are kept once read, and the largest of them
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
_HUMAN_TYPES = frozenset({"Directory", "IdentityCenterUser", "Root", "SAMLUser"})


def identity_fields(record: Json, is_sign_in: bool) -> Event:
    """The identity columns of one record; absent context stays NULL."""
    identity = fields.optional_mapping(record, "userIdentity")
    is_console = is_sign_in or record.get("sessionCredentialFromConsole") in ("true", True)
    used = fields.loose_mapping(record, "additionalEventData").get("MFAUsed")
    is_mfa_used = used == "Yes" if used in ("Yes", "No") else None
    try:
        written = orjson.dumps(identity)
    except orjson.JSONEncodeError:  # numbers that were parsed exactly
        written = b""
    if 0 < len(written) <= _KEPT_BYTES_MAX:
        return _read_written(written, is_console, is_mfa_used)
    return _read(identity, is_console, is_mfa_used)


@lru_cache(maxsize=_KEPT_COUNT)
def _read_written(written: bytes, is_console: bool, is_mfa_used: bool | None) -> Event:
    """A session says the same of itself in each of its many calls. What is returned is not written to."""
    return _read(orjson.loads(written), is_console, is_mfa_used)


def _read(identity: Json, is_console: bool, is_mfa_used: bool | None) -> Event:
    kind = fields.optional_text(identity, "type", "/userIdentity")
    context = fields.loose_mapping(identity, "sessionContext")
    is_mfa = _is_mfa(context) if is_mfa_used is None else is_mfa_used
    key = fields.optional_text(identity, "accessKeyId", "/userIdentity")
    actor, actor_kind = _principal(identity, kind), _kind(kind, is_console or is_mfa is True)
    if kind == "AssumedRole":
        actor, actor_kind = _assumed_role(identity, context, is_mfa)
    return {
        "actor": actor,
        "actor_kind": actor_kind,
        "credential_uid": key,
        "credential_kind": _credential_kind(key, is_console),
        "is_mfa": is_mfa,
    }


def _kind(kind: str | None, is_person_seen: bool) -> str | None:
    if kind in _HUMAN_TYPES:
        return "human"
    if kind == "IAMUser":
        return "human" if is_person_seen else None
    return {"AWSService": "service", "WebIdentityUser": "workload"}.get(kind or "")


def _principal(identity: Json, kind: str | None) -> str | None:
    if kind == "Root":
        return "root"
    return fields.loose_text(identity, "userName", "invokedBy", "arn", "principalId", "accountId")


def _assumed_role(identity: Json, context: Json, is_mfa: bool | None) -> tuple[str | None, str]:
    issuer = fields.loose_mapping(context, "sessionIssuer")
    arn = fields.loose_text(identity, "arn") or ""
    role = (
        fields.loose_text(issuer, "userName") or _part(arn, 1) or fields.loose_text(identity, "principalId")
    )
    session = _part(arn, 2) or ""
    if role and role.startswith("AWSReservedSSO_"):
        return session or role, "human"
    if "/aws-service-role/" in (fields.loose_text(issuer, "arn") or "") or identity.get("invokedBy"):
        return role, "service"
    if _INSTANCE.fullmatch(session) or fields.loose_mapping(context, "webIdFederationData"):
        return role, "workload"
    return role, "human" if is_mfa or "@" in session else "service"


def _part(arn: str, index: int) -> str | None:
    """Of arn:aws:sts::account:assumed-role/ROLE/SESSION: 1 is the role, 2 the session."""
    parts = arn.rpartition(":")[2].split("/")
    return parts[index] if index < len(parts) and parts[index] else None


def _is_mfa(context: Json) -> bool | None:
    written = fields.loose_mapping(context, "attributes").get("mfaAuthenticated")
    return {"true": True, "false": False}.get(written) if isinstance(written, str) else None


def _credential_kind(key: str | None, is_console: bool) -> str | None:
    if key and key.startswith("AKIA"):
        return "long_lived"
    if is_console:
        return "session"
    return "temporary" if key and key.startswith("ASIA") else None

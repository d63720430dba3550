"""Reads GitHub's audit log of an organisation or enterprise: REST pages, downloads, streams, Git events.

Recognised by a dotted `action` beside `@timestamp` or `created_at`, and a `_document_id` or whom it concerns
(`actor`, `org`, `business`). One record is one action, at `@timestamp`, in milliseconds: `created_at` is when
GitHub wrote it down, and stands in where the other is absent. Wrong can be: times, fields of another type.
Identity: _document_id, which Git events may lack; a stream delivers at least once.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts
from evidence.times import parse_unix_ns

API_ACTIVITY = 6003
AUTHENTICATION = 3002
_NS_PER_MS = 1_000_000
_TIMES = ("@timestamp", "created_at")
_READS = frozenset({"git.clone", "git.fetch"})

# What the action was done to, most specific first; the repository has a column of its own besides.
_RESOURCES = (
    ("hook_id", "webhook"),
    ("ruleset_name", "ruleset"),
    ("integration", "github_app"),
    ("oauth_application", "oauth_application"),
    ("team", "team"),
    ("user", "user"),
    ("repo", "repository"),
    ("repository", "repository"),
    ("org", "organization"),
    ("business", "enterprise"),
)

# GitHub's own words. User-to-server tokens expire or not, as their application is set: no kind is known.
_CREDENTIAL_KINDS = {
    "deploy key": "long_lived",
    "fine-grained personal access token": "long_lived",
    "github app server-to-server token": "temporary",
    "oauth access token": "long_lived",
    "personal access token (classic)": "long_lived",
    "public key (user/deploy)": "long_lived",
    "ssh key": "long_lived",
}


def is_record(record: Json) -> bool:
    """Whether it has what every entry of the log has; webhooks' actions are single words."""
    action = record.get("action")
    if not any(key in record for key in _TIMES):
        return False
    if "_document_id" in record and "action" in record:
        return True
    is_named = isinstance(action, str) and "." in action
    return is_named and any(key in record for key in ("actor", "org", "business"))


def read(record: Json, around: Around) -> Iterable[Event]:
    """One action; a sign-in is OCSF Authentication."""
    action = fields.text(record, "action")
    operation = fields.optional_text(record, "operation_type")
    event_time, time_text = _time(record)
    actor = fields.optional_text(record, "actor")
    kind, resource = _resource(record, action, actor)
    event: Event = {
        "pointer": "",
        "kind": "api_call",
        "class_uid": AUTHENTICATION if operation == "authentication" else API_ACTIVITY,
        "name": action,
        "activity": "read" if operation == "access" or action in _READS else "write",
        "event_time": event_time,
        "event_time_text": time_text,
        # An enterprise's entry may list several organisations, and is then the enterprise's.
        "account_uid": fields.loose_text(record, "org", "business"),
        "repository": _repository(record),
        "actor": actor,
        "actor_kind": "service" if _is_bot(record, actor) else None,
        "credential_uid": fields.optional_text(record, "hashed_token"),
        "credential_kind": _credential_kind(record),
        "src_ip": fields.optional_text(record, "actor_ip"),
        "user_agent": fields.optional_text(record, "user_agent"),
        "resource_kind": kind,
        "resource": resource,
        "is_public_exposure": _is_public_exposure(record, action),
    }
    return (event,)


def identity(record: Json) -> str | None:
    """GitHub's own id of the entry."""
    return fields.optional_text(record, "_document_id")


def _time(record: Json) -> tuple[int, str]:
    """(ns UTC, as written) of when it happened: milliseconds since 1970, or RFC 3339 as some forward it."""
    key = next((key for key in _TIMES if record.get(key) is not None), _TIMES[0])
    value = record.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return fields.in_time(parse_unix_ns, value * _NS_PER_MS, f"/{key}"), str(value)
    if value is None or isinstance(value, str):
        return fields.time_at(record, key)
    raise fields.invalid(f"/{key}", value, "milliseconds since 1970")


def _repository(record: Json) -> str | None:
    """owner/name; Git events name it twice."""
    return fields.optional_text(record, "repo") or fields.optional_text(record, "repository")


def _resource(record: Json, action: str, actor: str | None) -> tuple[str | None, str | None]:
    """(kind, name) of what was acted on. A user who is the actor is not acted on."""
    nested = fields.loose_mapping(record, "data")  # where older pages put what is special to an action
    for key, kind in _RESOURCES:
        name = fields.loose_text(record, key) or fields.loose_text(nested, key)
        is_other = kind == "repository" or action != "repo.access"
        if name and is_other and not (kind == "user" and name == actor):
            return kind, name
    return None, None


def _is_bot(record: Json, actor: str | None) -> bool:
    return record.get("actor_is_bot") is True or (actor or "").endswith("[bot]")


def _credential_kind(record: Json) -> str | None:
    said = fields.optional_text(record, "programmatic_access_type")
    return _CREDENTIAL_KINDS.get(said.lower()) if said else None


def _is_public_exposure(record: Json, action: str) -> bool | None:
    """Whether a repository was opened to everyone, or closed again; None where the entry says neither."""
    if action != "repo.access":
        return None
    now, before = (fields.loose_text(record, key) for key in ("visibility", "previous_visibility"))
    if now == "public":
        return True
    return False if now and before == "public" else None


FACTS = SourceFacts(
    tool="GitHub audit log",
    written_by="`gh api --paginate '/orgs/ORG/audit-log?include=all'` or `/enterprises/…`, the downloads of "
    "the audit log's page (audit events and Git events), an enterprise's stream (lines, gzip)",
    record="one entry",
    read="action, actor, address, token's hash and kind, repository, what was acted on, and a repository "
    "that is opened to everyone",
    ignored="`data` but for names, `config`, scopes, locations; who else is named",
    forgeable=("user_agent",),
    trust="GitHub writes it; the caller chooses the user agent, and who may create teams, rule sets and "
    "repositories their names. Addresses are there only where the organisation has them shown. Git events "
    "are kept for seven days, leave out what was done in the browser or by the API, and name nobody where "
    "nobody logged in. GitHub names no delay: where the arrival is not recorded, that of `github` counts",
    class_uids=(AUTHENTICATION, API_ACTIVITY),
)

READER = Reader("github_audit", "github", is_record, read, identity, facts=FACTS, is_verbatim=True)

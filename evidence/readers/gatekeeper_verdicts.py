"""Owns what a Gatekeeper verdict becomes, wherever it is written: constraint status, log line or event.

Denied is a request that admission refused. Violated is everything else: an object that is there and breaks
the constraint, or a request that was let through with a warning or silently (`warn`, `dryrun`).
"""

from __future__ import annotations

from evidence.readers import fields
from evidence.readers.contract import Event, Json
from evidence.readers.kubernetes_names import kind_of_user, workload_fields

COMPLIANCE_FINDING = 2003
# How seriously the cluster's owners mean the constraint is the only grade that a verdict has.
SEVERITIES = {"deny": 3, "warn": 2, "dryrun": 1}
_ABOUT_IMAGES = ("image", "allowedrepos", "disallowedrepos", "disallowedtags")


def constraint_name(kind: str, name: str) -> str:
    """A constraint as its kind and name, by which its verdicts go."""
    return f"{kind}/{name}"


def strictest(action: str | None, scoped: object) -> str | None:
    """The enforcement action; of a scoped constraint's several the strictest that is known."""
    items = scoped if isinstance(scoped, list) else []
    known: list[str] = [item for item in items if isinstance(item, str) and item in SEVERITIES]
    if action == "scoped" and known:
        return max(known, key=lambda word: SEVERITIES[word])
    return action


def verdict(kind: str, name: str, action: str | None, *, is_refused: bool = False) -> Event:
    """The columns that say which constraint spoke and how."""
    word = "denied" if is_refused else "violated"
    return {
        "source": "opa",
        "kind": "policy",
        "class_uid": COMPLIANCE_FINDING,
        "name": constraint_name(kind, name),
        "activity": word,
        "status": word,
        "severity_text": action,
        "severity_id": fields.word(action, SEVERITIES),
        "is_image_flagged": True if any(part in kind.lower() for part in _ABOUT_IMAGES) else None,
    }


def about(kind: str | None, name: str | None, namespace: str | None) -> Event:
    """The columns that name the object under verdict."""
    found: Event = {"namespace": namespace, "resource_kind": kind, "resource": name}
    found.update(workload_fields(kind, name))  # type: ignore[typeddict-item]
    return found


def is_verdict(annotations: Json) -> bool:
    """Whether an event's annotations are those by which Gatekeeper tells of a verdict."""
    return "constraint_kind" in annotations and annotations.get("process") in ("admission", "audit")


def logged(record: Json, at: str = "") -> Event:
    """The verdict of the `constraint_…` and `resource_…` keys of log lines and events' annotations."""
    kind = fields.text(record, "constraint_kind", at)
    name = fields.text(record, "constraint_name", at)
    action = fields.optional_text(record, "constraint_action", at)
    action = strictest(action, record.get("constraint_enforcement_actions"))
    is_refused = record.get("process") == "admission" and action == "deny"
    user = fields.optional_text(record, "request_username", at)
    return {
        **verdict(kind, name, action, is_refused=is_refused),
        **about(
            fields.optional_text(record, "resource_kind", at),
            fields.optional_text(record, "resource_name", at),
            fields.optional_text(record, "resource_namespace", at),
        ),
        "actor": user,
        "actor_kind": kind_of_user(user) if user else None,
    }

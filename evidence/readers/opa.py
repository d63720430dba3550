"""Reads OPA decision logs: an array as OPA uploads it (gzipped), or the console's JSON lines.

Recognised by `decision_id` beside `path`, `query` or `input`. One decision is one policy event, denied or
allowed by its result: a boolean; `allow` or `allowed`; an admission `response`; a list or object of
denials or violations. An admission input (`input.request`, or `input.review` of Gatekeeper) names the
object. An undefined result denies where the path asks whether something is allowed.
Wrong can be: the time. Identity: decision_id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.kubernetes_names import has_approval, kind_of_user, service_of_labels, workload_fields

COMPLIANCE_FINDING = 2003
SEVERITIES = {"critical": 5, "high": 4, "error": 4, "medium": 3, "warning": 3, "low": 2, "info": 1}
_DENIALS = ("deny", "denied", "denials", "violation", "violations")
_ALLOWS = ("allow", "allowed", "authorized")


def is_record(record: Json) -> bool:
    """Whether it has the keys of a decision."""
    return "decision_id" in record and ("path" in record or "query" in record or "input" in record)


def read(record: Json, around: Around) -> Iterable[Event]:
    """One verdict on one input."""
    event_time, time_text = fields.time_at(record, "timestamp")
    name = fields.optional_text(record, "path") or fields.text(record, "query")
    result = record.get("result")
    is_denied = _is_denied(result, name)
    found = list(_findings(result))
    severity = _severity(found)
    request = _request(record)
    labels = fields.optional_mapping(record, "labels")
    event: Event = {
        "pointer": "",
        "kind": "policy",
        "class_uid": COMPLIANCE_FINDING,
        "name": name,
        "activity": None if is_denied is None else ("denied" if is_denied else "allowed"),
        "status": None if is_denied is None else ("denied" if is_denied else "allowed"),
        "message": "; ".join(message for message in map(_message, found) if message) or None,
        "event_time": event_time,
        "event_time_text": time_text,
        "severity_text": severity,
        "severity_id": fields.word(severity, SEVERITIES),
        "cluster": fields.loose_text(labels, "cluster"),
        "environment": fields.loose_text(labels, "environment", "env"),
        "region": fields.loose_text(labels, "region"),
        "is_image_flagged": True if is_denied and _is_about_images(name, found) else None,
        **_object(request),
    }
    return (event,)


def identity(record: Json) -> str | None:
    """OPA's id of the decision."""
    return fields.optional_text(record, "decision_id")


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """What masking erased or changed before the log left OPA."""
    for key in ("erased", "masked"):
        paths = [path for path in fields.optional_items(record, key) if isinstance(path, str)]
        if paths:
            yield Gap("fields_masked", ", ".join(sorted(paths)), f"OPA {key} {len(paths)} fields", f"/{key}")


def _is_denied(result: Any, name: str) -> bool | None:
    word = name.rpartition("/")[2].rpartition(".")[2].lower()
    if isinstance(result, bool):
        return result if word in _DENIALS else not result
    if isinstance(result, list):
        return bool(result) if word in _DENIALS else None
    if isinstance(result, dict):
        return _is_object_denied(result)
    if result is None and word in (*_ALLOWS, *_DENIALS):
        return word in _ALLOWS
    return None


def _is_object_denied(result: Json) -> bool | None:
    response = result.get("response")
    holder = response if isinstance(response, dict) else result
    for key in _ALLOWS:
        if isinstance(holder.get(key), bool):
            return not holder[key]
    for key in _DENIALS:
        if isinstance(holder.get(key), bool | list | dict):
            return bool(holder[key])
    return None


def _findings(result: Any) -> Iterator[Any]:
    """The single denials or violations, as text or objects."""
    if isinstance(result, list):
        yield from result
    elif isinstance(result, dict):
        for key in _DENIALS:
            inner = result.get(key)
            yield from inner if isinstance(inner, list) else ()
            yield from inner if isinstance(inner, dict) else ()
        response = fields.loose_mapping(result, "response")
        status = fields.loose_mapping(response, "status") or fields.loose_mapping(response, "result")
        yield from (text for text in (fields.loose_text(status, "reason", "message"),) if text)
        yield from fields.loose_objects(fields.loose_mapping(response, "auditAnnotations"))


def _message(finding: Any) -> str | None:
    if isinstance(finding, str):
        return finding
    return fields.loose_text(finding, "msg", "message", "reason") if isinstance(finding, dict) else None


def _severity(found: list[Any]) -> str | None:
    """The highest severity that a finding states, by the table."""
    words = [fields.loose_text(item, "severity") for item in found if isinstance(item, dict)]
    known = [word for word in words if fields.word(word, SEVERITIES)]
    return max(known, key=lambda word: (fields.word(word, SEVERITIES) or 0, word or ""), default=None)


def _is_about_images(name: str, found: list[Any]) -> bool:
    """An image policy bears the image in its path, or its findings name one."""
    if "image" in name.lower() or "allowedrepos" in name.lower():
        return True
    return any(isinstance(item, dict) and ("image" in item or "images" in item) for item in found)


def _request(record: Json) -> Json:
    given = fields.loose_mapping(record, "input")
    return fields.loose_mapping(given, "request") or fields.loose_mapping(given, "review")


def _object(request: Json) -> Event:
    """The object of an admission request and who sent it."""
    manifest = fields.loose_mapping(request, "object") or fields.loose_mapping(request, "oldObject")
    metadata = fields.loose_mapping(manifest, "metadata")
    spec = fields.loose_mapping(manifest, "spec")
    kind = fields.loose_text(fields.loose_mapping(request, "kind"), "kind") or fields.loose_text(
        manifest, "kind"
    )
    name = fields.loose_text(request, "name") or fields.loose_text(metadata, "name")
    actor = fields.loose_text(fields.loose_mapping(request, "userInfo"), "username")
    # A network policy is about the pods that it selects.
    selected = fields.loose_mapping(spec, "podSelector", "matchLabels")
    found: Event = {
        "namespace": fields.loose_text(request, "namespace") or fields.loose_text(metadata, "namespace"),
        "resource_kind": kind,
        "resource": name,
        "actor": actor,
        "actor_kind": kind_of_user(actor) if actor else None,
        "node": fields.loose_text(spec, "nodeName"),
        "service_name": service_of_labels(selected)
        or service_of_labels(fields.loose_mapping(metadata, "labels")),
        "has_approval_artifact": has_approval(metadata),
    }
    found.update(workload_fields(kind, name))  # type: ignore[typeddict-item]
    return found


FACTS = SourceFacts(
    tool="OPA",
    written_by="the decision log's console or HTTP upload (gzip)",
    record="one decision",
    read="denied or allowed, with messages, severity, and the object of an admission request",
    ignored="metrics, bundles' revisions, inputs that are no admission request",
    gaps=("fields_masked",),
    forgeable=("message", "has_approval_artifact"),
    trust="OPA writes it; the input is what the caller sent",
    class_uids=(COMPLIANCE_FINDING,),
)

READER = Reader("opa_decision_log", "opa", is_record, read, identity, record_gaps=record_gaps, facts=FACTS)

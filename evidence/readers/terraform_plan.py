"""Reads plans of Terraform and OpenTofu: `terraform show -json PLANFILE`, format version 1.x.

Recognised by `format_version` beside `resource_changes` or `planned_values`. One plan is one record; each
resource that it would change is one *planned* change, each drift one that happened outside the state at a
time that nobody recorded: neither ever counts as an applied change. Only addresses, types and actions are
taken: `before`, `after`, variables, outputs and state may hold secrets and are never read into an event.
Wrong can be: another format version, an unknown action, no time. No identity but the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, RecordRefused, SourceFacts
from evidence.times import format_rfc3339

BASE_EVENT = 0  # OCSF has no class for what is only planned
ACTIONS = frozenset({"create", "delete", "forget", "no-op", "read", "update"})
_IDLE = frozenset({"no-op", "read"})
_VERSION = re.compile(r"1\.[0-9]{1,4}")


def is_record(record: Json) -> bool:
    """Whether it has the keys of a plan; a state has `values` instead."""
    return "format_version" in record and ("resource_changes" in record or "planned_values" in record)


def read(record: Json, around: Around) -> Iterable[Event]:
    """One event per resource that the plan would change, and per drift that it found."""
    version = fields.text(record, "format_version")
    if _VERSION.fullmatch(version) is None:
        raise RecordRefused("unsupported", "/format_version", f"/format_version is {version[:32]}, not 1.x")
    event_time, time_text = _time(record, around)
    at_plan: Event = {"event_time": event_time, "event_time_text": time_text}
    found = [*_changes(record, "resource_changes", "planned"), *_changes(record, "resource_drift", "drifted")]
    return [{**event, **at_plan} for event in found]


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """A plan that ended in an error, or that says that it is not all there is to change."""
    if fields.optional_boolean(record, "errored"):
        detail = "planning ended in an error: the plan holds only what was planned until then"
        yield Gap("partial_result", "plan", detail, "/errored")
    if fields.optional_boolean(record, "complete") is False:
        detail = "the plan is not complete: applying it leaves changes for a later plan"
        yield Gap("partial_result", "plan", detail, "/complete")


def _changes(record: Json, key: str, activity: str) -> Iterator[Event]:
    for index, row in enumerate(fields.optional_objects(record, key)):
        at = f"/{key}/{index}"
        actions = _actions(fields.mapping(row, "change", at), f"{at}/change")
        if set(actions) <= _IDLE:
            continue
        address = fields.text(row, "address", at)
        yield {
            "pointer": f"{at}/change/actions",
            "kind": "change",
            "class_uid": BASE_EVENT,
            "name": address,
            "activity": activity,
            "status": " then ".join(actions),
            "message": fields.optional_text(row, "action_reason", at),
            "resource_kind": fields.optional_text(row, "type", at),
            "resource": address,
        }


def _actions(change: Json, at: str) -> list[str]:
    actions = list(fields.optional_items(change, "actions", at))
    if not actions:
        raise fields.missing(f"{at}/actions", "an array of actions")
    for index, action in enumerate(actions):
        if not isinstance(action, str) or action not in ACTIONS:
            raise fields.invalid(f"{at}/actions/{index}", action, f"one of {', '.join(sorted(ACTIONS))}")
    return actions


def _time(record: Json, around: Around) -> tuple[int, str]:
    """When it was planned; older versions do not say, and then the file's recorded arrival counts."""
    if record.get("timestamp") is not None:
        return fields.time_at(record, "timestamp")
    if around.received_at is None:
        raise fields.missing("/timestamp", "a time, or the file's arrival under received in incident.yaml")
    return around.received_at, format_rfc3339(around.received_at)


FACTS = SourceFacts(
    tool="Terraform, OpenTofu",
    written_by="`terraform show -json PLANFILE`, `tofu show -json PLANFILE` (format version 1.x)",
    record="one plan, at most 16 MiB",
    read="of every resource that would change, and of every drift: address, type, actions, reason. Activity "
    "*planned* or *drifted*: shown on the timeline, never counted as an applied change",
    ignored="`before`, `after`, `variables`, `output_changes`, `prior_state`, `planned_values`, "
    "`configuration`, `checks`, sensitive or not; resources with `no-op` or `read`; states (`values`)",
    gaps=("partial_result",),
    forgeable=("name", "resource"),
    trust="whoever runs the plan chooses configuration and addresses; a plan says what may be applied, "
    "not what was. The record's text is kept out of all tables, because it may hold secrets",
    class_uids=(BASE_EVENT,),
)

READER = Reader(
    "terraform_plan", "terraform", is_record, read, record_gaps=record_gaps, facts=FACTS, has_secrets=True
)

"""Owns the reading of what an automation passes on: another tool's webhook body within its own envelope.

The body is read by that tool's own reader; its events bear the automation as source, because whoever can
reach the automation's webhook can write one. They are heard, and corroborate nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evidence.readers import (
    alertmanager,
    event_envelope,
    falco,
    github_deployment_statuses,
    github_deployments,
)
from evidence.readers.contract import Around, Event, Json, Reader, RecordRefused

# What automations are commonly triggered by; their payloads are told apart by content, as files are.
PASSED_ON: tuple[Reader, ...] = (
    falco.READER,
    alertmanager.READER,
    github_deployment_statuses.READER,
    github_deployments.READER,
    event_envelope.READER,
)
FORGEABLE = (*alertmanager.LABELLED, "revision", "source_url")
"""Whoever can reach the automation writes the payload, and so all that its events say."""


def passed_on(payload: Any, at: str, around: Around) -> list[Event]:
    """The events that a payload states, with pointers below `at`; none when nobody recognises it.

    A webhook's payload is the object with `body` around it. Raises RecordRefused, at the payload's field.
    """
    if not isinstance(payload, dict):
        return []
    body = payload.get("body")
    holders: list[tuple[Json, str]] = [(payload, at)]
    holders += [(body, f"{at}/body")] if isinstance(body, dict) else []
    for holder, below in holders:
        for reader in PASSED_ON:
            records = list(_records(reader, holder, below))
            if records or reader.is_envelope(holder):
                within = Around(around.settings, (holder,), around.received_at)
                return [event for record in records for event in _events(reader, *record, within)]
    return []


def _records(reader: Reader, holder: Json, at: str) -> Iterator[tuple[Json, str]]:
    if reader.is_record(holder):
        yield holder, at
        return
    for path in reader.containers:
        items = holder.get(path[0]) if len(path) == 1 else None
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict) and reader.is_record(item):
                yield item, f"{at}/{path[0]}/{index}"


def _events(reader: Reader, record: Json, at: str, around: Around) -> Iterator[Event]:
    try:
        for event in reader.read(record, around):
            event["pointer"] = at + event["pointer"]
            yield event
    except RecordRefused as refused:
        field = at + refused.field
        detail = f"as {reader.format}, below {at}: {refused.detail}"
        raise RecordRefused(refused.reason, field, detail) from None

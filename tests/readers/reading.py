"""Owns how tests read bytes with the registry: events, refusals and gaps of one file's content."""

from __future__ import annotations

import json
from typing import Any

from evidence.intake.records import FileReading, read_file
from evidence.readers import Event, Gap
from evidence.settings import Metric, Settings
from expectations.tables.intake import SOURCES

SETTINGS = Settings(
    delivery_delay_seconds=dict.fromkeys(SOURCES, 0),
    change_lookback_seconds=7200,
    metrics=[
        Metric(name="service:error_ratio", measure="error_rate", unit="ppm", scale=1_000_000),
        Metric(name="service:p99_seconds", measure="latency", unit="ms", scale=1000),
    ],
)


def reading_of(content: Any, received_at: int | None = None) -> FileReading:
    """What is read from a file with that content: bytes, text, or a value to be written as JSON."""
    if isinstance(content, str):
        content = content.encode()
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    return read_file(content, SETTINGS, received_at)


def events_of(content: Any, received_at: int | None = None) -> list[Event]:
    """The events of a file in which nothing is refused."""
    reading = reading_of(content, received_at)
    assert [(record.reason, record.field, record.detail) for record in reading.records if record.reason] == []
    return [event for record in reading.records for event in record.events]


def refusals_of(content: Any) -> list[tuple[str, str]]:
    """(reason, field) of what is refused."""
    return [(record.reason, record.field) for record in reading_of(content).records if record.reason]


def gaps_of(content: Any) -> list[Gap]:
    """The gaps that records and the objects around them declare."""
    reading = reading_of(content)
    declared = [gap for record in reading.records for gap in record.gaps]
    return [*declared, *(envelope.gap for envelope in reading.envelope_gaps)]


def picked(event: Event, *keys: str) -> dict[str, Any]:
    """Some columns of an event; an absent one is None."""
    columns: dict[str, Any] = dict(event)
    return {key: columns.get(key) for key in keys}


def without(record: dict[str, Any], key: str) -> dict[str, Any]:
    """The record without a top-level key."""
    return {name: value for name, value in record.items() if name != key}

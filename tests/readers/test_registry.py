"""Every format is recognised by content, in every layout, and never taken for another."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from evidence.intake.layout import Layout
from evidence.readers import READERS
from evidence.readers.contract import Event
from evidence.readers.registry import CONTAINERS, claims, is_envelope
from expectations.tables import TABLES
from expectations.tables.intake import EVENT_KINDS, SOURCES

from .reading import events_of, reading_of
from .samples import FILES, SILENT


def format_of(content: Any) -> str | None:
    reader = reading_of(content).reader
    return reader.format if reader else None


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_format_is_recognised_by_content(name: str) -> None:
    """The file's name plays no part: only bytes are given."""
    assert format_of(FILES[name]) == name.partition(" ")[0]


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_layout_does_not_matter(name: str) -> None:
    """Pretty-printed, gzipped, with a byte order mark, as a line among others: the same events."""
    compact = json.dumps(FILES[name], separators=(",", ":")).encode()
    pretty = json.dumps(FILES[name], indent=4).encode()
    expected = events_of(compact)
    assert (len(expected) == 0) == (name in SILENT)
    assert events_of(pretty) == expected
    assert events_of(gzip.compress(compact)) == expected
    assert events_of(b"\xef\xbb\xbf" + compact) == expected
    assert events_of(compact + b"\r\n\r\n" + compact + b"\r\n") == expected * 2
    assert events_of(pretty + b"\n" + pretty) == expected * 2


@pytest.mark.parametrize("name", sorted(FILES))
def test_one_reader_alone_claims_a_file(name: str) -> None:
    """So that the order of the readers decides nothing."""
    layout = Layout(json.dumps(FILES[name]).encode(), CONTAINERS, is_envelope)
    for part in layout.documents():
        records = [json.loads(layout.data[element.start : element.end]) for element in part.elements]
        around = [element.enclosing[0] for element in part.elements if element.enclosing]
        envelope = next(iter(around), part.envelope)
        claiming = claims(envelope, records if part.is_container else [part.envelope or {}])
        assert [reader.format for reader in claiming] == [name.partition(" ")[0]]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.format)
def test_readers_recognise_only_their_own(reader: Any) -> None:
    """No reader claims the envelope of another format."""
    claimed = [name for name, value in FILES.items() if isinstance(value, dict) and reader.is_envelope(value)]
    assert {name.partition(" ")[0] for name in claimed} <= {reader.format}


def test_every_format_has_a_sample() -> None:
    """A reader without a file to try it on is tried on nothing."""
    assert {name.partition(" ")[0] for name in FILES} == {reader.format for reader in READERS}


def test_every_source_has_a_reader() -> None:
    """The declared sources and the registered ones are the same."""
    assert sorted({reader.source for reader in READERS}) == sorted(SOURCES)


def test_formats_are_distinct() -> None:
    """A format's name belongs to one reader."""
    formats = [reader.format for reader in READERS]
    assert len(set(formats)) == len(formats)


@pytest.mark.parametrize("name", sorted(FILES))
def test_events_keep_to_the_declared_columns(name: str) -> None:
    """A reader fills columns of the contract only, with kinds of the contract."""
    columns = set(TABLES["intake.evidence_events"].column_names)
    for event in events_of(FILES[name]):
        assert set(event) <= columns
        assert event["kind"] in EVENT_KINDS
        assert isinstance(event["class_uid"], int)


def test_the_event_type_is_the_contract() -> None:
    """Every key of the reader's event type is a column."""
    assert set(Event.__annotations__) <= set(TABLES["intake.evidence_events"].column_names)


def test_an_empty_export_is_recognised_by_its_envelope() -> None:
    """No records is an answer, not an unknown file."""
    assert format_of({"Records": []}) == "cloudtrail"
    assert format_of({"incidents": [], "more": False}) == "pagerduty_incidents"
    assert (
        format_of({"status": "success", "data": {"resultType": "streams", "result": []}})
        == "loki_query_range"
    )
    assert reading_of({"Records": []}).records == []


@pytest.mark.parametrize("content", [b"", b"  \r\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_says_nothing(content: bytes) -> None:
    """No record, no refusal."""
    assert reading_of(content).records == []


@pytest.mark.parametrize(
    "content", [b"hello\nworld\n", b'{"kind": 0}', b"\x00\x01\x02\xff", b"[]", b"[1,2]", b"42"]
)
def test_an_unknown_file_is_one_refused_record(content: bytes) -> None:
    """Nothing of it is dropped: the whole content is quarantined."""
    reading = reading_of(content)
    assert reading.reader is None
    assert [(r.reason, r.start, r.length) for r in reading.records] == [
        ("unknown_format", 0, len(content.rstrip()))
    ]

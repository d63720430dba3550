"""The code shown in the how-tos runs and does what the text says."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

from evidence.readers.contract import Around, Reader, RecordRefused
from evidence.settings import Settings
from expectations.tables.intake import SOURCES

ROOT = Path(__file__).parents[2]
AROUND = Around(Settings(delivery_delay_seconds=dict.fromkeys(SOURCES, 0), change_lookback_seconds=60))


@pytest.fixture(scope="module")
def shown_reader() -> Reader:
    """The reader of docs/how-to/add-a-source.md."""
    page = (ROOT / "docs/how-to/add-a-source.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    module = types.ModuleType("shown_reader")
    sys.modules["shown_reader"] = module
    exec(compile(code, "add-a-source.md", "exec"), module.__dict__)  # noqa: S102 - our own page
    return module.READER


def test_the_reader_shown_reads_its_records(shown_reader) -> None:
    """One finding is one detection with its severity in OCSF's numbers."""
    record = {
        "finding": "Open bucket",
        "seen": "2026-01-14T09:00:00Z",
        "level": "High",
        "namespace": "payments",
    }
    assert shown_reader.is_record(record)
    [event] = shown_reader.read(record, AROUND)
    assert ("Open bucket", 1768381200000000000, 4, "payments") == (
        event["name"],
        event["event_time"],
        event["severity_id"],
        event["namespace"],
    )


@pytest.mark.parametrize(
    ("record", "reason", "field"),
    [
        ({"finding": "x", "seen": "yesterday"}, "time_invalid", "/seen"),
        ({"finding": 3, "seen": "2026-01-14T09:00:00Z"}, "field_invalid", "/finding"),
        ({"finding": None, "seen": "2026-01-14T09:00:00Z"}, "field_missing", "/finding"),
    ],
)
def test_the_reader_shown_refuses_what_its_format_does_not_say(shown_reader, record, reason, field) -> None:
    """A refused record names its reason and field."""
    with pytest.raises(RecordRefused) as refused:
        list(shown_reader.read(record, AROUND))
    assert (reason, field) == (refused.value.reason, refused.value.field)

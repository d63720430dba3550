"""The same records give the same tables under any file names, in any order, split in any way."""

from __future__ import annotations

import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.tables import Tables
from expectations.tables import TABLES

from .folders import built, lay_out


def call(number: int, **more: Any) -> dict[str, Any]:
    names = {"eventName": "GetObject", "eventSource": "s3.amazonaws.com", "eventID": f"id-{number}"}
    return {**names, "eventTime": f"2026-01-06T11:00:{number:02d}Z", **more}


# Sound, repeated, re-ordered, conflicting and broken records.
RECORDS = [
    *(call(number) for number in range(5)),
    call(1),
    dict(reversed(call(2).items())),
    call(3, sourceIPAddress="203.0.113.9"),
    call(3, sourceIPAddress="203.0.113.10"),
    call(6, eventTime="2026-01-06T012:00:00Z"),
    call(7, requestParameters={"k": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
]
CONTENT = ("quarantine", "evidence_events", "declared_gaps", "incidents", "services", "dependencies")


def contents(tables: Tables) -> dict[str, Any]:
    """The tables without the columns that only say where bytes lie."""
    kept: dict[str, Any] = {}
    for name in CONTENT:
        contract = TABLES[f"intake.{name}"]
        columns = [column.name for column in contract.columns if not column.is_location]
        kept[name] = tables[contract.name].select(columns).to_pylist()
    return kept


def read(files: list[list[dict[str, Any]]], names: list[str]) -> dict[str, Any]:
    exports = {
        name: json.dumps({"Records": records}, separators=(",", ":")).encode()
        for name, records in zip(names, files, strict=True)
    }
    with tempfile.TemporaryDirectory() as folder:
        return contents(built(lay_out(Path(folder), exports)))


EXPECTED = read([RECORDS], ["a.json"])


def test_the_example_has_every_fate() -> None:
    """Evidence, two conflicts, a broken time and a gap: else the property below would say little."""
    reasons = sorted(row["reason"] for row in EXPECTED["quarantine"])
    assert reasons == ["conflicting_identity", "conflicting_identity", "time_invalid"]
    assert (len(EXPECTED["evidence_events"]), len(EXPECTED["declared_gaps"])) == (6, 1)


@settings(max_examples=25)
@given(
    order=st.permutations(range(len(RECORDS))),
    cuts=st.lists(st.integers(1, len(RECORDS) - 1), max_size=3, unique=True),
    names=st.permutations(["a.json", "b.json", "deep/c.log", "z"]),
)
def test_names_order_and_splits_do_not_matter(order: list[int], cuts: list[int], names: list[str]) -> None:
    """Everything but the location columns is the same."""
    records = [RECORDS[index] for index in order]
    bounds = [0, *sorted(cuts), len(records)]
    files = [records[start:end] for start, end in itertools.pairwise(bounds)]
    assert read(files, list(names[: len(files)])) == EXPECTED

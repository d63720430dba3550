"""A file with lines of several tools is read as each tool's own file would be, by run as by ingest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from evidence.intake.records import read_file
from evidence.tables import Tables

from ..ingest.ingesting import cloudtrail, falco, ingest, intake_of, lines, put
from ..readers.reading import SETTINGS
from ..readers.samples import WEBHOOK

INCIDENT = b"""\
id: inc-1
title: Of several tools
type: security
window: {from: 2026-01-06T11:00:00Z, to: 2026-01-14T12:00:00Z}
"""
ANSWER = {
    "status": "success",
    "warnings": ["one store did not answer"],
    "data": {
        "resultType": "matrix",
        "result": [
            {"metric": {"__name__": "service:error_ratio", "service": "cart"}, "values": [[1767700800, "1"]]}
        ],
    },
}
BY_TOOL: dict[str, list[Any]] = {
    "falco.jsonl": [falco(0), falco(60)],
    "cloudtrail.jsonl": [cloudtrail(5), cloudtrail(6)],
    "webhook.jsonl": [WEBHOOK | {"truncatedAlerts": 3}],
    "prometheus.jsonl": [ANSWER],
    "trail.jsonl": [{"Records": [cloudtrail(7), cloudtrail(8)]}],
}
LOCATION = ("path", "ordinal", "byte_offset", "file_sha256")


def told(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """The rows of what is in evidence, and of what is lacking, but for where they lie."""
    found = {}
    for name in ("intake.evidence_events", "intake.declared_gaps"):
        rows = tables[name].to_pylist()
        found[name] = [{key: row[key] for key in row if key not in LOCATION} for row in rows]
    return found


def folder(root: Path, files: dict[str, bytes]) -> Tables:
    put(root / "inc-1", {"incident.yaml": INCIDENT, **files})
    return intake_of(root)


def order(names: Sequence[str]) -> list[Any]:
    return list(chain.from_iterable(BY_TOOL[name] for name in names))


@pytest.mark.parametrize("turn", range(len(BY_TOOL)))
def test_lines_of_several_tools_are_read_as_those_of_one(tmp_path: Path, turn: int) -> None:
    """Whichever comes first: the same evidence and gaps, and the counts add up."""
    names = list(BY_TOOL)
    turned = order([*names[turn:], *names[:turn]])
    apart = folder(tmp_path / "apart", {name: lines(records) for name, records in BY_TOOL.items()})
    mixed = folder(tmp_path / "mixed", {"all.jsonl": lines(turned)})
    assert told(apart) == told(mixed)
    assert {"records_truncated", "source_warning"} <= {
        row["gap"] for row in told(mixed)["intake.declared_gaps"]
    }
    [counted] = mixed["intake.files"].to_pylist()
    assert (counted["record_count"], 0) == (counted["evidence_count"], counted["quarantined_count"])
    formats = {row["format"] for row in mixed["intake.raw_records"].to_pylist()}
    expected = {"alertmanager_webhook", "cloudtrail", "falco_json", "prometheus_query_range"}
    assert expected == formats


def test_a_run_and_an_ingest_read_the_same_of_a_mixed_file(tmp_path: Path) -> None:
    """Record by record: what the one takes as evidence the other does."""
    content = lines([*order(list(BY_TOOL)), {"of": "nobody"}, falco(9) | {"time": "noon"}])
    report = ingest(put(tmp_path / "e", {"all.jsonl": content}), into=tmp_path / "in", is_dry=True)
    read = read_file(content, SETTINGS, None).records
    assert report.records == len(read)
    assert report.refused == len([one for one in read if one.reason])


def test_what_nobody_knows_is_refused_by_the_words_of_the_file(tmp_path: Path) -> None:
    """A record of no tool gets the reason that the first tool's reader gives."""
    [_, nobody] = read_file(lines([cloudtrail(0), {"of": "nobody"}]), SETTINGS, None).records
    assert ("field_missing", "cloudtrail") == (nobody.reason, nobody.reader and nobody.reader.format)


def test_documents_of_several_tools_one_behind_another_are_read_each_by_its_own(tmp_path: Path) -> None:
    """Also where they go over several lines."""
    content = b"\n".join(json.dumps(each, indent=1).encode() for each in (falco(0), ANSWER, cloudtrail(3)))
    read = read_file(content, SETTINGS, None).records
    assert ["falco_json", "prometheus_query_range", "cloudtrail"] == [
        one.reader.format for one in read if one.reader and not one.reason
    ]

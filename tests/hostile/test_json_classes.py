"""Our set of JSON texts by class, each read strictly, in a file among sound records, and by an ingest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from evidence.json_strict import JsonRefused, canonical, parse, parse_exact

from ..ingest.ingesting import ingest
from ..ingest.ingesting import lines as joined
from ..intake.folders import built, lay_out, rows
from ..readers.reading import reading_of
from .json_cases import ACCEPT, EITHER, FOLDER, REFUSE, Case, cases

CASES = cases()
AROUND = b"[], \t\r\n"
REASONS = ("json_invalid", "not_utf8", "truncated")


def sound(number: int) -> bytes:
    """A Falco alert."""
    at = f"2026-01-06T10:{number // 60 % 60:02}:{number % 60:02}Z"
    return json.dumps({"rule": f"r{number}", "priority": "Notice", "output": "x", "time": at}).encode()


def record_with(case: Case, number: int) -> bytes:
    """An alert that ends with a field of the case's text."""
    return sound(number)[:-1] + b', "hostile": ' + case.text + b"}"


def is_one_line(case: Case) -> bool:
    return b"\n" not in case.text


def test_the_set_is_large_and_lies_there_as_files() -> None:
    """At least 300 texts; `python -m tests.hostile.json_cases` writes the files anew."""
    assert len(CASES) >= 300
    assert {ACCEPT, EITHER, REFUSE} == {case.group for case in CASES}
    assert {case.path: case.text for case in CASES} == {
        path: path.read_bytes() for path in FOLDER.rglob("*.json")
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}/{case.name}")
def test_a_text_is_taken_or_refused_as_its_class_says(case: Case) -> None:
    """By the quick and by the exact parser alike, whatever the spacing; what is taken can be compared."""
    for raw in (case.text, b" " + case.text, b'{"x" : ' + case.text + b"}"):
        for read in (parse, parse_exact):
            try:
                read(raw)
                is_taken = True
            except JsonRefused as refused:
                is_taken = False
                assert refused.reason in REASONS
            is_deeper = raw.startswith(b'{"x"')
            assert (case.is_taken_in_a_record if is_deeper else case.is_taken) == is_taken
    if case.is_taken:
        assert canonical(case.text) == canonical(b" " + case.text + b" ")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}/{case.name}")
def test_a_text_in_a_record_costs_no_other_record(case: Case) -> None:
    """In lines and, where it has line ends, in an array: a refused record takes no neighbour along."""
    alerts = [sound(1), record_with(case, 2), sound(3)]
    content = joined(alerts) if is_one_line(case) else b"[" + b",\n".join(alerts) + b"]"
    records = reading_of(content).records
    fates = [(record.raw, record.reason) for record in records]
    assert (alerts[0], "") == fates[0]
    if case.is_taken_in_a_record:
        assert [(alert, "") for alert in alerts] == fates
        return
    if is_one_line(case):
        assert [alerts[0], alerts[1].strip(b" \t\r"), alerts[2]] == [raw for raw, _ in fates]
        assert (alerts[2], "") == fates[2]
    assert fates[1][1] in REASONS


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}/{case.name}")
def test_a_text_as_a_line_of_its_own_is_no_evidence(case: Case) -> None:
    """It is refused for what it is, also where it is sound JSON; its neighbours are read."""
    content = joined([sound(1), case.text, sound(3)])
    records = reading_of(content).records
    assert [sound(1), sound(3)] == [record.raw for record in records if not record.reason]
    said = b"".join(record.raw for record in records if record.reason)
    # An array of its own line holds records; its brackets and commas are no part of any.
    assert case.text.translate(None, AROUND) == said.translate(None, AROUND)


def one_file() -> tuple[list[bytes], dict[str, Case]]:
    """All cases of one line as records among sound ones, and the case by its record's digest."""
    content, by_digest = [sound(0)], {}
    for number, case in enumerate(filter(is_one_line, CASES)):
        record = record_with(case, 2 * number + 1).strip(b" \t\r")
        by_digest[hashlib.sha256(record).hexdigest()] = case
        content += [record, sound(2 * number + 2)]
    return content, by_digest


def test_an_incident_of_all_texts_is_accounted_for(tmp_path: Path) -> None:
    """Accepted ones are that record as evidence, refused ones are quarantined with a reason; sums hold."""
    content, by_digest = one_file()
    tables = built(lay_out(tmp_path, {"all.jsonl": joined(content)}))
    (file,) = rows(tables, "files")
    taken = [case for case in by_digest.values() if case.is_taken_in_a_record]
    assert (len(content), len(by_digest) - len(taken), 0) == (
        file["record_count"],
        file["quarantined_count"],
        file["duplicate_count"],
    )
    assert len(content) - file["quarantined_count"] == file["evidence_count"]
    status: dict[str, Any] = {row["record_sha256"]: row["status"] for row in rows(tables, "raw_records")}
    assert {
        digest: "evidence" if case.is_taken_in_a_record else "quarantined"
        for digest, case in by_digest.items()
    } == {digest: status[digest] for digest in by_digest}
    assert {row["reason"] for row in rows(tables, "quarantine")} <= set(REASONS)


def test_an_ingest_of_all_texts_takes_the_same_ones(tmp_path: Path) -> None:
    """Evidence and refused as in intake, each with its digest."""
    content, by_digest = one_file()
    (tmp_path / "all.jsonl").write_bytes(joined(content))
    report = ingest(tmp_path / "all.jsonl", into=tmp_path / "in")
    refused = {each.record_sha256 for each in report.refusals}
    assert {digest for digest, case in by_digest.items() if not case.is_taken_in_a_record} == refused
    assert (len(content), len(content) - len(refused)) == (report.records, report.evidence)

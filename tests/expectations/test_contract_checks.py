"""Every table's declaration is held by Great Expectations, and a breach names the failing rows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from contract_rows import rows, unchecked

from expectations.checks import CHECKS, GROUPS, Check, Severity, contract_check
from expectations.suites import Verdict, evaluate
from expectations.tables import TABLES

EVENTS = "intake.evidence_events"


def failures(table: str, content: pa.Table) -> list[Verdict]:
    """What the contract check of the table finds."""
    verdicts = evaluate([contract_check(TABLES[table])], content)
    return [verdict for verdict in verdicts if not verdict.is_success]


def said(verdicts: list[Verdict]) -> list[tuple[str, str, int, tuple[str, ...]]]:
    """The part of the verdicts that a reader acts on."""
    return [(v.expectation.name, v.expectation.column, v.failing_count, v.failing_keys) for v in verdicts]


@pytest.mark.parametrize("table", TABLES)
def test_rows_that_keep_the_contract_pass(table: str) -> None:
    """No expectation fails on rows as declared."""
    assert [] == said(failures(table, unchecked(table, rows(table))))


@pytest.mark.parametrize("table", [name for name, contract in TABLES.items() if contract.row_count_min])
def test_an_empty_table_does_not_pass(table: str) -> None:
    """Great Expectations lets empty tables pass most expectations; the row count is always asked."""
    assert "row_count_is_enough" in [v.expectation.name for v in failures(table, unchecked(table, []))]


def test_a_table_may_be_empty_while_the_one_that_it_follows_is() -> None:
    """Of incident records alone nothing is read or decided; with the first incident it has to be there."""
    check, empty = contract_check(TABLES["decision.decisions"]), unchecked("decision.decisions", [])
    for count, expected in ((0, []), (1, ["row_count_is_enough"])):
        verdicts = evaluate([check], empty, row_counts={"intake.incidents": count})
        assert expected == [v.expectation.name for v in verdicts if not v.is_success]


def changed(index: int, **values: Any) -> pa.Table:
    """Evidence events of which one row is changed."""
    content = rows(EVENTS)
    content[index] |= values
    return unchecked(EVENTS, content)


def test_a_missing_value_is_found() -> None:
    """A NULL in a required column fails with the key of its row."""
    expected = [("is_never_null", "name", 1, ("incident_id-1 | event_id-1",))]
    assert expected == said(failures(EVENTS, changed(1, name=None)))


def test_a_value_that_is_not_allowed_is_found() -> None:
    """A source that nobody declared fails with the key of its row."""
    expected = [("is_an_allowed_value", "source", 1, ("incident_id-2 | event_id-2",))]
    assert expected == said(failures(EVENTS, changed(2, source="splunk")))


def test_an_allowed_value_with_a_line_end_is_found() -> None:
    """A value is compared whole, not as a pattern that ignores a trailing newline."""
    assert ["source"] == [v.expectation.column for v in failures(EVENTS, changed(0, source="falco\n"))]


def test_a_null_where_null_is_allowed_passes() -> None:
    """An optional column with allowed values may be NULL."""
    assert [] == said(failures(EVENTS, changed(0, actor_kind=None)))


def test_a_repeated_key_is_found() -> None:
    """Two rows with one key fail, named once."""
    repeated = changed(1, incident_id="incident_id-0", event_id="event_id-0")
    expected = [("key_is_unique", "", 2, ("incident_id-0 | event_id-0",))]
    assert expected == said(failures(EVENTS, repeated))


def test_a_column_of_another_type_is_found() -> None:
    """A time that became floating point fails with the column's name."""
    content = unchecked(EVENTS, rows(EVENTS))
    index = content.schema.get_field_index("event_time")
    content = content.set_column(index, "event_time", content.column(index).cast(pa.float64()))
    expected = [("columns_are_as_declared", "", 1, ("event_time",))]
    assert expected == said(failures(EVENTS, content))


def test_a_missing_and_an_undeclared_column_are_found() -> None:
    """Both are named, and what would have been asked of the missing one fails rather than passes."""
    content = unchecked(EVENTS, rows(EVENTS))
    content = content.drop_columns(["event_time"]).append_column("extra", pa.array(["x"] * 3))
    found = said(failures(EVENTS, content))
    assert ("columns_are_as_declared", "", 2, ("event_time", "extra")) in found
    assert ("is_never_null", "event_time", 0, ()) in found


def test_large_integers_are_not_rounded() -> None:
    """Nanoseconds beside a NULL stay integers: a float column would merge neighbouring keys."""
    near = 1_767_225_600_000_000_001
    content = rows("decision.recommendations", 2)
    content[0] |= {"incident_id": "i", "moment": 1, "known_at": near}
    content[1] |= {"incident_id": "i", "moment": 2, "known_at": near + 1}
    assert [] == said(failures("decision.recommendations", unchecked("decision.recommendations", content)))


def check_named(table: str, name: str) -> Check:
    """The check of that name."""
    return next(check for check in CHECKS if (check.table, check.name) == (table, name))


def test_counts_that_do_not_add_up_are_found() -> None:
    """A record that is neither evidence nor duplicate nor quarantined is missed, and its file named."""
    content = rows("intake.files", 2)
    content[0] |= {"record_count": 5, "evidence_count": 3, "duplicate_count": 1, "quarantined_count": 1}
    content[1] |= {"record_count": 5, "evidence_count": 3, "duplicate_count": 1, "quarantined_count": 0}
    verdicts = evaluate([check_named("intake.files", "counts_add_up")], unchecked("intake.files", content))
    assert [("counts_add_up", "record_count", 1, ("incident_id-1 | path-1",))] == said(verdicts)


def test_unclaimed_files_are_listed() -> None:
    """Each by its path, as a warning; an empty table passes."""
    check = check_named("intake.unclaimed_files", "every_file_is_claimed")
    found = rows("intake.unclaimed_files", 2)
    verdicts = evaluate([check], unchecked("intake.unclaimed_files", found))
    assert [("every_file_is_claimed", "path", 2, ("path-0", "path-1"))] == said(verdicts)
    assert Severity.WARNING is check.severity
    assert evaluate([check], unchecked("intake.unclaimed_files", []))[0].is_success


def test_quarantined_records_are_listed() -> None:
    """Each refused record is a failing row of a warning."""
    check = check_named("intake.quarantine", "quarantine_is_empty")
    verdicts = evaluate([check], unchecked("intake.quarantine", rows("intake.quarantine", 2)))
    expected = ("incident_id-0 | record_sha256-0", "incident_id-1 | record_sha256-1")
    assert [("quarantine_is_empty", "record_sha256", 2, expected)] == said(verdicts)
    assert Severity.WARNING is check.severity


def test_a_lost_and_an_invented_incident_are_found() -> None:
    """The decided incidents are exactly the recorded ones."""
    content = rows("decision.decisions", 2)
    recorded = pa.table({"incident_id": ["incident_id-0", "lost"]})
    verdicts = evaluate(
        [check_named("decision.decisions", "no_incident_is_lost")],
        unchecked("decision.decisions", content),
        {"intake.incidents": recorded},
    )
    assert [("no_incident_is_lost", "incident_id", 2, ("incident_id-1", "lost"))] == said(verdicts)


def test_what_cannot_be_evaluated_is_no_verdict() -> None:
    """An expectation that cannot be computed raises; it neither passes nor fails the data."""
    content = rows("intake.files", 1)
    content[0] |= {"record_count": None}
    check = check_named("intake.files", "counts_add_up")
    with pytest.raises(RuntimeError, match="could not be evaluated"):
        evaluate([check], unchecked("intake.files", content))


def test_every_table_has_a_blocking_contract_check() -> None:
    """No table is published without one, and each belongs to exactly one group."""
    blocking = [c.table for c in CHECKS if c.name == "keeps_its_contract" and c.severity is Severity.ERROR]
    assert sorted(TABLES) == sorted(blocking)
    assert sorted(TABLES) == sorted(table for tables in GROUPS.values() for table in tables)


def test_check_names_are_unique_per_table() -> None:
    """A check is found by its table and name."""
    names = [(check.table, check.name) for check in CHECKS]
    assert len(names) == len(set(names))


def test_incident_warnings_never_block() -> None:
    """A failing incident goes on with a bounded decision; only a broken table blocks."""
    severities = {c.severity for c in CHECKS if c.name.startswith("every_incident_has_")}
    assert {Severity.WARNING} == severities

"""Great Expectations and SQL give the same verdict on the minimum context of every row."""

from __future__ import annotations

from typing import Any

from contract_rows import rows, unchecked
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.tables import open_memory, register
from expectations.checks import context_check
from expectations.minimum_context import MINIMUM_CONTEXT
from expectations.suites import KEY_SEPARATOR, evaluate

STATES = "enrichment.incident_states"
COLUMNS = sorted({column for field in MINIMUM_CONTEXT for column in field.columns})


def missing_by_great_expectations(table: Any) -> set[tuple[str, str]]:
    """(field, row) for each field of the set that Great Expectations misses in a row."""
    checks = [context_check(field, STATES) for field in MINIMUM_CONTEXT]
    return {(v.check.name, key) for v in evaluate(checks, table) for key in v.failing_keys}


def missing_by_sql(table: Any) -> set[tuple[str, str]]:
    """The same by the declared SQL conditions."""
    connection = open_memory()
    register(connection, {STATES: table})
    found = set()
    for field in MINIMUM_CONTEXT:
        missing = connection.execute(
            f"select incident_id, moment from {STATES} where ({field.present_when}) is not true"
        ).fetchall()
        found |= {(f"every_incident_has_{field.name}", KEY_SEPARATOR.join(map(str, key))) for key in missing}
    return found


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sets(st.sampled_from(COLUMNS)), min_size=1, max_size=8))
def test_both_agree_on_every_row(nulls: list[set[str]]) -> None:
    """Whatever combination of columns is unknown, both miss the same fields in the same rows."""
    content = rows(STATES, len(nulls))
    for row, unknown in zip(content, nulls, strict=True):
        row |= dict.fromkeys(unknown)
    table = unchecked(STATES, content)
    assert missing_by_sql(table) == missing_by_great_expectations(table)


def test_a_principal_stands_in_for_the_service() -> None:
    """An identity incident without service or workload has the field; without principal it lacks it."""
    content = rows(STATES, 2)
    content[0] |= {"service": None, "workload": None}
    content[1] |= {"service": None, "workload": None, "principal": None}
    expected = {("every_incident_has_service_or_workload", "incident_id-1 | 1")}
    assert expected == missing_by_great_expectations(unchecked(STATES, content))

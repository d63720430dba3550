"""ISO weeks from nanoseconds, against the standard library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.kpis import REVIEW_TABLES, WEEKLY_TABLES, of_week, weeks

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        ("2025-12-28T23:59:59", "2025-W52"),
        ("2025-12-29T00:00:00", "2026-W01"),
        ("2026-01-04T23:59:59", "2026-W01"),
        ("2026-01-05T00:00:00", "2026-W02"),
        ("2026-12-31T12:00:00", "2026-W53"),
        ("2027-01-03T23:59:59", "2026-W53"),
        ("2027-01-04T00:00:00", "2027-W01"),
        ("2024-12-30T00:00:00", "2025-W01"),
        ("1970-01-01T00:00:00", "1970-W01"),
    ],
)
def test_year_ends_fall_into_the_iso_week(open_kpis, ns, moment, week) -> None:
    """The Thursday decides to which year a week belongs."""
    row = {"incident_id": "inc-1", "window_start": ns(moment), "window_end": ns(moment)}
    assert (week,) == weeks(open_kpis({"intake.incidents": [row]}))


@pytest.fixture(scope="module")
def week_in_sql(open_kpis):
    """The stage's own week of a time in ns."""
    connection = open_kpis({})
    weeks(connection)

    def week(at_ns: int) -> str:
        return connection.execute("select kpi_iso_week(cast(? as bigint))", [at_ns]).fetchall()[0][0]

    return week


@given(st.integers(min_value=-(2**61), max_value=2**63 - 1))
def test_every_nanosecond_falls_into_the_week_of_the_calendar(week_in_sql, at_ns) -> None:
    """From 1896 to 2262 the week is the one that datetime.isocalendar gives, also just before midnight."""
    year, week, _ = (EPOCH + timedelta(seconds=at_ns // 1_000_000_000)).isocalendar()
    assert f"{year:04}-W{week:02}" == week_in_sql(at_ns)


def test_weeks_are_all_weeks_in_which_an_incident_counts(open_kpis, ns) -> None:
    """Detection, mitigation and resolution may each fall into another week."""
    row = {
        "incident_id": "inc-1",
        "window_start": ns("2026-01-14T00:00"),
        "detected_at": ns("2026-01-14T09:00"),
        "mitigated_at": ns("2026-01-21T09:00"),
        "resolved_at": ns("2026-02-04T09:00"),
    }
    assert ("2026-W03", "2026-W04", "2026-W06") == weeks(open_kpis({"intake.incidents": [row]}))


def test_of_week_keeps_the_rows_of_that_week_alone(kpis_of, ns) -> None:
    """The weekly tables fall apart into weeks without rest."""
    rows = [
        {
            "incident_id": f"inc-{week}",
            "window_start": ns(day),
            "detected_at": ns(day),
            "incident_type": "security",
        }
        for week, day in enumerate(("2026-01-14T09:00", "2026-01-21T09:00"))
    ]
    tables = kpis_of(rows)
    parts = [of_week(tables, week) for week in ("2026-W03", "2026-W04")]
    assert {name: tables[name].num_rows for name in parts[0]} == {
        name: sum(part[name].num_rows for part in parts) for name in parts[0]
    }
    assert ["inc-1"] == parts[1]["kpis.weekly_coverage"].column("incident_ids").to_pylist()[0]


@pytest.mark.parametrize("names", [WEEKLY_TABLES, REVIEW_TABLES])
def test_tables_that_are_asked_for_alone_are_the_same(kpis_of, ns, names) -> None:
    """A step that publishes some of the tables computes those, as they are among all."""
    incidents = [
        {
            "incident_id": f"inc-{number}",
            "window_start": ns("2026-01-14T09:00"),
            "detected_at": ns("2026-01-14T09:00") + number,
        }
        for number in range(3)
    ]
    every = kpis_of(incidents)
    assert {name: every[name] for name in names} == kpis_of(incidents, names=names)
